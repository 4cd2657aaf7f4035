/** Inputs whose values are features: with names, offsets and factors, bins, missing values. */
import { writeReal } from "../../ops/real_values.ts";
import { type ModelTensor, refuse, type Tensor } from "./model.ts";

/** Throws RangeError, which names the feature, at what is not a number; NaN is one where a value may be missing. */
export function checkValues(
  { name, names, raw, columns }: ModelTensor,
  values: ArrayLike<unknown>,
  from: number,
): void {
  for (let i = 0; i < raw.length; i++) {
    const x = values[from + i];
    const isMissing = Number.isNaN(x) && columns[i % columns.length]!.length === 4;
    if (x !== Number(x) && !isMissing) refuse(names?.[i % names.length] ?? `${name}[${i}]`, "a number", x);
  }
}

/** What a tensor with features does with real values: see `Tensor`. */
export const FEATURES: Pick<Tensor, "write" | "pick"> = {
  write(this: Tensor, values, from) {
    checkValues(this, values, from);
    writeReal(values, from, this.raw, this);
  },
  pick(this: Tensor, values) {
    const { names, raw } = this;
    return names?.length === raw.length ? names.map((name) => values[name] as number) : undefined;
  },
};
