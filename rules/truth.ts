// Three-valued logic: what nobody could witness is unknown, not false. Source: Kleene's strong logic of 1938.

/** True, false, or not to be known. */
export type Truth = "true" | "false" | "unknown";

/** The truth of a plain yes or no. */
export function truthOf(value: boolean): Truth {
  return value ? "true" : "false";
}

/** True and false change places. */
export function not(value: Truth): Truth {
  return value === "true" ? "false" : value === "false" ? "true" : "unknown";
}

/** True if all are true, false if one is false. */
export function all(values: readonly Truth[]): Truth {
  if (values.includes("false")) return "false";
  return values.includes("unknown") ? "unknown" : "true";
}

/** True if one is true, false if all are false. */
export function any(values: readonly Truth[]): Truth {
  if (values.includes("true")) return "true";
  return values.includes("unknown") ? "unknown" : "false";
}
