// What kind of sense an observation comes from.

/** Every modality, in the order in which they are listed everywhere. */
export const MODALITIES = ["image", "audio", "text"] as const;

/** The sense that an observation comes from. */
export type Modality = (typeof MODALITIES)[number];

/** What each gives, in a sentence for an operator: "no picture for 12 s". */
export const MODALITY_NOUNS: Readonly<Record<Modality, string>> = { image: "picture", audio: "sound", text: "text" };
