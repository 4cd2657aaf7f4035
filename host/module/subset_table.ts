/**
 * The contents that a module may have: the one table behind `subset.ts` on the host and `firmware/core/module_scan.c` on a
 * device. After a change here, `node dist/host/module/subset_header.js` after a build writes the C header.
 *
 * The limits are what the emitter needs with room to spare (test/module/subset_limits.slow.test.ts says how much),
 * and what wasm3 of 2022, which checks none of this, can take: see firmware/SECURITY.md, section 4.
 */

/** Most of each thing in a module, and in a function of it. */
export const LIMITS = {
  /** Below 128, so that a type's number is one byte. */
  types: 64,
  functions: 256,
  globals: 512,
  exports: 1024,
  segments: 256,
  /** Parameters of a function type: PARAMETERS_MOST of firmware/core/bind.c. */
  parameters: 32,
  /** Bytes of one function, its local declarations included. */
  bodyBytes: 16384,
  /**
   * Parameters, locals, operands and results of open blocks at one time: d_m3MaxFunctionStackHeight of
   * firmware/core/wasm3.flags.
   */
  values: 80,
  /**
   * Slots of 32 bits: wasm3's d_m3MaxFunctionSlots. Results of calls and blocks take theirs without a check; for
   * everything else wasm3 would refuse the function (`slotsOf`).
   */
  slots: 160,
  /** Most slots that wasm3 sets aside for a function's constants: d_m3MaxConstantTableSize of wasm3.flags. */
  constantSlots: 64,
  /** Calls, each the argument of the next: wasm3 lays every result above the one before. */
  callChain: 8,
  /** Blocks, loops and ifs in one another: each is a call of C while wasm3 compiles, each loop one while it runs. */
  nesting: 24,
} as const;

export type ValueType = "i32" | "i64";

/** Instructions from `first` to `last` that pop `operands`, the last from the top, and push `result`. */
export interface Plain {
  readonly first: number;
  readonly last: number;
  readonly operands: readonly ValueType[];
  readonly result: ValueType | undefined;
  /** Whether an alignment and an offset follow. */
  readonly memory: boolean;
}

const plain = (first: number, last: number, operands: string, result?: ValueType): Plain => ({
  first,
  last,
  operands: operands.split(" ") as ValueType[],
  result,
  memory: first >= 0x28 && first <= 0x3e,
});

/** WebAssembly core specification 2.0, section 5.4, by rising opcode; in between lie floats. */
export const PLAIN: readonly Plain[] = [
  plain(0x28, 0x28, "i32", "i32"), // i32.load
  plain(0x29, 0x29, "i32", "i64"), // i64.load
  plain(0x2c, 0x2f, "i32", "i32"), // i32.load8_s ... i32.load16_u
  plain(0x30, 0x35, "i32", "i64"), // i64.load8_s ... i64.load32_u
  plain(0x36, 0x36, "i32 i32"), // i32.store
  plain(0x37, 0x37, "i32 i64"), // i64.store
  plain(0x3a, 0x3b, "i32 i32"), // i32.store8, i32.store16
  plain(0x3c, 0x3e, "i32 i64"), // i64.store8 ... i64.store32
  plain(0x45, 0x45, "i32", "i32"), // i32.eqz
  plain(0x46, 0x4f, "i32 i32", "i32"), // i32.eq ... i32.ge_u
  plain(0x50, 0x50, "i64", "i32"), // i64.eqz
  plain(0x51, 0x5a, "i64 i64", "i32"), // i64.eq ... i64.ge_u
  plain(0x67, 0x69, "i32", "i32"), // i32.clz, i32.ctz, i32.popcnt
  plain(0x6a, 0x78, "i32 i32", "i32"), // i32.add ... i32.rotr
  plain(0x79, 0x7b, "i64", "i64"), // i64.clz, i64.ctz, i64.popcnt
  plain(0x7c, 0x8a, "i64 i64", "i64"), // i64.add ... i64.rotr
  plain(0xa7, 0xa7, "i64", "i32"), // i32.wrap_i64
  plain(0xac, 0xad, "i32", "i64"), // i64.extend_i32_s, i64.extend_i32_u
  plain(0xc0, 0xc1, "i32", "i32"), // i32.extend8_s, i32.extend16_s
  plain(0xc2, 0xc4, "i64", "i64"), // i64.extend8_s ... i64.extend32_s
];

/** Instructions with rules of their own. */
export const OPCODE = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  return: 0x0f,
  call: 0x10,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i64Const: 0x42,
  bulk: 0xfc,
} as const;

/** The operation behind `OPCODE.bulk`, in one byte. */
export const BULK = { memoryCopy: 10, memoryFill: 11 } as const;

/**
 * Native stack of wasm3's operations in frames: of a plain operation with all that it calls, 16 bytes on rv32, 32 on windowed
 * Xtensa, up to 40 on Thumb-1. Read off GCC's -fstack-usage at -Os, -O2 and -O3; `frames.test.ts` does so again.
 */
export const FRAMES = {
  /** op_Entry, below which a function runs. */
  entry: 2,
  /** op_Loop, below which a loop and all that follows it run. */
  loop: 2,
  /** op_Call with what it calls. */
  call: 3,
  /** op_MemCopy, op_MemFill. */
  bulk: 2,
  /** Loads and stores: where words lie at even addresses only, wasm3's copy the value. */
  memory: 2,
  /** Plain operations with more than one, from the first opcode to the last. */
  wide: [
    { first: 0x28, last: 0x3e, frames: 2 }, // loads and stores: FRAMES.memory
    { first: 0x67, last: 0x69, frames: 2 }, // i32.clz, i32.ctz, i32.popcnt
    { first: 0x79, last: 0x7b, frames: 2 }, // i64.clz, i64.ctz, i64.popcnt
    { first: 0x89, last: 0x8a, frames: 3 }, // i64.rotl, i64.rotr
  ],
  /**
   * Operations that fill a page of wasm3's code (d_m3CodePageAlignSize of wasm3.flags) at the least: 245 words, of which
   * an operation takes 5 at most. Each page ends with one more operation, the jump to the next.
   */
  operationsOfPage: 48,
  /** An image's check, which ends with that of its signature: 2132 bytes on rv32. */
  check: 150,
  /** wasm3's compiler, and a call of it for each block in another: 3220 bytes for 12 of them. */
  compile: 64,
  nested: 16,
  /** A native kernel in the place of a function, with what calls it: 736 bytes on rv32 for a convolution. */
  native: 48,
  /** Frames above the module's first one, also where a self-test runs while it is opened, and below its last. */
  run: 30,
} as const;

/** Types as a module writes them. */
export const TYPE_BYTE = { i32: 0x7f, i64: 0x7e, none: 0x40 } as const;

/**
 * Slots that wasm3 sets aside for constants: it takes every byte of the code for one that looks like its opcode, as far
 * as there is room, and rounds up to whole pairs.
 */
export function constantSlots(code: Uint8Array): number {
  let slots = 0;
  for (const byte of code) {
    const wide = byte === 0x42 || byte === 0x44;
    const more = wide ? 2 : byte === 0x41 || byte === 0x43 ? 1 : 0;
    if (slots + more >= LIMITS.constantSlots) break;
    slots += more;
  }
  return slots + (slots & 1);
}

/** The counts that decide how many slots a function needs. */
export interface SlotNeeds {
  readonly results: number;
  readonly parameters: number;
  /** Types of the locals without the parameters. */
  readonly locals: readonly ValueType[];
  readonly constants: number;
  /** The most operands at a time, and results that open blocks will have. */
  readonly operands: number;
  /** The longest chain of calls: see LIMITS.callChain. */
  readonly chain: number;
}

/**
 * Slots that wasm3 may hand out in a function: results, parameters and locals, constants, then a pair for each operand,
 * which it places in the lowest that is free; but the result of a call above all that are taken.
 */
export function slotsOf({ results, parameters, locals, constants, operands, chain }: SlotNeeds): number {
  const own = locals.reduce((slots, type) => (type === "i64" ? slots + (slots & 1) + 2 : slots + 1), 0);
  return 2 * (results + parameters) + own + (own & 1) + constants + 2 * (operands + chain);
}
