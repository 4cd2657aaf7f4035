/** Functions of TypeScript, AssemblyScript and C sources, with their lengths and numbers of parameters. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Node, SourceFile } from "typescript/unstable/ast";
import { isCallExpression, isIdentifier } from "typescript/unstable/ast/is";
import { API } from "typescript/unstable/sync";

export interface FunctionSize {
  readonly file: string;
  readonly name: string;
  readonly lines: number;
  readonly parameters: number;
}

/** Callbacks that only hold tests side by side: not functions in the sense of a length. */
const GROUPS: readonly string[] = ["describe"];

function nameOf(node: Node, source: SourceFile): string {
  for (let at: Node | undefined = node; at && at !== source; at = at.parent) {
    const name = (at as { readonly name?: Node }).name;
    if (name && isIdentifier(name)) return name.text;
  }
  return "(module)";
}

const isGroup = ({ parent }: Node): boolean =>
  isCallExpression(parent) && isIdentifier(parent.expression) && GROUPS.includes(parent.expression.text);

function functionsOf(source: SourceFile, file: string): FunctionSize[] {
  const found: FunctionSize[] = [];
  const lineOf = (at: number): number => source.getLineAndCharacterOfPosition(at).line;
  const visit = (node: Node): void => {
    const { body, parameters } = node as { readonly body?: Node; readonly parameters?: readonly Node[] };
    if (body && parameters && !isGroup(node)) {
      const lines = lineOf(node.end) - lineOf(node.getStart(source)) + 1;
      found.push({ file, name: nameOf(node, source), lines, parameters: parameters.length });
    }
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

/** Functions of TypeScript and AssemblyScript files, which are parsed and not checked. `scratch` takes a project file. */
export function typescriptFunctions(root: string, files: readonly string[], scratch: string): FunctionSize[] {
  const project = join(scratch, "tsconfig.json");
  const compilerOptions = { noLib: true, noResolve: true, types: [], allowJs: true, noEmit: true };
  writeFileSync(project, JSON.stringify({ compilerOptions, files: files.map((file) => join(root, file)) }));
  const api = new API({ cwd: scratch });
  try {
    const { program } = api.updateSnapshot({ openProjects: [project] }).getProject(project)!;
    return files.flatMap((file) => functionsOf(program.getSourceFile(join(root, file))!, file));
  } finally {
    api.close();
  }
}

/** The number of parameters between a definition's parentheses. */
function countParameters(list: string): number {
  if (/^\s*(?:void)?\s*$/.test(list)) return 0;
  let [depth, count] = [0, 1];
  for (const character of list) {
    if (character === "(") depth++;
    if (character === ")") depth--;
    if (character === "," && depth === 0) count++;
  }
  return count;
}

/** Functions of a C source whose definitions begin and end in the first column, as clang-format lays them out. */
export function cFunctions(root: string, file: string): FunctionSize[] {
  const text = readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, (comment) =>
    comment.replace(/[^\n]/g, ""),
  );
  const definition = /^(?![#}\s])(?:[\w*]+[\s*]+)+(\w+)\(([^;{}]*)\)\s*\{\n([\s\S]*?)^\}/gm;
  return [...text.matchAll(definition)].map(([whole, name, list]) => ({
    file,
    name: name!,
    lines: whole.split("\n").length,
    parameters: countParameters(list!),
  }));
}
