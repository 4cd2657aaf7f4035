import { elements, type Tensor } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";
import { OWN_TYPES, require } from "./signal.ts";

/** The most inferences that "n of m" looks back on: a bit each. */
export const MOST_LOOKED_BACK = 32;
/** The longest hold and refractory time, in inferences. */
export const LONGEST = 1_000_000;

/** In the state, before a word for each class: which event is said, how often it still is, how long none may begin. */
const HEAD = 3;

export const eventStateLength = (classes: number): number => HEAD + classes;

const bitsOf = (word: number): number => word.toString(2).replaceAll("0", "").length;

/**
 * Events from scores. A score above its level counts for its class; a class for which `least` of the last `of` inferences
 * count may begin an event, and of several the one of the greatest score, the first of equal ones. The event is said in
 * `hold` inferences, and in the next `suppress` ones after its first none begins. Inputs: scores [classes], in integers; a
 * state of int32: see `eventStateLength`. Outputs: the number of the class and 1, or 0 where nothing is said; the next state.
 */
export const event = defineOperator({
  name: "event",
  summary: "events from scores: thresholds, n of m, hold and refractory time, a state between inferences",
  arity: [2, 2],
  attributes: { levels: "ints", least: "int", of: "int", hold: "int", suppress: "int" },
  quantization: OWN_TYPES,
  types: ["int32"],
  unscaled: true,
  checkTypes: ({ inputs, outputs }) => {
    const [scores, state] = inputs as readonly [Tensor, Tensor];
    if (!["int8", "int16"].includes(scores.dtype))
      return `expected scores of int8 or int16, found ${scores.dtype}`;
    const other = [state, ...outputs].find(({ dtype }) => dtype !== "int32");
    return other && `expected int32 beside the scores, found ${other.dtype}`;
  },

  infer({ name, attributes: { levels, least, of, hold, suppress }, inputs }) {
    const [scores, state] = inputs as readonly [Tensor, Tensor];
    const classes = elements(scores.shape);
    require(name, levels.length === classes, `a level for each of ${classes} scores`, levels.length);
    require(name, of >= 1 &&
      of <= MOST_LOOKED_BACK, `1 to ${MOST_LOOKED_BACK} inferences to look back on`, of);
    require(name, least >= 1 && least <= of, `1 to ${of} of them`, least);
    require(name, hold >= 1 && hold <= LONGEST, `a hold of 1 to ${LONGEST}`, hold);
    require(name, suppress >= hold - 1 &&
      suppress <= LONGEST, `a refractory time of ${hold - 1} to ${LONGEST}`, suppress);
    const length = eventStateLength(classes);
    require(name, state.shape.join() === `${length}`, `a state of ${length} numbers`, `[${state.shape}]`);
    return [[1], state.shape];
  },

  evaluate({ attributes: { levels, least, of, hold, suppress } }, values) {
    const scores = values[0]!;
    const state = Int32Array.from(values[1]!);
    const mask = of === 32 ? -1 : 2 ** of - 1;
    levels.forEach((level, i) => {
      const at = HEAD + i;
      state[at] = ((state[at]! << 1) | (scores[i]! > level ? 1 : 0)) & mask;
    });
    const ready = [...levels.keys()].filter((i) => bitsOf(state[HEAD + i]! >>> 0) >= least);
    let [said, left, quiet] = [state[0]!, state[1]!, state[2]!];
    if (left > 0) left--;
    if (left === 0) said = 0;
    if (quiet > 0) quiet--;
    else if (ready.length > 0) {
      said = 1 + ready.reduce((best, i) => (scores[i]! > scores[best]! ? i : best));
      left = hold;
      quiet = suppress;
    }
    state.set([said, left, quiet]);
    return [Int32Array.of(said), state];
  },

  lower({ attributes: { levels, least, of, hold, suppress }, inputs, outputs }, to) {
    const [input, state] = inputs as readonly [Tensor, Tensor];
    const [output, next] = outputs as readonly [Tensor, Tensor];
    to.call("events", {
      input,
      levels: to.constant("levels", Int32Array.from(levels)),
      state,
      output,
      classes: levels.length,
      mask: of === 32 ? -1 : 2 ** of - 1,
      hold,
      suppress,
      least,
      scoreBytes: input.dtype === "int16" ? 2 : 1,
    });
    to.alias(next, state);
  },
});
