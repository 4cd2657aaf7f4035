/** Runs in the firmware that compare the native stack that was taken with the bound that was counted before. */
import assert from "node:assert/strict";
import type { FirmwareOptions } from "../../host/firmware/qemu_build.ts";
import { type FirmwareResult, runFirmware } from "../../host/firmware/qemu_run.ts";
import { generateKey, rawPublicKey } from "../../host/image/keys.ts";
import type { Vector } from "../../host/ir/graph.ts";
import { flashOf } from "../../host/runtime/engines/qemu.ts";

/** How the firmware is built, and what it has; frames have 16 bytes on rv32. */
export interface StackRun extends FirmwareOptions {
  readonly native: boolean;
  /** Native stack of the device; default all that the machine has. */
  readonly nativeStack?: number;
}

const key = generateKey();

/** Runs vectors, whatever comes of it. */
export const runOnStack = (
  module: Uint8Array,
  vectors: readonly Vector[],
  { native, nativeStack, ...build }: StackRun,
): Promise<FirmwareResult> =>
  runFirmware({
    flash: flashOf(module, key),
    keys: [rawPublicKey(key)],
    vectors,
    portableOnly: !native,
    build,
    ...(nativeStack !== undefined && { nativeStack }),
  });

/** Bytes that were taken below thimble_open and thimble_invoke. */
export const taken = ({ statistics: s }: FirmwareResult): number =>
  Math.max(s.openStack - s.openAbove, s.invokeStack - s.invokeAbove);

/**
 * Runs vectors and checks that the stack taken is within the bound; the outputs. Throws where the model is refused or
 * fails.
 */
export async function runWithinBound(
  module: Uint8Array,
  vectors: readonly Vector[],
  run: StackRun,
): Promise<FirmwareResult> {
  const result = await runOnStack(module, vectors, run);
  assert.equal(result.status, 0, result.statusText);
  const bound = result.statistics.stackBytes;
  assert.ok(taken(result) <= bound, `expected at most ${bound} bytes of stack, found ${taken(result)}`);
  return result;
}
