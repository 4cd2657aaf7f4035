/** What the records of inputs say of features: fetched for models whose inputs have any. */
import type { Column } from "../../ops/real_values.ts";
import type { Complete } from "./browser_descriptor.ts";
import { FEATURES } from "./features.ts";

const list = <T>(length: number, read: (i: number) => T): T[] => Array.from({ length }, (_, i) => read(i));

/** Takes all fields that an input may have, in the order of their bits. */
export const complete: Complete = (tensor, fields, _decision, integer, float, text) => {
  const count = tensor.shape.at(-1) ?? 1;
  let rest = fields;
  /** The next field, if it is there. */
  const next = <T>(read: () => T): T | undefined => {
    const isThere = rest & 1;
    rest >>= 1;
    return isThere ? read() : undefined;
  };
  const unit = next(text);
  const columns = next(() =>
    list(count, (): Column => {
      const head = integer();
      const [offset, factor] = head & 1 ? [float(), float()] : [0, 1];
      return [offset, factor, head > 1 ? list((head >> 1) - 1, float) : null];
    }),
  ) ?? [[0, 1]];
  next(() => {
    for (const column of columns) {
      const missing = float();
      column[3] = Number.isNaN(missing) ? null : missing;
    }
  });
  const names = next(() => list(integer(), text));
  const numbered = next(() => {
    const prefix = text();
    const first = integer();
    return list(count, (i) => prefix + (first + i));
  });
  const threshold = next(float);
  next(() => list(3, () => integer()));
  next(() => list(count, text));
  Object.assign(tensor, FEATURES, { unit, columns, names: names ?? numbered, threshold });
};
