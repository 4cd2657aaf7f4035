/**
 * `npm run test:onnx`: the node tests of the ONNX backend suite for every operator that is supported, as they
 * are imported and once more simplified, on the reference interpreter in float32.
 *
 *   node dist/test/compiler/import/onnx/backend.js [PATTERN...]    only tests whose names contain one of the patterns
 *
 * Needs Python 3 with the package onnx: that of the environment variable PYTHON, or one installed under build/.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { importOnnx } from "../../../../host/compiler/import/onnx/index.ts";
import { operators } from "../../../../host/compiler/import/onnx/operators/index.ts";
import { simplify } from "../../../../host/compiler/passes/index.ts";
import { elements, type Graph, ModelError, tensorOf } from "../../../../host/ir/graph.ts";
import { scaleValues } from "../../../../host/ops/border.ts";
import { checkGraph } from "../../../../host/ops/spec.ts";
import { root } from "../../../../host/root.ts";
import { evaluateGraph } from "../../../../host/runtime/engines/reference.ts";
import {
  type BackendCase,
  constantOf,
  operatorsOf,
  readCase,
  typesOf,
  withConstants,
  ZERO,
} from "./backend_case.ts";
import { CATEGORIES } from "./categories.ts";

/** Those of the suite itself. */
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-7;
const ONNX_VERSION = "1.23.2";

type Result =
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "skipped"; readonly reason: string };

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (error || status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error ?? `status ${status}`}`);
}

function python(): string {
  const given = process.env["PYTHON"];
  if (given) return given;
  const environment = join(root, "build", "onnx-python");
  const installed = join(environment, "bin", "python");
  if (!existsSync(installed)) {
    run("python3", ["-m", "venv", environment]);
    run(installed, ["-m", "pip", "install", "--quiet", `onnx==${ONNX_VERSION}`]);
  }
  return installed;
}

/** The folder with the tests, which is written once. */
function testFolder(): string {
  const folder = join(root, "build", "onnx-backend");
  if (!existsSync(join(folder, "version.txt")))
    run(python(), [join(root, "test/compiler/import/onnx/generate.py"), folder]);
  return folder;
}

/** Imports the model; what the importer wants constant becomes so, one input after the other. */
function importCase(test: BackendCase): Graph {
  const computed = (name: string): boolean =>
    /^(FLOAT|DOUBLE)$/.test(constantOf(test.inputs!.get(name)!).type);
  const constants = new Set([...test.inputs!.keys()].filter((name) => !computed(name)));
  for (;;) {
    try {
      return checkGraph(importOnnx(withConstants(test, constants), test.name), "import");
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      const wanted = /^output \S+: expected (a computed tensor|FLOAT, INT64)/.test(error.message)
        ? [...test.inputs!.keys()].find((name) => !constants.has(name))
        : /input (\S+): expected a constant/.exec(error.message)?.[1];
      if (!wanted || constants.has(wanted)) throw error;
      constants.add(wanted);
    }
  }
}

const isClose = (actual: number, expected: number): boolean =>
  Object.is(actual, expected) ||
  actual === expected ||
  Math.abs(actual - expected) <= ABSOLUTE + RELATIVE * Math.abs(expected);

/** What is wrong with the outputs of a graph, if anything. */
function wrongOutput(
  graph: Graph,
  names: readonly string[],
  test: BackendCase,
  stage: string,
): string | undefined {
  const inputs = graph.inputs.map((name) =>
    name === ZERO
      ? new Float32Array(1)
      : scaleValues(
          Float32Array.from(constantOf(test.inputs!.get(name)!).numbers),
          tensorOf(graph, name).scaling,
        ),
  );
  const trace = evaluateGraph(graph, inputs);
  for (const [i, name] of graph.outputs.entries()) {
    const expected = constantOf(test.outputs.get(names[i]!.replace(/_sum$/, ""))!);
    const actual = trace.get(name)!;
    const { shape } = tensorOf(graph, name);
    if (shape.join() !== expected.shape.join())
      return `${stage}: ${name}: expected shape [${expected.shape}], found [${shape}]`;
    const at = expected.numbers.findIndex((value, j) => !isClose(actual[j]!, value));
    if (at >= 0) return `${stage}: ${name}[${at}]: expected ${expected.numbers[at]}, found ${actual[at]}`;
  }
  return undefined;
}

function compare(test: BackendCase): Result {
  const graph = importCase(test);
  const reason =
    wrongOutput(graph, graph.outputs, test, "imported") ??
    wrongOutput(simplify(graph), graph.outputs, test, "simplified");
  return reason === undefined ? { kind: "passed" } : { kind: "failed", reason };
}

function runCase(test: BackendCase): Result {
  const [types, used] = [typesOf(test), operatorsOf(test).map((type) => type.replace(/^.*\./, ""))];
  const unfit = CATEGORIES.find(
    (category) =>
      types.some((type) => category.types?.test(type)) || used.some((type) => category.operators?.test(type)),
  );
  if (unfit) return { kind: "skipped", reason: unfit.name };
  const empty = [...(test.inputs?.values() ?? []), ...test.outputs.values()].some(
    ({ dims }) => elements(dims.map(Number)) === 0,
  );
  if (empty) return { kind: "skipped", reason: "empty tensors" };
  try {
    return compare(test);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const category = CATEGORIES.find(({ refusal }) => refusal?.test(error.message));
    if (category) return { kind: "skipped", reason: category.name };
    return { kind: "failed", reason: error.message.slice(0, 200) };
  }
}

/** The operator that a test is of; of an expanded function, those that it is made of. */
const subject = (test: BackendCase): string => {
  const types = operatorsOf(test);
  return types.length === 1 ? types[0]! : "several operators";
};

const count = (results: readonly Result[], kind: Result["kind"]): number =>
  results.filter((result) => result.kind === kind).length;

function main(patterns: readonly string[]): void {
  const folder = testFolder();
  const byOperator = new Map<string, { name: string; result: Result }[]>();
  const unsupported: string[] = [];
  for (const name of readdirSync(folder)
    .filter((file) => file !== "version.txt")
    .sort()) {
    if (patterns.length > 0 && !patterns.some((pattern) => name.includes(pattern))) continue;
    const test = readCase(folder, name);
    if (!operatorsOf(test).every((type) => operators.has(type))) {
      unsupported.push(name);
      continue;
    }
    const list = byOperator.get(subject(test)) ?? [];
    byOperator.set(subject(test), list);
    list.push({ name, result: runCase(test) });
  }
  for (const [operator, tests] of [...byOperator].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const results = tests.map(({ result }) => result);
    const parts = (["passed", "failed", "skipped"] as const).flatMap((kind) =>
      count(results, kind) > 0 ? `${count(results, kind)} ${kind}` : [],
    );
    process.stdout.write(`${operator}: ${parts.join(", ")}\n`);
    for (const { name, result } of tests)
      if (result.kind !== "passed") process.stdout.write(`  ${result.kind} ${name}: ${result.reason}\n`);
  }
  const all = [...byOperator.values()].flat().map(({ result }) => result);
  const [passed, failed, skipped] = [count(all, "passed"), count(all, "failed"), count(all, "skipped")];
  process.stdout.write(`${unsupported.length} tests have operators that are not supported\n`);
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

main(process.argv.slice(2));
