/**
 * `npm run bench:firmware`: what the firmware takes on rv32imac, Cortex-M3 and Cortex-M4, in QEMU.
 *
 *   --json     one array on stdout: [{"machine", "part", "flash_bytes", "ram_bytes"}, ...], for each machine with a
 *              part "total", rv32 first
 *   --update   writes test/bench/firmware*.csv, which tests compare with
 */

import { firmwareAvailability } from "../../host/firmware/qemu_build.ts";
import { MACHINE_NAMES, MACHINES, type MachineName } from "../../host/firmware/qemu_machines.ts";
import { EngineError } from "../../host/module/engine.ts";
import { table } from "../../host/table.ts";
import { writeRecorded } from "./figures_csv.ts";
import {
  BUDGET_PARTS,
  budgetFlash,
  collectFigures,
  type Figures,
  FLASH_BUDGET,
  figuresFile,
  flatten,
  type ModelFigures,
  RAM_BUDGET,
  sum,
} from "./firmware_figures.ts";
import { MONITOR_BUDGET, type MonitorFigures } from "./firmware_monitor.ts";

interface Row {
  readonly machine: MachineName;
  readonly part: string;
  readonly flash_bytes: number;
  readonly ram_bytes: number;
}

/**
 * RAM is that of the first model with its native kernels. The total of flash is what has the budget, wasm3,
 * core and crypto; that of RAM is everything but the port.
 */
function rows(machine: MachineName, { sizes, updatingCore, models, monitors }: Figures): Row[] {
  const { ram } = models[0]!;
  const heap: Readonly<Record<string, number>> = { wasm3: ram.wasm3_heap + ram.wasm3_stack };
  const parts = [...sizes["-Os"]].map(([part, size]) => ({
    part,
    flash_bytes: size.flash,
    ram_bytes: size.ram + (heap[part] ?? 0),
  }));
  const stack = Math.max(ram.c_stack_open, ram.c_stack_invoke);
  const updates =
    updatingCore === undefined
      ? []
      : [{ part: "core_with_updates", flash_bytes: updatingCore, ram_bytes: 0 }];
  const all = [
    ...parts,
    ...updates,
    { part: "linear_memory", flash_bytes: 0, ram_bytes: ram.linear_memory },
    { part: "c_stack", flash_bytes: 0, ram_bytes: stack },
    ...monitors.map(({ model, ramBytes }) => ({
      part: `monitor.${model}`,
      flash_bytes: 0,
      ram_bytes: ramBytes,
    })),
    { part: "total", flash_bytes: budgetFlash(sizes["-Os"]), ram_bytes: ram.total },
  ];
  return all.map((row) => ({ machine, ...row }));
}

function flashTable({ sizes, updatingCore }: Figures): string {
  const fast = sizes["-O3"];
  const small = [...sizes["-Os"]].filter(([part]) => part !== "port");
  const kernels = small.filter(([part]) => part.startsWith("kernel."));
  const rows = small.map(([part, { flash }]) => [part, flash, fast.get(part)?.flash ?? 0] as const);
  const all = sum(kernels.map(([, { flash }]) => flash));
  return table(
    [
      ...rows,
      ["all native kernels", all, all],
      [BUDGET_PARTS.join(" + "), budgetFlash(sizes["-Os"]), budgetFlash(fast)],
      ["budget", FLASH_BUDGET],
      ...(updatingCore === undefined ? [] : [["core with update core and DDI client", updatingCore]]),
    ],
    { head: ["flash, bytes", "-Os", "wasm3's operations -O3"] },
  );
}

const titleOf = ({ model, kernels, operations }: ModelFigures): string =>
  `${model}, ${kernels}, ${operations}`;

function ramTable(models: readonly ModelFigures[]): string {
  const rows = models.filter(({ operations }) => operations === "-Os");
  const names = Object.keys(rows[0]!.ram) as (keyof ModelFigures["ram"])[];
  return table(
    [
      ...rows.map((figures) => [titleOf(figures), ...names.map((name) => figures.ram[name])]),
      ["budget (KWS)", ...names.slice(1).map(() => ""), RAM_BUDGET],
    ],
    {
      head: ["RAM, bytes", ...names.map((name) => name.replaceAll("_", " "))],
      align: ["l", ...names.map(() => "r" as const)],
    },
  );
}

function instructionTable(models: readonly ModelFigures[]): string {
  const rows = models.map((figures) => {
    const { all, sha256, ed25519 } = figures.openInstructions;
    const rest = all - sha256 - ed25519;
    return [titleOf(figures), all, sha256, ed25519, rest, ...figures.instructions, figures.nativeKernels];
  });
  const head = [
    "instructions",
    "open",
    "of it SHA-256",
    "Ed25519",
    "rest",
    "first",
    "later",
    "native kernels",
  ];
  return table(rows, { head });
}

function monitorTable(monitors: readonly MonitorFigures[]): string {
  const rows = monitors.map((each) => [
    each.model,
    each.channels,
    each.every,
    each.plain,
    each.looked,
    each.passed,
    (100 * each.share).toFixed(2),
    each.ramBytes,
    each.bytesPerFeature.toFixed(1),
  ]);
  const budget = [
    "budget",
    "",
    "",
    "",
    "",
    "",
    100 * MONITOR_BUDGET.share,
    "",
    MONITOR_BUDGET.bytesPerFeature,
  ];
  return table([...rows, budget], {
    head: [
      "monitor",
      "channels",
      "looks at one of",
      "instructions without",
      "more where it looks",
      "where not",
      "% of an inference",
      "RAM, bytes",
      "a feature",
    ],
  });
}

/** The machines beside each other: what a model takes in all, and the instructions of a later inference. */
function machineTable(all: readonly (readonly [MachineName, Figures])[]): string {
  const rows = all.flatMap(([machine, { sizes, models }]) =>
    models
      .filter(({ operations }) => operations === "-Os")
      .map(({ model, kernels, ram, instructions }) => [
        MACHINES[machine].processor,
        `${model}, ${kernels}`,
        budgetFlash(sizes["-Os"]),
        ram.total,
        instructions.at(-1)!,
      ]),
  );
  return table(rows, {
    head: ["processor", "model, kernels", `flash of ${BUDGET_PARTS.join(" + ")}`, "RAM", "instructions"],
    align: ["l", "l", "r", "r", "r"],
  });
}

function show(all: readonly (readonly [MachineName, Figures])[]): void {
  for (const [machine, figures] of all) {
    const { models, monitors } = figures;
    const tables = [flashTable(figures), ramTable(models), instructionTable(models), monitorTable(monitors)];
    console.log([MACHINES[machine].processor, ...tables, ""].join("\n\n"));
  }
  console.log(machineTable(all));
}

/** The machines whose tools are here. Throws EngineError where those of rv32 are not; tells of others on stderr. */
async function availableMachines(): Promise<readonly (readonly [MachineName, string])[]> {
  const found: [MachineName, string][] = [];
  for (const machine of MACHINE_NAMES) {
    const availability = await firmwareAvailability({ machine });
    if (availability.available) found.push([machine, availability.version]);
    else if (machine === "rv32")
      throw new EngineError("qemu", `${availability.reason}; install: ${availability.install}`);
    else console.error(`${machine}: missing, ${availability.reason}; install: ${availability.install}`);
  }
  return found;
}

async function main(args: readonly string[]): Promise<void> {
  const unknown = args.find((arg) => arg !== "--json" && arg !== "--update");
  if (unknown !== undefined)
    throw new EngineError("qemu", `bench: expected --json or --update, found ${unknown}`);
  const all: [MachineName, Figures][] = [];
  for (const [machine, compiler] of await availableMachines()) {
    const figures = await collectFigures(machine);
    all.push([machine, figures]);
    if (args.includes("--update"))
      writeRecorded(figuresFile(machine), { compiler, figures: flatten(figures) });
  }
  if (args.includes("--json")) {
    console.log(JSON.stringify(all.flatMap(([machine, figures]) => rows(machine, figures))));
    return;
  }
  show(all);
  for (const name of all[0]![1].missing)
    console.log(`${name}: missing, no folder shared beside the checkout`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof EngineError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
