/** Rows that the weights of a layer are multiplied with: its input, gathered into one row for each output position. */
import { type Attributes, elements, type Tensor, type TensorData } from "../../ir/graph.ts";
import type { Bound } from "../../ops/operator.ts";
import { eachOutput, eachTap, type WindowAttributes, window } from "../../ops/window.ts";

/**
 * A layer with weights as products of rows: output channel c at a position is the sum over terms of
 * row[term] * weights[weight(c, term)]. Channels of one group have the same rows.
 */
export interface LayerRows {
  readonly groups: number;
  readonly terms: number;
  /** Output channels of each group. */
  readonly channels: number;
  weight(channel: number, term: number): number;
  /** Calls `visit` with the rows of all groups at every `stride`-th position; `row` is used again. */
  each(x: TensorData, stride: number, visit: (group: number, row: Float64Array) => void): void;
  /** Positions of one inference. */
  readonly positions: number;
}

type Layer = Bound<Attributes>;

function denseRows({ inputs }: Layer): LayerRows {
  const [input, weights] = inputs as [Tensor, Tensor];
  const [channels, terms] = weights.shape as [number, number];
  const positions = elements(input.shape) / terms;
  return {
    groups: 1,
    terms,
    channels,
    positions,
    weight: (channel, term) => channel * terms + term,
    each(x, stride, visit) {
      const row = new Float64Array(terms);
      for (let position = 0; position < positions; position += stride) {
        for (let i = 0; i < terms; i++) row[i] = x[position * terms + i]!;
        visit(0, row);
      }
    },
  };
}

/** `depth` channels from `first(group)` on belong to a group; taps outside the image are zeros. */
function windowRows(
  { name, attributes, inputs, outputs }: Layer,
  groups: number,
  depth: number,
  weight: (channel: number, term: number) => number,
): LayerRows {
  const [input, weights] = inputs as [Tensor, Tensor];
  const [, height, width] = weights.shape as [number, number, number];
  const w = window(name, input, [height, width], attributes as unknown as WindowAttributes);
  const terms = height * width * depth;
  return {
    groups,
    terms,
    channels: outputs[0]!.shape[3]! / groups,
    positions: w.batches * w.outputHeight * w.outputWidth,
    weight,
    each(x, stride, visit) {
      const row = new Float64Array(terms);
      let position = 0;
      eachOutput(w, (batch, y, column) => {
        if (position++ % stride !== 0) return;
        for (let group = 0; group < groups; group++) {
          row.fill(0);
          eachTap(w, batch, y, column, (pixel, tap) => {
            for (let i = 0; i < depth; i++) row[tap * depth + i] = x[pixel + group * depth + i]!;
          });
          visit(group, row);
        }
      });
    },
  };
}

function convolutionRows(layer: Layer): LayerRows {
  const weights = layer.inputs[1]!;
  const terms = elements(weights.shape) / weights.shape[0]!;
  const groups = layer.attributes["groups"] as number;
  return windowRows(layer, groups, weights.shape[3]!, (channel, term) => channel * terms + term);
}

function depthwiseRows(layer: Layer): LayerRows {
  const channels = layer.inputs[1]!.shape[3]!;
  const weight = (channel: number, term: number): number => term * channels + channel;
  return windowRows(layer, layer.inputs[0]!.shape[3]!, 1, weight);
}

const ROWS: Readonly<Record<string, (layer: Layer) => LayerRows>> = {
  fully_connected: denseRows,
  conv2d: convolutionRows,
  depthwise_conv2d: depthwiseRows,
};

/** Undefined for an operator without weights, or of a kind not known here. */
export const rowsOf = (op: string, layer: Layer): LayerRows | undefined => ROWS[op]?.(layer);
