/**
 * Native stack that a module takes while it runs in wasm3, from its bytes: firmware/SPEC.md, section 2. No function calls
 * itself or one behind it, so the deepest chain of calls is known.
 */
import type { Dispatches, Frames } from "./dispatches.ts";
import { type Export, readExports } from "./sections.ts";
import { type Body, checkSubset } from "./subset.ts";
import { FRAMES } from "./subset_table.ts";

/** The most that a device needs: blocks in one another while wasm3 compiles, and frames while the module runs. */
export interface StackNeed extends Frames {
  readonly nesting: number;
}

/** With native kernels in the place of the module's own, and with none. */
export interface NativeStack {
  readonly native: StackNeed;
  readonly portable: StackNeed;
}

const ENTRIES = ["invoke", "self_test"];
const KERNEL = "kernel.";

/** The deepest chain below each function; one that is replaced by a native kernel has that one's frames. */
function chains(bodies: readonly Body[], replaced: ReadonlySet<number>): Frames[] {
  const deepest: Frames[] = [];
  const through = ({ calls, ...own }: Dispatches, of: (frames: Frames) => number): number =>
    Math.max(of(own), ...calls.map((call) => of(call) + of(deepest[call.callee]!)));
  bodies.forEach(({ dispatches }, index) => {
    deepest.push(
      replaced.has(index)
        ? { withSiblingCalls: FRAMES.native, withoutSiblingCalls: FRAMES.native }
        : {
            withSiblingCalls: through(dispatches, (frames) => frames.withSiblingCalls),
            withoutSiblingCalls: through(dispatches, (frames) => frames.withoutSiblingCalls),
          },
    );
  });
  return deepest;
}

/** The entries and all that they call, but for functions that are replaced. */
function reached(
  bodies: readonly Body[],
  entries: readonly number[],
  replaced: ReadonlySet<number>,
): Set<number> {
  const found = new Set(entries);
  for (let index = bodies.length - 1; index >= 0; index--) {
    if (!found.has(index) || replaced.has(index)) continue;
    for (const { callee } of bodies[index]!.dispatches.calls) found.add(callee);
  }
  return new Set([...found].filter((index) => !replaced.has(index)));
}

function needOf(
  bodies: readonly Body[],
  entries: readonly number[],
  replaced: ReadonlySet<number>,
): StackNeed {
  const deepest = chains(bodies, replaced);
  const most = (of: (frames: Frames) => number): number =>
    Math.max(0, ...entries.map((index) => of(deepest[index]!)));
  const nesting = Math.max(
    0,
    ...[...reached(bodies, entries, replaced)].map((index) => bodies[index]!.nesting),
  );
  return {
    nesting,
    withSiblingCalls: most((frames) => frames.withSiblingCalls),
    // Besides the pages that a function fills, it may pass through those that others left half empty: one, and as many
    // as blocks lay in one another, since each `else` is put on another page.
    withoutSiblingCalls: most((frames) => frames.withoutSiblingCalls) + nesting + 1,
  };
}

const isKernel = (name: string): boolean => name.startsWith(KERNEL);

/** The native stack of a module with these functions, which `checkSubset` has read, and exports. */
export function stackOfBodies(
  bodies: readonly Body[],
  exports: readonly Export[],
  isReplaced = isKernel,
): NativeStack {
  const functions = exports.filter(({ kind, index }) => kind === "func" && index < bodies.length);
  const indicesOf = (wanted: (name: string) => boolean): number[] =>
    functions.filter(({ name }) => wanted(name)).map(({ index }) => index);
  const entries = indicesOf((name) => ENTRIES.includes(name));
  return {
    native: needOf(bodies, entries, new Set(indicesOf(isReplaced))),
    portable: needOf(bodies, entries, new Set()),
  };
}

/**
 * The native stack of a module; `isReplaced` tells of an export whether a device has a native kernel for it, and is by
 * default true for all kernels. Throws ModelError where the module is not of the subset.
 */
export const nativeStackOf = (module: Uint8Array, isReplaced?: (name: string) => boolean): NativeStack =>
  stackOfBodies(checkSubset(module).bodies, readExports(module), isReplaced);

/** How a machine's compiler builds wasm3. */
export interface StackModel {
  /** Whether calls at a function's end reuse its frame: not on windowed Xtensa (ESP32, S2, S3) and Thumb-1. */
  readonly siblingCalls: boolean;
  /** Bytes of the frame of one of wasm3's operations, where it has one. */
  readonly frameBytes: number;
}

/** Bytes of native stack below thimble_open and thimble_invoke: `thimble_stack_needed` of firmware/core/native_stack.c. */
export function stackBytes(need: StackNeed, { siblingCalls, frameBytes }: StackModel): number {
  const compile = FRAMES.compile + FRAMES.nested * need.nesting;
  const run = FRAMES.run + (siblingCalls ? need.withSiblingCalls : need.withoutSiblingCalls);
  return frameBytes * Math.max(compile, run, FRAMES.check);
}
