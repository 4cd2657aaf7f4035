/** Argument blocks: the bytes of a kernel call, which lie among the module's constants. */
import { ModelError } from "../../ir/graph.ts";
import type { Argument } from "../../ops/lowering.ts";
import { FIELD_BYTES, type Field, type FieldType, type Kernel } from "./kernels.ts";
import type { KernelCall } from "./lower.ts";

/** Least and greatest value of a field. */
function rangeOf({ type }: Field): readonly [number, number] {
  const bits = 8 * FIELD_BYTES[type];
  return type.startsWith("u") ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

/** Throws ModelError, naming the node, where a number does not fit its field. */
export function checkNumbers(node: string, kernel: Kernel, values: readonly Argument[]): void {
  for (const [i, field] of kernel.block.fields.entries()) {
    const argument = values[i]!;
    if (argument.kind !== "number") continue;
    const [least, most] = rangeOf(field);
    if (argument.value >= least && argument.value <= most) continue;
    throw new ModelError(
      `node ${node}: ${field.name} of ${kernel.name}: expected ${least} to ${most}, found ${argument.value}`,
    );
  }
}

/** The bytes of a block, little-endian; `values` in the order of its fields, cut to their width. */
export function encodeBlock(kernel: Kernel, values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(kernel.block.bytes);
  const view = new DataView(bytes.buffer);
  for (const [i, { type, offset }] of kernel.block.fields.entries()) {
    const width = FIELD_BYTES[type];
    if (width === 4) view.setInt32(offset, values[i]!, true);
    else if (width === 2) view.setInt16(offset, values[i]!, true);
    else view.setInt8(offset, values[i]!);
  }
  return bytes;
}

const READ: Record<FieldType, (view: DataView, offset: number) => number> = {
  usize: (view, offset) => view.getUint32(offset, true),
  i32: (view, offset) => view.getInt32(offset, true),
  u16: (view, offset) => view.getUint16(offset, true),
  i16: (view, offset) => view.getInt16(offset, true),
  u8: (view, offset) => view.getUint8(offset),
  i8: (view, offset) => view.getInt8(offset),
};

/** The values of a block, in the order of its fields. */
export function decodeBlock(kernel: Kernel, bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return kernel.block.fields.map(({ type, offset }) => READ[type](view, offset));
}

/** Where a call's arguments are, by what `addressOf` says of tensors and constants; numbers are themselves. */
export const argumentValues = (
  call: Pick<KernelCall, "arguments">,
  addressOf: (argument: Exclude<Argument, { kind: "number" }>) => number,
): number[] =>
  call.arguments.map((argument) => (argument.kind === "number" ? argument.value : addressOf(argument)));
