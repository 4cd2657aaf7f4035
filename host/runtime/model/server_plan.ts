/** What the server's part of a module (assembly/server/rows.ts) reads: tensors, columns and steps, in its memory. */
import type { Column } from "../../ops/real_values.ts";
import { ARRAYS, type ModelTensor } from "./model.ts";

/** One kernel call: see `Step` in assembly/server/rows.ts. */
export interface Step {
  readonly twin: number;
  readonly place: number;
  readonly kernel: number;
}

/** Writes little-endian numbers one behind the other. */
class Writer {
  readonly view: DataView;
  at: number;

  constructor(memory: WebAssembly.Memory, at: number) {
    this.view = new DataView(memory.buffer);
    this.at = at;
  }

  ints(...values: readonly number[]): void {
    for (const value of values) {
      this.view.setInt32(this.at, value, true);
      this.at += 4;
    }
  }

  floats(values: readonly number[]): number {
    const from = this.at;
    for (const value of values) {
      this.view.setFloat32(this.at, value, true);
      this.at += 4;
    }
    return from;
  }

  /** A multiple of 16; wide loads may read what lies before it. */
  align(): void {
    this.at = (this.at + 31) & ~15;
  }
}

const isPlain = (columns: readonly Column[], { dtype }: ModelTensor): boolean =>
  dtype !== "int32" && columns.every(([, , edges, missing]) => !edges && missing === undefined);

function writeColumns(writer: Writer, columns: readonly Column[]): number {
  const edges = columns.map(([, , edges]) => (edges ? writer.floats(edges) : 0));
  const from = writer.at;
  columns.forEach(([offset, factor, bins, missing], i) => {
    writer.floats([offset, factor, missing ?? 0]);
    const flags = missing === undefined ? 0 : missing === null ? 3 : 1;
    writer.ints(flags, edges[i]!, bins ? bins.length : -1);
  });
  return from;
}

/** What its offsets and factors, or its columns, are; where they were written. */
function writeScaling(writer: Writer, tensor: ModelTensor): readonly number[] {
  const { columns, raw } = tensor;
  if (!isPlain(columns, tensor)) return [0, 0, writeColumns(writer, columns), columns.length];
  if (columns.every(([offset, factor]) => offset === 0 && factor === 1)) return [0, 0, 0, 0];
  const expanded = (i: 0 | 1): number[] => Array.from(raw, (_, at) => columns[at % columns.length]![i]);
  const offsets = writer.floats(expanded(0));
  writer.align();
  const factors = writer.floats(expanded(1));
  writer.align();
  return [offsets, factors, 0, 0];
}

function writeTensors(writer: Writer, tensors: readonly ModelTensor[]): number {
  const scalings = tensors.map((tensor) => writeScaling(writer, tensor));
  const from = writer.at;
  tensors.forEach(({ raw, dtype, scale, zeroPoint, columns }, i) => {
    writer.ints(raw.byteOffset, raw.length, Object.keys(ARRAYS).indexOf(dtype));
    writer.floats([scale]);
    writer.ints(zeroPoint, ...scalings[i]!, columns[0]![3] === undefined ? 1 : 0);
    writer.floats([Number.isInteger(Math.log2(scale)) ? 1 / scale : 0]);
  });
  return from;
}

/** Bytes that the plan takes at most. */
export const planBytes = (tensors: readonly ModelTensor[], steps: number): number =>
  tensors.reduce(
    (sum, { raw, columns }) =>
      sum +
      8 * raw.length +
      columns.reduce((bytes, [, , edges]) => bytes + 24 + 4 * (edges?.length ?? 0), 128),
    256 + 12 * steps,
  );

/** Writes the plan to `at`; where it begins, and where it ends. */
export function writePlan(
  memory: WebAssembly.Memory,
  at: number,
  inputs: readonly ModelTensor[],
  outputs: readonly ModelTensor[],
  steps: readonly Step[],
): { readonly plan: number; readonly end: number } {
  const writer = new Writer(memory, at);
  const [first, second] = [writeTensors(writer, inputs), writeTensors(writer, outputs)];
  const list = writer.at;
  for (const { twin, place, kernel } of steps) writer.ints(twin, place, kernel);
  const plan = writer.at;
  writer.ints(first, inputs.length, second, outputs.length, list, steps.length);
  writer.align();
  return { plan, end: writer.at };
}
