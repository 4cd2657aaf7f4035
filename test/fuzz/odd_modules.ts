/**
 * Seeded modules that are valid, mostly, but not what a compiler would write: any operand where a value is due, locals
 * that change while they lie on the stack, branches from anywhere, and one oddity in three of four. All end: every loop
 * and every function takes fuel.
 */
import { leb } from "../../host/module/sections.ts";
import { type Random, seeded } from "./random.ts";
import {
  ABI_GLOBALS,
  type FunctionShape,
  I32,
  I64,
  type ModuleShape,
  NONE,
  sleb,
  type TypeShape,
  writeModule,
} from "./wasm_writer.ts";

/** What is odd about a module; "none" is within the subset unless it is too large. */
export const ODDITIES = [
  "none",
  "code that is never reached",
  "calls with many results",
  "blocks of types by number",
  "deep blocks",
  "many locals",
  "many operands",
  "chains of calls",
  "many parameters",
  "many functions",
  "calls of later functions",
  "a branch table",
  "a byte changed",
] as const;
export type Oddity = (typeof ODDITIES)[number];

export interface OddModule {
  readonly oddity: Oddity;
  readonly bytes: Uint8Array;
}

const FUEL = ABI_GLOBALS;
const FUEL_UNITS = 300;
const MAX_DEPTH = 6;
const OP = {
  unreachable: 0,
  nop: 1,
  block: 2,
  loop: 3,
  if: 4,
  else: 5,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
} as const;

/** Opcodes by operands and result, without divisions, which would end most modules. */
const UNARY: Readonly<Record<number, readonly (readonly [opcode: number, operand: number])[]>> = {
  [I32]: [
    [0x45, I32],
    [0x67, I32],
    [0x68, I32],
    [0x69, I32],
    [0x50, I64],
    [0xa7, I64],
    [0xc0, I32],
    [0xc1, I32],
  ],
  [I64]: [
    [0x79, I64],
    [0x7a, I64],
    [0x7b, I64],
    [0xac, I32],
    [0xad, I32],
    [0xc2, I64],
    [0xc3, I64],
    [0xc4, I64],
  ],
};
const BINARY: Readonly<Record<number, readonly (readonly [first: number, last: number, operand: number])[]>> =
  {
    [I32]: [
      [0x46, 0x4f, I32],
      [0x51, 0x5a, I64],
      [0x6a, 0x6c, I32],
      [0x71, 0x78, I32],
    ],
    [I64]: [
      [0x7c, 0x7e, I64],
      [0x83, 0x8a, I64],
    ],
  };

interface Label {
  readonly result: number;
  readonly isLoop: boolean;
}

interface Writer {
  readonly random: Random;
  readonly oddity: Oddity;
  readonly types: readonly TypeShape[];
  /** Type of each function. */
  readonly functions: readonly number[];
  readonly globals: readonly number[];
  /** Functions before this one may be called: the number of the one that is written. */
  readonly index: number;
  readonly locals: readonly number[];
  readonly labels: Label[];
  readonly code: number[];
  /** Instructions that may still be written. */
  budget: number;
}

const typeOf = ({ types, functions }: Writer, index: number): TypeShape => types[functions[index]!]!;
const pickType = (random: Random): number => random.pick([I32, I32, I64]);

/** An index of a list where the entry is such; undefined where none is. */
function indexOf<T>(random: Random, list: readonly T[], is: (entry: T) => boolean): number | undefined {
  const found = list.flatMap((entry, i) => (is(entry) ? [i] : []));
  return found.length === 0 ? undefined : random.pick(found);
}

function writeConstant({ code, random }: Writer, type: number): void {
  const value = random.pick([0, 1, -1, 8, 100, random.below(0x7fffffff)]);
  code.push(type === I64 ? 0x42 : 0x41, ...sleb(value));
}

/** An address, mostly within the memory. */
function writeAddress(writer: Writer, depth: number): void {
  writeValue(writer, I32, depth);
  if (writer.random.below(40) > 0) writer.code.push(0x41, ...sleb(63), 0x71);
}

function writeBlock(writer: Writer, opcode: number, result: number, depth: number): void {
  const { code, labels } = writer;
  if (opcode === OP.if) writeValue(writer, I32, depth);
  code.push(opcode, result);
  labels.push({ result, isLoop: opcode === OP.loop });
  if (opcode === OP.loop) writeFuel(writer);
  writeSequence(writer, result, depth);
  if (opcode === OP.if && (result !== NONE || writer.random.below(2) === 0)) {
    code.push(OP.else);
    writeSequence(writer, result, depth);
  }
  labels.pop();
  code.push(OP.end);
}

/** Traps where nothing is left. */
function writeFuel({ code }: Writer): void {
  code.push(0x23, FUEL, 0x45, OP.if, NONE, OP.unreachable, OP.end);
  code.push(0x23, FUEL, 0x41, 1, 0x6b, 0x24, FUEL);
}

function writeCall(writer: Writer, index: number, depth: number): void {
  for (const parameter of typeOf(writer, index).parameters) writeValue(writer, parameter, depth);
  writer.code.push(0x10, ...leb(index));
}

/** Types of the functions that may be called. */
const callable = ({ oddity, functions, index }: Writer): readonly number[] =>
  oddity === "calls of later functions" ? functions : functions.slice(0, index);

/** A call that leaves one value of the type; false where no function does. */
function writeCallOf(writer: Writer, type: number, depth: number): boolean {
  const index = indexOf(writer.random, callable(writer), (entry) => {
    const { results } = writer.types[entry]!;
    return results.length > 0 && results[0] === type;
  });
  if (index === undefined) return false;
  writeCall(writer, index, depth);
  const { results } = typeOf(writer, index);
  for (let extra = results.length; extra > 1; extra--) writer.code.push(0x1a);
  return true;
}

function writeVariable(writer: Writer, type: number): boolean {
  const { random, code, locals, globals } = writer;
  const [global, local] = [
    indexOf(random, globals, (entry) => entry === type),
    indexOf(random, locals, (entry) => entry === type),
  ];
  if (global !== undefined && random.below(4) === 0) code.push(0x23, FUEL + 1 + global);
  else if (local !== undefined) code.push(0x20, ...leb(local));
  else return false;
  return true;
}

function writeTee(writer: Writer, type: number, depth: number): boolean {
  const local = indexOf(writer.random, writer.locals, (entry) => entry === type);
  if (local === undefined) return false;
  writeValue(writer, type, depth);
  writer.code.push(0x22, ...leb(local));
  return true;
}

function writeSelect(writer: Writer, type: number, depth: number): void {
  writeValue(writer, type, depth);
  writeValue(writer, type, depth);
  writeValue(writer, I32, depth);
  writer.code.push(0x1b);
}

function writeArithmetic(writer: Writer, type: number, depth: number): void {
  const { random, code } = writer;
  if (random.below(3) === 0) {
    const [opcode, operand] = random.pick(UNARY[type]!);
    writeValue(writer, operand, depth);
    code.push(opcode);
    return;
  }
  const [first, last, operand] = random.pick(BINARY[type]!);
  writeValue(writer, operand, depth);
  // Amid an operation, with its first operand on the stack.
  if (random.below(4) === 0) writeStatement(writer, depth);
  writeValue(writer, operand, depth);
  code.push(first + random.below(last - first + 1));
}

function writeLoad(writer: Writer, type: number, depth: number): void {
  writeAddress(writer, depth);
  const opcode =
    type === I32 ? writer.random.pick([0x28, 0x2c, 0x2d, 0x2e, 0x2f]) : 0x29 + writer.random.below(1);
  writer.code.push(opcode, 0, ...leb(writer.random.below(40)));
}

/** Leaves one value of the type. */
function writeValue(writer: Writer, type: number, depth: number): void {
  const { random } = writer;
  writer.budget--;
  if (depth <= 0 || writer.budget < 0) {
    if (!writeVariable(writer, type)) writeConstant(writer, type);
    return;
  }
  const next = depth - 1;
  const choice = random.below(12);
  if (choice < 2 && writeVariable(writer, type)) return;
  if (choice === 2 && writeTee(writer, type, next)) return;
  if (choice === 4 && writeCallOf(writer, type, next)) return;
  if (choice === 3) writeSelect(writer, type, next);
  else if (choice === 5) writeBlock(writer, random.pick([OP.block, OP.loop, OP.if, OP.if]), type, next);
  else if (choice === 6) writeLoad(writer, type, next);
  else if (choice === 7) writeConstant(writer, type);
  else writeArithmetic(writer, type, next);
}

function writeStore(writer: Writer, depth: number): void {
  writeAddress(writer, depth);
  const type = pickType(writer.random);
  writeValue(writer, type, depth);
  writer.code.push(
    type === I32 ? writer.random.pick([0x36, 0x3a, 0x3b]) : writer.random.pick([0x37, 0x3c, 0x3e]),
  );
  writer.code.push(0, ...leb(writer.random.below(40)));
}

function writeSet(writer: Writer, depth: number): void {
  const { random, code, locals, globals } = writer;
  if (locals.length > 0 && random.below(4) > 0) {
    const local = random.below(locals.length);
    writeValue(writer, locals[local]!, depth);
    code.push(0x21, ...leb(local));
  } else if (globals.length > 0) {
    const global = random.below(globals.length);
    writeValue(writer, globals[global]!, depth);
    code.push(0x24, FUEL + 1 + global);
  }
}

function writeBranchIf(writer: Writer, depth: number): void {
  const { random, labels, code } = writer;
  const out = random.below(labels.length);
  const label = labels[labels.length - 1 - out]!;
  const takes = label.isLoop ? NONE : label.result;
  if (takes !== NONE) writeValue(writer, takes, depth);
  writeValue(writer, I32, depth);
  code.push(OP.brIf, ...leb(out));
  if (takes !== NONE) code.push(0x1a);
}

function writeDrop(writer: Writer, depth: number): void {
  writeValue(writer, pickType(writer.random), depth);
  writer.code.push(0x1a);
}

function writeVoidCall(writer: Writer, depth: number): void {
  const callee = indexOf(
    writer.random,
    callable(writer),
    (entry) => writer.types[entry]!.results.length === 0,
  );
  if (callee !== undefined) writeCall(writer, callee, depth);
}

/** Leaves the stack as it is. */
function writeStatement(writer: Writer, depth: number): void {
  const { random, code } = writer;
  writer.budget--;
  if (depth <= 0 || writer.budget < 0) {
    code.push(OP.nop);
    return;
  }
  const next = depth - 1;
  const choice = random.below(10);
  if (choice < 3) writeSet(writer, next);
  else if (choice < 5) writeStore(writer, next);
  else if (choice < 7) writeBlock(writer, random.pick([OP.block, OP.loop, OP.if]), NONE, next);
  else if (choice === 7) writeBranchIf(writer, next);
  else if (choice === 8) writeDrop(writer, next);
  else writeVoidCall(writer, next);
}

/** Ends a block by leaving it. */
function writeLeave(writer: Writer, depth: number): void {
  const { random, labels, code } = writer;
  if (random.below(4) === 0) {
    code.push(OP.unreachable);
    return;
  }
  const out = random.below(labels.length);
  const label = labels[labels.length - 1 - out]!;
  if (!label.isLoop && label.result !== NONE) writeValue(writer, label.result, depth);
  if (writer.oddity === "a branch table" && !label.isLoop)
    code.push(0x41, ...sleb(random.below(3)), 0x0e, 2, ...leb(out), ...leb(out), ...leb(out));
  else code.push(OP.br, ...leb(out));
}

/** What no value ever gets to, but has to be valid all the same. */
function writeDead(writer: Writer): void {
  const dead = [
    [0x1a],
    [0x1b, 0x1a],
    [0x6a, 0x1a],
    [0x41, 0, 0x1a],
    [0x02, NONE, 0x0b],
    [0x02, I32, 0x00, 0x0b, 0x1a],
  ];
  for (let count = 1 + writer.random.below(4); count > 0; count--)
    writer.code.push(...writer.random.pick(dead));
}

/** The inside of a block: statements, then a result, or a branch out. */
function writeSequence(writer: Writer, result: number, depth: number): void {
  const { random } = writer;
  for (let count = random.below(3); count > 0; count--) writeStatement(writer, depth - 1);
  if (random.below(6) === 0) {
    writeLeave(writer, depth - 1);
    if (writer.oddity === "code that is never reached") {
      writeDead(writer);
      if (result !== NONE && random.below(2) === 0) writeConstant(writer, result);
    }
    return;
  }
  if (result !== NONE) writeValue(writer, result, depth - 1);
}

const times = (count: number, ...code: number[]): number[] =>
  Array.from({ length: count }, () => code).flat();

/** The oddity, as a statement. */
function writeOddity(writer: Writer): void {
  const { oddity, random, code } = writer;
  if (oddity === "deep blocks") {
    const depth = 15 + random.below(200);
    code.push(...times(depth, random.pick([OP.block, OP.loop]), NONE), ...times(depth, OP.end));
  }
  if (oddity === "many operands") {
    const count = 20 + random.below(120);
    for (let i = 0; i < count; i++) if (!writeVariable(writer, I32)) writeConstant(writer, I32);
    writeStatement(writer, 3);
    code.push(...times(count - 1, random.pick([0x6a, 0x73])), 0x1a);
  }
  if (oddity === "chains of calls") {
    const index = indexOf(random, callable(writer), (entry) => entry === 1);
    if (index === undefined) return;
    writeValue(writer, I32, 2);
    code.push(...times(2 + random.below(100), 0x10, ...leb(index)), 0x1a);
  }
  if (oddity === "blocks of types by number") {
    code.push(0x41, 0, random.pick([OP.block, OP.loop]), 1, OP.end, 0x1a, OP.block, 0, 0x41, 0, OP.end, 0x1a);
  }
}

function drawTypes(random: Random, oddity: Oddity): TypeShape[] {
  const many = oddity === "many parameters" ? 20 + random.below(30) : 5;
  const list = (most: number): number[] =>
    Array.from({ length: random.below(most + 1) }, () => pickType(random));
  const results = (): number[] =>
    oddity === "calls with many results" ? list(40) : random.below(2) === 0 ? [pickType(random)] : [];
  const own = Array.from({ length: 1 + random.below(3) }, () => ({
    parameters: list(many),
    results: results(),
  }));
  return [{ parameters: [], results: [I32] }, { parameters: [I32], results: [I32] }, ...own];
}

function drawFunction(base: Omit<Writer, "locals" | "labels" | "code" | "budget">): FunctionShape {
  const { random, oddity, types, functions, index } = base;
  const type = functions[index]!;
  const { parameters, results } = types[type]!;
  const groups = random.below(4);
  const most = oddity === "many locals" ? 90 : 6;
  const locals = Array.from({ length: groups }, () => [random.below(most), pickType(random)] as const);
  const writer: Writer = {
    ...base,
    locals: [...parameters, ...locals.flatMap(([count, local]) => Array<number>(count).fill(local))],
    labels: [],
    code: [],
    budget: 60,
  };
  writeFuel(writer);
  if (results.length > 1) for (const result of results) writeValue(writer, result, 0);
  else {
    const result = results[0] ?? NONE;
    writer.labels.push({ result, isLoop: false });
    writeOddity(writer);
    writeSequence(writer, result, MAX_DEPTH);
  }
  return { type, locals, code: [...writer.code, OP.end] };
}

/** The module of a seed: the same on every machine. */
export function oddModule(seed: string): OddModule {
  const random = seeded(seed);
  const oddity = random.below(4) === 0 ? "none" : random.pick(ODDITIES);
  const types = drawTypes(random, oddity);
  const count = oddity === "many functions" ? 200 + random.below(100) : 1 + random.below(4);
  const functions = [...Array.from({ length: count }, () => random.below(types.length)), 0];
  const globals = Array.from({ length: random.below(3) }, () => pickType(random));
  const base = { random, oddity, types, functions, globals };
  const few = functions.length < 10;
  const shape: ModuleShape = {
    types,
    functions: functions.map((type, i) =>
      few || i >= functions.length - 3
        ? drawFunction({ ...base, index: i })
        : {
            type,
            code: [...types[type]!.results.flatMap((result) => [result === I64 ? 0x42 : 0x41, 0]), OP.end],
          },
    ),
    globals: [
      { type: I32, value: FUEL_UNITS },
      ...globals.map((type) => ({ type, value: random.below(1000) })),
    ],
  };
  const bytes = writeModule(shape);
  if (oddity === "a byte changed") bytes[8 + random.below(bytes.length - 8)] = random.below(256);
  return { oddity, bytes };
}
