/** Operators with variables, which keep their values between inferences. */
import { ModelError } from "../../../ir/graph.ts";
import type { Translate } from "./source.ts";

const RELU = 1;

/** The reference kernel takes RELU only, and clamps to the type's range: the output's zero point does the rest. */
export const svdf: Translate = ({ inputs, options }) => {
  if (options.byte(1) !== RELU) throw new ModelError(`fused activation ${options.byte(1)}: expected RELU`);
  if (!inputs[3]) throw new ModelError("expected a bias, found none");
  return { op: "svdf", attributes: { rank: options.int(0) }, states: [4] };
};

const TANH = 4;
/** Positions: peephole weights, projection and layer normalisation. */
const OPTIONAL = [9, 10, 11, 16, 17, 20, 21, 22, 23];
const KEPT = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 18, 19];

export const lstm: Translate = ({ inputs, options }) => {
  const extra = OPTIONAL.find((i) => inputs[i] !== undefined);
  if (extra !== undefined)
    throw new ModelError(
      `input ${extra}: expected neither peepholes nor a projection nor layer normalisation, found it`,
    );
  const missing = KEPT.find((i) => inputs[i] === undefined);
  if (missing !== undefined) throw new ModelError(`input ${missing} is missing`);
  if (options.byte(0) !== TANH) throw new ModelError(`fused activation ${options.byte(0)}: expected TANH`);
  if (options.byte(3) !== 0) throw new ModelError("time major: expected the batch to come first");
  return { op: "lstm", attributes: { cellClip: options.float(1) }, inputs: KEPT, states: [18, 19] };
};
