/** Layers that move values, or leave them as they are. */
import { elements, ModelError } from "../../../../ir/graph.ts";
import { shortList } from "../../../../plain.ts";
import { asRow, checkChannelsLast, checkRankOf, fromRow, type LayerView, type Translate } from "../layer.ts";

const identity: Translate = ({ input }) => input;

const flatten: Translate = ({ input, options, add }) => {
  checkChannelsLast(options);
  return add("reshape", [input], { shape: [input.shape[0]!, elements(input.shape.slice(1))] });
};

const reshape: Translate = ({ input, options, add }) => {
  const target = options.raw("target_shape");
  if (!Array.isArray(target) || !target.every(Number.isSafeInteger))
    throw new ModelError(`target_shape: expected whole numbers, found ${shortList([target].flat())}`);
  const known = elements(target.filter((n) => n !== -1));
  const rest = elements(input.shape.slice(1)) / known;
  return add("reshape", [input], {
    shape: [input.shape[0]!, ...target.map((n: number) => (n === -1 ? rest : n))],
  });
};

/** Axes are counted from 1, the batch being left out. */
const permute: Translate = ({ input, options, add }) =>
  add("transpose", [input], { permutation: [0, ...options.ints("dims", input.shape.length - 1)] });

/** Pairs of numbers for the axes between batch and channels: one number, one for each axis, or pairs. */
function pairs(layer: LayerView, key: string, axes: 1 | 2): [number, number][] {
  const value = layer.options.raw(key);
  const list = Array.isArray(value) && (axes === 2 || Array.isArray(value[0])) ? value : [value];
  const spread = list.length === axes ? list : new Array<unknown>(axes).fill(value);
  return spread.map((item: unknown) => {
    const [before, after] = Array.isArray(item) ? item : [item, item];
    if (![before, after].every((n) => Number.isSafeInteger(n) && n >= 0))
      throw new ModelError(
        `${key}: expected numbers from 0 on, found ${JSON.stringify(value)?.slice(0, 100)}`,
      );
    return [Number(before), Number(after)];
  });
}

const zeroPadding =
  (axes: 1 | 2): Translate =>
  (layer) => {
    checkChannelsLast(layer.options);
    checkRankOf(layer.input, axes + 2);
    const sides = pairs(layer, "padding", axes);
    return layer.add("pad", [layer.input], {
      before: [0, ...sides.map(([before]) => before), 0],
      after: [0, ...sides.map(([, after]) => after), 0],
      value: 0,
    });
  };

const cropping =
  (axes: 1 | 2): Translate =>
  (layer) => {
    checkChannelsLast(layer.options);
    const { shape } = layer.input;
    checkRankOf(layer.input, axes + 2);
    const sides = [[0, 0], ...pairs(layer, "cropping", axes), [0, 0]] as [number, number][];
    return layer.add("strided_slice", [layer.input], {
      begin: sides.map(([before]) => before),
      end: sides.map(([, after], axis) => shape[axis]! - after),
      strides: shape.map(() => 1),
    });
  };

/** Which source row (or column) each output takes. */
const repeated = (size: number, times: number): number[] =>
  Array.from({ length: size * times }, (_, i) => Math.floor(i / times));

const MAX_TIMES = 256;

const upSampling =
  (axes: 1 | 2): Translate =>
  (layer) => {
    const { options } = layer;
    checkChannelsLast(options);
    const method = options.text("interpolation", "nearest");
    if (method !== "nearest") throw new ModelError(`interpolation: expected nearest, found ${method}`);
    const times = options.ints("size", axes);
    if (times.some((n) => n < 1 || n > MAX_TIMES))
      throw new ModelError(`size: expected 1 to ${MAX_TIMES}, found ${times}`);
    const [rows, columns] = axes === 1 ? [1, times[0]!] : [times[0]!, times[1]!];
    const image = axes === 1 ? asRow(layer, layer.input) : layer.input;
    checkRankOf(image, 4);
    const larger = layer.add("resize_nearest", [image], {
      rows: repeated(image.shape[1]!, rows),
      columns: repeated(image.shape[2]!, columns),
    });
    return axes === 1 ? fromRow(layer, larger) : larger;
  };

const MAX_STEPS = 4096;

/** Features as each of `n` steps, by way of an image of one column that becomes wider. */
const repeatVector: Translate = ({ input, options, add }) => {
  checkRankOf(input, 2);
  const [steps, features] = [options.int("n"), input.shape[1]!];
  if (steps < 1 || steps > MAX_STEPS) throw new ModelError(`n: expected 1 to ${MAX_STEPS}, found ${steps}`);
  const column = add("reshape", [input], { shape: [1, 1, 1, features] });
  const repeat = { rows: [0], columns: Array<number>(steps).fill(0) };
  return add("reshape", [add("resize_nearest", [column], repeat)], { shape: [1, steps, features] });
};

/** Layers that act in training only. */
const TRAINING = [
  "ActivityRegularization",
  "AlphaDropout",
  "Dropout",
  "GaussianDropout",
  "GaussianNoise",
  "RandomBrightness",
  "RandomContrast",
  "RandomFlip",
  "RandomRotation",
  "RandomTranslation",
  "RandomZoom",
  "SpatialDropout1D",
  "SpatialDropout2D",
];

export const SHAPES: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ...TRAINING.map((type): [string, Translate] => [type, identity]),
  ["Cropping1D", cropping(1)],
  ["Cropping2D", cropping(2)],
  ["Flatten", flatten],
  ["Identity", identity],
  ["Permute", permute],
  ["RepeatVector", repeatVector],
  ["Reshape", reshape],
  ["UpSampling1D", upSampling(1)],
  ["UpSampling2D", upSampling(2)],
  ["ZeroPadding1D", zeroPadding(1)],
  ["ZeroPadding2D", zeroPadding(2)],
]);
