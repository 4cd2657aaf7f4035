/** What becomes of a mutant, and what may not. */
import { emitAssemblyScript } from "../../host/compiler/emit/assemblyscript.ts";
import { importModel, type Source } from "../../host/compiler/import/index.ts";
import { simplify } from "../../host/compiler/passes/index.ts";
import { lower, type Program } from "../../host/compiler/plan/lower.ts";
import { planMemory } from "../../host/compiler/plan/memory.ts";
import { calibrate } from "../../host/compiler/quantize/calibrate.ts";
import { quantizeGraph } from "../../host/compiler/quantize/quantize.ts";
import { elements, type Graph, ModelError, tensorOf } from "../../host/ir/graph.ts";
import { operatorOf } from "../../host/ops/index.ts";
import { bind } from "../../host/ops/operator.ts";
import { checkGraph, checkQuantized, checkWork } from "../../host/ops/spec.ts";

/** Evaluating and writing out take time by the value, so only small graphs get there. */
const MAX_VALUES = 20_000;
const MAX_MACS = 200_000;
const MAX_LINE = 2000;

const isFloat = (graph: Graph): boolean =>
  graph.nodes.some(({ outputs }) => tensorOf(graph, outputs[0]!).dtype === "float32");

function isSmall(graph: Graph): boolean {
  const values = [...graph.tensors.values()].reduce((sum, { shape }) => sum + elements(shape), 0);
  const macs = graph.nodes.reduce((sum, node) => sum + operatorOf(node.op).macs(bind(graph, node)), 0);
  const taps = graph.nodes.flatMap(({ attributes }) => attributes["kernel"] ?? []) as number[];
  return values <= MAX_VALUES && macs <= MAX_MACS && taps.every((n) => n <= 64);
}

/** The kernels of a module take 32-bit integers: anything else would not even compile. */
function checkArguments({ calls }: Program): void {
  for (const { kernel, arguments: list } of calls) {
    list.forEach((argument, i) => {
      if (argument.kind !== "number" || Object.is(argument.value | 0, argument.value)) return;
      throw new Error(
        `${kernel.name}: ${kernel.parameters[i]}: expected a 32-bit integer, found ${argument.value}`,
      );
    });
  }
}

/** The int8 graph of a small float one, calibrated with zeros. */
function quantizedOf(graph: Graph): Graph {
  const zeros = graph.inputs.map((name) => new Float32Array(elements(tensorOf(graph, name).shape)));
  return quantizeGraph(graph, calibrate(graph, [zeros]));
}

/** The pipeline without its compiler; how far it went. Throws what it throws. */
export function runStages(bytes: Uint8Array, format: Source["format"]): { result: string; graph?: Graph } {
  const source: Source = { file: "mutant", bytes, sha256: "", format };
  const imported = checkWork(checkGraph(importModel(source, "mutant"), "import"));
  const simplified = simplify(imported);
  if (!isSmall(simplified)) return { result: "simplified" };
  const graph = checkQuantized(isFloat(simplified) ? quantizedOf(simplified) : simplified, "quantize");
  const program = lower(graph);
  checkArguments(program);
  const plan = planMemory(program);
  emitAssemblyScript(
    program,
    plan,
    { name: "mutant", version: "1.0.0", sourceFile: "", sourceSha256: "", compiler: "" },
    [],
  );
  return { result: "emitted", graph };
}

/** One line without control characters, of a length that a terminal shows. */
export function lineFault(message: string): string | undefined {
  if (message.length === 0 || message.length > MAX_LINE)
    return `expected a line of at most ${MAX_LINE} characters, found ${message.length}: ${message.slice(0, 200)}`;
  return /[\p{Cc}\u2028\u2029]/u.test(message)
    ? `expected one line, found ${JSON.stringify(message)}`
    : undefined;
}

export interface Outcome {
  readonly result: string;
  readonly fault?: string;
}

/** What `work` came to; a fault is anything but a result or an error meant for the user. */
export async function outcomeOf(
  work: () => string | Promise<string>,
  expected: readonly (new (...args: never[]) => Error)[],
): Promise<Outcome> {
  try {
    return { result: await work() };
  } catch (error) {
    if (!expected.some((type) => error instanceof type))
      return {
        result: "fault",
        fault: error instanceof Error ? (error.stack ?? error.message) : String(error),
      };
    const fault = lineFault((error as Error).message);
    return fault === undefined ? { result: "refused" } : { result: "fault", fault };
  }
}

export const modelOutcome = (bytes: Uint8Array, format: Source["format"]): Promise<Outcome> =>
  outcomeOf(() => runStages(bytes, format).result, [ModelError]);
