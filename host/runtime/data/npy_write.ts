/** Arrays as NumPy's .npy files, version 1.0 (numpy.lib.format). */
import type { DType, TensorData } from "../../ir/graph.ts";

const DESCR: Readonly<Record<DType, string>> = {
  float32: "<f4",
  int8: "|i1",
  uint8: "|u1",
  int16: "<i2",
  int32: "<i4",
  uint32: "<u4",
};

const HEAD = 10;
const ALIGNMENT = 64;

/** The file of an array in C order, whose data are parts one after the other. */
export function npyFile(dtype: DType, shape: readonly number[], parts: readonly TensorData[]): Uint8Array {
  const list = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${DESCR[dtype]}', 'fortran_order': False, 'shape': (${list}), }`;
  const length = Math.ceil((HEAD + text.length + 1) / ALIGNMENT) * ALIGNMENT - HEAD;
  const head = Buffer.alloc(HEAD + length, " ");
  head.set([0x93, ...Buffer.from("NUMPY"), 1, 0, length & 0xff, length >> 8]);
  head.write(text, HEAD, "latin1");
  head[HEAD + length - 1] = 0x0a;
  return Buffer.concat([
    head,
    ...parts.map((data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  ]);
}
