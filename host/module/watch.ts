/**
 * Bins by which a device watches a model: the custom section `thimble.monitor`, which `thimble build --monitor` adds.
 * SPEC.md, section 8.1, has every byte. A device reads edges where they lie; what calibration counted is for servers.
 */
import { DTYPES, type DType, ModelError } from "../ir/graph.ts";
import type { Decision } from "../ops/decision.ts";
import { DECISION_CODES, TYPE_CODES } from "./descriptor_table.ts";
import { addCustomSection, customSection } from "./sections.ts";

export const WATCH_SECTION = "thimble.monitor";
const VERSION = 1;
const HEAD_BYTES = 20;
/** Edges of a channel: the least value, seven between eight bins, the greatest. */
export const EDGES = 9;
/** Counts of a channel: below all edges, eight bins, above all, missing. */
export const COUNTS = 11;
/** Classes that a device counts apart; the last one stands for all others. */
export const CLASSES_MOST = 13;

/** Edges and counts of calibration of one feature, or of the result. */
export interface Channel {
  /** A feature's float32 values as ordered integers (`keyOf`); a result's raw values. */
  readonly edges: readonly number[];
  /** How many values of calibration fell into each of COUNTS. */
  readonly counts: readonly number[];
}

export interface Watch {
  /** Watched channels of each input: the length of its last axis, 1 for all its values together, or 0. */
  readonly inputs: readonly number[];
  /** The output whose values are the result. */
  readonly output: number;
  readonly decision: Decision;
  readonly type: DType;
  /** Values of one of so many inferences are looked at. */
  readonly every: number;
  /** The least raw value above the threshold, where one decides. */
  readonly limit: number;
  /** Values of the output. */
  readonly elements: number;
  /** How often calibration decided for each class; empty where there are none. */
  readonly classes: readonly number[];
  /** Features of all inputs, then the result. */
  readonly channels: readonly Channel[];
}

const single = new DataView(new ArrayBuffer(4));

/** A float32 as an integer that is ordered as it is. */
export function keyOf(value: number): number {
  single.setFloat32(0, value);
  const bits = single.getInt32(0);
  if ((bits & 0x7fffffff) === 0) return 0;
  return bits < 0 ? bits ^ 0x7fffffff : bits;
}

/** The float32 of a key. */
export function floatOf(key: number): number {
  single.setInt32(0, key < 0 ? key ^ 0x7fffffff : key);
  return single.getFloat32(0);
}

/** The place among COUNTS of a key, as firmware/core/monitor.c finds it. */
export function placeOf(edges: readonly number[], key: number): number {
  if (key > edges[EDGES - 1]!) return COUNTS - 2;
  if (key < edges[0]!) return 0;
  return 1 + edges.slice(1, -1).filter((edge) => key >= edge).length;
}

/** Classes that a device counts apart of so many. */
export const countedClasses = (classes: number): number => Math.min(classes, CLASSES_MOST);

export function encodeWatch(watch: Watch): Uint8Array {
  const { inputs, channels, classes } = watch;
  const bytes = Buffer.alloc(
    HEAD_BYTES + 2 * inputs.length + 4 * (channels.length * (EDGES + COUNTS) + classes.length),
  );
  bytes.set([
    VERSION,
    inputs.length,
    watch.output,
    DECISION_CODES[watch.decision],
    TYPE_CODES[watch.type as keyof typeof TYPE_CODES],
  ]);
  bytes.writeUInt16LE(classes.length, 6);
  bytes.writeUInt16LE(channels.length, 8);
  bytes.writeUInt16LE(watch.every, 10);
  bytes.writeInt32LE(watch.limit, 12);
  bytes.writeUInt32LE(watch.elements, 16);
  let at = HEAD_BYTES;
  for (const each of inputs) at = bytes.writeUInt16LE(each, at);
  for (const { edges } of channels) for (const edge of edges) at = bytes.writeInt32LE(edge, at);
  for (const each of classes) at = bytes.writeUInt32LE(each, at);
  for (const { counts } of channels) for (const each of counts) at = bytes.writeUInt32LE(each, at);
  return new Uint8Array(bytes);
}

const fail = (what: string, expected: string, found: unknown): never => {
  throw new ModelError(`${WATCH_SECTION}: ${what}: expected ${expected}, found ${found}`);
};

/** A list of 32-bit numbers, and where the next begins. */
function words(bytes: Buffer, at: number, count: number, isSigned: boolean): number[] {
  return Array.from({ length: count }, (_, i) =>
    isSigned ? bytes.readInt32LE(at + 4 * i) : bytes.readUInt32LE(at + 4 * i),
  );
}

function readHead(bytes: Buffer) {
  if (bytes.length < HEAD_BYTES) fail("length", `at least ${HEAD_BYTES} bytes`, bytes.length);
  if (bytes[0] !== VERSION) fail("version", String(VERSION), bytes[0]);
  const decision =
    (Object.keys(DECISION_CODES) as Decision[]).find((name) => DECISION_CODES[name] === bytes[3]) ??
    fail("decision", "0 to 5", bytes[3]);
  const type =
    DTYPES.find(
      (name) => name !== "float32" && (TYPE_CODES as Partial<Record<DType, number>>)[name] === bytes[4],
    ) ?? fail("type", "0 to 3", bytes[4]);
  const every = bytes.readUInt16LE(10);
  if (every === 0) fail("every", "at least 1", every);
  const elements = bytes.readUInt32LE(16);
  if (elements === 0) fail("elements of the output", "at least 1", elements);
  return { decision, type, every, elements, output: bytes[2]!, limit: bytes.readInt32LE(12) };
}

/** Reads untrusted bytes; throws ModelError where they are not what SPEC.md says. */
export function decodeWatch(section: Uint8Array): Watch {
  const bytes = Buffer.from(section.buffer, section.byteOffset, section.length);
  const head = readHead(bytes);
  const [inputCount, classCount, count] = [bytes[1]!, bytes.readUInt16LE(6), bytes.readUInt16LE(8)];
  const expected = HEAD_BYTES + 2 * inputCount + 4 * (count * (EDGES + COUNTS) + classCount);
  if (bytes.length !== expected) fail("length", `${expected} bytes`, bytes.length);
  const inputs = Array.from({ length: inputCount }, (_, i) => bytes.readUInt16LE(HEAD_BYTES + 2 * i));
  const wanted = inputs.reduce((sum, each) => sum + each, 1);
  if (wanted !== count) fail("channels", String(wanted), count);
  const edgesAt = HEAD_BYTES + 2 * inputCount;
  const classesAt = edgesAt + 4 * EDGES * count;
  const countsAt = classesAt + 4 * classCount;
  const channels = Array.from({ length: count }, (_, i): Channel => {
    const edges = words(bytes, edgesAt + 4 * EDGES * i, EDGES, true);
    const place = edges.findIndex((edge, k) => k > 0 && edge < edges[k - 1]!);
    if (place > 0) fail(`edges of channel ${i}`, `at least ${edges[place - 1]}`, edges[place]);
    return { edges, counts: words(bytes, countsAt + 4 * COUNTS * i, COUNTS, false) };
  });
  return { ...head, inputs, classes: words(bytes, classesAt, classCount, false), channels };
}

/** The bins of a module (untrusted bytes); undefined where it has none. Throws ModelError as above. */
export function readWatch(module: Uint8Array): Watch | undefined {
  const section = customSection(module, WATCH_SECTION);
  return section && decodeWatch(section);
}

/** The module with its bins. */
export const addWatch = (module: Uint8Array, watch: Watch): Uint8Array =>
  addCustomSection(module, WATCH_SECTION, encodeWatch(watch));
