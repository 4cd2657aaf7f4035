/** Text about layers and times for a terminal. */

import { type BoardProfile, milliseconds } from "../firmware/boards.ts";
import type { LayerInfo } from "../module/metadata.ts";
import { integer, table } from "../table.ts";

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
