/**
 * The descriptor of a module: what its callers have to know of inputs and outputs, in bytes that a device reads where
 * they lie. SPEC.md, section 2.1.
 */
import { DTYPES, type DType, elements, ModelError, type Scaling, type Stream, TASKS } from "../ir/graph.ts";
import { typeRange } from "../ops/activation.ts";
import type { Borders, BorderTensor } from "../ops/border.ts";
import type { Decision } from "../ops/decision.ts";
import {
  BORDERS_MAX,
  DECISION_CODES,
  DESCRIPTOR_SECTION,
  DESCRIPTOR_VERSION,
  ELEMENTS_MAX,
  FIELD_BITS,
  NUMBERED_MAX,
  RANK_MAX,
  TASK_CODES,
  TYPE_CODES,
} from "./descriptor_table.ts";
import { customSection, leb, Reader, signedLeb } from "./sections.ts";

/** Names that are one word and numbers in order, as of columns f0, f1, ... */
interface NumberedNames {
  readonly prefix: string;
  readonly first: number;
}

/** Greater ones would have to be read back as numbers of more than 32 bits. */
const MAX_NUMBER = 0x7fff_ffff;

/** Numbered names, which need no bytes each, where they are. */
function numberedNames(names: readonly string[]): NumberedNames | undefined {
  const [, prefix, digits] = /^(.*?)(0|[1-9]\d*)$/.exec(names[0] ?? "") ?? [];
  if (prefix === undefined || names.length < 2 || names.length > NUMBERED_MAX) return undefined;
  const first = Number(digits);
  const isNumbered = names.every((name, i) => name === `${prefix}${first + i}`);
  return isNumbered && first + names.length <= MAX_NUMBER ? { prefix, first } : undefined;
}

/* ---- writing ---- */

/** UTF-8 and a zero byte, so that C can point to it. */
const text = (value: string): Uint8Array => Buffer.from(`${value.replaceAll("\0", "")}\0`, "utf8");

function floats(values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeFloatLE(value, 4 * i);
  return bytes;
}

const number = (value: number): Uint8Array => Uint8Array.from(leb(value));
const lastAxis = (shape: readonly number[]): number => shape.at(-1) ?? 1;

/** For each feature a head (bit 0: is there a factor; above it the number of edges, plus 1); then offset, factor, edges. */
const scalingBytes = ({ offsets, factors, edges }: Scaling): Uint8Array[] =>
  offsets.flatMap((offset, i) => {
    const [factor, bins] = [factors[i]!, edges?.[i]];
    const isAffine = !Object.is(offset, 0) || factor !== 1;
    const head = (bins ? 2 * (bins.length + 1) : 0) + (isAffine ? 1 : 0);
    return [number(head), floats([...(isAffine ? [offset, factor] : []), ...(bins ?? [])])];
  });

/** The optional fields of a record in their order, by the bits that say they are there. */
function fieldsOf({ unit, scaling, features, labels, threshold, stream, units }: BorderTensor) {
  const names = features ?? labels;
  const numbered = features && numberedNames(features);
  const fields: Partial<Record<keyof typeof FIELD_BITS, readonly Uint8Array[]>> = {
    ...(unit !== undefined && { unit: [text(unit)] }),
    ...(scaling && { scaling: scalingBytes(scaling) }),
    ...(scaling?.missing && { missing: [floats(scaling.missing.map((value) => value ?? Number.NaN))] }),
    ...(names && !numbered && { names: [number(names.length), ...names.map(text)] }),
    ...(numbered && { numbered: [text(numbered.prefix), number(numbered.first)] }),
    ...(threshold !== undefined && { threshold: [floats([threshold])] }),
    ...(stream && { stream: [stream.sampleRate, stream.channels, stream.hop].map(number) }),
    ...(units && { units: units.map(text) }),
  };
  return fields;
}

function codeOf(name: string, dtype: DType): number {
  const code = (TYPE_CODES as Partial<Record<DType, number>>)[dtype];
  return code ?? fail(`tensor ${name}`, `a border of ${Object.keys(TYPE_CODES).join(", ")}`, dtype);
}

function record(tensor: BorderTensor): Uint8Array {
  const { name, dtype, source = "float32", decision = "none", shape, scale, zeroPoint } = tensor;
  const fields = fieldsOf(tensor);
  const present = (Object.keys(FIELD_BITS) as (keyof typeof FIELD_BITS)[]).filter((field) => fields[field]);
  const flags = present.reduce((bits, field) => bits | FIELD_BITS[field], 0);
  const body = Buffer.concat([
    Uint8Array.of(codeOf(name, dtype) | (codeOf(name, source) << 4), flags, DECISION_CODES[decision]),
    text(name),
    number(shape.length),
    ...shape.map(number),
    floats([scale]),
    Uint8Array.from(signedLeb(zeroPoint)),
    ...present.flatMap((field) => fields[field]!),
  ]);
  return Buffer.concat([number(body.length), body]);
}

export const encodeDescriptor = ({ task, inputs, outputs }: Borders): Uint8Array =>
  new Uint8Array(
    Buffer.concat([
      Uint8Array.of(DESCRIPTOR_VERSION, task ? TASK_CODES[task] : 0, inputs.length, outputs.length),
      ...inputs.map(record),
      ...outputs.map(record),
    ]),
  );

/* ---- reading ---- */

const WHERE = "descriptor";
const fail = (at: string, expected: string, found: unknown): never => {
  throw new ModelError(`${WHERE}: ${at}: expected ${expected}, found ${found}`);
};

class DescriptorReader extends Reader {
  constructor(bytes: Uint8Array) {
    super(bytes, 0, bytes.length, WHERE);
  }

  cString(): string {
    const end = this.bytes.subarray(0, this.end).indexOf(0, this.position);
    if (end < 0) fail(`offset ${this.position}`, "a text that ends", "none");
    const value = Buffer.from(this.skip(end - this.position)).toString("utf8");
    this.skip(1);
    return value;
  }

  float(what: string): number {
    const value = this.anyFloat();
    return Number.isFinite(value) ? value : fail(what, "a finite number", value);
  }

  anyFloat = (): number => Buffer.from(this.skip(4)).readFloatLE();

  list<T>(count: number, bytesEach: number, read: () => T): T[] {
    const room = Math.floor((this.end - this.position) / bytesEach);
    if (count > room) fail(`offset ${this.position}`, `${count} values`, `room for ${room}`);
    return Array.from({ length: count }, read);
  }
}

const typeOf = (code: number, at: string): DType =>
  DTYPES.find((name) => (TYPE_CODES as Partial<Record<DType, number>>)[name] === code) ??
  fail(at, "a type from 0 to 4", code);

function readShape(reader: DescriptorReader, at: string): number[] {
  const rank = reader.u32();
  if (rank > RANK_MAX) fail(at, `at most ${RANK_MAX} axes`, rank);
  const shape = reader.list(rank, 1, () => reader.u32());
  const isUsual = shape.every((n) => n > 0) && elements(shape) <= ELEMENTS_MAX;
  return isUsual ? shape : fail(at, `1 to ${ELEMENTS_MAX} elements`, `[${shape}]`);
}

/** Reads the mapping of one feature's values. */
function readFeature(reader: DescriptorReader, at: string) {
  const head = reader.u32();
  const float = (): number => reader.float(`${at}: scaling`);
  const [offset, factor] = head & 1 ? [float(), float()] : [0, 1];
  const edges = head > 1 ? reader.list((head >>> 1) - 1, 4, float) : null;
  const unordered = edges?.findIndex((edge, i) => i > 0 && !(edges[i - 1]! < edge)) ?? -1;
  return unordered > 0
    ? fail(`${at}: edges`, `more than ${edges![unordered - 1]}`, edges![unordered])
    : { offset, factor, edges };
}

function readScaling(
  reader: DescriptorReader,
  flags: number,
  count: number,
  at: string,
): Scaling | undefined {
  if (!(flags & FIELD_BITS.scaling))
    return flags & FIELD_BITS.missing ? fail(at, "a scaling", "none") : undefined;
  const features = reader.list(count, 1, () => readFeature(reader, at));
  const scaling = {
    offsets: features.map(({ offset }) => offset),
    factors: features.map(({ factor }) => factor),
    ...(features.some(({ edges }) => edges) && { edges: features.map(({ edges }) => edges) }),
  };
  if (!(flags & FIELD_BITS.missing)) return scaling;
  const missing = reader.list(count, 4, () => reader.anyFloat()).map((x) => (Number.isNaN(x) ? null : x));
  const infinite = missing.find((x) => x !== null && !Number.isFinite(x));
  return infinite === undefined
    ? { ...scaling, missing }
    : fail(`${at}: missing values`, "finite numbers", infinite);
}

function readNames(reader: DescriptorReader, flags: number, count: number, at: string): string[] | undefined {
  if (flags & FIELD_BITS.names) {
    if (flags & FIELD_BITS.numbered) fail(at, "names or numbered ones", "both");
    return reader.list(reader.u32(), 1, () => reader.cString());
  }
  if (!(flags & FIELD_BITS.numbered)) return undefined;
  const [prefix, first] = [reader.cString(), reader.u32()];
  if (count > NUMBERED_MAX) fail(at, `at most ${NUMBERED_MAX} names`, count);
  if (first + count > MAX_NUMBER) fail(at, `numbers up to ${MAX_NUMBER}`, first + count);
  return Array.from({ length: count }, (_, i) => `${prefix}${first + i}`);
}

function readStream(reader: DescriptorReader, at: string): Stream {
  const [sampleRate, channels, hop] = [reader.u32(), reader.u32(), reader.u32()];
  return sampleRate > 0 && channels > 0
    ? { sampleRate, channels, hop }
    : fail(`${at}: stream`, "a rate and channels", `${sampleRate} and ${channels}`);
}

/** Fields that an input and an output do not share. */
const ofKind = (
  isInput: boolean,
  names: readonly string[] | undefined,
): Pick<BorderTensor, "features" | "labels"> =>
  names ? (isInput ? { features: names } : { labels: names }) : {};

function decisionOf(code: number, isInput: boolean, at: string): Decision {
  const found = (Object.keys(DECISION_CODES) as Decision[]).find((name) => DECISION_CODES[name] === code);
  if (!found || (isInput && found !== "none"))
    return fail(at, isInput ? "no decision" : "a decision from 0 to 5", code);
  return found;
}

const INPUT_FIELDS = FIELD_BITS.scaling | FIELD_BITS.missing | FIELD_BITS.numbered | FIELD_BITS.units;

/** Throws ModelError where an output can't decide so. */
function checkDecision({ decision = "none", shape, threshold }: BorderTensor, at: string): void {
  const count = elements(shape);
  const values: Partial<Record<Decision, number>> = { above: 1, index: 1, second: 2 };
  const expected = values[decision] ?? count;
  if (count !== expected) fail(`${at}: decision ${decision}`, `${expected} values`, count);
  if ((decision === "second" || decision === "error") && threshold === undefined)
    fail(`${at}: decision ${decision}`, "a threshold", "none");
}

/** The fields that every record has. */
function readFixed(reader: DescriptorReader, isInput: boolean, at: string) {
  const types = reader.byte();
  const flags = reader.byte();
  if (!isInput && flags & INPUT_FIELDS)
    fail(at, "no fields of inputs on an output", `0x${flags.toString(16)}`);
  const decision = decisionOf(reader.byte(), isInput, at);
  const name = reader.cString();
  const shape = readShape(reader, at);
  const dtype = typeOf(types & 15, at);
  if (dtype === "float32") fail(at, "a tensor of integers", dtype);
  const source = typeOf(types >> 4, at);
  const scale = reader.float(`${at}: scale`);
  if (!(scale > 0)) fail(`${at}: scale`, "more than 0", scale);
  const zeroPoint = Number(reader.signed(32));
  const { min, max } = dtype === "int32" ? { min: 0, max: 0 } : typeRange({ dtype });
  if (!(zeroPoint >= min && zeroPoint <= max)) fail(`${at}: zero point`, `${min} to ${max}`, zeroPoint);
  return { flags, decision, tensor: { name, dtype, source, shape, scale, zeroPoint } };
}

function readRecord(from: DescriptorReader, kind: "input" | "output", i: number): BorderTensor {
  const at = `${kind} ${i}`;
  const reader = new DescriptorReader(from.skip(from.u32()));
  const isInput = kind === "input";
  const { flags, decision, tensor } = readFixed(reader, isInput, at);
  const count = lastAxis(tensor.shape);
  const unit = flags & FIELD_BITS.unit ? reader.cString() : undefined;
  const scaling = readScaling(reader, flags, count, at);
  const names = readNames(reader, flags, count, at);
  if (isInput && names && names.length !== count) fail(`${at}: names`, String(count), names.length);
  const threshold = flags & FIELD_BITS.threshold ? reader.float(`${at}: threshold`) : undefined;
  const stream = flags & FIELD_BITS.stream ? readStream(reader, at) : undefined;
  const units = flags & FIELD_BITS.units ? reader.list(count, 1, () => reader.cString()) : undefined;
  if (!reader.done) fail(at, "the end of its record", `${reader.end - reader.position} bytes more`);
  const border: BorderTensor = {
    ...tensor,
    ...(unit !== undefined && { unit }),
    ...(scaling && { scaling }),
    ...ofKind(isInput, names),
    ...(threshold !== undefined && { threshold }),
    ...(decision !== "none" && { decision }),
    ...(stream && { stream }),
    ...(units && { units }),
  };
  checkDecision(border, at);
  return border;
}

/** Reads untrusted bytes; throws ModelError where they are not what SPEC.md says. */
export function decodeDescriptor(bytes: Uint8Array): Borders {
  const reader = new DescriptorReader(bytes);
  const [version, code, ...counts] = [reader.byte(), reader.byte(), reader.byte(), reader.byte()];
  if (version !== DESCRIPTOR_VERSION) fail("version", String(DESCRIPTOR_VERSION), version);
  const task = TASKS.find((name) => TASK_CODES[name] === code);
  if (code !== 0 && !task) fail("task", "0 to 6", code);
  if (!counts.every((n) => n > 0 && n <= BORDERS_MAX))
    fail("inputs and outputs", `1 to ${BORDERS_MAX} of each`, counts.join(" and "));
  const read = (kind: "input" | "output", count: number): BorderTensor[] =>
    Array.from({ length: count }, (_, i) => readRecord(reader, kind, i));
  const [inputs, outputs] = [read("input", counts[0]!), read("output", counts[1]!)];
  if (!reader.done) fail("the end", "no more bytes", reader.end - reader.position);
  return { ...(task && { task }), inputs, outputs };
}

/** The borders of a module (untrusted bytes); undefined where it has no descriptor. Throws ModelError as above. */
export function readDescriptor(module: Uint8Array): Borders | undefined {
  const section = customSection(module, DESCRIPTOR_SECTION);
  return section && decodeDescriptor(section);
}
