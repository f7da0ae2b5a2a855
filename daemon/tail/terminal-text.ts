// Text of unknown origin on a terminal: neutralised, fitted to columns, coloured only where wanted.

/** Styles by their meaning on the terminal. */
export type TextStyle = "bold" | "dim" | "red" | "green" | "yellow";

/** SGR codes. Source: ECMA-48, 8.3.117. */
const SGR: Readonly<Record<TextStyle, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };

/**
 * C0, DEL, C1 and separators move the cursor; bidirectional, zero-width and otherwise invisible characters (tags, fillers)
 * make text read as another or hide some. The two selectors that say how an emoji looks are harmless.
 */
const UNSAFE = /(?![\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** East Asian wide characters and emoji: two columns. Source: Unicode Standard Annex 11, the large blocks. */
const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** The text with everything that could steer a terminal or hide text replaced by U+FFFD, one for one. */
export function plainText(text: string): string {
  return text.replace(UNSAFE, "\ufffd");
}

/** JSON of a value on one line, with every such character escaped: the same value, and nothing that steers a terminal. */
export function plainJson(value: unknown): string {
  const escaped = (character: string): string => Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`).join("");
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? inner.toString() : inner)).replace(UNSAFE, escaped);
}

/** Columns that a plain text takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOfCharacter(character);
  return columns;
}

/** The text itself if it fits, else its beginning and an ellipsis; never more than `columns`, which is 1 or more. */
export function fitText(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let fitted = "";
  let left = columns - 1;
  for (const character of text) {
    left -= columnsOfCharacter(character);
    if (left < 0) break;
    fitted += character;
  }
  return `${fitted}…`;
}

/** The text with spaces after it up to `columns`; longer text comes back as it is. */
export function padText(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - columnsOf(text)));
}

/** A function that styles text, or leaves it alone where colour is not wanted. */
export function painter(colour: boolean): (style: TextStyle, text: string) => string {
  return (style, text) => (colour ? `\u001b[${SGR[style]}m${text}\u001b[0m` : text);
}

/** Whether to colour: on a terminal, unless NO_COLOR is set and not empty (no-color.org) or the terminal is dumb. */
export function wantsColour(isTerminal: boolean, environment: NodeJS.ProcessEnv = process.env): boolean {
  const refused = environment["NO_COLOR"];
  return isTerminal && (refused === undefined || refused === "") && environment["TERM"] !== "dumb";
}

function columnsOfCharacter(character: string): number {
  if (/\p{Mn}|\p{Me}/u.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
