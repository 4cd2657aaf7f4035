/**
 * `npm run bench:signals`: what a frame of each front-end costs, alone in a module, in instructions on rv32imac in QEMU,
 * or as the cost model predicts them where QEMU is missing, which it says on stderr.
 *
 *   --json     one array on stdout: [{"frontend", "kernels", "instructions_per_frame", "bytes"}, ...]
 *   --layers   instructions of each layer as predicted
 */
import { UsageError } from "../../host/cli/options.ts";
import { readFields } from "../../host/compiler/import/frontends/fields.ts";
import {
  logMelFrontend,
  mfccFrontend,
  wakewordFrontend,
} from "../../host/compiler/import/frontends/log_mel.ts";
import { spectralFrontend } from "../../host/compiler/import/frontends/spectral.ts";
import { statisticsFrontend } from "../../host/compiler/import/frontends/statistics.ts";
import { tflmFrontend } from "../../host/compiler/import/frontends/tflm.ts";
import { simplify } from "../../host/compiler/passes/index.ts";
import { lower } from "../../host/compiler/plan/lower.ts";
import { type ByKernels, predictLayers } from "../../host/compiler/tune/cost.ts";
import { graphSubject, type Kernels, measureBoth } from "../../host/compiler/tune/measure.ts";
import { firmwareAvailability } from "../../host/firmware/qemu_build.ts";
import type { Graph } from "../../host/ir/graph.ts";
import { checkQuantized } from "../../host/ops/spec.ts";
import { compileGraph } from "../../host/pipeline.ts";
import { table } from "../../host/table.ts";

const OPTIONS = ["--json", "--layers"];

const MOTION = { channels: 3 };
const STRIDED = { window_size: 30, window_step: 20, num_channels: 40 };

const graphOf = (make: typeof tflmFrontend, parameters: object): Graph =>
  checkQuantized(simplify(make(readFields(parameters, "front-end"))), "front-end");

const logMel: typeof tflmFrontend = (fields) => logMelFrontend(fields).graph;

const FRONTENDS: readonly (readonly [name: string, graph: () => Graph])[] = [
  ["tflm 30/20 ms, 40 channels", () => graphOf(tflmFrontend, { ...STRIDED, enable_pcan: true })],
  ["log-mel 30/20 ms, 40 channels", () => graphOf(logMel, STRIDED)],
  ["log-mel 30/20 ms, 40 channels, pre-emphasis", () => graphOf(logMel, { ...STRIDED, pre_emphasis: 0.97 })],
  [
    "mfcc 30/20 ms, 40 channels, 13 coefficients",
    () => graphOf((fields) => mfccFrontend(fields).graph, STRIDED),
  ],
  [
    "statistics 2 s at 100 Hz, 3 channels",
    () => graphOf((fields) => statisticsFrontend(fields).graph, MOTION),
  ],
  [
    "spectral 2 s at 100 Hz, 3 channels, 64 points",
    () => graphOf((fields) => spectralFrontend(fields).graph, MOTION),
  ],
  ["mlperf-sww 64/32 ms, 40 channels", () => graphOf((fields) => wakewordFrontend(fields).graph, {})],
];

interface Row {
  readonly frontend: string;
  readonly kernels: Kernels;
  readonly instructions_per_frame: number;
  /** Bytes of the module. */
  readonly bytes: number;
}

const total = (layers: Iterable<ByKernels>, kernels: Kernels): number =>
  [...layers].reduce((sum, layer) => sum + layer[kernels], 0);

async function rowsOf(frontend: string, graph: Graph, isMeasured: boolean): Promise<Row[]> {
  const module = await compileGraph(graph);
  const layers = [...predictLayers(lower(graph)).values()];
  const measured = isMeasured && (await measureBoth(await graphSubject(graph, async () => module)));
  return (["native", "portable"] as const).map((kernels) => ({
    frontend,
    kernels,
    instructions_per_frame: measured ? measured[kernels].instructions[0]! : total(layers, kernels),
    bytes: module.length,
  }));
}

function layerTable(name: string, graph: Graph): string {
  const rows = [...predictLayers(lower(graph))].map(
    ([layer, { native, portable }]) => [layer, native, portable] as const,
  );
  return table(rows, { head: [name, "native", "portable"], align: ["l", "r", "r"] });
}

async function main(args: readonly string[]): Promise<void> {
  const unknown = args.find((arg) => !OPTIONS.includes(arg));
  if (unknown !== undefined)
    throw new UsageError(`bench:signals: expected ${OPTIONS.join(" or ")}, found ${unknown}`);
  if (args.length > 1) throw new UsageError(`bench:signals: expected one option, found ${args.join(" ")}`);
  if (args.includes("--layers")) {
    for (const [name, graph] of FRONTENDS) console.log(`${layerTable(name, graph())}\n`);
    return;
  }
  const availability = await firmwareAvailability();
  if (!availability.available)
    console.error(`predicted, not measured: ${availability.reason}; install: ${availability.install}`);
  const rows: Row[] = [];
  for (const [name, graph] of FRONTENDS) rows.push(...(await rowsOf(name, graph(), availability.available)));
  const head = ["front-end", "kernels", "instructions a frame", "module B"];
  const cells = rows.map(
    (row) => [row.frontend, row.kernels, row.instructions_per_frame, row.bytes] as const,
  );
  console.log(
    args.includes("--json") ? JSON.stringify(rows) : table(cells, { head, align: ["l", "l", "r", "r"] }),
  );
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
