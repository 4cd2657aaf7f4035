/**
 * One function body against the subset: every instruction, operand and label, as the WebAssembly core specification
 * 2.0, section 3.3 validates them, and the limits. `firmware/core/function_scan.c` is the same in C, in the
 * same order.
 *
 * After an instruction that never ends normally only `end` or `else` may follow, so that every operand has one
 * type: wasm3 of 2022 keeps wrong books of what is never reached.
 */
import { ModelError } from "../ir/graph.ts";
import { DispatchCounter, type Dispatches } from "./dispatches.ts";
import type { Reader } from "./sections.ts";
import {
  BULK,
  constantSlots,
  LIMITS,
  OPCODE,
  PLAIN,
  slotsOf,
  TYPE_BYTE,
  type ValueType,
} from "./subset_table.ts";

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly result: ValueType | undefined;
}

export interface Global {
  readonly type: ValueType;
  readonly mutable: boolean;
}

/** The functions, types and globals that a body may refer to. */
export interface Surroundings {
  /** By function. */
  readonly types: readonly FunctionType[];
  readonly globals: readonly Global[];
  readonly hasMemory: boolean;
}

/** A function's share of the limits. */
export interface Usage {
  readonly bodyBytes: number;
  readonly parameters: number;
  readonly values: number;
  readonly nesting: number;
  readonly callChain: number;
  readonly slots: number;
}

export interface Body extends Usage {
  readonly dispatches: Dispatches;
}

interface Frame {
  readonly opcode: number;
  /** Values below its own. */
  readonly height: number;
  readonly result: ValueType | undefined;
}

interface Value {
  readonly type: ValueType;
  /** Calls that its slot lies above, if it is the result of one: see LIMITS.callChain. */
  readonly chain: number;
}

interface Walk {
  readonly reader: Reader;
  readonly around: Surroundings;
  /** Number of the function. */
  readonly index: number;
  readonly count: DispatchCounter;
  readonly locals: readonly ValueType[];
  /** Operands, and the results that open blocks will have. */
  readonly values: Value[];
  readonly frames: Frame[];
  /** Whether the instruction before never ends normally. */
  ended: boolean;
  most: { values: number; nesting: number; callChain: number };
}

/** Told each opcode that the check passes. */
export type Visit = (opcode: number) => void;

class Refusal extends Error {}

function refuse(found: string): never {
  throw new Refusal(found);
}

const typeOf = (byte: number): ValueType | undefined =>
  byte === TYPE_BYTE.i32 ? "i32" : byte === TYPE_BYTE.i64 ? "i64" : undefined;

const hex = (byte: number): string => `0x${byte.toString(16)}`;

/** Value types of the locals, parameters first. */
function readLocals(reader: Reader, parameters: readonly ValueType[]): ValueType[] {
  const locals = [...parameters];
  for (let groups = reader.u32(); groups > 0; groups--) {
    const count = reader.u32();
    const byte = reader.byte();
    const type = typeOf(byte) ?? refuse(`a local of type ${hex(byte)}`);
    if (count > LIMITS.values - locals.length)
      refuse(`${locals.length + count} parameters and locals, of which ${LIMITS.values} may be`);
    locals.push(...Array.from({ length: count }, () => type));
  }
  return locals;
}

function push(walk: Walk, type: ValueType, chain = 0): void {
  walk.values.push({ type, chain });
  walk.most.values = Math.max(walk.most.values, walk.values.length);
  if (walk.locals.length + walk.values.length > LIMITS.values)
    refuse(`more than ${LIMITS.values} values at a time`);
}

/** The type on top, which belongs to the innermost block. */
function top(walk: Walk): ValueType {
  if (walk.values.length <= walk.frames.at(-1)!.height) refuse("an operand too few");
  return walk.values.at(-1)!.type;
}

function expectTop(walk: Walk, type: ValueType): void {
  const found = top(walk);
  if (found !== type) refuse(`an operand of type ${found} for ${type}`);
}

function pop(walk: Walk, type: ValueType): void {
  expectTop(walk, type);
  walk.count.pop(walk.values.length);
  walk.values.pop();
}

/** Values of the innermost block. */
const ownValues = (walk: Walk): number => walk.values.length - walk.frames.at(-1)!.height;

function enter(walk: Walk, opcode: number): void {
  walk.count.enter(opcode, walk.values.length, ownValues(walk));
  if (opcode === OPCODE.if) pop(walk, "i32");
  const byte = walk.reader.byte();
  const result = typeOf(byte);
  if (result === undefined && byte !== TYPE_BYTE.none) refuse(`a block of type ${hex(byte)}`);
  if (result) push(walk, result);
  if (walk.frames.length > LIMITS.nesting) refuse(`blocks nested deeper than ${LIMITS.nesting}`);
  walk.most.nesting = Math.max(walk.most.nesting, walk.frames.length);
  walk.frames.push({ opcode, height: walk.values.length, result });
}

/** The result is there and nothing else is. */
function finish(walk: Walk): Frame {
  const frame = walk.frames.at(-1)!;
  if (!walk.ended) {
    if (frame.result) pop(walk, frame.result);
    if (walk.values.length !== frame.height) refuse("operands left over at the end of a block");
  }
  walk.values.length = frame.height;
  walk.ended = false;
  return frame;
}

function readElse(walk: Walk): void {
  const { ended } = walk;
  const { opcode, height, result } = finish(walk);
  if (opcode !== OPCODE.if) refuse("else without if");
  walk.count.otherwise(ended, result !== undefined);
  walk.frames[walk.frames.length - 1] = { opcode: OPCODE.else, height, result };
}

function readEnd(walk: Walk): void {
  const { ended } = walk;
  const { opcode, result } = finish(walk);
  walk.count.end(ended, result !== undefined);
  if (opcode === OPCODE.if && result) refuse("an if with a result and without else");
  walk.frames.pop();
}

/**
 * How many blocks a branch leaves, and the result of the last of them; a branch to a loop begins it anew and takes
 * nothing along.
 */
function readLabel(walk: Walk): { depth: number; result: ValueType | undefined } {
  const depth = walk.reader.u32();
  const frame = walk.frames[walk.frames.length - 1 - depth] ?? refuse(`a branch out of ${depth} blocks`);
  return { depth, result: frame.opcode === OPCODE.loop ? undefined : frame.result };
}

function readCall(walk: Walk): void {
  const callee = walk.reader.u32();
  const type = walk.around.types[callee] ?? refuse("a call of a function that is not there");
  if (callee >= walk.index) refuse(`a call of function ${callee}, which is not before it`);
  walk.count.call(callee, type.parameters.length);
  const chain = 1 + Math.max(0, ...walk.values.map((value) => value.chain));
  for (const parameter of type.parameters.toReversed()) pop(walk, parameter);
  if (type.result === undefined) return;
  if (chain > LIMITS.callChain) refuse(`more than ${LIMITS.callChain} calls in a chain`);
  push(walk, type.result, chain);
  walk.most.callChain = Math.max(walk.most.callChain, chain);
}

function readSelect(walk: Walk): void {
  walk.count.operate(OPCODE.select, walk.values.length, 3);
  pop(walk, "i32");
  const type = top(walk);
  pop(walk, type);
  pop(walk, type);
  push(walk, type);
  walk.count.produce(walk.values.length);
}

function readLocal(walk: Walk, opcode: number): void {
  if (opcode !== OPCODE.localGet) walk.count.move();
  const type = walk.locals[walk.reader.u32()] ?? refuse("a local that is not there");
  if (opcode === OPCODE.localGet) push(walk, type);
  else if (opcode === OPCODE.localSet) pop(walk, type);
  else expectTop(walk, type);
}

function readGlobal(walk: Walk, opcode: number): void {
  walk.count.move();
  const { type, mutable } = walk.around.globals[walk.reader.u32()] ?? refuse("a global that is not there");
  if (opcode === OPCODE.globalGet) push(walk, type);
  else if (mutable) pop(walk, type);
  else refuse("a change of an immutable global");
}

function readBulk(walk: Walk, at: number): void {
  const sub = walk.reader.byte();
  if (sub !== BULK.memoryCopy && sub !== BULK.memoryFill)
    refuse(`opcode ${hex(OPCODE.bulk)} ${sub} at offset ${at}`);
  for (let memories = sub === BULK.memoryCopy ? 2 : 1; memories > 0; memories--)
    if (walk.reader.byte() !== 0) refuse("a memory other than 0");
  if (!walk.around.hasMemory) refuse("an access without a memory");
  walk.count.bulk(walk.values.length);
  for (let i = 0; i < 3; i++) pop(walk, "i32");
}

function readPlain(walk: Walk, opcode: number, at: number): void {
  const row =
    PLAIN.find(({ first, last }) => opcode >= first && opcode <= last) ??
    refuse(`opcode ${hex(opcode)} at offset ${at}`);
  if (row.memory) {
    walk.reader.u32();
    walk.reader.u32();
    if (!walk.around.hasMemory) refuse("an access without a memory");
  }
  walk.count.operate(opcode, walk.values.length, row.operands.length);
  for (const operand of row.operands.toReversed()) pop(walk, operand);
  if (!row.result) return;
  push(walk, row.result);
  walk.count.produce(walk.values.length);
}

function readLeave(walk: Walk, opcode: number): void {
  const outermost = { depth: walk.frames.length - 1, result: walk.frames[0]!.result };
  const { depth, result } = opcode === OPCODE.br ? readLabel(walk) : outermost;
  walk.count.leave(depth, result !== undefined);
  if (result) pop(walk, result);
  walk.ended = true;
}

function readUnreachable(walk: Walk): void {
  walk.count.move();
  walk.ended = true;
}

function readConstant(walk: Walk, opcode: number): void {
  const wide = opcode === OPCODE.i64Const;
  walk.reader.signed(wide ? 64 : 32);
  push(walk, wide ? "i64" : "i32");
  walk.count.constant(wide ? 2 : 1);
}

function readBranchIf(walk: Walk): void {
  const { depth, result } = readLabel(walk);
  walk.count.branchIf(depth, walk.values.length, result !== undefined);
  pop(walk, "i32");
  if (result) expectTop(walk, result);
}

/** Instructions with rules of their own; any other is looked up in the table. */
const RULES = new Map<number, (walk: Walk, opcode: number, at: number) => void>([
  [OPCODE.unreachable, readUnreachable],
  [OPCODE.nop, () => {}],
  [OPCODE.block, enter],
  [OPCODE.loop, enter],
  [OPCODE.if, enter],
  [OPCODE.else, readElse],
  [OPCODE.end, readEnd],
  [OPCODE.br, readLeave],
  [OPCODE.brIf, readBranchIf],
  [OPCODE.return, readLeave],
  [OPCODE.call, readCall],
  [OPCODE.drop, (walk) => pop(walk, top(walk))],
  [OPCODE.select, readSelect],
  [OPCODE.localGet, readLocal],
  [OPCODE.localSet, readLocal],
  [OPCODE.localTee, readLocal],
  [OPCODE.globalGet, readGlobal],
  [OPCODE.globalSet, readGlobal],
  [OPCODE.i32Const, readConstant],
  [OPCODE.i64Const, readConstant],
  [OPCODE.bulk, (walk, _, at) => readBulk(walk, at)],
]);

function readInstruction(walk: Walk, visit: Visit): void {
  const at = walk.reader.position;
  const opcode = walk.reader.byte();
  if (walk.ended && opcode !== OPCODE.end && opcode !== OPCODE.else)
    refuse(`opcode ${hex(opcode)} at offset ${at}, where nothing gets`);
  (RULES.get(opcode) ?? readPlain)(walk, opcode, at);
  visit(opcode);
}

function measure({ locals, most }: Walk, type: FunctionType, constants: number): number {
  return slotsOf({
    results: type.result ? 1 : 0,
    parameters: type.parameters.length,
    locals: locals.slice(type.parameters.length),
    constants,
    operands: most.values,
    chain: most.callChain,
  });
}

function walkBody(
  reader: Reader,
  index: number,
  type: FunctionType,
  around: Surroundings,
  visit: Visit,
): Body {
  const bodyBytes = reader.end - reader.position;
  if (bodyBytes > LIMITS.bodyBytes) refuse(`${bodyBytes} bytes, of which ${LIMITS.bodyBytes} may be`);
  const locals = readLocals(reader, type.parameters);
  const constants = constantSlots(reader.bytes.subarray(reader.position, reader.end));
  const walk: Walk = {
    reader,
    around,
    index,
    count: new DispatchCounter(constants),
    locals,
    values: [],
    frames: [{ opcode: OPCODE.block, height: 0, result: type.result }],
    ended: false,
    most: { values: 0, nesting: 0, callChain: 0 },
  };
  while (walk.frames.length > 0) readInstruction(walk, visit);
  if (!reader.done) refuse("bytes after its end");
  const slots = measure(walk, type, constants);
  if (slots > LIMITS.slots) refuse(`a need of ${slots} slots, of which ${LIMITS.slots} may be`);
  const { values, nesting, callChain } = walk.most;
  return {
    bodyBytes,
    parameters: type.parameters.length,
    values: locals.length + values,
    nesting,
    callChain,
    slots,
    dispatches: walk.count.result,
  };
}

/** Throws ModelError at the first thing that a function of ours may not contain. */
export function checkBody(
  reader: Reader,
  index: number,
  type: FunctionType,
  around: Surroundings,
  visit: Visit,
): Body {
  try {
    return walkBody(reader, index, type, around, visit);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new ModelError(
      `module: function ${index}: expected the integer subset of WebAssembly, found ${error.message}`,
    );
  }
}
