/** One of the two computations that `diff` compares: a model or a module, on an engine. */
import { existsSync } from "node:fs";
import { importModel, isModelFile, openSource } from "../compiler/import/index.ts";
import { simplify } from "../compiler/passes/index.ts";
import { choicesOf } from "../compiler/verify/choices.ts";
import type { TensorType } from "../compiler/verify/diff.ts";
import { type BuildTrace, traceLayers } from "../compiler/verify/trace.ts";
import {
  fromBytes,
  type Graph,
  quantized,
  readers,
  statesOf,
  type TensorData,
  tensorOf,
  writers,
} from "../ir/graph.ts";
import type { Engine, RunLimits } from "../module/engine.ts";
import { inputOf, type Metadata, type TensorInfo } from "../module/metadata.ts";
import { borderOf, inputInfos, quantizeToBytes, type Sample, scaleValues } from "../ops/border.ts";
import { checkGraph, checkWork } from "../ops/spec.ts";
import { compileGraph } from "../pipeline.ts";
import type { InputInfo } from "../runtime/data/index.ts";
import { evaluateInOrder } from "../runtime/engines/reference.ts";
import { availableEngine, type ChosenEngine, engineOption, findGraph, graphBeside } from "./engines.ts";
import { readModule } from "./inspect.ts";
import { UsageError } from "./options.ts";

/** Values of tensors in one row, by name. */
export type Values = ReadonlyMap<string, TensorData>;

export interface Side {
  readonly file: string;
  readonly engine: ChosenEngine;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Inputs as readers of data files want them. */
  readonly inputInfos: readonly InputInfo[];
  /** All tensors whose values it can tell, inputs and outputs among them, in the order of computation. */
  readonly tensors: ReadonlyMap<string, TensorType>;
  /** The layer that writes a tensor; an input has the tensor's own name. */
  layerOf(tensor: string): string;
  /** Tensors of the layers that read one; none of an output, nor where no graph is known. */
  readersOf(tensor: string): readonly string[];
  /** Two modules of the same bytes are the same, whatever lies beside them. */
  readonly module?: Uint8Array;
  /** Whether only inputs and outputs are known, since there is no graph beside the module. */
  readonly bordersOnly: boolean;
  /** Whether an inference depends on those before it. */
  readonly hasStates: boolean;
  run(samples: readonly Sample[]): Promise<Values[]>;
}

/** FILE or FILE@ENGINE; a file whose own name ends so is a file. */
function splitName(text: string): { readonly file: string; readonly engine?: ChosenEngine } {
  const at = text.lastIndexOf("@");
  if (at < 0 || existsSync(text)) return { file: text };
  return { file: text.slice(0, at), engine: engineOption(text, text.slice(at + 1)) };
}

function readersIn(graph: Graph): Side["readersOf"] {
  const nodes = readers(graph);
  return (tensor) =>
    graph.outputs.includes(tensor) ? [] : (nodes.get(tensor) ?? []).flatMap(({ outputs }) => outputs);
}

const computed = (graph: Graph): Map<string, TensorType> =>
  new Map(
    [...graph.inputs, ...graph.nodes.flatMap(({ outputs }) => outputs)].map((name) => [
      name,
      tensorOf(graph, name),
    ]),
  );

function graphSide(file: string, graph: Graph): Side {
  const writer = writers(graph);
  const inputValues = (sample: Sample): TensorData[] =>
    graph.inputs.map((name, i) => {
      const tensor = tensorOf(graph, name);
      return tensor.dtype === "float32"
        ? scaleValues(sample[i]!, tensor.scaling)
        : fromBytes(tensor.dtype, quantizeToBytes(sample[i]!, borderOf(tensor)));
    });
  return {
    file,
    engine: "reference",
    inputs: graph.inputs,
    outputs: graph.outputs,
    inputInfos: inputInfos(graph),
    tensors: computed(graph),
    layerOf: (tensor) => writer.get(tensor)?.name ?? tensor,
    readersOf: readersIn(graph),
    bordersOnly: false,
    hasStates: statesOf(graph).length > 0,
    run: async (samples) => evaluateInOrder(graph, samples.map(inputValues)),
  };
}

const typeOf = ({ name, dtype, shape, scale, zeroPoint }: TensorInfo): TensorType => ({
  name,
  dtype,
  shape,
  quantization: quantized(scale, zeroPoint),
});

/** Builds each module once, however many batches of rows it is asked for. */
function traceBuilder(graph: Graph, metadata: Metadata): BuildTrace {
  const choices = choicesOf(graph, metadata.layers);
  const built = new Map<string, Promise<Uint8Array>>();
  return (traced) => {
    const key = traced.outputs.join("\n");
    const module = built.get(key) ?? compileGraph(traced, "debug", choices);
    built.set(key, module);
    return module;
  };
}

interface Traced {
  readonly graph: Graph;
  readonly buildTrace: BuildTrace;
}

/** Inputs and outputs as the module itself has them, and layers from modules built of its graph. */
async function runModule(
  module: Uint8Array,
  metadata: Metadata,
  engine: Engine,
  samples: readonly Sample[],
  trace: Traced | undefined,
): Promise<Values[]> {
  const { inputs, outputs } = metadata;
  const vectors = samples.map((sample) => inputs.map((info, i) => quantizeToBytes(sample[i]!, info)));
  const rows = vectors.map(
    (vector) => new Map(inputs.map(({ name, dtype }, i) => [name, fromBytes(dtype, vector[i]!)])),
  );
  if (trace) {
    const { graph, buildTrace } = trace;
    for await (const { names, values } of traceLayers(graph, engine, vectors, buildTrace))
      rows.forEach((row, i) => {
        for (const [n, name] of names.entries())
          row.set(name, fromBytes(tensorOf(graph, name).dtype, values[i]![n]!));
      });
  }
  const found = await engine.run(module, vectors);
  rows.forEach((row, i) => {
    for (const [n, { name, dtype }] of outputs.entries()) row.set(name, fromBytes(dtype, found[i]![n]!));
  });
  return rows;
}

async function moduleSide(
  file: string,
  name: Exclude<ChosenEngine, "reference">,
  limits: RunLimits,
): Promise<Side> {
  const { module, metadata } = readModule(file);
  const { inputs, outputs } = metadata;
  const engine = await availableEngine(name, limits);
  const graph = findGraph(file, metadata);
  const writer = graph && writers(graph);
  const trace = graph && { graph, buildTrace: traceBuilder(graph, metadata) };
  return {
    file,
    engine: name,
    inputs: inputs.map((info) => info.name),
    outputs: outputs.map((info) => info.name),
    inputInfos: inputs.map(inputOf),
    tensors: graph
      ? computed(graph)
      : new Map([...inputs, ...outputs].map((info) => [info.name, typeOf(info)])),
    layerOf: (tensor) => writer?.get(tensor)?.name ?? tensor,
    readersOf: graph ? readersIn(graph) : () => [],
    module,
    bordersOnly: !graph,
    hasStates: graph !== undefined && statesOf(graph).length > 0,
    run: (samples) => runModule(module, metadata, engine, samples, trace),
  };
}

/** Opens FILE or FILE@ENGINE: a model on the reference interpreter, or a module on any engine (default: v8). */
export async function openSide(text: string, limits: RunLimits): Promise<Side> {
  const { file, engine } = splitName(text);
  if (isModelFile(file)) {
    if ((engine ?? "reference") !== "reference")
      throw new UsageError(`${text}: a model runs on the engine reference only, found ${engine}`);
    const model = importModel(await openSource(file), "model");
    return graphSide(file, simplify(checkWork(checkGraph(model, "import"))));
  }
  if (engine !== "reference") return moduleSide(file, engine ?? "v8", limits);
  const { module, metadata } = readModule(file);
  return { ...graphSide(file, graphBeside(file, metadata)), module };
}
