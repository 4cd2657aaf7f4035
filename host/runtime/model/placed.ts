/** A model by what is said of its tensors: what Node's runtime does with a descriptor that it has checked. */
import { decideReal } from "../../ops/real_decision.ts";
import { FEATURES } from "./features.ts";
import { ARRAYS, type Described, type Model, modelOf, type Rows, type Tensor } from "./model.ts";

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

/** The model of an instance: see `modelOf`. */
export const placedModel = (
  exports: WebAssembly.Exports,
  [inputs, outputs]: readonly [inputs: readonly Described[], outputs: readonly Described[]],
  compute?: Rows,
): Model => modelOf(exports, placed(exports, "input_", inputs), placed(exports, "output_", outputs), compute);
