/**
 * A second implementation of a model's file, run beside the imported graph: ONNX Runtime, where its package for Node is
 * at hand. What both say is right.
 */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type GraphProto, ModelProtoSchema, TensorProto_DataType, type ValueInfoProto } from "onnx-buf";
import { floatAfter, floatBefore } from "../../ir/float_order.ts";
import { elements, type Graph, ModelError, type Tensor, tensorOf } from "../../ir/graph.ts";
import { fromHalf, toHalf } from "../../ir/half.ts";
import { inputInfos, type Sample, toFloatInputs } from "../../ops/border.ts";
import { decide } from "../../ops/decision.ts";
import { IS_SET, LEAF, rowsOf } from "../../ops/tree_nodes.ts";
import { evaluateInOrder } from "../../runtime/engines/reference.ts";
import type { Source } from "../import/index.ts";

/** The size of the comparison that found both equal; a difference throws. */
export interface Check {
  readonly implementation: string;
  readonly rows: number;
  /** Rows among these that were made for the purpose: thresholds and their neighbours, NaN, zeros, extremes. */
  readonly edges: number;
}

/** Both compute in float32, in another order. */
const TOLERANCE = 2e-5;
/** Where a model computes in float16, ONNX Runtime rounds between operators, and takes inputs that are rounded. */
const HALF_TOLERANCE = 5e-3;
const MOST_EDGES = 3000;

type Runtime = typeof import("onnxruntime-node");

async function findRuntime(): Promise<Runtime> {
  try {
    return await import("onnxruntime-node");
  } catch {
    throw new ModelError(
      "--check: expected the package onnxruntime-node, found none; install: npm install onnxruntime-node",
    );
  }
}

/** Thresholds of forests that read an input as it is, by feature. */
function thresholdsOf(graph: Graph, input: string): Map<number, Set<number>> {
  const found = new Map<number, Set<number>>();
  for (const { op, inputs } of graph.nodes) {
    if (op !== "tree_ensemble" || inputs[0] !== input) continue;
    for (const [feature, threshold, , flags] of rowsOf(tensorOf(graph, inputs[1]!).data!)) {
      if (feature === LEAF || (flags & IS_SET) !== 0 || !Number.isFinite(threshold)) continue;
      const values = found.get(feature);
      if (values) values.add(threshold);
      else found.set(feature, new Set([threshold]));
    }
  }
  return found;
}

/** Values of one feature that are worth a row each. */
function edgeValues(thresholds: ReadonlySet<number> | undefined, mayMiss: boolean): number[] {
  const borders = [...(thresholds ?? [])].flatMap((t) => [floatBefore(t), t, floatAfter(t)]);
  const extremes = thresholds ? [-3e38, 3e38, 0] : [];
  return [...borders, ...extremes, ...(mayMiss ? [Number.NaN] : [])];
}

/** Samples with single values at the borders of the model's decisions, and zeros and extremes throughout. */
export function edgeSamples(graph: Graph, samples: readonly Sample[]): Sample[] {
  const infos = inputInfos(graph);
  const zero: Sample = infos.map(({ shape }) => new Float32Array(elements(shape)));
  const bases = samples.length > 0 ? samples : [zero];
  const extreme = (of: (...values: number[]) => number): Sample =>
    zero.map((values, i) =>
      values.map((_, j) => bases.reduce((most, base) => of(most, base[i]![j]!), bases[0]![i]![j]!)),
    );
  const edges = infos.flatMap(({ name, mayMiss, shape }, i) => {
    const thresholds = thresholdsOf(graph, name);
    const features = shape.at(-1) ?? 1;
    return Array.from({ length: features }, (_, feature) =>
      edgeValues(thresholds.get(feature), mayMiss).map((value) => ({ i, feature, value })),
    ).flat();
  });
  const step = Math.max(1, Math.ceil(edges.length / MOST_EDGES));
  const single = edges
    .filter((_, n) => n % step === 0)
    .map(({ i, feature, value }, n) =>
      bases[n % bases.length]!.map((values, j) =>
        j === i ? values.map((x, at) => (at === feature ? value : x)) : values,
      ),
    );
  return [zero, extreme(Math.min), extreme(Math.max), ...single].map((sample) => wholeSample(graph, sample));
}

const FLOATS: NonNullable<ValueInfoProto["type"]> = {
  $typeName: "onnx.TypeProto",
  denotation: "",
  value: {
    case: "tensorType",
    value: { $typeName: "onnx.TypeProto.Tensor", elemType: TensorProto_DataType.FLOAT },
  },
};

/** The tensors that a ZipMap or SequenceConstruct makes an output of: the bindings do not read what those make. */
function tensorsBehind(graph: GraphProto, output: ValueInfoProto): readonly string[] {
  if (output.type?.value.case === "tensorType") return [];
  const node = graph.node.find((each) => each.output.includes(output.name));
  if (node?.opType === "ZipMap") return node.input.slice(0, 1);
  return node?.opType === "SequenceConstruct" ? node.input : [];
}

/** The model with these tensors as outputs; `names`: of the first of each, by what it was the output for. */
function withTensorOutputs(bytes: Uint8Array): {
  readonly bytes: Uint8Array;
  readonly names: ReadonlyMap<string, string>;
} {
  const model = fromBinary(ModelProtoSchema, bytes);
  const graph = model.graph!;
  const names = new Map<string, string>();
  graph.output = graph.output.flatMap((output): ValueInfoProto[] => {
    const tensors = tensorsBehind(graph, output);
    if (tensors.length === 0) return [output];
    names.set(output.name, tensors[0]!);
    return tensors.map((name) => ({ ...output, name, type: FLOATS }));
  });
  return names.size === 0 ? { bytes, names } : { bytes: toBinary(ModelProtoSchema, model), names };
}

/** Arrays of types that are not float32, of real numbers. */
const ARRAYS: Readonly<Record<string, (values: Float32Array) => unknown>> = {
  float64: (values) => Float64Array.from(values),
  float16: (values) => Uint16Array.from(values, toHalf),
  int64: (values) => BigInt64Array.from(values, (x) => BigInt(Math.round(x))),
  uint64: (values) => BigUint64Array.from(values, (x) => BigInt(Math.round(x))),
  int32: (values) => Int32Array.from(values),
  uint32: (values) => Uint32Array.from(values),
  int16: (values) => Int16Array.from(values),
  uint16: (values) => Uint16Array.from(values),
  int8: (values) => Int8Array.from(values),
  uint8: (values) => Uint8Array.from(values),
  bool: (values) => Uint8Array.from(values),
};

/** Values as ONNX Runtime takes them for an input of that type. */
const feedOf = (type: string, values: Float32Array): Float32Array =>
  (ARRAYS[type]?.(values) ?? values) as Float32Array;

/** Texts by their numbers; one that no encoder knows for any other number. */
const textsOf = (categories: readonly string[], values: Float32Array): string[] =>
  Array.from(values, (x) => categories[x] ?? "\u0000");

/** A sample whose integers are such, within what their type holds. */
const wholeSample = (graph: Graph, sample: Sample): Sample =>
  graph.inputs.map((name, i) => {
    const { integers } = tensorOf(graph, name);
    return integers
      ? sample[i]!.map((x) => Math.max(integers.min, Math.min(integers.max, Math.round(x))))
      : sample[i]!;
  });

/** The numbers of an output. */
const numbersOf = ({ type, data }: { readonly type: string; readonly data: unknown }): ArrayLike<number> =>
  type === "float16" && data instanceof Uint16Array ? Array.from(data, fromHalf) : (data as Float32Array);

/** The greatest difference that is none, for an output of these values in all rows. */
function toleranceOf(rows: readonly ArrayLike<number>[], isHalf: boolean): number {
  let most = 1e-3;
  for (const values of rows)
    for (let i = 0; i < values.length; i++)
      if (Number.isFinite(values[i])) most = Math.max(most, Math.abs(values[i]!));
  return (isHalf ? HALF_TOLERANCE : TOLERANCE) * most;
}

const isSame = (a: number, b: number, tolerance: number): boolean =>
  Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= tolerance;

function compare(
  where: string,
  expected: ArrayLike<number | bigint>,
  found: ArrayLike<number>,
  tolerance: number,
): void {
  for (let i = 0; i < found.length; i++) {
    const value = Number(expected[i]);
    if (isSame(value, found[i]!, tolerance)) continue;
    throw new ModelError(
      `check: ${where}, value ${i + 1}: expected ${value} (ONNX Runtime), found ${found[i]}`,
    );
  }
}

/** A label that was left out: the name of what the scores decide. */
function compareLabel(where: string, expected: unknown, values: ArrayLike<number>, output: Tensor): void {
  const margin = Math.abs(
    (values.length === 1 ? values[0]! : 1) - (output.threshold ?? (values.length === 1 ? 0.5 : 0)),
  );
  if (margin < TOLERANCE) return;
  const found = output.labels![decide(values, output)]!;
  if (String(expected) !== found && Number(expected) !== Number(found))
    throw new ModelError(
      `check: ${where}: expected label ${String(expected)} (ONNX Runtime), found ${found}`,
    );
}

/**
 * Runs ONNX Runtime and the graph as it was imported on samples and on edges.
 * Throws ModelError on the first difference, or where there is no second implementation of the model's format.
 */
export async function checkImport(source: Source, graph: Graph, samples: readonly Sample[]): Promise<Check> {
  if (source.format !== "onnx")
    throw new ModelError(
      `--check: expected an .onnx model, found ${source.format}: no second implementation of that runs here`,
    );
  const runtime = await findRuntime();
  const { bytes, names } = withTensorOutputs(source.bytes);
  const session = await runtime.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const types = new Map(
    session.inputMetadata.flatMap((info) => (info.isTensor ? [[info.name, info.type] as const] : [])),
  );
  const isHalf = [...session.inputMetadata, ...session.outputMetadata].some(
    (info) => info.isTensor && info.type === "float16",
  );
  const edges = edgeSamples(graph, samples);
  const all = [...samples, ...edges];
  const traces = evaluateInOrder(
    graph,
    all.map((sample) => toFloatInputs(graph, sample)),
  );
  const tolerances = new Map(
    graph.outputs.map((name) => [
      name,
      toleranceOf(
        traces.map((trace) => trace.get(name)!),
        isHalf,
      ),
    ]),
  );
  const labelled = graph.outputs.map((name) => tensorOf(graph, name)).find(({ labels }) => labels);
  const labelName = session.outputNames.find(
    (name, i) => i === 0 && !graph.outputs.includes(name) && ![...names.values()].includes(name),
  );
  for (const [i, sample] of all.entries()) {
    const feeds = Object.fromEntries(
      graph.inputs.map((name, n) => {
        const { shape, categories } = tensorOf(graph, name);
        if (categories)
          return [name, new runtime.Tensor("string", textsOf(categories, sample[n]!), [...shape])];
        const type = types.get(name) ?? "float32";
        return [name, new runtime.Tensor(type as "float32", feedOf(type, sample[n]!), [...shape])];
      }),
    );
    const found = await session.run(feeds);
    const row = i < samples.length ? `row ${i + 1}` : `edge ${i - samples.length + 1}`;
    for (const name of graph.outputs) {
      const expected = found[names.get(name) ?? name];
      const values = traces[i]!.get(name)!;
      // Where scores took the place of a label they have its name.
      if (expected?.data.length === values.length)
        compare(`${row}, output ${name}`, numbersOf(expected), values, tolerances.get(name)!);
    }
    const label = labelName === undefined ? undefined : found[labelName];
    if (label && labelled && label.data.length === 1)
      compareLabel(`${row}, output ${labelName}`, label.data[0], traces[i]!.get(labelled.name)!, labelled);
  }
  const version = (runtime.env.versions as { readonly node?: string }).node ?? "";
  return { implementation: `ONNX Runtime ${version}`.trim(), rows: all.length, edges: edges.length };
}
