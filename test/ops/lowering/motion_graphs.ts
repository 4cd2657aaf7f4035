/** Random graphs of one node that tells about samples of several channels. */
import fc from "fast-check";
import type { Graph } from "../../../host/ir/graph.ts";
import { between, build, type SignalDraft, tensor, upTo } from "./signal_graphs.ts";

export const centerDraft = (window: number, channels: number, channel: number): SignalDraft => ({
  op: "center",
  inputs: [tensor("input", "int16", [window, channels])],
  attributes: { channel },
  outputs: ["int16", "int32"],
});

export const statisticsDraft = (
  window: number,
  channels: number,
  features: number,
  isCentered: boolean,
): SignalDraft => ({
  op: "statistics",
  inputs: [tensor("input", "int16", [window, channels])],
  attributes: {
    features,
    isCentered,
    multiplier: 1 << 30,
    shift: 36,
    shapeMultiplier: 1 << 30,
    shapeShift: 32,
  },
  outputs: ["int16"],
});

export const emphasisDraft = (length: number, share: number): SignalDraft => ({
  op: "emphasis",
  inputs: [tensor("input", "int16", [length + 1])],
  attributes: { share },
  outputs: ["int16"],
});

/** By operator. */
export const motionGraphs: Readonly<Record<string, fc.Arbitrary<Graph>>> = {
  emphasis: build(fc.tuple(upTo(40), between(0, 32767)).map((d) => emphasisDraft(...d))),
  center: build(fc.tuple(upTo(40), upTo(3), between(0, 2)).map((d) => centerDraft(...d))),
  statistics: build(
    fc.tuple(upTo(40), upTo(3), between(1, 255), fc.boolean()).map((d) => statisticsDraft(...d)),
  ),
};
