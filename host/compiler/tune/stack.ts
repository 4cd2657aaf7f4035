/** Native stack of a built module on the board that it was tuned to. */
import { type BoardProfile, stackFault } from "../../firmware/boards.ts";
import { nativeStackOf, type StackNeed, stackBytes } from "../../module/native_stack.ts";
import { isNativeExport } from "../plan/kernels.ts";
import type { ByKernels } from "./cost.ts";
import type { Tuning } from "./tune.ts";

export interface BuiltTuning extends Tuning {
  /** Native stack that the module may take, with native kernels and without. */
  readonly stackBytes: ByKernels;
}

/** The C stack that predictions of RAM have in them: it was measured where the compiler makes sibling calls. */
const PREDICTED: StackNeed = { nesting: 0, withSiblingCalls: 0, withoutSiblingCalls: 0 };
const predictedBytes = ({ frameBytes }: BoardProfile): number =>
  stackBytes(PREDICTED, { siblingCalls: true, frameBytes: Math.min(frameBytes, 16) });

/** The tuning with the stack that is known once the module is compiled, in RAM and among the warnings. */
export function withStack(tuning: Tuning, module: Uint8Array): BuiltTuning {
  const { board, ramBytes } = tuning;
  const stack = nativeStackOf(module, isNativeExport);
  const fault = stackFault(stack, board);
  const bytes = { native: stackBytes(stack.native, board), portable: stackBytes(stack.portable, board) };
  const more = (of: number): number => (board.siblingCalls ? 0 : Math.max(0, of - predictedBytes(board)));
  return {
    ...tuning,
    stackBytes: bytes,
    ramBytes: {
      native: ramBytes.native + more(bytes.native),
      portable: ramBytes.portable + more(bytes.portable),
    },
    warnings: [...tuning.warnings, ...(fault === undefined ? [] : [fault])],
  };
}
