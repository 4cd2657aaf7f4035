/** Files for the tests of host/python: modules, rows, and what the engines of this machine make of them, as raw bytes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readDescriptor } from "../../host/module/descriptor.ts";
import { type BorderTensor, dequantizeBytes, quantizeInput } from "../../host/ops/border.ts";
import { runHere } from "../../host/runtime/engines/v8.ts";
import { load } from "../../host/runtime/model/node.ts";

/** Facts about a model for a Python test, beside files of little-endian numbers. */
export interface GoldenCase {
  readonly name: string;
  readonly rows: number;
  readonly classes: readonly (number | null)[];
  readonly labels: readonly (string | null)[];
  /** The message of Node's runtime for a row that it refuses; then there is no more than that. */
  readonly refused?: string;
}

const sum = (tensors: readonly BorderTensor[], of: (tensor: BorderTensor) => number): number =>
  tensors.reduce((total, tensor) => total + of(tensor), 0);
const size = ({ shape }: BorderTensor): number => shape.reduce((product, n) => product * n, 1);
const bytes = (numbers: Float32Array): Uint8Array =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);

/** The bytes that V8 is given and gives for rows of a module with one input. */
function runs(module: Uint8Array, rows: readonly Float32Array[]) {
  const { inputs, outputs } = readDescriptor(module)!;
  const given = rows.map((row) => [quantizeInput(row, inputs[0]!)]);
  const found = runHere(module, given);
  const real = found.map((vector) => outputs.map((output, i) => dequantizeBytes(vector[i]!, output)));
  const values = new Float32Array(rows.length * sum(outputs, size));
  real.flat().reduce((at, part) => {
    values.set(part, at);
    return at + part.length;
  }, 0);
  return { given: given.flat(), values };
}

/** Writes NAME.wasm, NAME.rows, NAME.raw (integers of the input) and NAME.outputs; `signed` goes to NAME.img. */
export async function writeCase(
  folder: string,
  name: string,
  module: Uint8Array,
  rows: readonly Float32Array[],
): Promise<GoldenCase> {
  const write = (ending: string, data: Uint8Array): void => writeFileSync(join(folder, name + ending), data);
  write(".wasm", module);
  write(".rows", Buffer.concat(rows.map(bytes)));
  const model = await load(module);
  try {
    const answers = rows.map((row) => model.predict(row));
    const { given, values } = runs(module, rows);
    write(".raw", Buffer.concat(given));
    write(".outputs", bytes(values));
    return {
      name,
      rows: rows.length,
      classes: answers.map(({ classNumber }) => classNumber ?? null),
      labels: answers.map(({ label }) => label ?? null),
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { name, rows: rows.length, classes: [], labels: [], refused: error.message };
  }
}
