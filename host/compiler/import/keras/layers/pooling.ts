import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import { asRow, checkChannelsLast, checkRankOf, fromRow, type LayerView, type Translate } from "../layer.ts";
import { windowOf } from "./convolution.ts";

function sizes(layer: LayerView, key: string, axes: 1 | 2, fallback?: readonly number[]): [number, number] {
  const list = layer.options.raw(key) === undefined && fallback ? fallback : layer.options.ints(key, axes);
  if (list.some((n) => n < 1)) throw new ModelError(`${key}: expected positive numbers, found ${list}`);
  return list.length === 1 ? [1, list[0]!] : [list[0]!, list[1]!];
}

const pooling =
  (op: "average_pool2d" | "max_pool2d", axes: 1 | 2): Translate =>
  (layer) => {
    checkChannelsLast(layer.options);
    const kernel = sizes(layer, "pool_size", axes);
    const stride = sizes(layer, "strides", axes, kernel);
    const image = axes === 1 ? asRow(layer, layer.input) : layer.input;
    const pooled = layer.add(op, [image], {
      kernel,
      ...windowOf(layer, image, kernel, stride, [1, 1]),
      activation: "none",
    });
    return axes === 1 ? fromRow(layer, pooled) : pooled;
  };

/** The shape that is left of [batch, ...places, channels]. */
function dropPlaces(layer: LayerView, axes: 1 | 2, pooled: Tensor): Tensor {
  const [batch, channels] = [pooled.shape[0]!, pooled.shape.at(-1)!];
  const ones = new Array<number>(layer.options.boolean("keepdims", false) ? axes : 0).fill(1);
  return layer.add("reshape", [pooled], { shape: [batch, ...ones, channels] });
}

const globalAverage =
  (axes: 1 | 2): Translate =>
  (layer) => {
    checkChannelsLast(layer.options);
    checkRankOf(layer.input, axes + 2);
    const mean = layer.add("mean", [layer.input], { axes: axes === 1 ? [1] : [1, 2], keepDims: true });
    return dropPlaces(layer, axes, mean);
  };

const globalMax =
  (axes: 1 | 2): Translate =>
  (layer) => {
    checkChannelsLast(layer.options);
    const image = axes === 1 ? asRow(layer, layer.input) : layer.input;
    checkRankOf(image, 4);
    const pooled = layer.add("max_pool2d", [image], {
      kernel: [image.shape[1]!, image.shape[2]!],
      stride: [1, 1],
      padding: [0, 0, 0, 0],
      activation: "none",
    });
    return dropPlaces(layer, axes, pooled);
  };

export const POOLINGS: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ["AveragePooling1D", pooling("average_pool2d", 1)],
  ["AveragePooling2D", pooling("average_pool2d", 2)],
  ["GlobalAveragePooling1D", globalAverage(1)],
  ["GlobalAveragePooling2D", globalAverage(2)],
  ["GlobalMaxPooling1D", globalMax(1)],
  ["GlobalMaxPooling2D", globalMax(2)],
  ["MaxPooling1D", pooling("max_pool2d", 1)],
  ["MaxPooling2D", pooling("max_pool2d", 2)],
]);
