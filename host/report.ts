import { partTotals, sizeParts } from "./compile/parts.ts";
import type { LayerInfo, TensorInfo } from "./emit/metadata.ts";
import type { Build } from "./pipeline.ts";
import { integer, table } from "./table.ts";
import { type BoardProfile, milliseconds } from "./tune/boards.ts";
import { inferenceTime, type Tuning } from "./tune/tune.ts";

const tensor = ({ statistics: _, ...info }: TensorInfo) => info;

/** Enough digits for microseconds and for seconds. */
export const time = (ms: number): string =>
  `${ms < 100 ? Number(ms.toPrecision(3)) : integer(Math.round(ms))} ms`;

/** The layers as they are computed, with their cost on the board where the module says what it is. */
export function layerTable(layers: readonly LayerInfo[], board: BoardProfile): string {
  const rows = layers.map(({ name, shape, kernels, macs, weights, tables, tile, inPlace, cost }) => [
    name,
    shape.join("x"),
    kernels.join(", ").replaceAll("kernel.", "") || "(view)",
    [...(tile === undefined ? [] : [`tile ${tile}`]), ...(inPlace ? ["in place"] : [])].join(", "),
    macs,
    weights,
    tables,
    ...(cost ? [...cost.map(integer), time(milliseconds(cost[board.nativeKernels ? 0 : 1], board))] : []),
  ]);
  const head = ["layer", "output", "kernel", "", "MACs", "weights B", "tables B"];
  return table(rows, {
    head: layers.some(({ cost }) => cost) ? [...head, "native", "portable", board.name] : head,
    align: ["l", "l", "l", "l", "r", "r", "r", "r", "r", "r"],
  });
}

function tuningOf(tuning: Tuning) {
  const { board, optimize, costs, layers, instructions, ramBytes, warnings } = tuning;
  const timeOf = (of: typeof instructions): number => Number(inferenceTime(of, board).toPrecision(6));
  return {
    board,
    optimize,
    costs,
    instructions,
    milliseconds: timeOf(instructions),
    ramBytes: { ...ramBytes, limit: board.ramBytes },
    warnings,
    layers: layers.map((layer) => ({ ...layer, milliseconds: timeOf(layer.instructions) })),
  };
}

/** What `build --json` prints and report.json holds. */
export function reportOf(build: Build) {
  const { metadata, module, plan } = build;
  const parts = sizeParts(module, metadata);
  return {
    model: metadata.model,
    source: { file: metadata.source.file, sha256: Buffer.from(metadata.source.sha256).toString("hex") },
    compiler: metadata.compiler,
    moduleBytes: module.length,
    parts: partTotals(parts),
    memory: {
      totalBytes: plan.memoryBytes,
      constantBytes: plan.constantBytes,
      arenaBytes: plan.arena.bytes,
      arenaLowerBound: plan.arena.lowerBound,
      arenaOptimal: plan.arena.optimal,
    },
    macs: metadata.layers.reduce((sum, layer) => sum + layer.macs, 0),
    inputs: metadata.inputs.map(tensor),
    outputs: metadata.outputs.map(tensor),
    layers: metadata.layers,
    tuning: tuningOf(build.tuning),
    verification: build.verification,
    ...(build.agreement && { floatAgreement: build.agreement }),
    stages: build.stages.map(({ stage, milliseconds }) => ({
      stage,
      milliseconds: Math.round(milliseconds),
    })),
  };
}

export type Report = ReturnType<typeof reportOf>;
