/**
 * FlexBuffers, in which TFLite files keep the options of custom operators: a map of numbers and flags by name. Files are
 * untrusted; every read is checked.
 */
import { ModelError } from "../../../ir/graph.ts";

const TYPE = { int: 1, uint: 2, map: 9, bool: 26 } as const;
/** Options of an operator are few. */
const MAX_KEYS = 256;
const MAX_KEY = 256;

const fail = (message: string): never => {
  throw new ModelError(`custom options: ${message}`);
};

class Reader {
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private check(at: number, width: number): void {
    if (![1, 2, 4, 8].includes(width) || !(at >= 0) || at + width > this.view.byteLength)
      fail(`expected ${this.view.byteLength} bytes to hold what they point at, found ${at}`);
  }

  uint(at: number, width: number): number {
    this.check(at, width);
    if (width === 8) return Number(this.view.getBigUint64(at, true));
    return width === 4
      ? this.view.getUint32(at, true)
      : width === 2
        ? this.view.getUint16(at, true)
        : this.view.getUint8(at);
  }

  int(at: number, width: number): number {
    this.check(at, width);
    if (width === 8) return Number(this.view.getBigInt64(at, true));
    return width === 4
      ? this.view.getInt32(at, true)
      : width === 2
        ? this.view.getInt16(at, true)
        : this.view.getInt8(at);
  }

  key(at: number): string {
    let text = "";
    for (let i = at; text.length < MAX_KEY; i++) {
      const code = this.uint(i, 1);
      if (code === 0) return text;
      text += String.fromCharCode(code);
    }
    return fail(`expected a name of at most ${MAX_KEY} characters`);
  }

  /** The position that lies the number at `at` before it. */
  follow(at: number, width: number): number {
    return at - this.uint(at, width);
  }
}

/** The numbers and flags of a map; values of other types are left out. No bytes are an empty map. */
export function readFlexMap(bytes: Uint8Array): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  if (bytes.length === 0) return values;
  if (bytes.length < 3) fail(`expected at least 3 bytes, found ${bytes.length}`);
  const reader = new Reader(bytes);
  const rootWidth = reader.uint(bytes.length - 1, 1);
  const packed = reader.uint(bytes.length - 2, 1);
  if (packed >> 2 !== TYPE.map) fail(`expected a map, found type ${packed >> 2}`);
  const width = 1 << (packed & 3);
  const map = reader.follow(bytes.length - 2 - rootWidth, rootWidth);
  const size = reader.uint(map - width, width);
  if (size > MAX_KEYS) fail(`expected at most ${MAX_KEYS} of them, found ${size}`);
  const keys = reader.follow(map - 3 * width, width);
  const keyWidth = reader.uint(map - 2 * width, width);
  for (let i = 0; i < size; i++) {
    const name = reader.key(reader.follow(keys + i * keyWidth, keyWidth));
    const type = reader.uint(map + size * width + i, 1) >> 2;
    if (type === TYPE.int) values.set(name, reader.int(map + i * width, width));
    if (type === TYPE.uint || type === TYPE.bool) values.set(name, reader.uint(map + i * width, width));
  }
  return values;
}
