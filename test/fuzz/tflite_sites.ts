/**
 * Places in an intact TFLite file that hold its structure, and edits of them: mutants that keep the
 * form of a FlatBuffer and so get past the reader, to the checks behind it.
 */
import type { Edit } from "./bytes.ts";
import type { Random } from "./random.ts";

type Kind = "u8" | "i32" | "f32" | "i64" | "offset" | "length" | "slot";

interface Site {
  readonly kind: Kind;
  readonly at: number;
}

/** Fields by number: a scalar, a vector of scalars ("*"), a table, or a vector of tables ("[]"). */
type Fields = Readonly<Record<number, string>>;

const TABLES: Readonly<Record<string, Fields>> = {
  model: { 0: "i32", 1: "code[]", 2: "graph[]", 4: "buffer[]" },
  code: { 0: "u8", 1: "u8*", 3: "i32" },
  graph: { 0: "tensor[]", 1: "i32*", 2: "i32*", 3: "operator[]" },
  tensor: { 0: "i32*", 1: "u8", 2: "i32", 3: "u8*", 4: "quantization", 5: "u8" },
  quantization: { 2: "f32*", 3: "i64*", 6: "i32" },
  buffer: { 0: "u8*" },
  operator: { 0: "i32", 1: "i32*", 2: "i32*", 4: "options" },
  // Read as integers whatever they are: some are bytes, some are floats.
  options: { 0: "i32", 1: "i32", 2: "i32", 3: "i32", 4: "i32", 5: "i32", 6: "i32" },
};

const SIZES: Readonly<Record<string, number>> = { u8: 1, i32: 4, f32: 4, i64: 8 };
/** Of long vectors only the first elements: the others are weights and letters. */
const MAX_ELEMENTS = 16;

/** All places of structure in the file, which must be intact. */
export function sitesOf(bytes: Uint8Array): Site[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sites: Site[] = [];
  const seen = new Set<number>();
  const follow = (at: number): number => {
    sites.push({ kind: "offset", at });
    return at + view.getUint32(at, true);
  };
  const vector = (start: number, visit: (index: number) => void): void => {
    sites.push({ kind: "length", at: start });
    for (let i = 0; i < Math.min(view.getUint32(start, true), MAX_ELEMENTS); i++) visit(i);
  };
  const table = (position: number, name: string): void => {
    if (seen.has(position)) return;
    seen.add(position);
    sites.push({ kind: "offset", at: position });
    const vtable = position - view.getInt32(position, true);
    const bytesOfVtable = view.getUint16(vtable, true);
    sites.push({ kind: "slot", at: vtable }, { kind: "slot", at: vtable + 2 });
    for (const [id, type] of Object.entries(TABLES[name]!)) {
      const slot = 4 + 2 * Number(id);
      if (slot + 2 > bytesOfVtable) continue;
      sites.push({ kind: "slot", at: vtable + slot });
      const offset = view.getUint16(vtable + slot, true);
      if (offset !== 0) field(position + offset, type);
    }
  };
  const field = (at: number, type: string): void => {
    if (type.endsWith("[]")) {
      const start = follow(at);
      vector(start, (i) => table(follow(start + 4 + 4 * i), type.slice(0, -2)));
    } else if (type.endsWith("*")) {
      const element = type.slice(0, -1);
      const start = follow(at);
      vector(start, (i) => sites.push({ kind: element as Kind, at: start + 4 + i * SIZES[element]! }));
    } else if (type in TABLES) table(follow(at), type);
    else sites.push({ kind: type as Kind, at });
  };
  table(follow(0), "model");
  return sites;
}

const INTEGERS = [
  0,
  1,
  2,
  3,
  4,
  5,
  7,
  8,
  -1,
  -2,
  255,
  4096,
  65535,
  2 ** 20,
  2 ** 24,
  2 ** 31 - 1,
  -(2 ** 31),
];
const FLOATS = [0, -0, 1, -1, 0.5, 1e-45, 1e-38, 1e-20, 1e-6, 1e20, 3.4e38, Infinity, -Infinity, Number.NaN];
const LONGS = [0n, 1n, -1n, -128n, 127n, 255n, 1n << 31n, 1n << 53n, -(1n << 63n), (1n << 63n) - 1n];

function write(view: DataView, { kind, at }: Site, sites: readonly Site[], random: Random): void {
  const { pick, below } = random;
  if (kind === "u8") view.setUint8(at, pick([0, 1, 2, 3, 4, 9, 17, 127, 128, 255, below(256)]));
  else if (kind === "slot")
    view.setUint16(at, pick([0, 4, 6, 8, 12, 0xffff, view.getUint16(at, true) + 4]), true);
  else if (kind === "f32") view.setFloat32(at, pick(FLOATS), true);
  else if (kind === "i64") view.setBigInt64(at, pick(LONGS), true);
  else if (kind === "i32")
    view.setInt32(at, pick([...INTEGERS, view.getInt32(at, true) + pick([1, -1])]), true);
  else if (kind === "length")
    view.setUint32(
      at,
      pick([0, 1, 2, view.getUint32(at, true) + 1, view.byteLength, 2 ** 28, 2 ** 31, 2 ** 32 - 1]),
      true,
    );
  else {
    // To where another offset leads, so that one table stands for two, or to anywhere.
    const other = pick(sites.filter((site) => site.kind === "offset")).at;
    const target = other + view.getUint32(other, true);
    view.setUint32(
      at,
      pick([target - at, target - at, 0, below(view.byteLength), 2 ** 31, 2 ** 32 - 4]),
      true,
    );
  }
}

/** A value of the file copied over another of its kind: tensors, operators and sizes change places. */
function copyOver(view: DataView, site: Site, sites: readonly Site[], random: Random): void {
  const from = random.pick(sites.filter(({ kind }) => kind === site.kind)).at;
  const size = site.kind === "slot" ? 2 : (SIZES[site.kind] ?? 4);
  for (let i = 0; i < size; i++) view.setUint8(site.at + i, view.getUint8(from + i));
}

/** Numbers are where the checks are; offsets and lengths mostly end in the reader. */
const WANTED: readonly Kind[] = ["i32", "i32", "i32", "f32", "f32", "i64", "u8", "offset", "length", "slot"];

export function structureEdit(original: Uint8Array): Edit {
  const sites = sitesOf(original);
  return (bytes, random) => {
    if (bytes.length !== original.length) return bytes;
    const copy = new Uint8Array(bytes);
    const view = new DataView(copy.buffer);
    for (let n = random.pick([1, 1, 2, 3]); n > 0; n--) {
      const kind = random.pick(WANTED);
      const candidates = sites.filter((site) => site.kind === kind);
      if (candidates.length === 0) continue;
      const edit = random.below(4) === 0 ? copyOver : write;
      edit(view, random.pick(candidates), sites, random);
    }
    return copy;
  };
}
