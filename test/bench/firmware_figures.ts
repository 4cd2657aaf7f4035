/**
 * What the firmware costs, measured on the emulated rv32imac microcontroller: flash by part, RAM by owner,
 * and instructions retired. The same in every run with the same compiler.
 */
import { createPrivateKey } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { flashOf } from "../../host/engines/qemu.ts";
import { buildFirmware, type Firmware, type FirmwareOptions } from "../../host/firmware/qemu_build.ts";
import { type FirmwareResult, runFirmware } from "../../host/firmware/qemu_run.ts";
import { rawPublicKey } from "../../host/image/keys.ts";
import { build } from "../../host/pipeline.ts";
import { root } from "../../host/root.ts";
import { seededInputs } from "../../host/verify/vectors.ts";
import { modelPath } from "../support/models.ts";

export const FLASH_BUDGET = 65536;
export const RAM_BUDGET = 65536;
/** What counts against the flash budget; native kernels are optional, and the port is the emulator's. */
export const BUDGET_PARTS = ["wasm3", "core", "crypto"];

export type Kernels = "native" | "portable";

export interface ModelFigures {
  readonly model: string;
  readonly kernels: Kernels;
  readonly operations: "-Os" | "-O3";
  readonly moduleBytes: number;
  readonly nativeKernels: number;
  /** Bytes by owner: linear memory, wasm3's stack, its heap with the model's record, the C stack. */
  readonly ram: {
    readonly linear_memory: number;
    readonly wasm3_stack: number;
    readonly wasm3_heap: number;
    readonly c_stack_open: number;
    readonly c_stack_invoke: number;
    readonly static: number;
    readonly total: number;
  };
  readonly instructions: {
    readonly open: number;
    readonly open_sha256: number;
    readonly open_ed25519: number;
    readonly first: number;
    readonly later: number;
  };
}

export interface Figures {
  readonly sizes: Readonly<Record<"-Os" | "-O3", Firmware["sizes"]>>;
  readonly models: readonly ModelFigures[];
  /** Models that are not on this machine. */
  readonly missing: readonly string[];
}

interface Subject {
  readonly name: string;
  readonly model: string;
  readonly calibration?: string;
}

const subjects: readonly Subject[] = [
  { name: "kws", model: join(root, "..", "shared", "models", "mlperf-tiny", "kws_ref_model.tflite") },
  { name: "digits", model: modelPath("digits_int8.tflite") },
  {
    name: "logistic_regression",
    model: modelPath("logistic_regression.onnx"),
    calibration: modelPath("logistic_regression.calibration.csv"),
  },
];

const header = readFileSync(join(root, "firmware", "include", "thimble.h"), "utf8");
const WASM3_STACK_BYTES = Number(/^#define THIMBLE_STACK_BYTES (\d+)$/m.exec(header)![1]);

/** Always the same key: how long a signature takes to verify depends on its bits. */
const key = createPrivateKey({
  key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, 1)]),
  format: "der",
  type: "pkcs8",
});

/** Most important first: JSON readers get the figures of the first one that is here. */
async function buildSubject({ name, model, calibration }: Subject) {
  const built = await build({ model, name, engines: [], ...(calibration !== undefined && { calibration }) });
  const vectors = [1, 2].map((seed) => seededInputs(built.graph, seed));
  return { name, module: built.module, flash: flashOf(built.module, key), vectors };
}

type Built = Awaited<ReturnType<typeof buildSubject>>;

export const sum = (values: Iterable<number>): number =>
  [...values].reduce((total, value) => total + value, 0);

function describeRun(
  { name, module }: Built,
  kernels: Kernels,
  operations: "-Os" | "-O3",
  { sizes }: Firmware,
  { statistics }: FirmwareResult,
): ModelFigures {
  const owned = [...sizes].filter(([part]) => part !== "port").map(([, { ram }]) => ram);
  const ram = {
    linear_memory: statistics.memoryBytes,
    wasm3_stack: WASM3_STACK_BYTES,
    wasm3_heap: statistics.ramUsed - statistics.memoryBytes - WASM3_STACK_BYTES,
    c_stack_open: statistics.openStack,
    c_stack_invoke: statistics.invokeStack,
    static: sum(owned),
  };
  const stack = Math.max(ram.c_stack_open, ram.c_stack_invoke);
  const [first = 0, later = 0] = statistics.invokeInstructions;
  return {
    model: name,
    kernels,
    operations,
    moduleBytes: module.length,
    nativeKernels: statistics.nativeKernels,
    ram: { ...ram, total: statistics.ramUsed + stack + ram.static },
    instructions: {
      open: statistics.openInstructions,
      open_sha256: statistics.sha256Instructions,
      open_ed25519: statistics.ed25519Instructions,
      first,
      later,
    },
  };
}

async function measure(built: Built, kernels: Kernels, options: FirmwareOptions): Promise<ModelFigures> {
  const result = await runFirmware({
    flash: built.flash,
    keys: [rawPublicKey(key)],
    vectors: built.vectors,
    portableOnly: kernels === "portable",
    build: options,
  });
  if (result.status !== 0) throw new Error(`${built.name}: expected status 0, found: ${result.statusText}`);
  return describeRun(built, kernels, options.operations ?? "-Os", await buildFirmware(options), result);
}

/** Builds the firmware both ways and runs every model that is here. Throws EngineError where tools are missing. */
export async function collectFigures(): Promise<Figures> {
  const sizes = {
    "-Os": (await buildFirmware()).sizes,
    "-O3": (await buildFirmware({ operations: "-O3" })).sizes,
  };
  const models: ModelFigures[] = [];
  const here = subjects.filter(({ model }) => existsSync(model));
  for (const subject of here) {
    const built = await buildSubject(subject);
    models.push(await measure(built, "native", {}), await measure(built, "portable", {}));
    models.push(await measure(built, "portable", { operations: "-O3" }));
  }
  const missing = subjects.filter((subject) => !here.includes(subject)).map(({ name }) => name);
  return { sizes, models, missing };
}

/** Flash that counts against the budget. */
export const budgetFlash = (sizes: Firmware["sizes"]): number =>
  sum(BUDGET_PARTS.map((part) => sizes.get(part)?.flash ?? 0));

/** All figures by name, as firmware.csv holds them. */
export function flatten({ sizes, models }: Figures): Map<string, number> {
  const flash = (["-Os", "-O3"] as const).flatMap((operations) => [
    ...[...sizes[operations]]
      // At -O3 only wasm3 is another one.
      .filter(([part]) => part !== "port" && (operations === "-Os" || part === "wasm3"))
      .map(([part, size]) => [`flash ${part} ${operations}`, size.flash] as const),
    [`flash total ${operations}`, budgetFlash(sizes[operations])] as const,
  ]);
  const measured = models.flatMap(({ model, kernels, operations, moduleBytes, ram, instructions }) => {
    const where = `${model} ${kernels} ${operations}`;
    return [
      ...(kernels === "native" ? [[`module ${model}`, moduleBytes] as const] : []),
      ...Object.entries(ram).map(([name, value]) => [`ram ${where} ${name}`, value] as const),
      ...Object.entries(instructions).map(
        ([name, value]) => [`instructions ${where} ${name}`, value] as const,
      ),
    ];
  });
  return new Map([...flash, ...measured]);
}
