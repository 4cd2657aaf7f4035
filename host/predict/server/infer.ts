/** An inference as the Open Inference Protocol asks for it: tensors of real values in, scores and the decision out. */
import { isObject, type Json, type JsonObject, Refused, shown } from "../../fleet/server/message.ts";
import type { Model, ModelTensor, NodeModel } from "../../runtime/model/node.ts";
import { type InputTensor, inputTensor, type OutputTensor } from "./tensors.ts";

/** What is left of a shape without the one that stands for rows. */
const rowShape = ({ shape }: ModelTensor): readonly number[] => (shape[0] === 1 ? shape.slice(1) : shape);

const LABEL = "label";
const SCORE = "score";

const decidingOutput = ({ outputs }: Model): ModelTensor | undefined =>
  outputs.find(({ decision = "none" }) => decision !== "none");

/** Beside a model's own outputs, where it decides and has none of that name. */
const addedNames = (model: Model): string[] =>
  decidingOutput(model)
    ? [LABEL, SCORE].filter((name) => !model.outputs.some((output) => output.name === name))
    : [];

/** Inputs and outputs as the protocol describes them. */
export function describeTensors(model: Model): { readonly inputs: object[]; readonly outputs: object[] } {
  const describe = (tensor: ModelTensor): object => ({
    name: tensor.name,
    datatype: "FP32",
    shape: [-1, ...rowShape(tensor)],
    ...(tensor.names && { parameters: { names: tensor.names } }),
  });
  const added = addedNames(model).map((name) => ({
    name,
    datatype: name === LABEL ? "BYTES" : "FP32",
    shape: [-1],
  }));
  return { inputs: model.inputs.map(describe), outputs: [...model.outputs.map(describe), ...added] };
}

/** Rows that a tensor of this shape has. Throws Refused. */
function rowsOf({ shape }: InputTensor, input: ModelTensor): number {
  const count = input.raw.length;
  const rest = shape.slice(1).reduce((product, n) => product * n, 1);
  if (shape.length > 0 && rest === count) return shape[0]!;
  if (shape.reduce((product, n) => product * n, 1) === count) return 1;
  throw new Refused(
    400,
    `${input.name}: shape: expected [-1, ${rowShape(input).join(", ")}], found [${shape.join(", ")}]`,
  );
}

const nameOf = ({ name, names, raw }: ModelTensor, i: number): string =>
  names?.[(i % raw.length) % names.length] ?? `${name}[${i % raw.length}]`;

function inputsOf(request: JsonObject): Map<string, JsonObject> {
  const { inputs } = request;
  if (!Array.isArray(inputs)) throw new Refused(400, `inputs: expected a list, found ${shown(inputs)}`);
  const found = new Map<string, JsonObject>();
  for (const input of inputs as readonly Json[]) {
    const name = isObject(input) ? input["name"] : undefined;
    if (!isObject(input) || typeof name !== "string")
      throw new Refused(
        400,
        `inputs: expected tensors with names, found ${shown(isObject(input) ? name : input)}`,
      );
    if (found.has(name)) throw new Refused(400, `inputs: expected ${shown(name)} once, found it again`);
    found.set(name, input);
  }
  return found;
}

export interface Rows {
  readonly values: Float32Array;
  readonly rows: number;
}

/** The rows of a request. Throws Refused (400, 413), which names the feature. */
export function readRows(model: Model, request: JsonObject, rest: DataView, mostRows: number): Rows {
  const given = inputsOf(request);
  const bytes = { rest, taken: 0 };
  // Bytes lie in the order of the request, whatever that of the model is.
  const tensors = new Map([...given].map(([name, input]) => [name, inputTensor(input, name, bytes)]));
  const unknown = [...given.keys()].find((name) => !model.inputs.some((input) => input.name === name));
  if (unknown !== undefined) {
    const names = model.inputs.map(({ name }) => name).join(", ");
    throw new Refused(400, `inputs: expected ${names}, found ${shown(unknown)}`);
  }
  if (bytes.taken !== rest.byteLength)
    throw new Refused(400, `body: expected ${bytes.taken} bytes behind the JSON, found ${rest.byteLength}`);
  const parts = model.inputs.map((input) => {
    const tensor = tensors.get(input.name);
    if (!tensor) throw new Refused(400, `inputs: expected ${input.name}, found none of that name`);
    return { input, tensor, rows: rowsOf(tensor, input) };
  });
  const { rows } = parts[0]!;
  if (rows < 1 || rows > mostRows)
    throw new Refused(rows > mostRows ? 413 : 400, `rows: expected 1 to ${mostRows}, found ${rows}`);
  const values = new Float32Array(rows * model.inputLength);
  for (const { input, tensor, rows: own } of parts) {
    if (own !== rows)
      throw new Refused(400, `${input.name}: expected ${rows} rows as the first input, found ${own}`);
    fill(values, model.inputLength, input, tensor, rows);
  }
  return { values, rows };
}

function fill(
  values: Float32Array,
  inputLength: number,
  input: ModelTensor,
  { at }: InputTensor,
  rows: number,
): void {
  const { raw, start, columns } = input;
  const count = raw.length;
  for (let row = 0, i = 0; row < rows; row++)
    for (let j = 0; j < count; j++, i++) {
      const x = at(i);
      const isGood = Number.isFinite(x) || (Number.isNaN(x) && columns[j % columns.length]!.length === 4);
      if (!isGood)
        throw new Refused(
          400,
          `${nameOf(input, j)}: row ${row}: expected a number from -3.4e38 to 3.4e38, found ${Number.isNaN(x) ? "none" : x}`,
        );
      values[row * inputLength + start + j] = x;
    }
}

/** What a model answers to rows: its outputs one by one, and its decisions. */
export function answerRows(model: NodeModel, { values, rows }: Rows): OutputTensor[] {
  // A request is answered by what it says alone.
  model.reset();
  const found = model.predictBatch(values, rows);
  const { inputLength, outputLength } = model;
  const outputs = model.outputs.map((output): OutputTensor => {
    const { name, start, raw } = output;
    const shape = [rows, ...rowShape(output)];
    if (raw.length === outputLength) return { name, shape, data: found };
    const data = new Float32Array(rows * raw.length);
    for (let row = 0; row < rows; row++) {
      const from = row * outputLength + start;
      data.set(found.subarray(from, from + raw.length), row * raw.length);
    }
    return { name, shape, data };
  });
  const added = addedNames(model);
  if (added.length === 0) return outputs;
  const first = model.inputs[0]!.raw.length;
  const decided = Array.from({ length: rows }, (_, row) => {
    const from = row * inputLength;
    return model.decide(found, row * outputLength, values.subarray(from, from + first));
  });
  for (const name of added)
    outputs.push({
      name,
      shape: [rows],
      data:
        name === LABEL
          ? decided.map((each) => each?.label ?? String(each?.classNumber ?? ""))
          : Float32Array.from(decided, (each) => each?.score ?? Number.NaN),
    });
  return outputs;
}
