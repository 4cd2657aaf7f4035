import { elements, ModelError, type Shape, type Tensor } from "../../../ir/graph.ts";
import {
  constantAxis,
  constantInts,
  countedAxis,
  input,
  type Source,
  type Step,
  type Translate,
} from "./source.ts";

/** Operators of TFLite that only move values: most become several of ours. */

interface Part {
  readonly begin: readonly number[];
  readonly end: readonly number[];
  readonly strides: readonly number[];
}

const slicedShape = ({ begin, end, strides }: Part): number[] =>
  begin.map((first, axis) => Math.max(Math.ceil((end[axis]! - first) / strides[axis]!), 0));

const reshaped = (x: Tensor, output: Tensor): Step => ({
  op: "reshape",
  attributes: { shape: output.shape },
  inputs: [x],
  output,
});

/** Part of a tensor as `output`, which may lack axes of one value, or have more of them. */
function takePart(source: Source, x: Tensor, part: Part, output: Tensor): Step[] {
  const attributes = { begin: part.begin, end: part.end, strides: part.strides };
  const shape = slicedShape(part);
  if (shape.join() === output.shape.join()) return [{ op: "strided_slice", attributes, inputs: [x], output }];
  if (elements(shape) !== elements(output.shape))
    throw new ModelError(`output ${output.name}: expected [${shape}], found [${output.shape}]`);
  const taken = source.between(output, shape);
  return [{ op: "strided_slice", attributes, inputs: [x], output: taken }, reshaped(taken, output)];
}

/** Values `from` to before `to` of one axis, all of the others. */
const along = (shape: Shape, axis: number, from: number, to: number): Part => ({
  begin: shape.map((_, i) => (i === axis ? from : 0)),
  end: shape.map((size, i) => (i === axis ? to : size)),
  strides: shape.map(() => 1),
});

/** Sizes of -1 reach to the end. */
export const slice: Translate = (source) => {
  const x = input(source, 0);
  const [begin, size] = [constantInts(source, 1), constantInts(source, 2)];
  const end = x.shape.map((n, axis) => (size[axis] === -1 ? n : (begin[axis] ?? 0) + (size[axis] ?? 0)));
  return takePart(source, x, { begin, end, strides: x.shape.map(() => 1) }, source.outputs[0]!);
};

/**
 * Masks have a bit for each axis: begin and end that count as the whole axis, and axes of one value that the output
 * lacks. Indices from the back are negative, and what is beyond an end is that end (TensorFlow Lite, strided_slice_logic).
 */
export const stridedSlice: Translate = (source) => {
  const x = input(source, 0);
  const lists = [1, 2, 3].map((i) => constantInts(source, i)) as [number[], number[], number[]];
  const [begin, end, strides] = lists;
  const [beginMask, endMask, ellipsis, newAxis, shrink] = [0, 1, 2, 3, 4].map((id) => source.options.int(id));
  if (ellipsis || newAxis || source.options.byte(5))
    throw new ModelError("expected no ellipsis, no new axis and no offset");
  if (lists.some((list) => list.length !== x.shape.length) || strides.includes(0))
    throw new ModelError(`expected ${x.shape.length} indices and steps, found ${lists.join(" and ")}`);
  const masked = (mask: number | undefined, axis: number): boolean => (((mask ?? 0) >> axis) & 1) === 1;
  const clamped = (index: number, axis: number): number => {
    const size = x.shape[axis]!;
    const low = strides[axis]! > 0 ? 0 : -1;
    return Math.max(low, Math.min(index < 0 ? index + size : index, size + low));
  };
  const part = {
    begin: begin.map((index, axis) => {
      if (masked(beginMask, axis)) return strides[axis]! > 0 ? 0 : x.shape[axis]! - 1;
      return clamped(index, axis);
    }),
    end: end.map((index, axis) => {
      if (masked(shrink, axis)) return clamped(begin[axis]!, axis) + Math.sign(strides[axis]!);
      if (masked(endMask, axis)) return strides[axis]! > 0 ? x.shape[axis]! : -1;
      return clamped(index, axis);
    }),
    strides,
  };
  return takePart(source, x, part, source.outputs[0]!);
};

/** Consecutive parts of `x` along an axis, one for each output. */
function parts(source: Source, x: Tensor, axis: number, sizes: readonly number[]): Step[] {
  if (sizes.length !== source.outputs.length)
    throw new ModelError(`expected ${sizes.length} outputs, found ${source.outputs.length}`);
  let first = 0;
  return sizes.flatMap((size, i) => {
    first += size;
    return takePart(source, x, along(x.shape, axis, first - size, first), source.outputs[i]!);
  });
}

export const split: Translate = (source) => {
  const x = input(source, 1);
  const axis = constantAxis(source, 0, x.shape.length);
  const count = source.outputs.length;
  return parts(source, x, axis, Array<number>(count).fill(Math.floor(x.shape[axis]! / count)));
};

/** One of the sizes may be -1: what the others leave. */
export const splitV: Translate = (source) => {
  const x = input(source, 0);
  const axis = constantAxis(source, 2, x.shape.length);
  const sizes = constantInts(source, 1);
  const known = sizes.filter((size) => size >= 0).reduce((sum, size) => sum + size, 0);
  const all = sizes.map((size) => (size < 0 ? x.shape[axis]! - known : size));
  return parts(source, x, axis, all);
};

export const unpack: Translate = (source) => {
  const x = input(source, 0);
  const axis = countedAxis(source.options.int(1), x.shape.length);
  if (x.shape[axis] !== source.outputs.length)
    throw new ModelError(`expected ${x.shape[axis]} outputs, found ${source.outputs.length}`);
  return parts(
    source,
    x,
    axis,
    source.outputs.map(() => 1),
  );
};

/** Each input gets an axis of one value, along which they are joined. */
export const pack: Translate = (source) => {
  const output = source.outputs[0]!;
  const axis = countedAxis(source.options.int(1), output.shape.length);
  const steps = source.inputs.map((_, i) => {
    const x = input(source, i);
    return reshaped(x, source.between(x, output.shape.with(axis, 1)));
  });
  const joined = steps.map((step) => step.output);
  return [...steps, { op: "concatenation", attributes: { axis }, inputs: joined, output }];
};

/** A reshape to six axes, another order of them, and a reshape to the output's four. */
function rearranged(source: Source, shape: Shape, permutation: readonly number[]): Step[] {
  const [x, output] = [input(source, 0), source.outputs[0]!];
  if (elements(shape) !== elements(x.shape))
    throw new ModelError(`input ${x.name}: expected an image of whole blocks, found [${x.shape}]`);
  const blocks = source.between(x, shape);
  const turned = source.between(
    x,
    permutation.map((axis) => shape[axis]!),
  );
  return [
    reshaped(x, blocks),
    { op: "transpose", attributes: { permutation }, inputs: [blocks], output: turned },
    reshaped(turned, output),
  ];
}

export const spaceToDepth: Translate = (source) => {
  const block = source.options.int(0);
  const [batches, height, width, depth] = source.outputs[0]!.shape as [number, number, number, number];
  const channels = depth / (block * block);
  return rearranged(source, [batches, height, block, width, block, channels], [0, 1, 3, 2, 4, 5]);
};

export const depthToSpace: Translate = (source) => {
  const block = source.options.int(0);
  const [batches, height, width] = input(source, 0).shape as [number, number, number, number];
  const channels = source.outputs[0]!.shape[3]!;
  return rearranged(source, [batches, height, width, block, block, channels], [0, 1, 3, 2, 4, 5]);
};

/** Joined with itself along each axis, the last one first. */
export const tile: Translate = (source) => {
  const [x, output] = [input(source, 0), source.outputs[0]!];
  const multiples = constantInts(source, 1);
  if (x.shape.some((size, axis) => size * (multiples[axis] ?? 0) !== output.shape[axis]))
    throw new ModelError(
      `output ${output.name}: expected [${x.shape}] times ${multiples}, found [${output.shape}]`,
    );
  const axes = x.shape.map((_, axis) => axis).filter((axis) => multiples[axis]! > 1);
  if (axes.length === 0) return [reshaped(x, output)];
  let current = x;
  return axes.toReversed().map((axis, i) => {
    const shape = current.shape.with(axis, output.shape[axis]!);
    const joined = i === axes.length - 1 ? output : source.between(output, shape);
    const inputs = Array<Tensor>(multiples[axis]!).fill(current);
    current = joined;
    return { op: "concatenation", attributes: { axis }, inputs, output: joined };
  });
};

/** The blocks along the axes after the first, and what is added or cut off before and behind each of them. */
function blocksOf(source: Source, rank: number) {
  const blocks = constantInts(source, 1);
  const margins = constantInts(source, 2);
  if (blocks.length >= rank || margins.length !== 2 * blocks.length || blocks.some((n) => n < 1))
    throw new ModelError(`expected blocks of fewer than ${rank} axes and their margins, found ${blocks}`);
  const rest = Array<number>(rank - 1 - blocks.length).fill(0);
  return {
    blocks,
    before: [0, ...blocks.map((_, i) => margins[2 * i]!), ...rest],
    after: [0, ...blocks.map((_, i) => margins[2 * i + 1]!), ...rest],
  };
}

/** Pixels of each place within a block become images of their own: converters split dilated convolutions so. */
export const spaceToBatch: Translate = (source) => {
  const [x, output] = [input(source, 0), source.outputs[0]!];
  const { blocks, before, after } = blocksOf(source, x.shape.length);
  const shape = x.shape.map((size, axis) => size + before[axis]! + after[axis]!);
  const padded = source.between(x, shape);
  const spatial = blocks.flatMap((block, i) => [Math.floor(shape[i + 1]! / block), block]);
  const split = source.between(x, [shape[0]!, ...spatial, ...shape.slice(1 + blocks.length)]);
  const inside = blocks.map((_, i) => 2 + 2 * i);
  const outside = split.shape.map((_, axis) => axis).filter((axis) => !inside.includes(axis));
  const permutation = [...inside, ...outside];
  const turned = source.between(
    x,
    permutation.map((axis) => split.shape[axis]!),
  );
  return [
    { op: "pad", attributes: { before, after, value: 0 }, inputs: [x], output: padded },
    reshaped(padded, split),
    { op: "transpose", attributes: { permutation }, inputs: [split], output: turned },
    reshaped(turned, output),
  ];
};

/** And back. */
export const batchToSpace: Translate = (source) => {
  const [x, output] = [input(source, 0), source.outputs[0]!];
  const { blocks, before, after } = blocksOf(source, x.shape.length);
  const batches = Math.floor(x.shape[0]! / elements(blocks));
  const split = source.between(x, [...blocks, batches, ...x.shape.slice(1)]);
  const m = blocks.length;
  const rest = x.shape.slice(1 + m).map((_, i) => 2 * m + 1 + i);
  const permutation = [m, ...blocks.flatMap((_, i) => [m + 1 + i, i]), ...rest];
  const turned = source.between(
    x,
    permutation.map((axis) => split.shape[axis]!),
  );
  const whole = source.between(x, [
    batches,
    ...blocks.map((block, i) => block * x.shape[i + 1]!),
    ...x.shape.slice(1 + m),
  ]);
  const part = {
    begin: before,
    end: whole.shape.map((size, axis) => size - after[axis]!),
    strides: whole.shape.map(() => 1),
  };
  return [
    reshaped(x, split),
    { op: "transpose", attributes: { permutation }, inputs: [split], output: turned },
    reshaped(turned, whole),
    ...takePart(source, whole, part, output),
  ];
};
