/**
 * What the firmware costs, measured on the emulated microcontrollers: flash by part, RAM by owner, and
 * instructions retired. The same in every run with the same compiler.
 */

import { type Measurement, measureModule } from "../../host/compiler/tune/measure.ts";
import { buildFirmware, type Firmware } from "../../host/firmware/qemu_build.ts";
import type { MachineName } from "../../host/firmware/qemu_machines.ts";
import { elements } from "../../host/ir/graph.ts";
import { bordersOf } from "../../host/ops/graph_borders.ts";

import { readDataset } from "../../host/runtime/data/index.ts";
import { modelPath } from "../support/models.ts";
import type { FiguresFile } from "./figures_csv.ts";
import { type MonitorFigures, measureMonitor } from "./firmware_monitor.ts";
import { type BenchModel, benchModel, buildModel, isHere, modelSubject } from "./inference_models.ts";

export const FLASH_BUDGET = 65536;
export const RAM_BUDGET = 65536;
/** What counts against the flash budget; native kernels are optional, and the port is the emulator's. */
export const BUDGET_PARTS = ["wasm3", "core", "crypto"];

type Operations = "-Os" | "-O3";

export interface ModelFigures extends Measurement {
  readonly model: string;
  readonly operations: Operations;
}

export interface Figures {
  readonly sizes: Readonly<Record<Operations, Firmware["sizes"]>>;
  /** Flash of the core with update core and DDI client, which `sizes` have not; only rv32 has that program. */
  readonly updatingCore: number | undefined;
  readonly models: readonly ModelFigures[];
  readonly monitors: readonly MonitorFigures[];
  /** Models that are not on this machine. */
  readonly missing: readonly string[];
}

/** Most important first: JSON readers get the figures of the first one that is here. */
const subjects = [
  { name: "kws", model: benchModel("kws_ref_model") },
  { name: "digits", model: benchModel("digits_int8") },
  { name: "logistic_regression", model: benchModel("logistic_regression") },
];

/** Watched models: those above, and a forest, each with the rows of its data. */
const watched = [
  ...subjects,
  {
    name: "forest",
    model: {
      name: "digits_forest",
      path: modelPath("trees/digits_forest.onnx"),
      calibration: modelPath("trees/digits_forest.calibration.csv"),
      slow: false,
    },
  },
];

/** Two inferences each: the first may have more to do than later ones. */
const SEEDS = [1, 2];

export const sum = (values: Iterable<number>): number =>
  [...values].reduce((total, value) => total + value, 0);

/** The file that has a machine's figures. */
export const figuresFile = (machine: MachineName): FiguresFile =>
  machine === "rv32" ? "firmware.csv" : `firmware_${machine}.csv`;

/** Builds the firmware both ways and runs every model that is here. Throws EngineError where tools are missing. */
export async function collectFigures(machine: MachineName = "rv32"): Promise<Figures> {
  const sizes = {
    "-Os": (await buildFirmware({ machine })).sizes,
    "-O3": (await buildFirmware({ machine, operations: "-O3" })).sizes,
  };
  const updatingCore =
    machine === "rv32" ? (await buildFirmware({ program: "update" })).sizes.get("core")!.flash : undefined;
  const models: ModelFigures[] = [];
  for (const { name, model } of subjects.filter((subject) => isHere(subject.model))) {
    const subject = await modelSubject(await buildModel(model, name), SEEDS);
    const measure = async (
      kernels: Measurement["kernels"],
      operations: Operations,
    ): Promise<ModelFigures> => {
      const measured = await measureModule(subject, { machine, kernels, operations });
      return { ...measured, model: name, operations };
    };
    models.push(await measure("native", "-Os"), await measure("portable", "-Os"));
    models.push(await measure("portable", "-O3"));
  }
  const monitors: MonitorFigures[] = [];
  for (const { name, model } of watched.filter((subject) => isHere(subject.model)))
    monitors.push(await monitorOf(name, model, machine));
  const missing = subjects.filter(({ model }) => !isHere(model)).map(({ name }) => name);
  return { sizes, updatingCore, models, monitors, missing };
}

async function monitorOf(name: string, model: BenchModel, machine: MachineName): Promise<MonitorFigures> {
  const built = await buildModel(model, name);
  const [input] = bordersOf(built.graph).inputs;
  const rows = model.calibration && readDataset(model.calibration, elements(input!.shape)).rows;
  return measureMonitor(built, { model: name, rows: rows || undefined, machine });
}

/** Flash that counts against the budget. */
export const budgetFlash = (sizes: Firmware["sizes"]): number =>
  sum(BUDGET_PARTS.map((part) => sizes.get(part)?.flash ?? 0));

/** All figures by name, as firmware.csv holds them. */
export function flatten({ sizes, updatingCore, models, monitors }: Figures): Map<string, number> {
  const flash = (["-Os", "-O3"] as const).flatMap((operations) => [
    ...[...sizes[operations]]
      // At -O3 only wasm3 is another one.
      .filter(([part]) => part !== "port" && (operations === "-Os" || part === "wasm3"))
      .map(([part, size]) => [`flash ${part} ${operations}`, size.flash] as const),
    [`flash total ${operations}`, budgetFlash(sizes[operations])] as const,
  ]);
  const measured = models.flatMap(({ model, kernels, operations, moduleBytes, ram, ...counts }) => {
    const where = `${model} ${kernels} ${operations}`;
    const { all, sha256, ed25519 } = counts.openInstructions;
    const [first, later] = counts.instructions;
    const instructions = {
      open: all,
      open_sha256: sha256,
      open_ed25519: ed25519,
      first: first!,
      later: later!,
    };
    return [
      ...(kernels === "native" ? [[`module ${model}`, moduleBytes] as const] : []),
      ...Object.entries(ram).map(([name, value]) => [`ram ${where} ${name}`, value] as const),
      ...Object.entries(instructions).map(
        ([name, value]) => [`instructions ${where} ${name}`, value] as const,
      ),
    ];
  });
  const updates: [string, number][] =
    updatingCore === undefined ? [] : [["flash core with updates -Os", updatingCore]];
  const watching = monitors.flatMap(({ model, every, plain, looked, passed, ramBytes }) =>
    Object.entries({ every, plain, looked, passed, ram_bytes: ramBytes }).map(
      ([name, value]) => [`monitor ${model} ${name}`, value] as const,
    ),
  );
  return new Map([...flash, ...updates, ...measured, ...watching]);
}
