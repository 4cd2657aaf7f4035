/**
 * The server's part of a module: runs rows of real values through a module whose memory it shares, by the
 * module's own kernels and, in the place of some, by ones with SIMD that give the same bytes. It is never
 * part of a device's file. `host/runtime/model/server.ts` links the two and writes the plan.
 */
import { convolve, prepareConvolution } from "./convolution";
import { dense, prepareDense, prepareDensePerChannel } from "./dense";
import { depthwise, prepareDepthwise } from "./depthwise";
import { giveRoom, roomBegins } from "./memory";
import { hasNan, readReal, Tensor, writeReal } from "./values";

/** A module's whole inference. */
@external("module", "invoke")
declare function invoke(): i32;

/** Of steps: a kernel of the module, or of ours from 1 on. */
const MODULE: i32 = 0;
const CONVOLUTION: i32 = 1;
const DEPTHWISE: i32 = 2;
const DENSE: i32 = 3;
const DENSE_PER_CHANNEL: i32 = 4;

@unmanaged
class Step {
  twin: i32;
  /** What `prepare` made, or the block of the module's kernel. */
  place: usize;
  /** The module's kernel, by number. */
  kernel: i32;
}

@unmanaged
class Plan {
  inputs: usize;
  inputCount: i32;
  outputs: usize;
  outputCount: i32;
  steps: usize;
  /** 0 where `invoke` is called. */
  stepCount: i32;
}

export { giveRoom, roomBegins };

/** What the twin makes of a block of arguments; 0 where it can't take it. */
export function prepare(twin: i32, block: usize): usize {
  if (twin == CONVOLUTION) return prepareConvolution(block);
  if (twin == DEPTHWISE) return prepareDepthwise(block);
  if (twin == DENSE) return prepareDense(block);
  if (twin == DENSE_PER_CHANNEL) return prepareDensePerChannel(block);
  return 0;
}

// @ts-ignore: decorator
@inline
function run(step: Step): void {
  const place: usize = step.place;
  switch (step.twin) {
    case CONVOLUTION:
      return convolve(place);
    case DEPTHWISE:
      return depthwise(place);
    case DENSE:
    case DENSE_PER_CHANNEL:
      return dense(place);
    default:
      // The table is the host's, with the module's kernels.
      return call_indirect<void>(step.kernel, place);
  }
}

// @ts-ignore: decorator
@inline
function infer(plan: Plan): i32 {
  if (plan.stepCount == 0) return invoke();
  let step: usize = plan.steps;
  for (let i: i32 = 0; i < plan.stepCount; i++, step += offsetof<Step>()) run(changetype<Step>(step));
  return 0;
}

/** An inference on what the inputs hold. */
export function inferRaw(place: usize): i32 {
  return infer(changetype<Plan>(place));
}

/**
 * Rows of real values, float32, one after the other, to rows of outputs. 0; -1 - i where row number i has a
 * value that is not a number and must be one; or the status with which an inference ended.
 */
export function runRows(place: usize, input: usize, output: usize, rows: i32): i32 {
  const plan = changetype<Plan>(place);
  for (let row: i32 = 0; row < rows; row++) {
    let at: usize = input;
    let tensor: usize = plan.inputs;
    for (let i: i32 = 0; i < plan.inputCount; i++, tensor += offsetof<Tensor>()) {
      const each = changetype<Tensor>(tensor);
      if (each.refuses && hasNan(at, each.length)) return -1 - row;
      at += <usize>each.length << 2;
    }
    tensor = plan.inputs;
    for (let i: i32 = 0; i < plan.inputCount; i++, tensor += offsetof<Tensor>()) {
      const each = changetype<Tensor>(tensor);
      writeReal(each, input);
      input += <usize>each.length << 2;
    }
    const status: i32 = infer(plan);
    if (status != 0) return status;
    tensor = plan.outputs;
    for (let i: i32 = 0; i < plan.outputCount; i++, tensor += offsetof<Tensor>()) {
      const each = changetype<Tensor>(tensor);
      readReal(each, output);
      output += <usize>each.length << 2;
    }
  }
  return 0;
}
