/**
 * A writer of .tflite files from fields by their number in the schema: it writes what no converter would today, but
 * some did. Layout: https://flatbuffers.dev/internals/, tables before what they refer to.
 */

export type Field =
  | { readonly u8: number }
  | { readonly i32: number }
  | { readonly f32: number }
  | { readonly u64: number }
  | { readonly text: string }
  | { readonly bytes: Uint8Array }
  | { readonly i32s: readonly number[] }
  | { readonly f32s: readonly number[] }
  | { readonly i64s: readonly number[] }
  | { readonly table: Fields }
  | { readonly tables: readonly Fields[] };

/** Fields of a table by number. */
export type Fields = Readonly<Record<number, Field>>;

class Writer {
  private bytes = new Uint8Array(1 << 16);
  private view = new DataView(this.bytes.buffer);
  private end = 0;

  private take(size: number, alignment = 4): number {
    this.end = Math.ceil(this.end / alignment) * alignment;
    const at = this.end;
    this.end += size;
    if (this.end > this.bytes.length) throw new Error("expected a file of at most 64 KiB");
    return at;
  }

  private refer(from: number, to: number): void {
    this.view.setUint32(from, to - from, true);
  }

  /** A vector of `count` elements of `size` bytes, which begin at a multiple of 16 bytes. */
  private vector(count: number, size: number): number {
    while ((this.end + 4) % 16 !== 0) this.end++;
    const at = this.take(4 + count * size, 1);
    this.view.setUint32(at, count, true);
    return at;
  }

  private numbers(list: readonly number[], size: number, write: (at: number, value: number) => void): number {
    const at = this.vector(list.length, size);
    list.forEach((value, i) => {
      write(at + 4 + i * size, value);
    });
    return at;
  }

  private raw(bytes: Uint8Array): number {
    const at = this.vector(bytes.length, 1);
    this.bytes.set(bytes, at + 4);
    return at;
  }

  private child(field: Field): number {
    const { view } = this;
    if ("text" in field) return this.raw(new Uint8Array(Buffer.from(field.text)));
    if ("bytes" in field) return this.raw(field.bytes);
    if ("i32s" in field) return this.numbers(field.i32s, 4, (at, value) => view.setInt32(at, value, true));
    if ("f32s" in field) return this.numbers(field.f32s, 4, (at, value) => view.setFloat32(at, value, true));
    if ("i64s" in field)
      return this.numbers(field.i64s, 8, (at, value) => view.setBigInt64(at, BigInt(value), true));
    if ("table" in field) return this.table(field.table);
    if (!("tables" in field)) throw new Error("expected a field outside of its table");
    const at = this.vector(field.tables.length, 4);
    field.tables.forEach((table, i) => {
      this.refer(at + 4 + 4 * i, this.table(table));
    });
    return at;
  }

  private scalar(at: number, field: Field): boolean {
    const { view } = this;
    if ("u8" in field) view.setUint8(at, field.u8);
    else if ("i32" in field) view.setInt32(at, field.i32, true);
    else if ("f32" in field) view.setFloat32(at, field.f32, true);
    else if ("u64" in field) view.setBigUint64(at, BigInt(field.u64), true);
    else return false;
    return true;
  }

  private table(fields: Fields): number {
    const entries = Object.entries(fields).map(([id, field]) => [Number(id), field] as const);
    const slots = entries.reduce((most, [id]) => Math.max(most, id + 1), 0);
    const vtable = this.take(4 + 2 * slots);
    // Eight bytes at most for each field, so that any is aligned.
    const at = this.take(8 + 8 * entries.length, 8);
    this.view.setUint16(vtable, 4 + 2 * slots, true);
    this.view.setUint16(vtable + 2, 8 + 8 * entries.length, true);
    this.view.setInt32(at, at - vtable, true);
    entries.forEach(([id, field], i) => {
      const place = at + 8 + 8 * i;
      this.view.setUint16(vtable + 4 + 2 * id, place - at, true);
      if (!this.scalar(place, field)) this.refer(place, this.child(field));
    });
    return at;
  }

  file(root: Fields): Uint8Array {
    this.take(8);
    this.bytes.set(Buffer.from("TFL3"), 4);
    this.refer(0, this.table(root));
    return this.bytes.slice(0, this.end);
  }
}

export const writeTflite = (model: Fields): Uint8Array => new Writer().file(model);

/** Parts of a model file that a test changes before it is written. */
export interface Parts {
  /** Fields of the model beside codes, subgraphs and buffers. */
  model: Record<number, Field>;
  codes: Record<number, Field>[];
  buffers: Record<number, Field>[];
  tensors: Record<number, Field>[];
  operators: Record<number, Field>[];
  subgraph: Record<number, Field>;
  /** Subgraphs after the first. */
  others: Fields[];
  /** Bytes after the FlatBuffer, by the buffer that gets their place in the file. */
  outside: Map<number, Uint8Array>;
}

const write = ({ model, codes, buffers, tensors, operators, subgraph, others }: Parts): Uint8Array =>
  writeTflite({
    0: { i32: 3 },
    1: { tables: codes },
    2: { tables: [{ ...subgraph, 0: { tables: tensors }, 3: { tables: operators } }, ...others] },
    4: { tables: buffers },
    ...model,
  });

export function fileOf(parts: Parts): Uint8Array {
  const { outside } = parts;
  if (outside.size === 0) return write(parts);
  const buffers = parts.buffers.map((buffer) => ({ ...buffer }));
  const place = (start: number): number => {
    let at = start;
    for (const [index, bytes] of outside) {
      buffers[index] = { 1: { u64: at }, 2: { u64: bytes.length } };
      at += bytes.length;
    }
    return at;
  };
  place(2);
  const { length } = write({ ...parts, buffers });
  const file = new Uint8Array(place(length));
  file.set(write({ ...parts, buffers }));
  for (const [index, bytes] of outside) file.set(bytes, (buffers[index]![1] as { u64: number }).u64);
  return file;
}
