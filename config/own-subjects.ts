// NATS subjects on which fusiond and the broker themselves speak: what is said there is no line of any feed.
import type { LoadedConfig } from "./load.js";
import type { ConfigProblem } from "./problem.js";

/** Tells whether a message's subject is the site's own daemon's or the broker's: alerts, health, events, answers, requests to JetStream. */
export function ownSubjectsOf(site: string): (subject: string) => boolean {
  const prefixes = ownPatterns(site).map((pattern) => pattern.slice(0, -1));
  return (subject) => prefixes.some((prefix) => subject.startsWith(prefix));
}

/** A warning for each enabled feed whose subject takes in such messages: they are left out. */
export function feedWarnings({ config, problem }: Pick<LoadedConfig, "config" | "problem">): readonly ConfigProblem[] {
  return config.sources.flatMap((source) => {
    if (!source.enabled || source.kind !== "text" || source.feed.kind !== "subject") return [];
    const { subject } = source.feed;
    const relations = ownPatterns(config.site).map((pattern) => ({ pattern, is: relation(pattern, subject) }));
    const warn = (message: string): ConfigProblem[] => [problem(["sources", source.id, "text", "subject"], message)];
    const within = relations.find(({ is }) => is === "within");
    if (within !== undefined) return warn(`all of "${subject}" is fusiond's own or the broker's (${within.pattern}), which is left out: nothing will be read, name another subject`);
    const taken = relations.filter(({ is }) => is === "overlaps").map(({ pattern }) => pattern);
    return taken.length === 0 ? [] : warn(`"${subject}" takes in messages of fusiond itself or of the broker (${taken.join(", ")}): they are left out; a narrower subject says what is meant`);
  });
}

function ownPatterns(site: string): readonly string[] {
  return [`fusiond.v1.${site}.>`, "_INBOX.>", `_INBOX_${site}.>`, "$JS.>", "$SYS.>"];
}

/** How the subjects of `subject`, which may have wildcards, lie to those of a pattern that ends in ">". */
function relation(pattern: string, subject: string): "within" | "overlaps" | "apart" {
  const tokens = subject.split(".");
  let narrower = true;
  for (const [i, own] of pattern.split(".").entries()) {
    const token = tokens[i];
    if (token === undefined) return "apart";
    if (own === ">") break;
    if (token === ">") return "overlaps";
    if (token === "*") narrower = false;
    else if (token !== own) return "apart";
  }
  return narrower ? "within" : "overlaps";
}
