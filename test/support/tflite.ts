/** Changes in place to .tflite files, to make models that no converter writes. Layout: FlatBuffers internals. */

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Where field `id` of the table at `table` is stored; 0 where it is left out. */
function fieldAt(bytes: Uint8Array, table: number, id: number): number {
  const data = view(bytes);
  const vtable = table - data.getInt32(table, true);
  const slot = 4 + 2 * id;
  const offset = slot < data.getUint16(vtable, true) ? data.getUint16(vtable + slot, true) : 0;
  return offset === 0 ? 0 : table + offset;
}

/** Tables in the vector that field `id` refers to. */
function tablesAt(bytes: Uint8Array, table: number, id: number): number[] {
  const data = view(bytes);
  const follow = (at: number): number => at + data.getUint32(at, true);
  const vector = follow(fieldAt(bytes, table, id));
  return Array.from({ length: data.getUint32(vector, true) }, (_, i) => follow(vector + 4 + 4 * i));
}

const model = (bytes: Uint8Array): number => view(bytes).getUint32(0, true);

/** Operator `from` (its number in the schema) becomes operator `to` wherever it is used. */
export function replaceOperators(bytes: Uint8Array, codes: ReadonlyMap<number, number>): Uint8Array {
  const copy = bytes.slice();
  for (const code of tablesAt(copy, model(copy), 1)) {
    const [old, recent] = [fieldAt(copy, code, 0), fieldAt(copy, code, 3)];
    const to = codes.get(Math.max(old ? copy[old]! : 0, recent ? view(copy).getInt32(recent, true) : 0));
    if (to === undefined) continue;
    if (old) copy[old] = to;
    if (recent) view(copy).setInt32(recent, to, true);
  }
  return copy;
}

/** The numbers of the operators that the file lists. */
export const operatorCodes = (bytes: Uint8Array): number[] =>
  tablesAt(bytes, model(bytes), 1).map((code) => {
    const [old, recent] = [fieldAt(bytes, code, 0), fieldAt(bytes, code, 3)];
    return Math.max(old ? bytes[old]! : 0, recent ? view(bytes).getInt32(recent, true) : 0);
  });

/** Tensor number `index` is of another type (its number in the schema). */
export function retype(bytes: Uint8Array, index: number, type: number): Uint8Array {
  const copy = bytes.slice();
  const [subgraph] = tablesAt(copy, model(copy), 2);
  const at = fieldAt(copy, tablesAt(copy, subgraph!, 0)[index]!, 1);
  if (at === 0) throw new Error(`tensor ${index}: its type is not stored`);
  copy[at] = type;
  return copy;
}
