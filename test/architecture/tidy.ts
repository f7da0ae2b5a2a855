// Habits that are checked: what a test, a source file and the manifest may not hold.
import ts from "typescript";
import { visit, type SourceFile } from "./source-files.js";

/** Sleeps in tests wait too long on a fast machine and too short on a slow one, one sentence each. */
export function sleeps(file: SourceFile): string[] {
  const found: string[] = [];
  visit(file.tree, (node) => {
    if (ts.isCallExpression(node) && ["setTimeout", "setInterval", "sleep"].includes(node.expression.getText(file.tree))) found.push(node.expression.getText(file.tree));
  });
  if (file.imports.some(({ target }) => target === "node:timers/promises")) found.push("node:timers/promises");
  return found.map((what) => `${file.path} uses ${what}: wait for the thing itself`);
}

/** Exports of product code without a doc comment, and files that do not open with what they are, one sentence each. */
export function undocumented(file: SourceFile): string[] {
  const opening = file.text.replace(/^#!.*\n/, "");
  const problems = opening.startsWith("//") ? [] : [`${file.path} does not open with a comment that says what it is`];
  for (const statement of file.tree.statements) {
    if (!isExported(statement) || ts.getJSDocCommentsAndTags(statement).length > 0) continue;
    problems.push(`${file.path} exports ${nameOf(statement)} without a doc comment`);
  }
  return problems;
}

/** Default exports, `export *` and files that only pass on others' names, one sentence each. */
export function barrels(file: SourceFile): string[] {
  const problems: string[] = [];
  for (const statement of file.tree.statements) {
    if (ts.isExportAssignment(statement) || hasModifier(statement, ts.SyntaxKind.DefaultKeyword)) problems.push(`${file.path} has a default export`);
    if (ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined) problems.push(`${file.path} passes on another file's exports`);
  }
  return /(^|\/)index\.ts$/.test(file.path) ? [...problems, `${file.path} is a barrel by its name`] : problems;
}

/** Paths that exist on one machine only, one sentence each. */
export function machinePaths(path: string, text: string): string[] {
  const found = text.match(/(?<![\w.$}])\/(?:root|home|Users|work)\/[\w.-]+/g) ?? [];
  return found.map((what) => `${path} names ${what}, which is a path of one machine`);
}

function isExported(statement: ts.Statement): boolean {
  return hasModifier(statement, ts.SyntaxKind.ExportKeyword);
}

function hasModifier(statement: ts.Statement, kind: ts.SyntaxKind): boolean {
  return ts.canHaveModifiers(statement) && (ts.getModifiers(statement) ?? []).some((modifier) => modifier.kind === kind);
}

function nameOf(statement: ts.Statement): string {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map((declaration) => declaration.name.getText()).join(", ");
  const name = (statement as ts.Statement & { readonly name?: ts.Identifier }).name;
  return name === undefined ? "something" : name.text;
}
