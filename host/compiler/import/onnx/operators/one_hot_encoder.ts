import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import { addIntervals } from "./intervals.ts";

/** How near a number has to be to a category: ends of an interval around it, and which of them are outside. */
interface Kind {
  readonly holds: (category: number) => boolean;
  readonly low: number;
  readonly high: number;
  readonly openLow: boolean;
  readonly openHigh: boolean;
}

/** Numbers that are a category's integer when what follows the point is cut off, which depends on its sign. */
const CUT_OFF: readonly Kind[] = [
  { holds: (category) => category > 0, low: 0, high: 1, openLow: false, openHigh: true },
  { holds: (category) => category === 0, low: -1, high: 1, openLow: true, openHigh: true },
  { holds: (category) => category < 0, low: -1, high: 0, openLow: true, openHigh: false },
];

/** Integers have no part that could be cut off. */
const WHOLE: readonly Kind[] = [{ holds: () => true, low: 0, high: 0, openLow: false, openHigh: false }];

/** Intervals of categories of one kind after those of another, in the order of the categories again. */
function inOrder(node: Context, parts: readonly Tensor[], order: readonly number[]): Tensor {
  const [first, ...others] = parts as [Tensor, ...Tensor[]];
  if (others.length === 0) return first;
  const joined = node.add("concatenation", parts, { axis: first.shape.length - 1 });
  const indices = order.map((_, place) => order.indexOf(place));
  return node.add("select", [joined], { indices });
}

/** For each number of the input one for each category: a new last axis. Unknown categories are zeros throughout. */
export const oneHotEncoder: Translation = {
  type: "ai.onnx.ml.OneHotEncoder",
  summary: "of integers and strings",
  translate(node) {
    const texts = node.attributes.strings("cats_strings");
    const categories = texts.length > 0 ? node.categoryNumbers(texts) : node.attributes.ints("cats_int64s");
    if (categories.length === 0) throw new ModelError("expected cats_int64s or cats_strings, found none");
    if (node.attributes.int("zeros", 1) === 0)
      throw new ModelError("zeros = 0 is not supported: a module can't refuse an unknown category");
    const input = node.tensor(0);
    const features = input.shape.at(-1) ?? 1;
    const wanted = Array.from({ length: features }, (_, feature) =>
      categories.map((category) => ({ feature, category })),
    ).flat();
    const kinds = node.integerType(0) === undefined ? CUT_OFF : WHOLE;
    const places = kinds.map(({ holds }) =>
      wanted.flatMap(({ category }, place) => (holds(category) ? [place] : [])),
    );
    const parts = kinds.flatMap(({ low, high, openLow, openHigh }, i) => {
      const list = places[i]!.map((place) => {
        const { feature, category } = wanted[place]!;
        return { feature, low: category + low, high: category + high };
      });
      return list.length === 0 ? [] : [addIntervals(node, input, list, { openLow, openHigh })];
    });
    const flat = inOrder(node, parts, places.flat());
    const shape = [...input.shape, categories.length];
    return [node.add("reshape", [flat], { shape })];
  },
};
