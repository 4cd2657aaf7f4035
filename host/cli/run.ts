import { importModel, isModelFile, openSource } from "../compiler/import/index.ts";
import { simplify } from "../compiler/passes/index.ts";
import type { Vector } from "../ir/graph.ts";
import { elements, fromBytes, tensorOf } from "../ir/graph.ts";
import type { RunLimits } from "../module/engine.ts";
import { infoBytes, infoElements, inputOf, type Metadata, type TensorInfo } from "../module/metadata.ts";
import {
  borderOf,
  dequantizeBytes,
  inputInfos,
  quantizeInput,
  quantizeToBytes,
  scaleValues,
  splitRow,
} from "../ops/border.ts";
import { decideOutputs } from "../ops/border_decision.ts";
import { argmax, type Decider, decide } from "../ops/decision.ts";
import { checkGraph, checkWork } from "../ops/spec.ts";
import { plain } from "../plain.ts";
import { DataError, readSamplesOf } from "../runtime/data/index.ts";
import { evaluateInOrder, runReference } from "../runtime/engines/reference.ts";
import {
  availableEngine,
  type ChosenEngine,
  ENGINE_NAMES,
  engineOption,
  graphBeside,
  limitsOption,
  TIME_LIMIT_OPTION,
} from "./engines.ts";
import { readBytes } from "./files.ts";
import { readModule } from "./inspect.ts";
import { type Command, parse, UsageError } from "./options.ts";
import { print, printJson } from "./output.ts";

/** Runs vectors of raw tensor bytes. */
type Runner = (vectors: readonly Vector[]) => Promise<Vector[]>;

async function runnerOf(
  engine: ChosenEngine,
  file: string,
  module: Uint8Array,
  metadata: Metadata,
  limits: RunLimits,
): Promise<Runner> {
  if (engine === "reference") {
    const graph = graphBeside(file, metadata);
    return async (vectors) => runReference(graph, vectors);
  }
  const chosen = await availableEngine(engine, limits);
  return (vectors) => chosen.run(module, vectors);
}

/** Values that people's numbers have; bytes of integers taken for float32 hardly ever do. */
const isUsual = (value: number): boolean => value === 0 || (Math.abs(value) > 1e-9 && Math.abs(value) < 1e9);
/** Fewer values tell nothing. */
const LEAST_FLOATS = 8;

/**
 * Whether bytes are those of float32: usual numbers all of them, whose exponents are few where their last bits are many,
 * or none at all as of whole numbers. Bytes of integers are alike at every place.
 */
export function looksLikeFloats(data: Uint8Array): boolean {
  if (data.length % 4 !== 0 || data.length < 4 * LEAST_FLOATS) return false;
  const values = fromBytes("float32", data);
  if (!values.every(isUsual) || values.every((value) => value === 0)) return false;
  const at = (place: number): Set<number> => new Set(data.filter((_, i) => i % 4 === place));
  const [low, high] = [at(0), at(3)];
  const isWhole = low.size === 1 && low.has(0);
  return isWhole ? high.size > 1 : low.size >= 2 * high.size;
}

/** Tensor bytes back to back, as many whole vectors as the file holds. */
function splitRaw(file: string, inputs: readonly TensorInfo[]): Vector[] {
  const data = readBytes(file, "a file of tensor bytes");
  const sizes = inputs.map(infoBytes);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (data.length === 0 || data.length % total !== 0) {
    throw new DataError(`${file}: expected a multiple of ${total} bytes (one vector), found ${data.length}`);
  }
  const isBytes = inputs.every(({ dtype }) => dtype === "int8" || dtype === "uint8");
  if (isBytes && looksLikeFloats(data))
    throw new DataError(
      `${file}: expected bytes of ${inputs.map(({ dtype }) => dtype).join(", ")} tensors, found what looks like float32 values: they are taken without --raw`,
    );
  return Array.from({ length: data.length / total }, (_, i) => {
    let start = i * total;
    return sizes.map((size) => {
      start += size;
      return data.subarray(start - size, start);
    });
  });
}

/** The text that `run` prints for one row of real values: each output's values, and the class they decide. */
interface Result {
  readonly outputs: readonly (readonly number[])[];
  readonly label: string;
}

interface Results {
  readonly rows: readonly Result[];
  readonly columns: readonly string[];
  readonly labels: readonly string[] | undefined;
}

/** Enough digits for float32 and no more. */
const short = (value: number): number => Number(value.toPrecision(7));

/** The name of what the first output decides; the number of it where there are no names. */
function classOf(outputs: readonly (readonly number[])[], output: Decider): string {
  const best = decide(outputs[0]!, output);
  return output.labels?.[best] ?? String(best);
}

const columnsOf = (
  infos: readonly { name: string; count: number; labels: readonly string[] | undefined }[],
): string[] =>
  infos.flatMap(({ name, count, labels }) =>
    Array.from({ length: count }, (_, i) => (labels?.length === count && labels[i]) || `${name}[${i}]`),
  );

async function runRows(file: string, metadata: Metadata, runner: Runner): Promise<Results> {
  const sizes = metadata.inputs.map(infoElements);
  const inputs = metadata.inputs.map(inputOf);
  const dataset = readSamplesOf(file, inputs);
  const vectors = dataset.rows.map((row) =>
    splitRow(row, sizes).map((values, i) => quantizeInput(values, metadata.inputs[i]!)),
  );
  const found = await runner(vectors);
  const [first] = sizes;
  // Rows that brought nothing new have no line.
  const answered = [...found.keys()].filter((row) => found[row]!.length > 0);
  const rows = answered.map((row) => {
    const outputs = found[row]!;
    const real = outputs.map((data, i) => Array.from(dequantizeBytes(data, metadata.outputs[i]!), short));
    const decided = decideOutputs(metadata, outputs, dataset.rows[row]!.subarray(0, first));
    return { outputs: real, label: decided?.label ?? String(decided?.classNumber ?? argmax(real[0]!)) };
  });
  const infos = metadata.outputs.map((info) => ({
    name: info.name,
    count: infoElements(info),
    labels: info.labels,
  }));
  return {
    rows,
    columns: columnsOf(infos),
    labels: dataset.labels && answered.map((row) => dataset.labels![row]!),
  };
}

/** A model file on the reference interpreter, as it is: a float model computes in float. */
async function runModel(model: string, input: string): Promise<Results> {
  const source = await openSource(model);
  const graph = simplify(checkWork(checkGraph(importModel(source, "model"), "import")));
  const sizes = graph.inputs.map((name) => elements(tensorOf(graph, name).shape));
  const dataset = readSamplesOf(input, inputInfos(graph));
  const inferences = dataset.rows.map((row) =>
    splitRow(row, sizes).map((real, i) => {
      const tensor = tensorOf(graph, graph.inputs[i]!);
      return tensor.dtype === "float32"
        ? scaleValues(real, tensor.scaling)
        : fromBytes(tensor.dtype, quantizeToBytes(real, borderOf(tensor)));
    }),
  );
  const rows = evaluateInOrder(graph, inferences).map((trace) => {
    const outputs = graph.outputs.map((name) => {
      const q = tensorOf(graph, name).quantization;
      const data = Array.from(trace.get(name)!);
      return q ? data.map((value) => short((value - q.zeroPoints[0]!) * q.scales[0]!)) : data.map(short);
    });
    return { outputs, label: classOf(outputs, tensorOf(graph, graph.outputs[0]!)) };
  });
  const infos = graph.outputs.map((name) => ({
    name,
    count: elements(tensorOf(graph, name).shape),
    labels: tensorOf(graph, name).labels,
  }));
  return { rows, columns: columnsOf(infos), labels: dataset.labels };
}

function printResults({ rows, columns, labels }: Results, json: boolean): void {
  const right = labels && rows.filter(({ label }, i) => label === labels[i]).length;
  if (json) {
    printJson({ columns, rows, ...(labels && { labels, accuracy: right! / rows.length }) });
    return;
  }
  const quote = (cell: string): string =>
    /[",]/.test(cell) ? `"${plain(cell).replaceAll('"', '""')}"` : plain(cell);
  print([...columns, "label"].map(quote).join(","));
  for (const { outputs, label } of rows) print([...outputs.flat().map(String), quote(label)].join(","));
  if (labels)
    console.error(`${right} of ${rows.length} labels right: ${((100 * right!) / rows.length).toFixed(2)} %`);
}

export const runCommand: Command = {
  name: "run",
  summary: "run a module on a file of inputs",
  usage: `thimble run FILE --input FILE [--engine ENGINE] [--raw] [--json]
            [--time-limit SECONDS=60]

FILE is a module (.wasm) or an image (.img) around one; or a model (.tflite, .onnx, .h5, .keras), which the reference
interpreter runs as it is. The input holds real values: a CSV with a header (a last column "label" is
compared with the result), a .npy, or raw float32. Prints one line of real values and the index or name of
the greatest per row; none for a row that a module of a stream took and has nothing new for.
  --raw     input and output are the tensors' own bytes, vectors back to back
  --engine  ${ENGINE_NAMES.join(", ")}; default: v8 for modules
  --time-limit  the longest that one inference may take in an engine that runs modules`,

  async run(args) {
    const { values, positionals } = parse(
      args,
      {
        input: { type: "string" },
        engine: { type: "string" },
        raw: { type: "boolean" },
        json: { type: "boolean" },
        ...TIME_LIMIT_OPTION,
      },
      ["FILE"],
    );
    const file = positionals[0]!;
    const input = values.input;
    if (input === undefined) throw new UsageError("expected --input FILE, found none");
    if (isModelFile(file)) {
      if ((values.engine ?? "reference") !== "reference" || values.raw) {
        throw new UsageError(
          `${file} is a model, not a module: only --engine reference runs it, and without --raw`,
        );
      }
      printResults(await runModel(file, input), values.json === true);
      return;
    }
    const { module, metadata } = readModule(file);
    const engine = engineOption("--engine", values.engine ?? "v8");
    const runner = await runnerOf(engine, file, module, metadata, limitsOption(values["time-limit"]));
    if (!values.raw) {
      printResults(await runRows(input, metadata, runner), values.json === true);
      return;
    }
    const outputs = await runner(splitRaw(input, metadata.inputs));
    process.stdout.write(Buffer.concat(outputs.flat()));
  },
};
