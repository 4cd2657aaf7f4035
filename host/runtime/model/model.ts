/**
 * A loaded module that answers real values: what Node and browsers have in common. It works by the descriptor of the
 * module (firmware/SPEC.md, sections 2.1 and 2.2), in the very steps of a device.
 */
import type { BorderTensor } from "../../ops/border.ts";
import {
  type Column,
  type Decided,
  decideReal,
  type Integers,
  readReal,
  writeReal,
} from "../../ops/real_values.ts";

export type { Decided } from "../../ops/real_values.ts";

/** An array or typed array. */
type Numbers = ArrayLike<number> & Iterable<number>;

/** A row: the values of all inputs one after the other; or by names, of features where an input has such, else of inputs. */
export type Values = Numbers | { readonly [name: string]: number | Numbers };

export interface Prediction extends Partial<Decided> {
  /** Real values by the names of the outputs. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
}

/** What the descriptor says of an input or an output, numbers in float32. */
export interface Described extends Pick<BorderTensor, "name" | "shape" | "scale" | "zeroPoint"> {
  readonly dtype: keyof typeof ARRAYS;
  readonly unit?: string | undefined;
  /** Of an input's features, the elements of its last axis; of an output's classes. */
  readonly names?: readonly string[] | undefined;
  readonly threshold?: number | undefined;
  readonly decision?: BorderTensor["decision"];
  /** An input's texts, whose numbers its values are, from 0; -1 is any other text. In Node alone. */
  readonly categories?: readonly string[] | undefined;
  /** Of each feature; one for all where they are alike. */
  readonly columns: Column[];
}

/** An input or output, with its integers in the module's memory. */
export interface ModelTensor extends Described {
  readonly raw: Integers;
  /** Number of its first value in a row. */
  readonly start: number;
}

export interface Model {
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
  /** Of the output that decides. */
  readonly labels?: readonly string[] | undefined;
  readonly threshold?: number | undefined;
  /** Values in a row of all inputs, and in one of all outputs. */
  readonly inputLength: number;
  readonly outputLength: number;
  /** Throws RangeError, which names the feature, what was expected and what was found. */
  predict(values: Values): Prediction;
  /** One row in, one row out, without allocating. Throws as `predict`. */
  predictInto(input: Float32Array, output: Float32Array): void;
  /** Rows one after the other, in and out; NaN for a row that brought nothing new. `output` is filled, if it is given. Throws as `predict`. */
  predictBatch(input: Float32Array, rows: number, output?: Float32Array): Float32Array;
  /** The decision by a row of outputs from number `at` on. An autoencoder's needs the values of its input. */
  decide(output: Float32Array, at?: number, input?: ArrayLike<number>): Decided | undefined;
  /**
   * An inference on what the inputs' `raw` hold, which it may overwrite, to that of the outputs; false where it brought
   * nothing new, and outputs are not to be read.
   */
  invoke(): boolean;
  /** Forgets what the module remembers from inference to inference. */
  reset(): void;
}

/** Computes rows in a way of its own. */
export type Rows = (input: Float32Array, rows: number, output: Float32Array) => void;

/** Types of integers, in the order of their numbers. */
export const ARRAYS = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, int32: Int32Array };

export function refuse(where: string, expected: string | number, found: unknown): never {
  throw new RangeError(`${where}: expected ${expected}, found ${found}`);
}

/** Where the tensors of a kind lie, and how many values a row has. */
function place(
  exports: WebAssembly.Exports,
  kind: "input" | "output",
  described: readonly Described[],
): [tensors: ModelTensor[], length: number] {
  const { buffer } = exports.memory as WebAssembly.Memory;
  let length = 0;
  const tensors = described.map((tensor, i) => {
    const start = length;
    const count = tensor.shape.reduce((product, n) => product * n, 1);
    length += count;
    const { value } = exports[`${kind}_${i}`] as WebAssembly.Global;
    return { ...tensor, start, raw: new ARRAYS[tensor.dtype](buffer, value, count) };
  });
  return [tensors, length];
}

/** The name of value number `i` of a row: of its feature, or of its input with its place there. */
function nameOf(inputs: readonly ModelTensor[], i: number): string {
  const { name, names, start } = inputs.findLast((input) => input.start <= i)!;
  return names?.[(i - start) % names.length] ?? `${name}[${i - start}]`;
}

/** Refuses what is not a number, before anything is written. */
export function checkRow(inputs: readonly ModelTensor[], values: ArrayLike<number>, from: number): void {
  for (const { columns, raw, start } of inputs)
    for (let i = 0; i < raw.length; i++) {
      const x = values[from + start + i]!;
      if (Number.isNaN(x) && columns[i % columns.length]!.length < 4)
        refuse(nameOf(inputs, start + i), "a number", x);
    }
}

/** The row of values by place or by name, in the order of the inputs. NaN is a number here, what is left out is none. */
const rowOf = (inputs: readonly ModelTensor[], values: Values): Float32Array =>
  Float32Array.from(
    Symbol.iterator in values
      ? (values as Numbers)
      : inputs.flatMap(({ name, names, raw }) =>
          names?.length === raw.length
            ? names.map((feature) => values[feature] as number)
            : [...((values[name] ?? []) as Numbers)],
        ),
    (x, i) => (typeof x === "number" ? x : refuse(nameOf(inputs, i), "a number", x)),
  );

/** Whether there are new outputs, by the status of an inference: 1 is that of a stream that has none yet. */
const isNew = (status: number): boolean => (status >>> 0 > 1 ? refuse("invoke", 0, status) : !status);

const byName = (outputs: readonly ModelTensor[], row: Float32Array): Record<string, Float32Array> =>
  Object.fromEntries(outputs.map(({ name, raw, start }) => [name, row.subarray(start, start + raw.length)]));

/** The model of an instance, whose memory begins as it is now; `compute` takes the place of its `invoke`, if it is given. */
export function modelOf(
  exports: WebAssembly.Exports,
  described: readonly [inputs: readonly Described[], outputs: readonly Described[]],
  compute?: Rows,
): Model {
  const memory = new Uint8Array((exports.memory as WebAssembly.Memory).buffer);
  const first = memory.slice(0, (exports.memory_bytes as WebAssembly.Global).value);
  const [inputs, inputLength] = place(exports, "input", described[0]);
  const [outputs, outputLength] = place(exports, "output", described[1]);
  const deciding = outputs.find(({ decision }) => decision !== "none") ?? outputs[0]!;
  const rowByRow: Rows = (input, rows, output) => {
    for (let row = 0; row < rows; row++) {
      const from = row * inputLength;
      checkRow(inputs, input, from);
      for (const tensor of inputs) writeReal(input, from + tensor.start, tensor.raw, tensor.columns, tensor);
      const at = row * outputLength;
      if (!model.invoke()) output.fill(Number.NaN, at, at + outputLength);
      else for (const tensor of outputs) readReal(tensor.raw, output, at + tensor.start, tensor);
    }
  };
  const model: Model = {
    inputs,
    outputs,
    inputLength,
    outputLength,
    labels: deciding.names,
    threshold: deciding.threshold,
    reset: () => memory.set(first),
    invoke: () => isNew((exports.invoke as () => number)()),
    predictInto: (input, output) => void model.predictBatch(input, 1, output),
    predictBatch(input, rows, given) {
      if (input.length !== (rows >>> 0) * inputLength)
        refuse("input", `${rows} x ${inputLength} values`, input.length);
      const output = given ?? new Float32Array(rows * outputLength);
      if (output.length < rows * outputLength)
        refuse("output", `${rows} x ${outputLength} values`, output.length);
      (compute ?? rowByRow)(input, rows, output);
      return output;
    },
    decide: (output, at = 0, input) =>
      decideReal(
        deciding,
        output.subarray(at + deciding.start, at + deciding.start + deciding.raw.length),
        input,
      ),
    predict(values) {
      const row = rowOf(inputs, values);
      const found = model.predictBatch(row, 1);
      return {
        // Nothing new decides nothing.
        ...(found[0]! <= Number.POSITIVE_INFINITY &&
          model.decide(found, 0, row.subarray(0, inputs[0]!.raw.length))),
        outputs: byName(outputs, found),
      };
    },
  };
  return model;
}
