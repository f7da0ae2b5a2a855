// Reads the TypeScript sources as the compiler sees them, for the tests of the architecture.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path/posix";
import ts from "typescript";

/** One import: from where, and whether nothing of it is left at run time. */
export interface ImportOf {
  /** A path below the root for the project's own files, else the specifier: `node:fs`, `zod`. */
  readonly target: string;
  readonly own: boolean;
  readonly typeOnly: boolean;
  /** Imported names; empty for a dynamic import or a `require`. */
  readonly names: readonly string[];
}

/** A parsed source file. `path` is relative to the root, with slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  readonly imports: readonly ImportOf[];
}

/** Every TypeScript file below the folders, parsed. Folders that are not there have none. */
export function sourceFiles(root: string, folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => filesBelow(root, folder))
    .filter((path) => path.endsWith(".ts"))
    .map((path) => parseSource(path, readFileSync(join(root, path), "utf8")));
}

/** Every file below a folder, as paths relative to the root, sorted. Skips what is generated or fetched. */
export function filesBelow(root: string, folder: string): string[] {
  const skipped = ["node_modules", "dist", ".git", ".tap", "coverage"];
  const top = join(root, folder);
  if (statSync(top, { throwIfNoEntry: false }) === undefined) return [];
  return readdirSync(top, { withFileTypes: true })
    .filter((entry) => !skipped.includes(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(root, path);
      return entry.isFile() ? [path] : [];
    })
    .sort();
}

/** Parses one source text; tests plant bad ones through it. */
export function parseSource(path: string, text: string): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const imports: ImportOf[] = [];
  const note = (specifier: string, typeOnly: boolean, names: readonly string[]): void => {
    const own = specifier.startsWith(".");
    const target = own ? join(dirname(path), specifier).replace(/\.js$/, ".ts") : packageOf(specifier);
    imports.push({ target, own, typeOnly, names });
  };
  visit(tree, (node) => {
    if (ts.isImportDeclaration(node)) note(textOf(node.moduleSpecifier), node.importClause?.isTypeOnly ?? false, namesOf(node));
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) note(textOf(node.moduleSpecifier), node.isTypeOnly, []);
    else if (ts.isCallExpression(node) && loadsModule(node)) note(textOf(node.arguments[0]), false, []);
  });
  return { path, text, tree, imports };
}

/** Calls `see` for a node and all below it. */
export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  node.forEachChild((child) => visit(child, see));
}

/** Circles of imports, each as the files along it. */
export function importCircles(files: readonly SourceFile[]): string[][] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const circles: string[][] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) circles.push([...trail.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    for (const { target, own } of byPath.get(path)?.imports ?? []) if (own) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) walk(path, []);
  return circles;
}

/** The folder of a path that the table names: the longest that holds it. */
export function folderOf(path: string, folders: readonly string[]): string | undefined {
  return folders
    .filter((folder) => relative(folder, path).split("/")[0] !== "..")
    .sort((a, b) => b.length - a.length)[0];
}

function namesOf(node: ts.ImportDeclaration): string[] {
  const bindings = node.importClause?.namedBindings;
  return bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements.map((element) => (element.propertyName ?? element.name).text) : [];
}

/** `import("x")`, `require("x")`, `require.resolve("x")`. */
function loadsModule(node: ts.CallExpression): boolean {
  const argument = node.arguments[0];
  if (argument === undefined || !ts.isStringLiteralLike(argument)) return false;
  return node.expression.kind === ts.SyntaxKind.ImportKeyword || /^require\b/.test(node.expression.getText());
}

function textOf(node: ts.Node | undefined): string {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : "";
}

/** `zod/v4` -> `zod`, `@a/b/c` -> `@a/b`; `node:fs` stays. */
function packageOf(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}
