// Habits that a machine can check.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { PRODUCT_FOLDERS } from "./layers.js";
import { filesBelow, parseSource, sourceFiles } from "./source-files.js";
import { barrels, machinePaths, sleeps, undocumented } from "./tidy.js";

const product = sourceFiles(packageRoot, PRODUCT_FOLDERS);
const tests = sourceFiles(packageRoot, ["test"]);

/** The manifest, as far as it is looked at here. */
interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const readText = (path: string): string => readFileSync(join(packageRoot, path), "utf8");
const readJson = (path: string): unknown => JSON.parse(readText(path));

void t.test("tidy: tests wait for the thing itself", (t) => {
  t.strictSame(tests.filter((file) => !file.path.startsWith("test/support/")).flatMap(sleeps), []);
  t.equal(sleeps(parseSource("test/a.ts", "await new Promise((r) => setTimeout(r, 5));")).length, 1);
  t.equal(sleeps(parseSource("test/a.ts", 'import { setTimeout as nap } from "node:timers/promises";')).length, 1);
  t.end();
});

void t.test("tidy: every file says what it is and every export what it guarantees", (t) => {
  t.strictSame(product.flatMap(undocumented), []);
  t.equal(undocumented(parseSource("fusion/a.ts", "export const a = 1;")).length, 2);
  t.strictSame(undocumented(parseSource("fusion/a.ts", "// One.\n/** The number one. */\nexport const a = 1;")), []);
  t.end();
});

void t.test("tidy: no barrels and no default exports", (t) => {
  t.strictSame([...product, ...tests].flatMap(barrels), []);
  for (const text of ['export * from "./b.js";', 'export { b } from "./b.js";', "export default 1;", "export default function a() {}"]) {
    t.equal(barrels(parseSource("fusion/a.ts", text)).length, 1, text);
  }
  t.equal(barrels(parseSource("fusion/index.ts", "")).length, 1);
  t.end();
});

void t.test("tidy: no paths of one machine", (t) => {
  const folders = [...PRODUCT_FOLDERS, "test", "bench", "scripts", "docs", "systemd", ".ci"];
  const paths = folders.flatMap((folder) => filesBelow(packageRoot, folder)).filter((path) => /(\.(ts|js|sh|py|md|ya?ml|json|service)|\/[^.]+)$/.test(path));
  const problems = [...paths, "README.md", "CONTRIBUTING.md", "package.json"].flatMap((path) => machinePaths(path, readText(path)));
  t.strictSame(problems, []);
  t.equal(machinePaths("a.ts", `open("${["", "home", "someone", "clip.mp4"].join("/")}")`).length, 1);
  t.end();
});

void t.test("tidy: the lock file names no registry", (t) => {
  t.notMatch(readText("package-lock.json"), '"resolved": "http');
  t.end();
});

void t.test("tidy: every dependency has a section in docs/dependencies.md that names its version", (t) => {
  const manifest = readJson("package.json") as Manifest;
  const lock = readJson("package-lock.json") as { readonly packages: Readonly<Record<string, { readonly version?: string }>> };
  const sections = readText("docs/dependencies.md").split(/^#{2,3} /m);
  const names = [manifest.dependencies, manifest.optionalDependencies, manifest.devDependencies].flatMap((group) => Object.keys(group));
  for (const name of names) {
    const version = lock.packages[`node_modules/${name}`]?.version ?? "unknown";
    t.ok(sections.some((section) => section.startsWith(`${name} ${version}\n`)), `### ${name} ${version}`);
  }
  t.end();
});
