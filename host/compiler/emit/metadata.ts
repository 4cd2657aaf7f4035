import { createHash } from "node:crypto";
import { decode, encode } from "cborg";
import {
  type Check,
  checkDocument,
  isBytes,
  isCount,
  isInteger,
  isList,
  isNumber,
  isOneOf,
  isRecord,
  isText,
} from "../../ir/document.ts";
import { byteSize, elements, ModelError, type Tensor, tensorOf } from "../../ir/graph.ts";
import { graphToJson, isScaling } from "../../ir/serialize.ts";
import { operatorOf } from "../../ops/index.ts";
import { bind } from "../../ops/operator.ts";
import { exportName } from "../plan/kernels.ts";
import type { Program } from "../plan/lower.ts";
import type { MemoryPlan } from "../plan/memory.ts";
import type { Statistics } from "../quantize/calibrate.ts";
import { type Border, borderOf } from "../quantize/samples.ts";
import type { LayerTuning, Tuning } from "../tune/tune.ts";
import type { Provenance, SelfTestVector } from "./assemblyscript.ts";

/** The custom section `thimble`: what people and tools read; a device needs none of it to run. */
export const SECTION_NAME = "thimble";
const VERSION = 1;

export interface TensorInfo extends Border {
  readonly name: string;
  readonly shape: readonly number[];
  readonly labels?: readonly string[];
  /** From calibration: what the float tensor looked like. */
  readonly statistics?: Statistics;
}

export interface LayerInfo {
  readonly name: string;
  readonly op: string;
  readonly shape: readonly number[];
  readonly kernels: readonly string[];
  readonly macs: number;
  /** Bytes of its weights and biases, and of the tables made for its kernels. */
  readonly weights: number;
  readonly tables: number;
  /** Pixels whose inputs are gathered at a time, where a kernel gathers them. */
  readonly tile?: number;
  /** The output takes the place of the input. */
  readonly inPlace?: true;
  /** Instructions of one inference by native and by portable kernels, as predicted or measured; of views none. */
  readonly cost?: readonly [native: number, portable: number];
}

export interface Metadata {
  readonly version: number;
  readonly model: { readonly name: string; readonly version: string };
  readonly source: { readonly file: string; readonly sha256: Uint8Array };
  readonly compiler: string;
  /** SHA-256 of the graph file that the reference interpreter runs. */
  readonly graph: Uint8Array;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly layers: readonly LayerInfo[];
  readonly memory: {
    readonly constants: number;
    readonly arena: number;
    readonly lowerBound: number;
    readonly total: number;
  };
  /** What the layers' kernels were chosen for, and RAM in all with native kernels and with portable ones. */
  readonly tuning?: {
    readonly board: string;
    readonly optimize: string;
    readonly ram: readonly [native: number, portable: number];
  };
  readonly selfTest: readonly SelfTestVector[];
}

function tensorInfo(tensor: Tensor, statistics: Statistics | undefined): TensorInfo {
  const { dtype, ...border } = borderOf(tensor);
  return {
    name: tensor.name,
    dtype,
    shape: tensor.shape,
    ...border,
    ...(tensor.labels && { labels: tensor.labels }),
    ...(statistics && { statistics }),
  };
}

/** Constant bytes by layer; a table that layers share counts for the first. */
function constantBytes(program: Program): Map<string, { weights: number; tables: number }> {
  const counted = new Set<string>();
  const sizes = new Map(program.constants.map(({ name, data }) => [name, data.byteLength]));
  const byLayer = new Map<string, { weights: number; tables: number }>();
  for (const call of program.calls) {
    const sum = byLayer.get(call.node) ?? { weights: 0, tables: 0 };
    call.arguments.forEach((argument, i) => {
      if (argument.kind !== "constant" || counted.has(argument.name)) return;
      counted.add(argument.name);
      const isWeight = ["weights", "bias", "a", "b"].includes(call.kernel.parameters[i]!);
      sum[isWeight ? "weights" : "tables"] += sizes.get(argument.name)!;
    });
    byLayer.set(call.node, sum);
  }
  return byLayer;
}

/** What of a layer's tuning is worth its bytes in the module. */
function chosen(tuning: LayerTuning | undefined): Pick<LayerInfo, "tile" | "inPlace" | "cost"> {
  if (!tuning || tuning.kernels.length === 0) return {};
  return {
    ...(tuning.tile !== undefined && { tile: tuning.tile }),
    ...(tuning.inPlace && { inPlace: true }),
    cost: [tuning.instructions.native, tuning.instructions.portable],
  };
}

function layers(program: Program, tuning: Tuning | undefined): LayerInfo[] {
  const bytes = constantBytes(program);
  const tuned = new Map(tuning?.layers.map((layer) => [layer.name, layer]));
  return program.graph.nodes.map((node) => {
    const kernels = program.calls
      .filter((call) => call.node === node.name)
      .map((call) => exportName(call.kernel));
    return {
      name: node.name,
      op: node.op,
      shape: tensorOf(program.graph, node.outputs[0]!).shape,
      kernels: [...new Set(kernels)],
      macs: operatorOf(node.op).macs(bind(program.graph, node)),
      weights: bytes.get(node.name)?.weights ?? 0,
      tables: bytes.get(node.name)?.tables ?? 0,
      ...chosen(tuned.get(node.name)),
    };
  });
}

export function describeModule(
  program: Program,
  plan: MemoryPlan,
  provenance: Provenance,
  statistics: ReadonlyMap<string, Statistics>,
  selfTest: readonly SelfTestVector[],
  tuning?: Tuning,
): Metadata {
  const { graph } = program;
  const info = (name: string): TensorInfo => tensorInfo(tensorOf(graph, name), statistics.get(name));
  return {
    version: VERSION,
    model: { name: provenance.name, version: provenance.version },
    source: { file: provenance.sourceFile, sha256: Buffer.from(provenance.sourceSha256, "hex") },
    compiler: provenance.compiler,
    graph: createHash("sha256").update(graphToJson(graph)).digest(),
    inputs: graph.inputs.map(info),
    outputs: graph.outputs.map(info),
    layers: layers(program, tuning),
    memory: {
      constants: plan.constantBytes,
      arena: plan.arena.bytes,
      lowerBound: plan.arena.lowerBound,
      total: plan.memoryBytes,
    },
    ...(tuning && {
      tuning: {
        board: tuning.board.name,
        optimize: tuning.optimize,
        ram: [tuning.ramBytes.native, tuning.ramBytes.portable] as const,
      },
    }),
    selfTest,
  };
}

/** Deterministic CBOR (RFC 8949, section 4.2). */
export const encodeMetadata = (metadata: Metadata): Uint8Array => encode(metadata);

/** Far above what a module can hold; a malformed shape may claim anything. */
const MAX_ELEMENTS = 2 ** 26;

const isShape: Check = (value, path) =>
  isList(isCount)(value, path) ??
  (elements(value as number[]) <= MAX_ELEMENTS
    ? undefined
    : `${path}: expected at most ${MAX_ELEMENTS} elements`);

const isScale: Check = (value, path) =>
  isNumber(value, path) ??
  ((value as number) > 0 ? undefined : `${path}: expected more than 0, found ${value}`);

const isStatistics = isRecord({ min: isNumber, max: isNumber, mean: isNumber, deviation: isNumber });

const isTensorInfo = isRecord(
  {
    name: isText,
    dtype: isOneOf("int8", "uint8", "int16", "int32"),
    shape: isShape,
    scale: isScale,
    zeroPoint: isInteger,
  },
  { labels: isList(isText), statistics: isStatistics, scaling: isScaling },
);

/** Of native kernels, then of portable ones. */
const isPair: Check = (value, path) =>
  isList(isCount)(value, path) ??
  ((value as number[]).length === 2 ? undefined : `${path}: expected two numbers`);

const isLayerInfo = isRecord(
  {
    name: isText,
    op: isText,
    shape: isShape,
    kernels: isList(isText),
    macs: isCount,
    weights: isCount,
    tables: isCount,
  },
  { tile: isCount, inPlace: isOneOf(true), cost: isPair },
);

const document = isRecord(
  {
    version: isOneOf(VERSION),
    model: isRecord({ name: isText, version: isText }),
    source: isRecord({ file: isText, sha256: isBytes }),
    compiler: isText,
    graph: isBytes,
    inputs: isList(isTensorInfo),
    outputs: isList(isTensorInfo),
    layers: isList(isLayerInfo),
    memory: isRecord({ constants: isCount, arena: isCount, lowerBound: isCount, total: isCount }),
    selfTest: isList(isRecord({ seed: isCount, outputs: isList(isBytes) })),
  },
  { tuning: isRecord({ board: isText, optimize: isText, ram: isPair }) },
);

/** Reads the section's contents (untrusted bytes); throws ModelError where they are not what `build` writes. */
export function decodeMetadata(bytes: Uint8Array): Metadata {
  let value: unknown;
  try {
    value = decode(bytes);
  } catch (error) {
    throw new ModelError(`custom section ${SECTION_NAME}: expected CBOR: ${(error as Error).message}`);
  }
  checkDocument(value, document, `custom section ${SECTION_NAME}`);
  return value as Metadata;
}

/** Elements of a tensor that metadata describes. */
export const infoElements = (info: TensorInfo): number => elements(info.shape);

/** Bytes of it. */
export const infoBytes = (info: TensorInfo): number => byteSize(info);
