/**
 * Numbers of a module's descriptor: what host and device agree on. `descriptor_header.ts` writes them as C; SPEC.md,
 * section 2.1, has every byte.
 */

import type { DType, Task } from "../ir/graph.ts";
import type { Decision } from "../ops/decision.ts";

/** The custom section that holds it. */
export const DESCRIPTOR_SECTION = "thimble.io";
export const DESCRIPTOR_VERSION = 1;
/** Axes of an input or output. */
export const RANK_MAX = 8;
export const BORDERS_MAX = 64;
/** Elements of a tensor: far above what a module can hold, since a malformed shape may claim anything. */
export const ELEMENTS_MAX = 2 ** 26;
/** Names that are numbered: more columns than any table has that a module could read. */
export const NUMBERED_MAX = 65536;

/** Types of what a module takes and gives: uint32 is for what lies in between. */
export type BorderDType = Exclude<DType, "uint32">;

/** Codes of types, of raw tensors and of sensors' values; a raw tensor is never float32. */
export const TYPE_CODES = { int8: 0, uint8: 1, int16: 2, int32: 3, float32: 4 } as const satisfies Record<
  BorderDType,
  number
>;

/** 0 where the task is not known. */
export const TASK_CODES = {
  classification: 1,
  regression: 2,
  anomaly: 3,
  clustering: 4,
  autoencoder: 5,
  image: 6,
} as const satisfies Record<Task, number>;

/** How an output decides. */
export const DECISION_CODES = {
  /** It holds values. */
  none: 0,
  /** The number of the greatest value, the first of equal ones. */
  greatest: 1,
  /** 1 where the one value is above the threshold. */
  above: 2,
  /** 1 where the second of two values is above the threshold. */
  second: 3,
  /** The value itself is a number of a class. */
  index: 4,
  /** 1 where the mean squared difference to the first input is above the threshold. */
  error: 5,
} as const satisfies Record<Decision, number>;

/** Fields that a record has only where its bit is set, in this order: all bits of a byte. */
export const FIELD_BITS = {
  unit: 1,
  scaling: 2,
  missing: 4,
  names: 8,
  numbered: 16,
  threshold: 32,
  stream: 64,
  units: 128,
} as const;
