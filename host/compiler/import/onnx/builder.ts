import {
  type Attributes,
  elements,
  type Graph,
  ModelError,
  type Node,
  type Quantization,
  type Scaling,
  type Shape,
  type Tensor,
  UNKNOWN_CATEGORY,
} from "../../../ir/graph.ts";
import { nameGiver } from "../../../ir/names.ts";
import { operatorOf } from "../../../ops/index.ts";
import type { Bound, Operator } from "../../../ops/operator.ts";
import { checkRank, MAX_ELEMENTS } from "../importer.ts";
import { AttributeReader } from "./attributes.ts";
import { categoriesOf } from "./categories.ts";
import { type Constant, isFloat } from "./constant.ts";
import { integersAfter, limitsOf } from "./integers.ts";
import type { OnnxInput, OnnxModel, OnnxNode } from "./model.ts";

/** The value behind a name of the ONNX graph: a tensor that the module computes, or a constant. */
export type Value = Tensor | Constant;

export const isConstantValue = (value: Value): value is Constant => "numbers" in value;

/** A tensor that was computed from constants alone serves as one wherever a constant is expected. */
function asConstant(value: Value | undefined, name: string): Value | undefined {
  if (!value || isConstantValue(value) || !value.data) return value;
  const type = value.dtype === "float32" ? "FLOAT" : "INT32";
  return { name, type, shape: value.shape, numbers: Float64Array.from(value.data), strings: [] };
}

/** How one ONNX operator becomes operators of ours. */
export interface Translation {
  /** Domain and operator, as in "ai.onnx.Relu". */
  readonly type: string;
  /** One line for the README's table: what of the operator is supported. */
  readonly summary?: string;
  /**
   * The values of the node's outputs in order; undefined is one that a module can't compute. Throws
   * ModelError with the reason when this use of the operator is not supported.
   */
  translate(node: Context): readonly (Value | undefined)[];
}

/** Values of all constants, those of the file and those made of them: one may be folded into many nodes. */
const MAX_CONSTANT_VALUES = 2 * MAX_ELEMENTS;

/** Operators that only move values do so with integers as well; others compute in float32. */
function outputType(
  { quantization }: Operator,
  input: Tensor | undefined,
): Pick<Tensor, "dtype" | "quantization"> {
  if (quantization.output.kind !== "same" || !input?.quantization || input.data) return { dtype: "float32" };
  return { dtype: input.dtype, quantization: input.quantization };
}

/** Nodes that are put around operators for the sake of layouts. */
const MOVES = new Set(["reshape", "transpose"]);

/** Gathers the graph. Computed tensors get their names last: see `finish`. */
export class Builder {
  private readonly tensors = new Map<string, Tensor>();
  private readonly nodes: Node[] = [];
  private readonly inputs: readonly string[];
  /** By ONNX name. A tensor's record here may be older than the one in `tensors`. */
  private readonly values = new Map<string, Value | undefined>();
  /** ONNX's type of computed values that are whole numbers, by ONNX name. */
  private readonly integers = new Map<string, string>();
  private readonly source: readonly OnnxNode[];
  /** Strings that are told apart, by whose numbers an input of strings is given. */
  private readonly categories: readonly string[];
  private readonly classes: ReadonlyMap<string, readonly string[]>;
  private readonly failed = new Set<string>();
  private readonly distributions = new Set<string>();
  private readonly uniqueTensor: (base: string) => string;
  private readonly uniqueNode: (base: string) => string;
  /** Names of ONNX nodes that no operator of ours has yet. */
  private readonly reserved: Set<string>;
  /** By ONNX node the first operator that moves values, which has the name where there is no other. */
  private readonly firstMoves = new Map<string, string>();
  private readonly constants = new Map<Constant, Tensor>();
  /** Numbers that have been counted: Identity and Reshape give them new names only. */
  private readonly counted = new WeakSet<Float64Array>();
  private constantValues = 0;

  /** `classes`: class names by ONNX name of the scores. */
  constructor(model: OnnxModel, classes: ReadonlyMap<string, readonly string[]>) {
    this.classes = classes;
    this.inputs = model.inputs.map(({ name }) => name);
    this.source = model.nodes;
    this.categories = categoriesOf(model);
    for (const [name, constant] of model.constants) this.define(name, constant);
    for (const input of model.inputs) this.addInput(input);
    for (const name of model.broken) this.failed.add(name);
    const written = model.nodes.flatMap(({ outputs }) => outputs);
    this.uniqueTensor = nameGiver([...this.values.keys(), ...written]);
    this.reserved = new Set(model.nodes.map(({ name }) => name));
    this.uniqueNode = nameGiver(this.reserved);
  }

  private addInput({ name, type, shape }: OnnxInput): void {
    const { categories } = this;
    const isText = type === "STRING";
    if (isText && categories.length === 0)
      throw new ModelError(`input ${name}: expected strings that an encoder tells apart, found none`);
    const integers = isText ? { min: UNKNOWN_CATEGORY, max: categories.length - 1 } : limitsOf(type);
    const tensor: Tensor = {
      name,
      dtype: "float32",
      shape,
      ...(integers && { integers }),
      ...(isText && { categories }),
    };
    this.define(name, tensor);
    this.tensors.set(name, tensor);
    if (integers) this.integers.set(name, type);
  }

  /** The number by which an input of strings is given one of them. */
  categoryNumber = (text: string): number => this.categories.indexOf(text);

  /** ONNX's type of a computed value, where that is one of integers, or of strings that are given by their numbers. */
  integerType = (name: string): string | undefined => this.integers.get(name);
  setIntegerType = (name: string, type: string): unknown => this.integers.set(name, type);

  /** The type of integers that a node writes. Throws ModelError where a module would not compute what it does. */
  integersOf(node: OnnxNode): string | undefined {
    const read = node.opType === "Gather" ? node.inputs.slice(0, 1) : node.inputs;
    const type = read.map(this.integerType).find((found) => found !== undefined);
    return type === undefined ? undefined : integersAfter(node, type);
  }

  isInput = (name: string): boolean => this.inputs.includes(name);

  /** The nodes that read a value of the file. */
  readersOf = (name: string): readonly OnnxNode[] =>
    this.source.filter(({ inputs }) => inputs.includes(name));

  /** Says how the caller scales an input before the graph computes with it. */
  scaleInput(input: Tensor, scaling: Scaling): Tensor {
    const scaled = { ...input, scaling };
    this.tensors.set(input.name, scaled);
    return scaled;
  }

  private define(name: string, value: Value | undefined): void {
    if (this.values.has(name)) throw new ModelError(`${name} has a value already`);
    if (value && isConstantValue(value) && !this.counted.has(value.numbers)) {
      this.counted.add(value.numbers);
      this.count(value.numbers.length);
    }
    this.values.set(name, value);
  }

  private count(constantValues: number): void {
    this.constantValues += constantValues;
    if (this.constantValues > MAX_CONSTANT_VALUES)
      throw new ModelError(`expected at most ${MAX_CONSTANT_VALUES} values in all constants, found more`);
  }

  /** Binds a node's outputs to what it was translated to; `integers` is their type where they are such. */
  bind(node: OnnxNode, values: readonly (Value | undefined)[], integers?: string): void {
    node.outputs.forEach((name, i) => {
      if (name === "") return;
      const value = asConstant(values[i], name);
      this.define(name, value);
      if (integers !== undefined && value && !isConstantValue(value)) this.setIntegerType(name, integers);
      const labels = this.classes.get(name);
      if (labels && value && !isConstantValue(value)) this.label(value, labels);
    });
  }

  /** Remembers that a node was refused, so that those after it are not blamed for a missing input. */
  fail(node: OnnxNode): void {
    for (const output of node.outputs) if (output !== "") this.failed.add(output);
  }

  dependsOnFailure = (node: OnnxNode): boolean => node.inputs.some((input) => this.failed.has(input));

  valueOf(name: string): Value {
    const value = this.values.get(name);
    if (!value) {
      throw new ModelError(
        this.values.has(name)
          ? `${name} is not computed by a module`
          : `${name} is not computed before it is used`,
      );
    }
    return isConstantValue(value) ? value : this.tensors.get(value.name)!;
  }

  /** The first operator of an ONNX node that does more than to move values has its name. */
  private nodeName(source: string, op: string): string {
    if (!MOVES.has(op) && this.reserved.delete(source)) return source;
    const name = this.uniqueNode(`${source}/${op}`);
    if (this.reserved.has(source) && !this.firstMoves.has(source)) this.firstMoves.set(source, name);
    return name;
  }

  addNode(
    source: string,
    op: string,
    inputs: readonly (Tensor | undefined)[],
    attributes: Attributes,
    given?: Pick<Tensor, "dtype" | "quantization">,
  ): Tensor {
    const operator = operatorOf(op);
    const type = given ?? outputType(operator, inputs[0]);
    const shapes = operator.infer({ name: source, attributes, inputs });
    const shape = shapes[0]!;
    checkRank(shape);
    if (!(elements(shape) <= MAX_ELEMENTS)) {
      throw new ModelError(`expected an output of at most ${MAX_ELEMENTS} elements, found [${shape}]`);
    }
    const tensor: Tensor = { name: this.uniqueTensor(`${source}/${op}`), ...type, shape };
    const bound = { name: source, attributes, inputs, outputs: [tensor] };
    const isConstant = inputs.every((input) => input === undefined || input.data);
    if (isConstant && operator.macs(bound) + operator.steps(bound) <= MAX_ELEMENTS)
      return this.fold(operator, bound);
    this.tensors.set(tensor.name, tensor);
    this.nodes.push({
      name: this.nodeName(source, op),
      op,
      inputs: inputs.map((input) => input?.name ?? ""),
      outputs: [tensor.name],
      attributes,
    });
    return tensor;
  }

  /** A value that is computed from constants alone is a constant. */
  private fold(operator: Operator, node: Bound<Attributes>): Tensor {
    const [data] = operator.evaluate(
      node,
      node.inputs.map((input) => input?.data),
    );
    const tensor: Tensor = { ...node.outputs[0]!, data: data! };
    this.tensors.set(tensor.name, tensor);
    return tensor;
  }

  /** A constant under `name`, or under another where that is taken by other numbers. */
  addConstant(name: string, shape: Shape, numbers: ArrayLike<number>, quantization?: Quantization): Tensor {
    const wrong = Float32Array.from(numbers).find((x) => !Number.isFinite(x));
    if (wrong !== undefined)
      throw new ModelError(`constant ${name}: expected finite float32 numbers, found ${wrong}`);
    return this.addTable(name, shape, numbers, quantization);
  }

  /** As `addConstant`, where numbers need not be finite. */
  addTable(name: string, shape: Shape, numbers: ArrayLike<number>, quantization?: Quantization): Tensor {
    this.count(numbers.length);
    const data = Float32Array.from(numbers);
    if (data.length === 0) throw new ModelError(`constant ${name}: expected values, found shape [${shape}]`);
    const own = this.values.get(name);
    const isFree = own !== undefined && isConstantValue(own) && !this.tensors.has(name);
    const tensor: Tensor = {
      name: isFree ? name : this.uniqueTensor(name),
      dtype: "float32",
      shape,
      data,
      ...(quantization && { quantization }),
    };
    this.tensors.set(tensor.name, tensor);
    return tensor;
  }

  /** A constant of the file as it stands: one tensor however many nodes read it. */
  constantTensor(constant: Constant): Tensor {
    const tensor =
      this.constants.get(constant) ??
      this.addConstant(constant.name, constant.shape, constant.numbers, constant.quantization);
    this.constants.set(constant, tensor);
    return tensor;
  }

  label(tensor: Tensor, labels: readonly string[]): Tensor {
    const expected = tensor.shape.at(-1);
    if (labels.length !== expected) {
      throw new ModelError(`expected ${expected} class labels for [${tensor.shape}], found ${labels.length}`);
    }
    const labelled = { ...tensor, labels };
    this.tensors.set(tensor.name, labelled);
    return labelled;
  }

  /** Says from which value on the second of two classes is decided for. */
  threshold(tensor: Tensor, threshold: number): Tensor {
    const decided = { ...tensor, threshold };
    this.tensors.set(tensor.name, decided);
    return decided;
  }

  markDistribution = (tensor: Tensor): unknown => this.distributions.add(tensor.name);
  isDistribution = (tensor: Tensor): boolean => this.distributions.has(tensor.name);

  /** Scores that have to be an output as well for labels to be known; none where an output has labels already. */
  labelOutputs(outputs: readonly string[], labels: readonly (readonly string[])[]): string[] {
    const computed = (name: string): Tensor | undefined => {
      const value = this.values.get(name);
      return value && !isConstantValue(value) ? this.tensors.get(value.name) : undefined;
    };
    if (outputs.some((output) => computed(output)?.labels)) return [];
    const scores = labels.flatMap((values) => values.find((value) => computed(value)) ?? []);
    return [...new Set(scores)].filter((name) => {
      const tensor = computed(name)!;
      // Without class names nothing is gained over an output that they are the first of.
      return tensor.labels || !outputs.some((output) => computed(output)?.name === tensor.name);
    });
  }

  /** Outputs that depend on the input: a constant one, such as the label of a class that is the only one, tells nothing. */
  private varyingOutputs(outputs: readonly string[]): readonly string[] {
    const varying = outputs.filter((output) => !isConstantValue(this.valueOf(output)));
    if (varying.length > 0 || outputs.length === 0) return varying;
    const found = outputs.map((output) => {
      const value = this.valueOf(output);
      const numbers = isConstantValue(value) ? [...value.numbers].slice(0, 4) : [];
      return `${output} = ${numbers.join(", ")}`;
    });
    throw new ModelError(
      `expected outputs that depend on the input, found the same answer whatever the input (${found.join("; ")}): a model trained on one class decides nothing`,
    );
  }

  /** An output that is an input or another output as well gets a tensor of its own. */
  private ownOutputs(outputs: readonly string[]): void {
    const seen = new Set(this.inputs);
    for (const output of outputs) {
      const value = this.valueOf(output);
      if (isConstantValue(value)) continue;
      if (this.inputs.includes(output))
        throw new ModelError(`output ${output}: expected a computed tensor, found an input`);
      const own = seen.has(value.name)
        ? this.addNode(output, "reshape", [value], { shape: value.shape })
        : value;
      seen.add(own.name);
      this.values.set(output, own);
    }
  }

  /**
   * The graph, in which a tensor is called as the output it is, or else as the first ONNX name that
   * stood for it: many nodes (Identity, Cast, ZipMap) give new names to old tensors.
   */
  finish(name: string, all: readonly string[]): Graph {
    const outputs = this.varyingOutputs(all);
    this.ownOutputs(outputs);
    const names = new Map(this.inputs.map((input) => [input, input]));
    for (const onnxName of [...outputs, ...this.values.keys()]) {
      const value = this.values.get(onnxName);
      if (value && !isConstantValue(value) && !names.has(value.name)) names.set(value.name, onnxName);
    }
    const rename = (tensor: string): string => names.get(tensor) ?? tensor;
    const tensors = [...this.tensors.values()].map((tensor) => ({ ...tensor, name: rename(tensor.name) }));
    const unclaimed = [...this.firstMoves].filter(([source]) => this.reserved.has(source));
    const nodeNames = new Map(unclaimed.map(([source, move]) => [move, source]));
    return {
      name,
      tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
      nodes: this.nodes.map((node) => ({
        ...node,
        name: nodeNames.get(node.name) ?? node.name,
        inputs: node.inputs.map(rename),
        outputs: node.outputs.map(rename),
      })),
      inputs: this.inputs,
      outputs,
    };
  }
}

/** One node of the model as its translator sees it, and the means to add to the graph on its behalf. */
export class Context {
  readonly attributes: AttributeReader;
  private readonly node: OnnxNode;
  private readonly builder: Builder;

  constructor(node: OnnxNode, builder: Builder) {
    this.node = node;
    this.builder = builder;
    this.attributes = new AttributeReader(node.attributes);
  }

  /** Version of the operator set that gives the node its meaning. */
  get opset(): number {
    return this.node.opset;
  }

  get inputCount(): number {
    return this.node.inputs.length;
  }

  get outputCount(): number {
    return this.node.outputs.length;
  }

  /** ONNX name of an output. */
  outputName = (i: number): string => this.node.outputs[i] ?? "";

  /** All inputs, where none is computed by the module: shapes and what is made of them. */
  constants(): readonly Constant[] | undefined {
    const values = this.node.inputs.filter((name) => name !== "").map((name) => this.builder.valueOf(name));
    return values.every(isConstantValue) ? values : undefined;
  }

  has = (i: number): boolean => (this.node.inputs[i] ?? "") !== "";

  value(i: number): Value {
    if (!this.has(i)) throw new ModelError(`input ${i} is missing`);
    return this.builder.valueOf(this.node.inputs[i]!);
  }

  /** An input as a float32 tensor, computed or constant: of integers only beside computed ones. */
  tensor(i: number): Tensor {
    const value = this.value(i);
    if (!isConstantValue(value)) return value;
    const isBesideIntegers = this.node.inputs.some((name) => this.builder.integerType(name) === value.type);
    return this.builder.constantTensor(isBesideIntegers ? value : this.floats(i));
  }

  /** ONNX's type of a computed input, where that is one of integers. */
  integerType = (i: number): string | undefined => this.builder.integerType(this.node.inputs[i] ?? "");

  /** The numbers of strings, where that is what the first input has. */
  categoryNumbers(texts: readonly string[]): number[] {
    if (this.integerType(0) !== "STRING")
      throw new ModelError(
        `expected numbers to encode, found strings such as ${texts[0]} for an input of numbers`,
      );
    return texts.map(this.builder.categoryNumber);
  }

  /** Says that an output has whole numbers, of that type. */
  setIntegerType = (i: number, type: string): unknown =>
    this.builder.setIntegerType(this.outputName(i), type);

  /** Whether an input of the node is one of the graph that only operators of this type read. */
  isInputOf(i: number, opType: string): boolean {
    const name = this.node.inputs[i] ?? "";
    return this.builder.isInput(name) && this.builder.readersOf(name).every((node) => node.opType === opType);
  }

  /** Says how the caller scales an input of the graph. */
  scaleInput = (input: Tensor, scaling: Scaling): Tensor => this.builder.scaleInput(input, scaling);

  /** A constant input of any type. */
  constant(i: number): Constant {
    const value = this.value(i);
    if (!isConstantValue(value))
      throw new ModelError(`input ${this.node.inputs[i]}: expected a constant, found a computed tensor`);
    return value;
  }

  floats(i: number): Constant {
    const constant = this.constant(i);
    if (!isFloat(constant.type))
      throw new ModelError(`input ${constant.name}: expected FLOAT or DOUBLE, found ${constant.type}`);
    return constant;
  }

  /** The numbers of a constant integer input, such as a shape or axes. */
  integers(i: number): number[] {
    const { name, type, numbers } = this.constant(i);
    if (type !== "INT64" && type !== "INT32")
      throw new ModelError(`input ${name}: expected INT64 or INT32, found ${type}`);
    return [...numbers];
  }

  /** Adds an operator of ours; node and tensor names are found by the builder. */
  add = (
    op: string,
    inputs: readonly (Tensor | undefined)[],
    attributes: Attributes,
    type?: Pick<Tensor, "dtype" | "quantization">,
  ): Tensor => this.builder.addNode(this.node.name, op, inputs, attributes, type);

  /** Adds a constant that is not in the file as it stands, such as folded weights. */
  addConstant = (
    name: string,
    shape: Shape,
    numbers: ArrayLike<number>,
    quantization?: Quantization,
  ): Tensor => this.builder.addConstant(name, shape, numbers, quantization);

  /** As `addConstant`, where numbers need not be finite. */
  addTable = (name: string, shape: Shape, numbers: ArrayLike<number>): Tensor =>
    this.builder.addTable(name, shape, numbers);

  /** A constant as it stands, as a float32 tensor. */
  constantTensor = (constant: Constant): Tensor => this.builder.constantTensor(constant);

  /** A name for a constant that the file keeps in attributes. */
  nameOf = (role: string): string => `${this.node.name}/${role}`;

  /** Says what the elements of the last axis stand for; without labels nothing changes. */
  label = (tensor: Tensor, labels: readonly string[] | undefined): Tensor =>
    labels && labels.length > 0 ? this.builder.label(tensor, labels) : tensor;

  /** Says from which value on the second of two classes is decided for. */
  threshold = (tensor: Tensor, threshold: number): Tensor => this.builder.threshold(tensor, threshold);

  /** Non-negative rows that sum to 1. */
  markDistribution = (tensor: Tensor): unknown => this.builder.markDistribution(tensor);
  isDistribution = (tensor: Tensor): boolean => this.builder.isDistribution(tensor);
}
