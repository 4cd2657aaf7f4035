import {
  type Attributes,
  byteSize,
  type DType,
  elements,
  fromBytes,
  type Graph,
  ModelError,
  type Node,
  type Quantization,
  type Shape,
  type Tensor,
} from "../../../ir/graph.ts";
import { nameGiver } from "../../../ir/names.ts";
import { operatorOf } from "../../../ops/index.ts";
import { checkRank, MAX_ELEMENTS, translateAll } from "../importer.ts";
import { joinDilations } from "./dilation.ts";
import { widenConstants } from "./float_constants.ts";
import { translations } from "./operators.ts";
import {
  type Options,
  readTflite,
  type TfliteModel,
  type TfliteOperator,
  type TfliteTensor,
} from "./schema.ts";
import type { Source, Translation } from "./source.ts";
import { keepUsed } from "./used_operators.ts";

const DTYPES: Readonly<Record<string, DType>> = {
  FLOAT32: "float32",
  INT8: "int8",
  UINT8: "uint8",
  INT16: "int16",
  INT32: "int32",
};

/** Biases of 16-bit layers are of 64 bits in most files; here they have 32, as do all sums' constants. */
function narrowed({ name, shape, data }: TfliteTensor): Int32Array {
  const found = data.length;
  if (found !== 8 * elements(shape))
    throw new ModelError(
      `tensor ${name}: expected ${8 * elements(shape)} bytes for [${shape}], found ${found}`,
    );
  const wide = new BigInt64Array(data.slice().buffer);
  const wrong = wide.find((value) => value !== BigInt.asIntN(32, value));
  if (wrong !== undefined)
    throw new ModelError(`tensor ${name}: expected int64 values that fit 32 bits, found ${wrong}`);
  return Int32Array.from(wide, Number);
}

/** Scalars have an empty shape in TFLite and here alike: one element. */
function tensorData(tensor: TfliteTensor, dtype: DType): Tensor["data"] {
  if (tensor.data.length === 0) return undefined;
  const expected = byteSize({ dtype, shape: tensor.shape });
  if (tensor.data.length !== expected) {
    throw new ModelError(
      `tensor ${tensor.name}: expected ${expected} bytes for [${tensor.shape}], found ${tensor.data.length}`,
    );
  }
  const data = fromBytes(dtype, tensor.data);
  const wrong = dtype === "float32" && data.find((x) => !Number.isFinite(x));
  if (typeof wrong === "number")
    throw new ModelError(`tensor ${tensor.name}: expected finite numbers, found ${wrong}`);
  return data;
}

function quantizationOf(tensor: TfliteTensor): Quantization | undefined {
  const { scales, zeroPoints, quantizedDimension } = tensor;
  if (scales.length === 0) return undefined;
  const zeros = zeroPoints.length === 0 ? scales.map(() => 0) : zeroPoints;
  // One zero point for many scales is common for weights, which are symmetric.
  const spread = zeros.length === 1 ? scales.map(() => zeros[0]!) : zeros;
  return { scales, zeroPoints: spread, axis: quantizedDimension };
}

function toTensor(tensor: TfliteTensor, name: string, unique: (name: string) => string): Tensor {
  const isLong = tensor.type === "INT64" && tensor.data.length > 0;
  const dtype = isLong ? "int32" : DTYPES[tensor.type];
  if (!dtype)
    throw new ModelError(
      `tensor ${name}: type ${tensor.type}: expected one of ${Object.keys(DTYPES).join(", ")}`,
    );
  if (tensor.isSparse) throw new ModelError(`tensor ${name}: sparse tensors are not supported`);
  checkRank(tensor.shape, `tensor ${name}: `);
  if (tensor.shape.some((n) => n < 1) || elements(tensor.shape) > MAX_ELEMENTS) {
    throw new ModelError(
      `tensor ${name}: expected a shape of at most ${MAX_ELEMENTS} elements, found [${tensor.shape}]`,
    );
  }
  const data = isLong ? narrowed(tensor) : tensorData(tensor, dtype);
  const quantization = quantizationOf(tensor);
  return {
    name,
    dtype,
    shape: tensor.shape,
    ...(data && { data }),
    ...(quantization && { quantization }),
    ...(tensor.isVariable && !data && { next: unique(`${name}_next`) }),
  };
}

/** Readable, unique tensor names: TFLite joins the names of fused layers with ";". */
function uniqueNames(model: TfliteModel): string[] {
  const unique = nameGiver([]);
  return model.tensors.map(({ name }, i) => unique(name.split(";")[0] || `tensor_${i}`, i));
}

/** The quantisation that the kernels for integers assume; TensorFlow Lite Micro checks the same at run time. */
function checkQuantization(
  op: string,
  inputs: readonly (Tensor | undefined)[],
  outputs: readonly Tensor[],
): void {
  const { quantization: rule, types } = operatorOf(op);
  const output = outputs[0]!;
  if (output.dtype === "float32" || op === "quantize") return;
  if (!types.includes(output.dtype))
    throw new ModelError(
      `output type ${output.dtype}: expected ${types.join(" or ")} (or uint8 at the model's border)`,
    );
  const isInt16 = output.dtype === "int16";
  const expected = rule.output.kind === "fixed" && (isInt16 ? rule.output.int16 : rule.output.quantization);
  if (expected) {
    const [scale, zeroPoint] = [expected.scales[0]!, expected.zeroPoints[0]!];
    const found = output.quantization;
    // The reference kernels for int16 take a scale for the power of two that it is near.
    const isNear = isInt16 && Math.abs((found?.scales[0] ?? 0) / scale - 1) < NEAR;
    if ((found?.scales[0] !== scale && !isNear) || found?.zeroPoints[0] !== zeroPoint) {
      throw new ModelError(
        `output ${output.name}: expected scale ${scale} and zero point ${zeroPoint}, found ${found?.scales[0]} and ${found?.zeroPoints[0]}`,
      );
    }
  }
  if (rule.weights) checkWeights(inputs[rule.weights.input], rule.weights.axis, inputs[rule.bias ?? -1]);
}

const NEAR = 1e-4;

/** The option that tells the type a bias would have, where there is none; and the schema's number of INT32. */
const BIAS_TYPE_OPTION: Readonly<Record<string, number>> = { fully_connected: 4, conv2d: 6 };
const INT32 = 2;

/** See host/ops/wide_sum.ts. TensorFlow Lite Micro reads the 32 bits of a depthwise layer's bias as 64. */
function sumAttributes(op: string, output: Tensor, bias: string | undefined, options: Options): Attributes {
  const option = BIAS_TYPE_OPTION[op];
  const isNarrow =
    bias === "INT32" || (bias === undefined && option !== undefined && options.byte(option) === INT32);
  if (output.dtype !== "int16" || !isNarrow) return {};
  if (op === "depthwise_conv2d")
    throw new ModelError("bias of int32 beside int16: expected int64, the only type that its kernel reads");
  return { narrowSums: true };
}

function checkWeights(weights: Tensor | undefined, axis: number, bias: Tensor | undefined): void {
  const q = weights?.quantization;
  if (!weights?.data || weights.dtype !== "int8" || !q) {
    throw new ModelError(
      `weights ${weights?.name}: expected constant int8 weights with a scale, found ${weights?.data ? weights.dtype : "a computed tensor"}`,
    );
  }
  if (q.zeroPoints.some((zero) => zero !== 0)) {
    throw new ModelError(
      `weights ${weights.name}: expected zero points of 0, found ${q.zeroPoints.find((zero) => zero !== 0)}`,
    );
  }
  if (q.scales.length > 1 && q.axis !== axis) {
    throw new ModelError(`weights ${weights.name}: expected scales along axis ${axis}, found ${q.axis}`);
  }
  if (bias && (!bias.data || bias.dtype !== "int32")) {
    throw new ModelError(
      `bias ${bias.name}: expected constant int32, found ${bias.data ? bias.dtype : "a computed tensor"}`,
    );
  }
}

interface Tensors {
  at(index: number): Tensor;
  /** The file's own name of a tensor's type. */
  typeAt(index: number): string | undefined;
  /** A new one between the steps of an operator. */
  between(like: Tensor, shape: Shape): Tensor;
  /** The tensor with a variable's next value. */
  next(state: Tensor): Tensor;
}

function nextOf(state: Tensor | undefined, { next }: Pick<Tensors, "next">): Tensor {
  if (state?.next === undefined) throw new ModelError(`state ${state?.name}: expected a variable`);
  return next(state);
}

function toStep(translation: Translation, { inputs, outputs }: Pick<Source, "inputs" | "outputs">) {
  const kept = translation.inputs?.map((i) => inputs[i]) ?? inputs;
  checkQuantization(translation.op, kept, outputs);
  return { ...translation, inputs: kept, outputs };
}

function toNode(step: ReturnType<typeof toStep>, suffix: string): Node {
  return {
    name: `${step.op}_${suffix}`,
    op: step.op,
    inputs: step.inputs.map((tensor) => tensor?.name ?? ""),
    outputs: step.outputs.map((tensor) => tensor.name),
    attributes: step.attributes,
  };
}

/** The width of an operator's sums, by its options and the type of its bias in the file. */
function sumsOf(
  operator: TfliteOperator,
  translation: Translation,
  output: Tensor,
  tensors: Tensors,
): Attributes {
  const { bias } = operatorOf(translation.op).quantization;
  const position = bias === undefined ? undefined : (translation.inputs?.[bias] ?? bias);
  const type = position === undefined ? undefined : tensors.typeAt(operator.inputs[position] ?? -1);
  return sumAttributes(translation.op, output, type, operator.options);
}

function translateOperator(operator: TfliteOperator, tensors: Tensors): Node[] {
  const { at, between, next } = tensors;
  const translate = translations.get(operator.type);
  if (!translate) throw new ModelError(operator.type);
  const inputs = operator.inputs.map((index) => (index === -1 ? undefined : at(index)));
  const outputs = operator.outputs.map(at);
  if (outputs.length === 0) throw new ModelError(`${operator.type}: expected an output, found none`);
  try {
    const translation = translate({ inputs, outputs, options: operator.options, between });
    const states = "op" in translation ? (translation.states ?? []) : [];
    if (inputs.some((tensor, i) => tensor?.next !== undefined && !states.includes(i)))
      throw new ModelError("variables (state between inferences) are not supported here");
    const kept = states.map((i) => nextOf(inputs[i], { next }));
    if ("op" in translation) {
      const step = toStep(translation, { inputs, outputs: [...outputs, ...kept] });
      const attributes = { ...step.attributes, ...sumsOf(operator, translation, outputs[0]!, tensors) };
      return [toNode({ ...step, attributes }, `${operator.index}`)];
    }
    return translation.map((step, i) => {
      const { op, attributes, output } = step;
      const checked = toStep({ op, attributes }, { inputs: step.inputs, outputs: [output] });
      return toNode(checked, `${operator.index}_${i}`);
    });
  } catch (error) {
    if (error instanceof ModelError) throw new ModelError(`${operator.type}: ${error.message}`);
    throw error;
  }
}

/** Translates a .tflite file (untrusted bytes) into a graph. Throws ModelError with all reasons at once. */
export function importTflite(bytes: Uint8Array, name: string): Graph {
  const model = keepUsed(joinDilations(widenConstants(readTflite(bytes))));
  const names = uniqueNames(model);
  const unique = nameGiver(names);
  const cache = new Map<number, Tensor>();
  const tensorAt = (index: number): Tensor => {
    const source = model.tensors[index];
    if (!source) throw new ModelError(`expected a tensor below ${model.tensors.length}, found ${index}`);
    const tensor = cache.get(index) ?? toTensor(source, names[index]!, unique);
    cache.set(index, tensor);
    return tensor;
  };
  const typeAt = (index: number): string | undefined => model.tensors[index]?.type;
  const added: Tensor[] = [];
  const between = (like: Tensor, shape: Shape): Tensor => {
    const { dtype, quantization } = like;
    const tensor = { name: unique(`${like.name}_part`), dtype, shape, ...(quantization && { quantization }) };
    added.push(tensor);
    return tensor;
  };
  const next = ({ dtype, shape, quantization, next: name }: Tensor): Tensor => {
    const tensor = { name: name!, dtype, shape, ...(quantization && { quantization }) };
    added.push(tensor);
    return tensor;
  };
  const nodes = translateAll(
    model.operators,
    (operator) => `operator ${operator.index}`,
    (operator) => translateOperator(operator, { at: tensorAt, typeAt, between, next }),
  ).flat();
  const inputs = model.inputs.map((index) => tensorAt(index).name);
  const outputs = model.outputs.map((index) => tensorAt(index).name);
  return {
    name,
    tensors: new Map([...cache.values(), ...added].map((tensor) => [tensor.name, tensor])),
    nodes,
    inputs,
    outputs,
  };
}
