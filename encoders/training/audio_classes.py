"""Which concept each label of the clips, and of the ordinary hours, is; + joins two, "" is nothing that has a name."""
CONCEPT = {
    "breathing": "breathing", "brushing_teeth": "brushing teeth", "can_opening": "can opening", "car_horn": "car horn", "cat": "cat",
    "chainsaw": "chainsaw", "chirping_birds": "birds chirping", "church_bells": "church bells", "clapping": "clapping",
    "clock_alarm": "alarm clock", "clock_tick": "clock ticking", "coughing": "coughing", "cow": "cow", "crackling_fire": "fire",
    "crickets": "crickets", "crow": "crow", "crying_baby": "baby crying", "dog": "dog", "door_wood_creaks": "door creaking",
    "door_wood_knock": "door knock", "drinking_sipping": "drinking", "engine": "engine", "fireworks": "fireworks",
    "footsteps": "footsteps", "frog": "frog", "glass_breaking": "glass breaking", "hand_saw": "hand saw", "helicopter": "helicopter",
    "hen": "hen", "insects": "insects", "keyboard_typing": "keyboard typing", "laughing": "laughing", "mouse_click": "mouse click",
    "pig": "pig", "pouring_water": "pouring water", "rain": "rain", "rooster": "rooster", "sea_waves": "sea waves", "sheep": "sheep",
    "siren": "siren", "sneezing": "sneezing", "snoring": "snoring", "thunderstorm": "thunderstorm", "toilet_flush": "toilet flush",
    "train": "train", "vacuum_cleaner": "vacuum cleaner", "water_drops": "water drops", "wind": "wind",
    # beyond the first set of clips
    "airplane": "airplane", "car_alarm": "car alarm", "car_door_close": "door slam", "cicada": "crickets", "door_banging": "door slam",
    "door_open": "door creaking", "door_slam": "door slam", "doorbell": "doorbell", "explosion": "explosion", "gunshot": "gunshot", "horse": "horse",
    "horse_gallop": "horse", "owl": "owl", "reversing_beeper": "reversing beeps", "scream": "screaming", "train_whistle": "train horn",
    "vomit": "", "washing_machine": "washing machine", "wolf_howl": "wolf",
}
TRAINED = CONCEPT | {"speech": "speech"}

ORDINARY = {
    "speech": "speech", "speech_short": "speech", "radio": "speech + radio", "music": "music", "tavern": "crowd", "crowd": "crowd",
    "human_imitating_cat": "speech", "human_pain_cry": "shouting", "children_screaming_on_ice": "shouting",
    "kitchen_plates": "dishes", "kitchen_cutlery": "dishes", "kitchen_clean_dishes": "dishes + running water", "kitchen_cupboard": "drawer",
    "kitchen_drawer": "drawer", "kitchen_stove_fan": "fan", "air_conditioner": "fan", "kitchen_juicer": "blender", "kitchen_blender": "blender",
    "kitchen_dishwasher": "washing machine", "water_tap": "running water", "water": "running water", "stream": "stream", "waterfall": "stream",
    "rain": "rain", "wind": "wind", "leaves": "wind", "thunderstorm": "thunderstorm", "sea_waves": "sea waves", "harbour_water": "sea waves + stream",
    "boat": "boat + sea waves", "chirping_birds": "birds chirping", "forest_birds_highway": "birds chirping + traffic",
    "forest_soundscape": "birds chirping + insects", "crickets": "crickets", "owl": "owl", "frog": "frog", "whale": "whale", "farm": "animal", "waterfowl": "duck",
    "street_buses_tram_people": "traffic", "street_cars_bike": "traffic", "city_traffic": "traffic", "bicycle": "bicycle",
    "machinery": "engine", "compressor": "engine", "smith": "hammer",
    "kitchen_peel": "", "kitchen_fridge": "", "kitchen_stove_burner": "", "room_tone": "", "outdoor_ambience": "", "forest": "", "outdoor_soundscape": "",
    "amusement_ride": "", "gun_handling": "", "hand_tool": "", "chopping_wood": "", "chalk_screech": "", "writing": "", "vinyl": "", "electric_hum": "",
    "underground": "", "exercise_bike": "", "balloon": "",
}
SAID_BY_FILE = {"mod-sounds-sounds_goose": "goose", "camera_shutter": "camera"}
QUIET = {"room_tone", "kitchen_fridge", "kitchen_stove_fan", "air_conditioner", "outdoor_ambience", "electric_hum", "underground", "exercise_bike", "vinyl", "kitchen_stove_burner"}
