/**
 * `npm run bench:firmware`: what the firmware takes on rv32imac, in QEMU.
 *
 *   --json     one array on stdout: [{"part", "flash_bytes", "ram_bytes"}, ...], with a part "total"
 *   --update   writes test/bench/firmware.csv, which a test compares with
 */

import { firmwareAvailability } from "../../host/firmware/qemu_build.ts";
import { EngineError } from "../../host/module/engine.ts";
import { table } from "../../host/table.ts";
import { writeRecorded } from "./figures_csv.ts";
import {
  BUDGET_PARTS,
  budgetFlash,
  collectFigures,
  type Figures,
  FLASH_BUDGET,
  flatten,
  type ModelFigures,
  RAM_BUDGET,
  sum,
} from "./firmware_figures.ts";

interface Row {
  readonly part: string;
  readonly flash_bytes: number;
  readonly ram_bytes: number;
}

/**
 * RAM is that of the first model with its native kernels. The total of flash is what has the budget, wasm3,
 * core and crypto; that of RAM is everything but the port.
 */
function rows({ sizes, updatingCore, models }: Figures): Row[] {
  const { ram } = models[0]!;
  const heap: Readonly<Record<string, number>> = { wasm3: ram.wasm3_heap + ram.wasm3_stack };
  const parts = [...sizes["-Os"]].map(([part, size]) => ({
    part,
    flash_bytes: size.flash,
    ram_bytes: size.ram + (heap[part] ?? 0),
  }));
  const stack = Math.max(ram.c_stack_open, ram.c_stack_invoke);
  return [
    ...parts,
    { part: "core_with_updates", flash_bytes: updatingCore, ram_bytes: 0 },
    { part: "linear_memory", flash_bytes: 0, ram_bytes: ram.linear_memory },
    { part: "c_stack", flash_bytes: 0, ram_bytes: stack },
    { part: "total", flash_bytes: budgetFlash(sizes["-Os"]), ram_bytes: ram.total },
  ];
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
      ["core with update core and DDI client", updatingCore],
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

async function main(args: readonly string[]): Promise<void> {
  const unknown = args.find((arg) => arg !== "--json" && arg !== "--update");
  if (unknown !== undefined)
    throw new EngineError("qemu", `bench: expected --json or --update, found ${unknown}`);
  const availability = await firmwareAvailability();
  if (!availability.available)
    throw new EngineError("qemu", `${availability.reason}; install: ${availability.install}`);
  const figures = await collectFigures();
  if (args.includes("--update"))
    writeRecorded("firmware.csv", { compiler: availability.version, figures: flatten(figures) });
  if (args.includes("--json")) return console.log(JSON.stringify(rows(figures)));
  const { models, missing } = figures;
  console.log([flashTable(figures), ramTable(models), instructionTable(models)].join("\n\n"));
  for (const name of missing) console.log(`${name}: missing, no folder shared beside the checkout`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof EngineError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
