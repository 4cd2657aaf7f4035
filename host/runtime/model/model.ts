/**
 * A loaded module that answers real values: what Node and browsers have in common. It works by the descriptor of the
 * module (firmware/SPEC.md, sections 2.1 and 2.2), in the very steps of a device.
 */
import type { BorderTensor } from "../../ops/border.ts";
import { type Integers, readReal } from "../../ops/plain_values.ts";
import type { Decided } from "../../ops/real_decision.ts";
import type { Column } from "../../ops/real_values.ts";

export type { Decided } from "../../ops/real_decision.ts";

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
  predictInto(input: ArrayLike<number>, output: Float32Array): void;
  /** Rows one after the other, in and out; NaN for a row that brought nothing new. `output` is filled, if it is given. Throws as `predict`. */
  predictBatch(input: ArrayLike<number>, rows: number, output?: Float32Array): Float32Array;
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
export type Rows = (input: ArrayLike<number>, rows: number, output: Float32Array) => void;

/** A tensor with what is done with it; a browser fetches only what its models need. */
export interface Tensor extends ModelTensor {
  /** Of its values in a row, which begin at `start`. */
  readonly end: number;
  /** Writes the real values from number `from` on to `raw`. Throws RangeError at what is not a number, before it writes any. */
  write?(values: ArrayLike<number>, from: number): void;
  /** The values of features that have names. */
  pick?(values: Readonly<Record<string, number | Numbers>>): Iterable<number> | undefined;
  /** By its values, and those of the first input. */
  decide?(values: Float32Array, input?: ArrayLike<number>): Decided | undefined;
}

/** Types of integers, in the order of their numbers. */
export const ARRAYS = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, int32: Int32Array };

export function refuse(where: string, expected: string | number, found: unknown): never {
  throw new RangeError(`${where}: expected ${expected}, found ${found}`);
}

/** A tensor's values of a row that begins at `at`. */
const valuesOf = <T extends Float32Array | number[]>({ start, end }: Tensor, row: T, at = 0): T =>
  row.slice(at + start, at + end) as T;

/** The model of an instance, whose memory begins as it is now; `compute` takes the place of its `invoke`, if it is given. */
export function modelOf(
  exports: WebAssembly.Exports,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  compute?: Rows,
): Model {
  const memory = new Uint8Array((exports.memory as WebAssembly.Memory).buffer);
  const first = memory.slice(0, (exports.memory_bytes as WebAssembly.Global).value);
  const inputLength = inputs.at(-1)!.end;
  const outputLength = outputs.at(-1)!.end;
  const deciding = outputs.find(({ decide }) => decide) ?? outputs[0]!;
  const model: Model = {
    inputs,
    outputs,
    inputLength,
    outputLength,
    labels: deciding.names,
    threshold: deciding.threshold,
    reset: () => memory.set(first),
    // 1 is the status of a stream that has nothing new yet.
    invoke() {
      const status = (exports.invoke as () => number)();
      return status >>> 0 > 1 ? refuse("invoke", 0, status) : !status;
    },
    predictInto: (input, output) => void model.predictBatch(input, 1, output),
    predictBatch(input, rows, output = new Float32Array(rows * outputLength)) {
      if (input.length !== (rows >>> 0) * inputLength)
        refuse("input", `${rows} x ${inputLength} values`, input.length);
      if (output.length < rows * outputLength)
        refuse("output", `${rows} x ${outputLength} values`, output.length);
      if (compute) compute(input, rows, output);
      else
        for (let row = 0; row < rows; row++) {
          for (const tensor of inputs) tensor.write!(input, row * inputLength + tensor.start);
          const at = row * outputLength;
          if (!model.invoke()) output.fill(Number.NaN, at, at + outputLength);
          else for (const tensor of outputs) readReal(tensor.raw, output, at + tensor.start, tensor);
        }
      return output;
    },
    decide: (output, at, input) => deciding.decide?.(valuesOf(deciding, output, at), input),
    predict(values) {
      const row: number[] =
        Symbol.iterator in values
          ? [...(values as Numbers)]
          : inputs.flatMap((input) => [...(input.pick?.(values) ?? (values[input.name] as Numbers) ?? [])]);
      const found = model.predictBatch(row, 1);
      return {
        // Nothing new decides nothing.
        ...(!Number.isNaN(found[0]) && model.decide(found, 0, valuesOf(inputs[0]!, row))),
        outputs: Object.fromEntries(outputs.map((output) => [output.name, valuesOf(output, found)])),
      };
    },
  };
  return model;
}
