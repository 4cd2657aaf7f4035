import { ModelError } from "../ir/graph.ts";
import { leb, Reader, readSections, SECTION, signedLeb } from "./sections.ts";

interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** A segment's own bytes in the file; in RAM, wasm3 keeps 20 for each. */
const MOST_ZEROS_BETWEEN = 6;
const I32_CONST = 0x41;
const END = 0x0b;
const HEADER_BYTES = 8;
/** In the file, which devices map at an address that is a multiple of it: that of the constants in memory. */
const CONSTANTS_ALIGNMENT = 4;

function readSegments(reader: Reader): Segment[] {
  return Array.from({ length: reader.u32() }, () => {
    const [mode, opcode] = [reader.byte(), reader.byte()];
    const address = Number(reader.signed(64));
    if (mode !== 0 || opcode !== I32_CONST || reader.byte() !== END) {
      throw new ModelError("module: expected data segments at constant addresses of memory 0");
    }
    return { address, bytes: reader.skip(reader.u32()) };
  });
}

/** Joins segments that are next to each other, or as good as: the gap costs less than a segment. */
function join(segments: readonly Segment[]): Segment[] {
  const joined: Segment[] = [];
  for (const segment of segments) {
    const last = joined.at(-1);
    const gap = last ? segment.address - (last.address + last.bytes.length) : -1;
    if (!last || gap < 0 || gap > MOST_ZEROS_BETWEEN) joined.push(segment);
    else {
      const bytes = Buffer.concat([last.bytes, Buffer.alloc(gap), segment.bytes]);
      joined[joined.length - 1] = { address: last.address, bytes };
    }
  }
  return joined;
}

/** Bytes of the longest LEB128 that readers of WebAssembly accept for 32 bits. */
const LONGEST_LEB = 5;

/** LEB128 in up to `more` bytes more than it takes. */
function widerLeb(value: number, more: number): number[] {
  const short = leb(value);
  const extra = Math.min(more, LONGEST_LEB - short.length);
  if (extra === 0) return short;
  return [...short.map((byte) => byte | 0x80), ...new Array<number>(extra - 1).fill(0x80), 0];
}

/** Constants as one segment that is all of memory from `at` to `end`; what lies before is kept apart. */
function withConstants(segments: readonly Segment[], at: number, end: number): Segment[] {
  const bytes = new Uint8Array(end - at);
  for (const segment of segments) if (segment.address >= at) bytes.set(segment.bytes, segment.address - at);
  return [...join(segments.filter(({ address }) => address < at)), { address: at, bytes }];
}

/** The section, in which the last segment's bytes begin `padding` later than they had to. */
function dataSection(segments: readonly Segment[], padding: number): Buffer {
  const last = segments.length - 1;
  const lastLength = (more: number): number[] => widerLeb(segments[last]!.bytes.length, more);
  const inside = lastLength(padding).length - lastLength(0).length;
  const body = Buffer.concat([
    Buffer.from(leb(segments.length)),
    ...segments.map(({ address, bytes }, i) => {
      const length = i === last ? lastLength(inside) : leb(bytes.length);
      return Buffer.concat([Buffer.from([0, I32_CONST, ...signedLeb(address), END, ...length]), bytes]);
    }),
  ]);
  return Buffer.concat([Buffer.from([SECTION.data, ...widerLeb(body.length, padding - inside)]), body]);
}

/**
 * The module with as few data segments as its zeros allow; asc writes one for each constant. Constants, which lie in
 * memory from `constants.at` to `constants.end`, are one segment, byte for byte, and begin at a multiple of four in the
 * file, since kernels may read them where they are.
 */
export function mergeDataSegments(
  binary: Uint8Array,
  constants?: { readonly at: number; readonly end: number },
): Uint8Array {
  const sections = readSections(binary);
  const section = sections.find(({ id }) => id === SECTION.data);
  if (!section) return binary;
  const before = readSegments(new Reader(binary, section.start, section.end)).toSorted(
    (a, b) => a.address - b.address,
  );
  const segments =
    constants && constants.end > constants.at
      ? withConstants(before, constants.at, constants.end)
      : join(before);
  const head = Buffer.concat([
    binary.subarray(0, HEADER_BYTES),
    // It says how many segments there are, for instructions that address them; ours are all active.
    ...sections
      .filter(({ id, offset }) => id !== SECTION.dataCount && offset < section.offset)
      .map(({ offset, end }) => binary.subarray(offset, end)),
  ]);
  const lastBytes = segments.at(-1)!.bytes.length;
  const isAligned = (data: Buffer): boolean =>
    (head.length + data.length - lastBytes) % CONSTANTS_ALIGNMENT === 0;
  // A longer section may need a longer number to say so: the first padding that fits.
  const wider = constants ? [0, 1, 2, 3, 4].map((padding) => dataSection(segments, padding)) : [];
  const data = wider.find(isAligned) ?? dataSection(segments, 0);
  return new Uint8Array(Buffer.concat([head, data, binary.subarray(section.end)]));
}
