/** NumPy's .npy files, versions 1.0 to 3.0, as numpy.lib.format describes them. */
import { checkSize, DataError, type Dataset, type MayMiss, noneMissing, readRows, show } from "./dataset.ts";

/** Reads the element at a byte offset, as a real value. */
type Read = (view: DataView, at: number) => number;

const DTYPES: ReadonlyMap<string, readonly [bytes: number, read: Read]> = new Map([
  ["<f4", [4, (view, at) => view.getFloat32(at, true)]],
  ["<f8", [8, (view, at) => view.getFloat64(at, true)]],
  ["|i1", [1, (view, at) => view.getInt8(at)]],
  ["|u1", [1, (view, at) => view.getUint8(at)]],
  ["<i2", [2, (view, at) => view.getInt16(at, true)]],
  ["<u2", [2, (view, at) => view.getUint16(at, true)]],
  ["<i4", [4, (view, at) => view.getInt32(at, true)]],
  ["<u4", [4, (view, at) => view.getUint32(at, true)]],
  ["<i8", [8, (view, at) => Number(view.getBigInt64(at, true))]],
  ["<u8", [8, (view, at) => Number(view.getBigUint64(at, true))]],
  ["|b1", [1, (view, at) => (view.getUint8(at) === 0 ? 0 : 1)]],
]);

/** NumPy's own limit; a header of a plain array takes 128 bytes or so. */
const MAX_HEADER = 10_000;
const MAGIC = [0x93, ...new TextEncoder().encode("NUMPY")];

interface Header {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

type Literal = string | boolean | readonly number[];

const STRING = /^(?:'[^'"\\\n]*'|"[^'"\\\n]*")/;
const DIMENSION = /(?:0|[1-9]\d{0,14}) */;
/** (3) is a number in Python; only (3,) is a tuple. */
const TUPLE = new RegExp(`^\\( *(?:(?:${DIMENSION.source}, *)+(?:${DIMENSION.source})?)?\\)`);
const LITERAL = new RegExp(`${STRING.source}|^(?:True|False)\\b|${TUPLE.source}`);

/** The header's text and where the data starts. */
function headerText(bytes: Uint8Array, name: string): { text: string; dataStart: number } {
  const cut = () => new DataError(`${name}: expected a whole .npy header, found ${bytes.length} bytes`);
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) {
    const start = Buffer.from(bytes.subarray(0, MAGIC.length)).toString("hex");
    throw new DataError(
      `${name}: expected a .npy file, which begins with 934e554d5059, found ${start || "none"}`,
    );
  }
  if (bytes.length < 10) throw cut();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [major, minor] = [bytes[6]!, bytes[7]!];
  if (major < 1 || major > 3 || minor !== 0) {
    throw new DataError(`${name}: expected .npy version 1.0, 2.0 or 3.0, found ${major}.${minor}`);
  }
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start) throw cut();
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER) {
    throw new DataError(`${name}: expected a .npy header of at most ${MAX_HEADER} bytes, found ${length}`);
  }
  if (bytes.length < start + length) throw cut();
  // Versions 1 and 2 say Latin-1, 3 says UTF-8; only ASCII can be part of a header that is accepted.
  const text = String.fromCharCode(...bytes.subarray(start, start + length));
  return { text, dataStart: start + length };
}

/** A Python dict of strings, booleans and tuples of whole numbers: all that a plain array's header holds. */
function parseDict(text: string, name: string): Map<string, Literal> {
  let at = 0;
  /** The next token, if it matches; blanks before it are skipped. */
  const take = (token: RegExp): string | undefined => {
    at += /^[ \t\n]*/.exec(text.slice(at))![0].length;
    const found = token.exec(text.slice(at))?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const need = (token: RegExp, expected: string): string => {
    const found = take(token);
    if (found !== undefined) return found;
    throw new DataError(`${name}: .npy header: expected ${expected}, found ${show(text.slice(at))}`);
  };
  const literal = (): Literal => {
    const found = need(LITERAL, "a type name, True, False or a shape");
    if (found.startsWith("(")) return (found.match(/\d+/g) ?? []).map(Number);
    return STRING.test(found) ? found.slice(1, -1) : found === "True";
  };

  const entries = new Map<string, Literal>();
  need(/^\{/, "{");
  while (take(/^\}/) === undefined) {
    const key = need(STRING, "a key").slice(1, -1);
    if (entries.has(key))
      throw new DataError(`${name}: .npy header: expected ${show(key)} once, found it again`);
    need(/^:/, ":");
    entries.set(key, literal());
    if (take(/^,/) !== undefined) continue;
    need(/^\}/, "}");
    break;
  }
  need(/^$/, "its end");
  return entries;
}

function parseHeader(text: string, name: string): Header {
  const entries = parseDict(text, name);
  const [descr, fortranOrder, shape] = ["descr", "fortran_order", "shape"].map((key) => entries.get(key));
  const plain = typeof descr === "string" && typeof fortranOrder === "boolean" && typeof shape === "object";
  if (plain && entries.size === 3) return { descr, fortranOrder, shape };
  const found = [...entries.keys()].map(show).join(", ");
  throw new DataError(`${name}: .npy header: expected descr, fortran_order and shape, found ${found}`);
}

function dtypeOf(descr: string, name: string): readonly [bytes: number, read: Read] {
  const dtype = DTYPES.get(descr);
  if (dtype) return dtype;
  const little = `<${descr.slice(1)}`;
  const swapped = descr.startsWith(">") && DTYPES.has(little);
  const expected = swapped ? "little-endian elements" : `elements of ${[...DTYPES.keys()].join(" ")}`;
  const found = swapped ? `big-endian ${show(descr)} (save array.astype("${little}"))` : show(descr);
  throw new DataError(`${name}: expected ${expected}, found ${found}`);
}

/** How many samples of so many elements the array holds. */
function countRows(shape: readonly number[], elements: number, name: string): number {
  const [first = 1, ...rest] = shape;
  const perRow = rest.reduce((product, n) => product * n, 1);
  if (shape.length > 0 && perRow === elements) return first;
  if (first * perRow === elements) return 1;
  const found = `shape (${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  throw new DataError(
    `${name}: expected shape (N, ...) with ${elements} elements per sample, found ${found}`,
  );
}

/** Values of each sample: all axes but the first. */
export function npyRowElements(bytes: Uint8Array, name = "npy"): number {
  const { shape } = parseHeader(headerText(bytes, name).text, name);
  return Math.max(
    shape.slice(1).reduce((product, n) => product * n, 1),
    1,
  );
}

/** Where the samples of an array lie in its file, and how their elements are read. */
export interface NpyLayout {
  readonly rows: number;
  readonly elementBytes: number;
  readonly dataStart: number;
  /** The element at a byte offset, as a real value. */
  readonly read: Read;
}

/** Bytes that hold every header that is accepted. */
export const NPY_HEAD_BYTES: number = MAX_HEADER + 12;

/**
 * The layout of an array in C order, of samples of `expectedElements` values: of shape (N, ...), or one sample of any
 * shape. `head` is its file's beginning, `fileBytes` all of its bytes. Throws DataError as `parseNpy`, and what `checkRows`
 * throws, which is told how many they are.
 */
export function npyLayout(
  head: Uint8Array,
  fileBytes: number,
  expectedElements: number,
  name: string,
  checkRows: (rows: number) => void = () => {},
): NpyLayout {
  const { text, dataStart } = headerText(head, name);
  const { descr, fortranOrder, shape } = parseHeader(text, name);
  const [elementBytes, read] = dtypeOf(descr, name);
  if (fortranOrder) {
    const found = "Fortran order (save np.ascontiguousarray(array))";
    throw new DataError(`${name}: expected an array in C order, found ${found}`);
  }
  const rows = countRows(shape, expectedElements, name);
  checkRows(rows);
  const dataBytes = rows * expectedElements * elementBytes;
  if (fileBytes - dataStart !== dataBytes) {
    const found = `${fileBytes - dataStart}`;
    throw new DataError(`${name}: expected ${dataBytes} bytes after the header, found ${found}`);
  }
  return { rows, elementBytes, dataStart, read };
}

/**
 * Samples of `expectedElements` values, in C order: an array of shape (N, ...), or one sample of any shape.
 * Integers and booleans are taken as the real numbers they are. `name` stands for the file in messages.
 * @throws DataError on another format, element type, order, shape or size, on infinity, and on NaN unless it may be missing
 */
export function parseNpy(
  bytes: Uint8Array,
  expectedElements: number,
  name = "npy",
  mayMiss: MayMiss = noneMissing,
): Dataset {
  const { rows, elementBytes, dataStart, read } = npyLayout(
    bytes,
    bytes.length,
    expectedElements,
    name,
    (count) => checkSize(name, count, expectedElements),
  );
  const view = new DataView(bytes.buffer, bytes.byteOffset + dataStart);
  return { rows: readRows(name, rows, expectedElements, (i) => read(view, i * elementBytes), mayMiss) };
}
