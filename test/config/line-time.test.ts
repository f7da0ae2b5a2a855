// The key time of a text feed.
import t from "tap";
import { parseConfig } from "../../config/load.js";
import { problemsOf } from "../../config/problem.js";

function timeOf(time: string): unknown {
  const { config } = parseConfig(`site: s\nnats: {embedded: true}\nsources: {l: {text: {file: a, json: true, time: ${time}}}}\n`, "f.yaml");
  return config.sources.map((source) => source.kind === "text" && source.time)[0];
}

function problem(time: string): string {
  try {
    timeOf(time);
    return "";
  } catch (error) {
    return problemsOf(error).map(({ message }) => message).join(" | ");
  }
}

void t.test("config: the time of lines, by name or by pattern, with a zone where it needs one", (t) => {
  t.same(timeOf("{field: ts}"), { field: "ts", format: { kind: "rfc3339" } });
  t.same(timeOf("{format: unix_ms}"), { field: "time", format: { kind: "unix", perSecond: 1000 } });
  t.same(timeOf("{format: yyyy-MM-dd HH:mm:ss, zone: Europe/Berlin}"), { field: "time", format: { kind: "pattern", pattern: "yyyy-MM-dd HH:mm:ss", zone: "Europe/Berlin" } });
  t.same(timeOf("{format: d/MMM/yyyy:HH:mm:ss ZZZ}"), { field: "time", format: { kind: "pattern", pattern: "d/MMM/yyyy:HH:mm:ss ZZZ" } });
  for (const good of ["{format: \"yyyy-MM-dd'T'HH:mm:ss\", zone: UTC}", "{format: yyyy-ooo h:mm a ZZ}"]) t.equal(problem(good), "", good);
  t.end();
});

void t.test("config: a time of which something would have to be guessed is refused with what to do", (t) => {
  t.match(problem("{format: iso}"), /"format" must be rfc3339, unix_s, unix_ms, unix_us, unix_ns, or a pattern/);
  t.match(problem("{format: yyyy-MM-dd HH:mm:ss}"), /says no zone: add zone: Europe\/Berlin/);
  t.match(problem("{format: HH:mm:ss, zone: UTC}"), /must have the year with four digits \(yyyy\), the month and the day/);
  t.match(problem("{format: yy-MM-dd HH:mm, zone: UTC}"), /four digits/);
  t.match(problem("{format: MMM d HH:mm:ss, zone: UTC}"), /four digits/);
  t.match(problem("{format: yyyy-MM-dd, zone: UTC}"), /must have the hour/);
  t.match(problem("{format: yyyy-MM-dd h:mm, zone: UTC}"), /must have the hour/);
  t.match(problem("{format: yyyy-MM-ddTHH:mm:ss, zone: UTC}"), /in single quotes: yyyy-MM-dd'T'HH:mm:ss/);
  t.match(problem("{format: unix_s, zone: UTC}"), /unix_s says its zone itself/);
  t.match(problem("{format: yyyy-MM-dd HH:mm:ss ZZ, zone: UTC}"), /has no zone itself: remove it/);
  for (const zone of ["Berlin", "local", '"+01:00"']) t.match(problem(`{format: yyyy-MM-dd HH:mm:ss, zone: ${zone}}`), /must be the name of a time zone/, zone);
  t.match(problem("{feild: ts}"), /unknown key "feild"; did you mean "field"\?/);
  t.throws(() => parseConfig("site: s\nnats: {embedded: true}\nsources: {l: {text: {file: a, time: {field: ts}}}}\n", "f.yaml"), /only works with json: true/);
  t.end();
});
