/**
 * The descriptor of a module (firmware/SPEC.md, section 2.1), read in as few bytes of code as it takes: what predictions
 * need. A module that runs in a page harms nothing but that page's answers, so that nothing is checked but that the bytes
 * are there; `host/module/descriptor.ts`, which reads what nobody vouches for, checks everything.
 */
import { nearest } from "../../ops/plain_values.ts";
import { ARRAYS, type Model, modelOf, refuse, type Tensor } from "./model.ts";

/** Reads the fields that a record has behind its zero point, and completes the tensor with them. */
export type Complete = (
  tensor: Tensor,
  fields: number,
  decision: number,
  /** LEB128. */
  integer: () => number,
  float: () => number,
  text: () => string,
) => void;

/** Real values of a tensor that has no features of its own. */
function writePlain(this: Tensor, values: ArrayLike<number>, from: number): void {
  const { name, raw } = this;
  for (let i = 0; i < raw.length; i++) {
    const x = values[from + i]!;
    if (x !== +x) refuse(`${name}[${i}]`, "a number", x);
    raw[i] = nearest(x, this, raw);
  }
}

/** The model of an instance by the section that describes it. */
export async function readModel(section: ArrayBuffer, exports: WebAssembly.Exports): Promise<Model> {
  const view = new DataView(section);
  let at = 4;
  const byte = (): number => view.getUint8(at++);
  const integer = (signed?: unknown): number => {
    const next = byte();
    return next > 127 ? next - 128 + 128 * integer(signed) : signed && next > 63 ? next - 128 : next;
  };
  const float = (): number => {
    at += 4;
    return view.getFloat32(at - 4, true);
  };
  const text = (): string => {
    const from = at;
    while (byte());
    return new TextDecoder().decode(section.slice(from, at - 1));
  };
  const tensors = async (kind: string, more: () => Promise<{ complete: Complete }>): Promise<Tensor[]> => {
    const found: Tensor[] = [];
    let start = 0;
    for (let i = 0; exports[kind + i]; i++) {
      integer();
      const dtype = Object.keys(ARRAYS)[byte() & 15] as keyof typeof ARRAYS;
      const fields = byte();
      const decision = byte();
      const name = text();
      const shape = Array.from({ length: integer() }, integer as () => number);
      const count = shape.reduce((product, n) => product * n, 1);
      const { value } = exports[kind + i] as WebAssembly.Global;
      const raw = new ARRAYS[dtype]((exports.memory as WebAssembly.Memory).buffer, value, count);
      const tensor: Tensor = {
        name,
        dtype,
        shape,
        scale: float(),
        zeroPoint: integer(true),
        columns: [[0, 1]],
        start,
        end: start + count,
        raw,
        write: writePlain,
      };
      if (fields | decision) (await more()).complete(tensor, fields, decision, integer, float, text);
      found.push(tensor);
      start += count;
    }
    return found;
  };
  return modelOf(
    exports,
    await tensors("input_", () => import("./browser_features.ts")),
    await tensors("output_", () => import("./browser_labels.ts")),
  );
}
