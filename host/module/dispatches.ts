/**
 * Native stack that a function takes in wasm3, counted along its longest path. wasm3 makes of each instruction one
 * operation, a function of C that calls the next one. Where the compiler makes these calls sibling calls, only a loop, the
 * entry of a function and a call that is under way keep a frame. Where it makes none (windowed Xtensa, Thumb-1), every
 * operation keeps its frame until its function returns or its loop begins anew.
 *
 * The count includes what wasm3's compiler adds: copies of values that have to leave its one register, of arguments and
 * results, and of locals that lie on the stack where a block begins. `firmware/core/function_scan.c` counts the same.
 */
import { FRAMES, OPCODE } from "./subset_table.ts";

/** Frames along a path: a unit is the frame of a plain operation (16 bytes on rv32, 32 on windowed Xtensa). */
export interface Frames {
  readonly withSiblingCalls: number;
  readonly withoutSiblingCalls: number;
}

/** A call: of which function, and the frames that are open while that runs. */
export interface CallSite extends Frames {
  readonly callee: number;
}

/** The most frames of a function without those of the functions that it calls, and where it calls. */
export interface Dispatches extends Frames {
  readonly calls: readonly CallSite[];
}

const NONE: Frames = { withSiblingCalls: 0, withoutSiblingCalls: 0 };

const longer = (a: Frames, b: Frames): Frames => ({
  withSiblingCalls: Math.max(a.withSiblingCalls, b.withSiblingCalls),
  withoutSiblingCalls: Math.max(a.withoutSiblingCalls, b.withoutSiblingCalls),
});

const framesOf = (opcode: number): number =>
  FRAMES.wide.find(({ first, last }) => opcode >= first && opcode <= last)?.frames ?? 1;

/** Operations of a path, and how many of its code pages wasm3 fills with them: each page ends with a jump to the next. */
const withPages = (frames: Frames): Frames => ({
  ...frames,
  withoutSiblingCalls:
    frames.withoutSiblingCalls + Math.floor(frames.withoutSiblingCalls / FRAMES.operationsOfPage),
});

/** Paths through one block. */
interface Block {
  readonly opcode: number;
  /** The longest path to its end. */
  end: Frames;
  /** The path behind the operation of an `if`, from where its `else` begins. */
  readonly begin: Frames;
}

/**
 * Counts while `function_body.ts` walks a body; it says what every instruction does with the stack of operands. Heights
 * are numbers of values on that stack.
 */
export class DispatchCounter {
  private path: Frames = {
    withSiblingCalls: FRAMES.entry,
    withoutSiblingCalls: FRAMES.entry,
  };
  private most: Frames = this.path;
  private readonly calls: CallSite[] = [];
  private readonly blocks: Block[] = [{ opcode: OPCODE.block, end: NONE, begin: NONE }];
  /** Height above the value that is in wasm3's register; 0 where none is. */
  private register = 0;
  /** Slots for constants that are left. */
  private constantSlots: number;

  constructor(constantSlots: number) {
    this.constantSlots = constantSlots;
  }

  /** Counts operations, each of which keeps `frames`. */
  private run(operations: number, frames = 1): void {
    const { withSiblingCalls, withoutSiblingCalls } = this.path;
    this.path = { withSiblingCalls, withoutSiblingCalls: withoutSiblingCalls + operations * frames };
    this.most = longer(this.most, this.path);
  }

  /** Puts the value that is in the register into a slot. */
  private preserve(): void {
    if (this.register > 0) this.run(1);
    this.register = 0;
  }

  /** The value on top has gone. */
  pop(heightBefore: number): void {
    if (this.register === heightBefore) this.register = 0;
  }

  /** An operation that takes so many values from the top, before they are popped. */
  operate(opcode: number, height: number, operands: number): void {
    if (this.register <= height - operands) this.preserve();
    this.run(1, framesOf(opcode));
  }

  /** The result of an operation is on top. */
  produce(height: number): void {
    this.register = height;
  }

  /** `local.set`, `local.tee`, `global.get`, `global.set`, `unreachable`: one operation that needs no register. */
  move(): void {
    this.run(1);
  }

  constant(slots: number): void {
    // A pair lies at an even slot.
    const taken = slots === 2 ? 2 + (this.constantSlots & 1) : 1;
    if (taken <= this.constantSlots) this.constantSlots -= taken;
    else this.run(1);
  }

  /** `memory.copy` and `memory.fill`, or a condition: the value on top has to be in the register. */
  private load(height: number): void {
    if (this.register === height) return;
    this.preserve();
    this.run(1);
  }

  bulk(height: number): void {
    this.load(height);
    this.run(1, FRAMES.bulk);
  }

  call(callee: number, parameters: number): void {
    this.run(parameters);
    const { withSiblingCalls, withoutSiblingCalls } = this.path;
    const open = { withSiblingCalls: withSiblingCalls + FRAMES.call, withoutSiblingCalls };
    this.run(1, FRAMES.call);
    this.calls.push({
      callee,
      ...withPages({ ...open, withoutSiblingCalls: this.path.withoutSiblingCalls }),
    });
  }

  /** `block`, `loop`, `if`, with its condition still there; `own` are the innermost block's values. */
  enter(opcode: number, height: number, own: number): void {
    const kept = opcode === OPCODE.if && this.register === height ? height : 0;
    const locals = own - (this.register > 0 ? 1 : 0);
    if (this.register !== kept) this.preserve();
    this.run(locals);
    if (opcode === OPCODE.if) this.run(1);
    if (opcode === OPCODE.loop) {
      this.run(1, FRAMES.loop);
      this.path = { ...this.path, withSiblingCalls: this.path.withSiblingCalls + FRAMES.loop };
      this.most = longer(this.most, this.path);
    }
    this.blocks.push({ opcode, end: NONE, begin: this.path });
  }

  /** The end of a block's first or second half; `ended` where nothing gets there. */
  private finish(ended: boolean, hasResult: boolean): Block {
    const block = this.blocks.at(-1)!;
    if (!ended) {
      if (hasResult) this.run(1);
      if (block.opcode === OPCODE.else) this.run(1);
      block.end = longer(block.end, this.path);
    }
    this.register = 0;
    return block;
  }

  otherwise(ended: boolean, hasResult: boolean): void {
    const { end, begin } = this.finish(ended, hasResult);
    this.blocks[this.blocks.length - 1] = { opcode: OPCODE.else, end, begin };
    this.path = begin;
  }

  end(ended: boolean, hasResult: boolean): void {
    const { opcode, end, begin } = this.finish(ended, hasResult);
    this.path = opcode === OPCODE.if ? longer(end, begin) : end;
    this.blocks.pop();
    if (this.blocks.length === 0) this.run(1);
  }

  /** `br` and `return`: a copy of the result, then the jump. */
  leave(depth: number, hasResult: boolean): void {
    const block = this.blocks[this.blocks.length - 1 - depth]!;
    this.run(hasResult ? 2 : 1);
    if (block.opcode !== OPCODE.loop) block.end = longer(block.end, this.path);
  }

  branchIf(depth: number, height: number, hasResult: boolean): void {
    const block = this.blocks[this.blocks.length - 1 - depth]!;
    if (block.opcode === OPCODE.loop) this.load(height);
    this.run(1);
    const onwards = this.path;
    if (hasResult || depth === this.blocks.length - 1) this.leave(depth, hasResult);
    else if (block.opcode !== OPCODE.loop) block.end = longer(block.end, this.path);
    this.path = onwards;
  }

  get result(): Dispatches {
    return { ...withPages(this.most), calls: this.calls };
  }
}
