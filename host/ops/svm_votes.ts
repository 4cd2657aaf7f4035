import { allocate, byteSize, ModelError, perTensor, quantized, type Tensor } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";
import { featuresOf, rowsOf, withFeatures } from "./rows.ts";
import { pairCount } from "./svm.ts";

/** Votes as int16: the greatest is one for each other class and a third. */
const votesScale = (classes: number): number => 2 ** -Math.floor(Math.log2(32767 / classes));

/** The value of one in decisions. */
const oneOf = (input: Tensor): number => Math.round(1 / perTensor(input).scale);

/** Calls `add` for each pair: classes and the number of its decision. */
function eachPair(classes: number, add: (a: number, b: number, decision: number) => void): void {
  let decision = 0;
  for (let a = 0; a < classes; a++) for (let b = a + 1; b < classes; b++) add(a, b, decision++);
}

/**
 * Input: decisions [..., pairs], above or equal to 0 for the first class of a pair. Output: [..., classes]:
 * votes, and as much of a third of one as the sum s of decisions for a class is sure: s / (3 (|s| + 1)).
 */
export const svmVotes = defineOperator({
  name: "svm_votes",
  summary: "votes for classes by the decisions between all pairs of them",
  arity: [1, 1],
  attributes: { classes: "int" },
  quantization: { output: { kind: "own", dtype: "int16" } },
  types: ["int16"],

  infer({ name, attributes, inputs }) {
    const { classes } = attributes;
    if (!(classes >= 2 && classes <= 128) || featuresOf(inputs[0]!) !== pairCount(classes))
      throw new ModelError(
        `node ${name}: expected decisions for all pairs of ${classes} classes, found [${inputs[0]!.shape}]`,
      );
    return [withFeatures(inputs[0]!, classes)];
  },

  evaluate({ attributes, inputs, outputs }, values) {
    const { classes } = attributes;
    const [input, output] = [inputs[0]!, outputs[0]!];
    const isFloat = output.dtype === "float32";
    const one = isFloat ? 1 : oneOf(input);
    const zeroPoint = isFloat ? 0 : perTensor(input).zeroPoint;
    const vote = isFloat ? 1 : 1 / votesScale(classes);
    const result = allocate(output.dtype, rowsOf(output) * classes);
    for (let row = 0; row < rowsOf(output); row++) {
      const [votes, sums] = [new Float64Array(classes), new Float64Array(classes)];
      eachPair(classes, (a, b, decision) => {
        const d = values[0]![row * pairCount(classes) + decision]! - zeroPoint;
        votes[d < 0 ? b : a]!++;
        sums[a]! += d;
        sums[b]! -= d;
      });
      votes.forEach((count, i) => {
        const part = (sums[i]! * vote) / (3 * (Math.abs(sums[i]!) + one));
        result[row * classes + i] = count * vote + (isFloat ? part : Math.trunc(part));
      });
    }
    return [result];
  },

  checkTypes({ inputs, outputs }) {
    const isFloat = outputs[0]!.dtype === "float32";
    if (isFloat === (inputs[0]!.dtype === "float32")) return undefined;
    return `expected decisions of ${isFloat ? "float32" : "integers"}, found ${inputs[0]!.dtype}`;
  },
  outputType: ({ attributes }) => ({
    dtype: "int16",
    quantization: quantized(votesScale(attributes.classes), 0),
  }),

  lower({ attributes, inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const { classes } = attributes;
    to.call("svm_votes", {
      input,
      output,
      scratch: to.scratch(8 * classes),
      rows: rowsOf(input),
      classes,
      inputBytes: byteSize({ dtype: input.dtype, shape: [] }),
      inputZeroPoint: perTensor(input).zeroPoint,
      one: oneOf(input),
      voteShift: Math.round(-Math.log2(votesScale(classes))),
    });
  },
});
