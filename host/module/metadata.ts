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
} from "../ir/document.ts";
import { byteSize, DTYPES, elements, ModelError, type Task } from "../ir/graph.ts";
import type { Borders, BorderTensor } from "../ops/border.ts";
import { encodeDescriptor, readDescriptor } from "./descriptor.ts";
import { DESCRIPTOR_SECTION, ELEMENTS_MAX } from "./descriptor_table.ts";
import { packLayers, unpackLayers } from "./layer_table.ts";
import { addCustomSection, customSection, readExports } from "./sections.ts";

/** The custom section `thimble`: what people and tools read; a device needs none of it to run. */
export const SECTION_NAME = "thimble";
export const METADATA_VERSION = 3;

/** The values of one tensor in calibration. */
export interface Statistics {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly deviation: number;
}

/** A vector whose input bytes come from the generator in assembly/self_test.ts. */
export interface SelfTestVector {
  readonly seed: number;
  readonly outputs: readonly Uint8Array[];
}

export interface TensorInfo extends BorderTensor {
  /** From calibration: what the float tensor looked like. */
  readonly statistics?: Statistics;
  /** An input's texts, whose numbers its values are. */
  readonly categories?: readonly string[];
}

export interface FeatureInfo extends Pick<BorderTensor, "name" | "dtype" | "shape" | "scale" | "zeroPoint"> {
  /** In linear memory. */
  readonly offset: number;
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
  /** The model's task, where it is known. */
  readonly task?: Task;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** The features that a front-end makes for the network, and where their bytes lie once an inference has ended. */
  readonly features?: FeatureInfo;
  readonly layers: readonly LayerInfo[];
  readonly memory: {
    readonly constants: number;
    readonly arena: number;
    readonly lowerBound: number;
    readonly total: number;
  };
  /** Board and goal that kernels were chosen for, and RAM in all with native kernels and with portable ones. */
  readonly tuning?: {
    readonly board: string;
    readonly optimize: string;
    readonly ram: readonly [native: number, portable: number];
  };
  readonly selfTest: readonly SelfTestVector[];
}

/** A tensor as it is stored beside its descriptor: four statistics in the order of their fields. */
const packTensor = ({ statistics: seen, categories }: TensorInfo): object => ({
  ...(seen && { statistics: [seen.min, seen.max, seen.mean, seen.deviation] }),
  ...(categories && { categories }),
});

interface StoredTensor {
  readonly statistics?: readonly [min: number, max: number, mean: number, deviation: number];
  readonly categories?: readonly string[];
}

interface StoredMetadata extends Omit<Metadata, "task" | "inputs" | "outputs" | "layers" | "memory"> {
  readonly inputs: readonly StoredTensor[];
  readonly outputs: readonly StoredTensor[];
  readonly layers: unknown;
  readonly memory: readonly [constants: number, arena: number, lowerBound: number, total: number];
}

const unpackTensor = (border: BorderTensor, { statistics: seen, categories }: StoredTensor): TensorInfo => ({
  ...border,
  ...(seen && { statistics: { min: seen[0], max: seen[1], mean: seen[2], deviation: seen[3] } }),
  ...(categories && { categories }),
});

/** In the order in which they are stored, as a list. */
const MEMORY = ["constants", "arena", "lowerBound", "total"] as const;

/**
 * Deterministic CBOR (RFC 8949, section 4.2). `kernels` are the names of those that the module exports. What the
 * descriptor says of inputs and outputs is not said again.
 */
export const encodeMetadata = (
  { task: _, ...metadata }: Metadata,
  kernels: readonly string[] = [],
): Uint8Array =>
  encode({
    ...metadata,
    inputs: metadata.inputs.map(packTensor),
    outputs: metadata.outputs.map(packTensor),
    layers: packLayers(metadata.layers, kernels),
    memory: MEMORY.map((key) => metadata.memory[key]),
  });

const isShape: Check = (value, path) =>
  isList(isCount)(value, path) ??
  (elements(value as number[]) <= ELEMENTS_MAX
    ? undefined
    : `${path}: expected at most ${ELEMENTS_MAX} elements`);

const listOf =
  (count: number, element: Check): Check =>
  (value, path) =>
    isList(element)(value, path) ??
    ((value as unknown[]).length === count ? undefined : `${path}: expected ${count} numbers`);

const isStatistics = listOf(4, isNumber);

const isTensor = isRecord({}, { statistics: isStatistics, categories: isList(isText) });

/** A number for native kernels, then one for portable ones. */
const isPair = listOf(2, isCount);

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
    version: isOneOf(METADATA_VERSION),
    model: isRecord({ name: isText, version: isText }),
    source: isRecord({ file: isText, sha256: isBytes }),
    compiler: isText,
    graph: isBytes,
    inputs: isList(isTensor),
    outputs: isList(isTensor),
    layers: isRecord({}),
    memory: listOf(MEMORY.length, isCount),
    selfTest: isList(isRecord({ seed: isCount, outputs: isList(isBytes) })),
  },
  {
    tuning: isRecord({ board: isText, optimize: isText, ram: isPair }),
    features: isRecord({
      name: isText,
      dtype: isOneOf(...DTYPES),
      shape: isShape,
      scale: isNumber,
      zeroPoint: isInteger,
      offset: isCount,
    }),
  },
);

/**
 * Reads the section's contents (untrusted bytes), of a module with these borders that exports these kernels; throws ModelError where
 * they are not what `build` writes.
 */
export function decodeMetadata(
  bytes: Uint8Array,
  { task, ...borders }: Borders,
  kernels: readonly string[] = [],
): Metadata {
  const where = `custom section ${SECTION_NAME}`;
  let value: unknown;
  try {
    value = decode(bytes);
  } catch (error) {
    throw new ModelError(`${where}: expected CBOR: ${(error as Error).message}`);
  }
  checkDocument(value, document, where);
  const stored = value as StoredMetadata;
  const [constants, arena, lowerBound, total] = stored.memory;
  const layers = unpackLayers(stored.layers, kernels, where);
  checkDocument({ layers }, isRecord({ layers: isList(isLayerInfo) }), where);
  const tensors = (kind: "inputs" | "outputs"): TensorInfo[] => {
    if (stored[kind].length !== borders[kind].length)
      throw new ModelError(
        `${where}: ${kind}: expected ${borders[kind].length}, found ${stored[kind].length}`,
      );
    return borders[kind].map((border, i) => unpackTensor(border, stored[kind][i]!));
  };
  return {
    ...stored,
    ...(task && { task }),
    inputs: tensors("inputs"),
    outputs: tensors("outputs"),
    layers: layers as unknown as readonly LayerInfo[],
    memory: { constants, arena, lowerBound, total },
  };
}

/** Kernels that a module exports, in its order. */
const kernelsOf = (module: Uint8Array): string[] =>
  readExports(module)
    .map(({ name }) => name)
    .filter((name) => name.startsWith("kernel."));

/** The module with its descriptor, then its metadata, as its last sections. */
export const addMetadata = (module: Uint8Array, metadata: Metadata): Uint8Array =>
  addCustomSection(
    addCustomSection(module, DESCRIPTOR_SECTION, encodeDescriptor(metadata)),
    SECTION_NAME,
    encodeMetadata(metadata, kernelsOf(module)),
  );

/** Metadata of a module (untrusted bytes); throws ModelError where there are none, or not as `build` writes them. */
export function readMetadata(module: Uint8Array): Metadata {
  const section = customSection(module, SECTION_NAME);
  if (!section) throw new ModelError(`module: expected a custom section ${SECTION_NAME}, found none`);
  const borders = readDescriptor(module);
  if (!borders) throw new ModelError(`module: expected a custom section ${DESCRIPTOR_SECTION}, found none`);
  return decodeMetadata(section, borders, kernelsOf(module));
}

/** Elements of a tensor that metadata describes. */
/** An input as readers of data files want it. */
export const inputOf = ({ scaling, ...info }: TensorInfo): TensorInfo & { readonly mayMiss: boolean } => ({
  ...info,
  mayMiss: scaling?.missing !== undefined,
});

export const infoElements = (info: TensorInfo): number => elements(info.shape);

/** Bytes of it. */
export const infoBytes = (info: TensorInfo): number => byteSize(info);
