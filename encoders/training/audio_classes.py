"""Which concept each label of the clips is."""
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
}
TRAINED = CONCEPT | {"speech": "speech"}
