import { ModelError } from "../../../ir/graph.ts";

/**
 * A bounds-checked reader of FlatBuffers (https://flatbuffers.dev/internals/). The files are
 * untrusted, and the `flatbuffers` package reads past the end without noticing.
 */
export interface Table {
  readonly position: number;
  readonly vtable: number;
  readonly vtableBytes: number;
}

/** Bytes that all vectors of a file may have together, by its length: they may share some, but not all. */
const MAX_SHARING = 4;

export class FlatBuffer {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  private unread: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.unread = MAX_SHARING * bytes.length;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Position that the unsigned offset at `at` points to. */
  private follow(at: number): number {
    const target = at + this.u32(at);
    if (target + 4 > this.bytes.length) throw this.beyond(target);
    return target;
  }

  private beyond(at: number): ModelError {
    return new ModelError(`offset ${at}: expected data within ${this.bytes.length} bytes`);
  }

  private checked<T>(at: number, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof RangeError) throw this.beyond(at);
      throw error;
    }
  }

  u32 = (at: number): number => this.checked(at, () => this.view.getUint32(at, true));
  private u16 = (at: number): number => this.checked(at, () => this.view.getUint16(at, true));

  private table(position: number): Table {
    const vtable = position - this.checked(position, () => this.view.getInt32(position, true));
    if (vtable < 0) throw this.beyond(vtable);
    return { position, vtable, vtableBytes: this.u16(vtable) };
  }

  root = (): Table => this.table(this.follow(0));

  /** Position of a field, or undefined where the table leaves it at its default. */
  private field({ position, vtable, vtableBytes }: Table, id: number): number | undefined {
    const slot = 4 + 2 * id;
    if (slot + 2 > vtableBytes) return undefined;
    const offset = this.u16(vtable + slot);
    return offset === 0 ? undefined : position + offset;
  }

  private scalar(table: Table, id: number, fallback: number, read: (at: number) => number): number {
    const at = this.field(table, id);
    return at === undefined ? fallback : this.checked(at, () => read(at));
  }

  int8 = (table: Table, id: number, fallback = 0): number =>
    this.scalar(table, id, fallback, (at) => this.view.getInt8(at));
  int32 = (table: Table, id: number, fallback = 0): number =>
    this.scalar(table, id, fallback, (at) => this.view.getInt32(at, true));
  uint32 = (table: Table, id: number, fallback = 0): number =>
    this.scalar(table, id, fallback, (at) => this.view.getUint32(at, true));
  float32 = (table: Table, id: number, fallback = 0): number =>
    this.scalar(table, id, fallback, (at) => this.view.getFloat32(at, true));

  /** Whole numbers up to 2^53; greater ones are near enough for what they are compared with. */
  uint64 = (table: Table, id: number, fallback = 0): number =>
    this.scalar(table, id, fallback, (at) => Number(this.view.getBigUint64(at, true)));

  child(table: Table, id: number): Table | undefined {
    const at = this.field(table, id);
    return at === undefined ? undefined : this.table(this.follow(at));
  }

  /** First element and length of a vector whose elements take `size` bytes. */
  private vector(table: Table, id: number, size: number): { first: number; length: number } {
    const at = this.field(table, id);
    if (at === undefined) return { first: 0, length: 0 };
    const start = this.follow(at);
    const length = this.u32(start);
    if (start + 4 + length * size > this.bytes.length) throw this.beyond(start + 4 + length * size);
    this.count(start, length * size);
    return { first: start + 4, length };
  }

  private numbers(table: Table, id: number, size: number, read: (at: number) => number): number[] {
    const { first, length } = this.vector(table, id, size);
    return Array.from({ length }, (_, i) => read(first + i * size));
  }

  int32s = (table: Table, id: number): number[] =>
    this.numbers(table, id, 4, (at) => this.view.getInt32(at, true));
  float32s = (table: Table, id: number): number[] =>
    this.numbers(table, id, 4, (at) => this.view.getFloat32(at, true));
  int64s = (table: Table, id: number): number[] =>
    this.numbers(table, id, 8, (at) => Number(this.view.getBigInt64(at, true)));

  /** At most `limit` tables, which take far more room here than in the file. */
  children(table: Table, id: number, limit: number): Table[] {
    const { first, length } = this.vector(table, id, 4);
    if (length > limit)
      throw new ModelError(`offset ${first - 4}: expected at most ${limit} tables, found ${length}`);
    return Array.from({ length }, (_, i) => this.table(this.follow(first + i * 4)));
  }

  data(table: Table, id: number): Uint8Array {
    const { first, length } = this.vector(table, id, 1);
    return this.bytes.subarray(first, first + length);
  }

  /** Bytes of the file that lie after the FlatBuffer. */
  outside(offset: number, size: number): Uint8Array {
    if (offset + size > this.bytes.length) throw this.beyond(offset + size);
    this.count(offset, size);
    return this.bytes.subarray(offset, offset + size);
  }

  private count(at: number, size: number): void {
    this.unread -= size;
    if (this.unread < 0) throw new ModelError(`offset ${at}: expected vectors that do not overlap`);
  }

  text = (table: Table, id: number): string => Buffer.from(this.data(table, id)).toString("utf8");
}
