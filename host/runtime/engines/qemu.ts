/** Modules in the firmware, on emulated microcontrollers: host/firmware/qemu_machines.ts. */
import type { KeyObject } from "node:crypto";
import { type FirmwareOptions, firmwareAvailability, machineOf } from "../../firmware/qemu_build.ts";
import { type FirmwareResult, runFirmware } from "../../firmware/qemu_run.ts";
import { composeFlash, flashPieces } from "../../image/flash.ts";
import { generateKey, rawPublicKey } from "../../image/keys.ts";
import { defaultTable, QEMU_FLASH, SLOT_ALIGNMENT } from "../../image/layout.ts";
import { readNeeds } from "../../image/module.ts";
import { writeImage } from "../../image/write_image.ts";
import type { Vector } from "../../ir/graph.ts";
import { checkVectors, type Engine, EngineError, type RunLimits } from "../../module/engine.ts";

export type QemuOptions = FirmwareOptions & {
  /** Whether native kernels take the place of the module's own; default true. */
  readonly native?: boolean;
  /** RAM for the model; default: all that the machine has. */
  readonly ramBytes?: number;
};

let throwAwayKey: KeyObject | undefined;

/** A flash image with this module in the first slot, signed by `key`. Throws ImageError or ModelError. */
export function flashOf(module: Uint8Array, key: KeyObject): Uint8Array {
  const bytes = writeImage({ body: module, key, version: "0.0.0", ...readNeeds(module) });
  const slotBytes = Math.ceil(bytes.length / SLOT_ALIGNMENT) * SLOT_ALIGNMENT;
  const table = defaultTable(QEMU_FLASH, 1, slotBytes);
  const end = Math.max(...table.map(({ offset, size }) => offset + size));
  return composeFlash(flashPieces(table, [{ file: "module", bytes }]), end);
}

const fail = (options: QemuOptions, message: string, cause?: unknown): never => {
  throw new EngineError(machineOf(options).engine, message, { cause });
};

function signedFlash(options: QemuOptions, module: Uint8Array, key: KeyObject): Uint8Array {
  try {
    return flashOf(module, key);
  } catch (error) {
    return fail(
      options,
      `malformed module: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
}

interface Task {
  readonly vectors: readonly Vector[];
  readonly skipSelfTest: boolean;
  readonly limits: RunLimits;
}

async function start(
  options: QemuOptions,
  module: Uint8Array,
  { vectors, skipSelfTest, limits }: Task,
): Promise<FirmwareResult> {
  throwAwayKey ??= generateKey();
  return runFirmware({
    flash: signedFlash(options, module, throwAwayKey),
    keys: [rawPublicKey(throwAwayKey)],
    vectors,
    skipSelfTest,
    portableOnly: options.native === false,
    ...(options.ramBytes !== undefined && { ramBytes: options.ramBytes }),
    build: options,
    milliseconds: limits.milliseconds,
  });
}

/** The status with what wasm3 said before it, which is more exact. */
const describe = ({ statusText, console }: FirmwareResult): string =>
  [...console.filter((line) => line !== statusText).slice(-1), statusText].join(": ");

async function run(
  options: QemuOptions,
  module: Uint8Array,
  vectors: readonly Vector[],
  limits: RunLimits = {},
): Promise<Vector[]> {
  const result = await start(options, module, { vectors, skipSelfTest: true, limits });
  if (result.model === undefined && result.inputBytes.length === 0)
    fail(options, `module does not load: ${describe(result)}`);
  checkVectors(machineOf(options).engine, vectors, result.inputBytes);
  if (result.status !== 0) fail(options, `vector ${result.outputs.length}: invoke: ${describe(result)}`);
  return [...result.outputs];
}

/** The device tells apart only a self-test that passed, which is 0, from one that did not: 1. */
async function selfTest(
  options: QemuOptions,
  module: Uint8Array,
  limits: RunLimits = {},
): Promise<number | undefined> {
  const exports = WebAssembly.Module.exports(new WebAssembly.Module(new Uint8Array(module)));
  if (!exports.some(({ name, kind }) => name === "self_test" && kind === "function")) return undefined;
  const result = await start(options, module, { vectors: [], skipSelfTest: false, limits });
  if (result.status === SELF_TEST_FAILED) return 1;
  return result.status === 0 ? 0 : fail(options, `self_test: ${describe(result)}`);
}

/** THIMBLE_ERR_SELF_TEST in thimble.h. */
const SELF_TEST_FAILED = -17;

/**
 * The firmware with a module, signed with a key of this process, in its flash; the firmware is built at first
 * use (see host/firmware/qemu_build.ts).
 */
export function qemuEngine(options: QemuOptions = {}): Engine {
  return {
    name: machineOf(options).engine,
    availability: () => firmwareAvailability(options),
    run: (module, vectors, limits) => run(options, module, vectors, limits),
    selfTest: (module, limits) => selfTest(options, module, limits),
  };
}

/** The firmware with all its native kernels, on rv32imac, Cortex-M3 and Cortex-M4. */
export const qemu: Engine = qemuEngine();
export const qemuCortexM: Engine = qemuEngine({ machine: "cortex-m3" });
export const qemuCortexM4: Engine = qemuEngine({ machine: "cortex-m4" });
