/** A model by what is said of its tensors: what Node's runtime does with a descriptor that it has checked. */
import { decideReal } from "../../ops/real_decision.ts";
import { checkRow, FEATURES } from "./features.ts";
import {
  ARRAYS,
  type Described,
  type Model,
  modelOf,
  type Numbers,
  type Rows,
  type Tensor,
  type Values,
} from "./model.ts";

/** Tensors of a kind where they lie in the memory of an instance. */
function placed(exports: WebAssembly.Exports, kind: string, described: readonly Described[]): Tensor[] {
  const { buffer } = exports["memory"] as WebAssembly.Memory;
  let start = 0;
  return described.map((said, i) => {
    const count = said.shape.reduce((product, n) => product * n, 1);
    const { value } = exports[kind + i] as WebAssembly.Global;
    const raw = new ARRAYS[said.dtype](buffer, value, count);
    const tensor: Tensor = { ...said, ...FEATURES, start, end: start + count, raw };
    start += count;
    const decides = (said.decision ?? "none") !== "none";
    if (decides) tensor.decide = (values, input) => decideReal(tensor, values, input);
    return tensor;
  });
}

/** Values by names in the order of the inputs. */
const namedRow = (inputs: readonly Tensor[], values: Exclude<Values, Numbers>): number[] =>
  inputs.flatMap((input) => [...(input.pick?.(values) ?? (values[input.name] as Numbers) ?? [])]);

/** The model of an instance: see `modelOf`. Its rows are checked and made float32 before anything computes with them. */
export function placedModel(
  exports: WebAssembly.Exports,
  described: readonly [inputs: readonly Described[], outputs: readonly Described[]],
  compute?: Rows,
): Model {
  const inputs = placed(exports, "input_", described[0]);
  const model = modelOf(exports, inputs, placed(exports, "output_", described[1]), compute);
  const { predict } = model;
  model.predict = (values) => {
    const row = Symbol.iterator in values ? (values as Numbers) : namedRow(inputs, values);
    // Too few or too many values are no row, which `predict` says.
    if (row.length === model.inputLength) checkRow(inputs, row, 0);
    return predict(Float32Array.from(row));
  };
  return model;
}
