/** Layers of signals, of the sizes that front-ends have. */
import type { Graph } from "../../../host/ir/graph.ts";
import { centerDraft, emphasisDraft, statisticsDraft } from "../../ops/lowering/motion_graphs.ts";
import {
  arithmeticDraft,
  autoScaleDraft,
  castDraft,
  delayDraft,
  energyDraft,
  eventDraft,
  fftDraft,
  filterBankDraft,
  framerDraft,
  logDraft,
  overlapDraft,
  pcanDraft,
  type SignalDraft,
  scaleDraft,
  signalGraph,
  slideDraft,
  squareRootDraft,
  subtractionDraft,
  windowDraft,
} from "../../ops/lowering/signal_graphs.ts";

const channels = [8, 40, 64, 20];
const lengths = [480, 1024, 100, 400];

const drafts: readonly SignalDraft[] = [
  ...lengths.map((length, i) => windowDraft(1 + (i % 2), length, 12, i)),
  ...lengths.map(autoScaleDraft),
  ...lengths.map((length) => emphasisDraft(length, 31785)),
  ...lengths.map((length, i) => centerDraft(length, 1 + (i % 3), 0)),
  ...lengths.flatMap((length, i) => [
    statisticsDraft(length, 1 + (i % 3), 31, false),
    statisticsDraft(length, 1 + ((i + 1) % 3), 255, true),
  ]),
  ...[6, 7, 8, 9, 10, 9].map((bits, i) => fftDraft("rfft", bits, 1, 2 ** bits - 16 * (i % 2))),
  ...[6, 7, 8, 9, 10].map((bits) => fftDraft("irfft", bits, 1, 0)),
  energyDraft(257, 5, 241),
  energyDraft(513, 0, 513),
  energyDraft(129, 30, 100),
  energyDraft(65, 3, 12),
  ...(
    [
      [40, 11],
      [8, 60],
      [20, 25],
      [64, 3],
    ] as const
  ).map(([n, width], i) => filterBankDraft(n, width, i)),
  ...channels.flatMap((n) => [
    squareRootDraft(n),
    subtractionDraft(n, 10, false),
    pcanDraft(n, 6, n),
    logDraft(n, 64, 3),
    castDraft("int16", "int32", n),
    castDraft("int32", "int8", n),
    scaleDraft("int16", "int8", n, 666),
    arithmeticDraft("mul", "none", [n], [1], n),
    arithmeticDraft("add", "none", [2, n], [2, n], undefined),
  ]),
  // No stackers: they have the same kernel, and the first call, which is measured, finds their queue empty.
  framerDraft(1, 1, 480, 320, true),
  framerDraft(2, 3, 100, 50, true),
  framerDraft(1, 4, 400, 160, true),
  framerDraft(3, 1, 1024, 512, true),
  framerDraft(4, 2, 64, 16, true),
  framerDraft(1, 1, 40, 40, true),
  delayDraft(1, 160, 300),
  delayDraft(5, 32, 400),
  slideDraft(40, 1960),
  slideDraft(12, 400),
  slideDraft(40, 40),
  slideDraft(200, 1000),
  slideDraft(1000, 1000),
  slideDraft(64, 4096),
  ...[2, 4, 8, 12, 35].flatMap((n) =>
    (["int8", "int16"] as const).map((type) => eventDraft(type, new Array(n).fill(0), [2, 5], 1, 10)),
  ),
  overlapDraft(1, 1, 480, 320),
  overlapDraft(2, 3, 64, 32),
  overlapDraft(1, 4, 200, 100),
  overlapDraft(3, 1, 30, 10),
];

/** Every draft is one that its operator takes. */
export const signalLayers: readonly Graph[] = drafts.map((draft) => {
  const graph = signalGraph(draft);
  if (!graph) throw new Error(`${draft.op}: expected attributes that the operator takes`);
  return graph;
});
