import { ModelError } from "../ir/graph.ts";
import { leb, Reader, readSections, SECTION } from "./sections.ts";

interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** A segment's own bytes in the file; in RAM, wasm3 keeps 20 for each. */
const MOST_ZEROS_BETWEEN = 6;
const I32_CONST = 0x41;
const END = 0x0b;
const HEADER_BYTES = 8;

/** i32.const's operand: signed LEB128. */
function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const done = rest >> 6 === 0 || rest >> 6 === -1;
    bytes.push(done ? rest & 0x7f : (rest & 0x7f) | 0x80);
    if (done) return bytes;
  }
}

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

/** The module with as few data segments as its zeros allow. asc writes one for each constant. */
export function mergeDataSegments(binary: Uint8Array): Uint8Array {
  const section = readSections(binary).find(({ id }) => id === SECTION.data);
  if (!section) return binary;
  const before = readSegments(new Reader(binary, section.start, section.end));
  const segments = join(before.toSorted((a, b) => a.address - b.address));
  const body = Buffer.concat([
    Buffer.from(leb(segments.length)),
    ...segments.map(({ address, bytes }) =>
      Buffer.concat([Buffer.from([0, I32_CONST, ...signedLeb(address), END, ...leb(bytes.length)]), bytes]),
    ),
  ]);
  const head = Buffer.from([SECTION.data, ...leb(body.length)]);
  const [first, ...rest] = readSections(binary)
    // It says how many segments there are, for instructions that address them; ours are all active.
    .filter(({ id }) => id !== SECTION.dataCount)
    .map(({ id, offset, end }) =>
      id === SECTION.data ? Buffer.concat([head, body]) : binary.subarray(offset, end),
    );
  return new Uint8Array(Buffer.concat([binary.subarray(0, HEADER_BYTES), first!, ...rest]));
}
