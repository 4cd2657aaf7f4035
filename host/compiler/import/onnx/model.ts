import { fromBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type ValueInfoProto,
} from "onnx-buf";
import { attempt } from "../../../ir/faults.ts";
import { elements, ModelError, type Shape } from "../../../ir/graph.ts";
import { checkRank, MAX_ELEMENTS } from "../importer.ts";
import { checkFields } from "./budget.ts";
import { type Constant, isFloat, readConstant, typeName } from "./constant.ts";
import { limitsOf } from "./integers.ts";

/** The part of an ONNX model that a single graph of tensors needs, as plain values. */
export interface OnnxNode {
  /** Unique. */
  readonly name: string;
  /** Domain and operator, as in "ai.onnx.Relu". */
  readonly type: string;
  /** The operator alone, as in "Relu". */
  readonly opType: string;
  /** Version of the operator set that its domain is imported with. */
  readonly opset: number;
  /** "" is an omitted optional input or output. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly AttributeProto[];
}

export interface OnnxInput {
  readonly name: string;
  /** ONNX's name of the element type. */
  readonly type: string;
  readonly shape: Shape;
}

export interface OnnxOutput {
  readonly name: string;
  /** ONNX's name of the element type, "SEQUENCE" for what ZipMap makes. */
  readonly type: string;
}

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxInput[];
  readonly outputs: readonly OnnxOutput[];
  readonly constants: ReadonlyMap<string, Constant>;
  /** The file's own metadata, such as names of columns. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Faults of inputs, outputs and constants, one line each. */
  readonly faults: readonly string[];
  /** Names that have no value for that. */
  readonly broken: ReadonlySet<string>;
}

/** A model of more nodes is for no microcontroller. */
const MAX_NODES = 16384;
/** Each of a graph's outputs is traced back through its nodes. */
const MAX_OUTPUTS = 64;
/**
 * The first operator set in which inference operators broadcast as they do today; LightGBM's exports have the next.
 * An attribute that later sets took away, such as BatchNormalization's `spatial`, is one that nobody reads: an error.
 */
const OLDEST_OPSET = 7;
const DEFAULT_DOMAIN = "ai.onnx";

const domainOf = (domain: string): string => (domain === "" ? DEFAULT_DOMAIN : domain);

function decode(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    throw new ModelError(`expected an ONNX model: ${error instanceof Error ? error.message : error}`);
  }
}

/** One graph remains of a model: anything else that would change its meaning is refused. */
function graphOf(model: ModelProto): GraphProto {
  const { graph } = model;
  if (!graph) throw new ModelError("expected an ONNX model with a graph, found none");
  if (model.functions.length > 0)
    throw new ModelError(`functions are not supported, found ${model.functions.length}`);
  if (model.trainingInfo.length > 0) throw new ModelError("training information is not supported");
  if (graph.sparseInitializer.length > 0) {
    throw new ModelError(`sparse initializers are not supported, found ${graph.sparseInitializer.length}`);
  }
  if (graph.input.length === 0) throw new ModelError("expected an input, found none");
  if (graph.node.length > MAX_NODES || graph.output.length > MAX_OUTPUTS) {
    const found = `${graph.node.length} and ${graph.output.length}`;
    throw new ModelError(`expected at most ${MAX_NODES} nodes and ${MAX_OUTPUTS} outputs, found ${found}`);
  }
  return graph;
}

/** Exporters list a domain twice, with one version or with several: the greatest counts. */
function opsetsOf(model: ModelProto): Map<string, number> {
  const opsets = new Map<string, number>();
  for (const { domain, version } of model.opsetImport) {
    const key = domainOf(domain);
    opsets.set(key, Math.max(Number(version), opsets.get(key) ?? 0));
  }
  const found = opsets.get(DEFAULT_DOMAIN);
  if (found !== undefined && found < OLDEST_OPSET) {
    throw new ModelError(
      `operator set ${DEFAULT_DOMAIN}: expected version ${OLDEST_OPSET} or later, found ${found}`,
    );
  }
  return opsets;
}

/** A node keeps its name where that is unique; a node without is called by operator and number. */
function nodeNames(nodes: readonly NodeProto[]): string[] {
  const count = new Map<string, number>();
  for (const { name } of nodes) count.set(name, (count.get(name) ?? 0) + 1);
  return nodes.map(({ name, opType }, index) => {
    if (name !== "" && count.get(name) === 1) return name;
    let unique = `${opType}_${index}`;
    while (count.has(unique)) unique += "_";
    count.set(unique, 1);
    return unique;
  });
}

function readNodes(nodes: readonly NodeProto[], opsets: ReadonlyMap<string, number>): OnnxNode[] {
  const names = nodeNames(nodes);
  return nodes.map((node, index) => {
    const domain = domainOf(node.domain);
    const opset = opsets.get(domain);
    if (opset === undefined) {
      throw new ModelError(
        `node ${names[index]} (${node.opType}): no operator set of domain ${domain} is imported`,
      );
    }
    return {
      name: names[index]!,
      type: `${domain}.${node.opType}`,
      opType: node.opType,
      opset,
      inputs: node.input,
      outputs: node.output,
      attributes: node.attribute,
    };
  });
}

const ADVICE = "; export the model with a float32 input";

/** Sizes left open are named, missing, 0 or negative. Only that of the first axis, the batch, may be. */
function readInput({ name, type }: ValueInfoProto): OnnxInput {
  if (type?.value.case !== "tensorType") {
    throw new ModelError(`input ${name}: expected a tensor, found ${type?.value.case ?? "no type"}`);
  }
  if (name === "") throw new ModelError("expected a name of every input, found none");
  const { elemType, shape } = type.value.value;
  const found = typeName(elemType);
  if (!isFloat(found) && !limitsOf(found) && found !== "STRING")
    throw new ModelError(`input ${name}: expected numbers or strings, found ${found}${ADVICE}`);
  if (!shape) throw new ModelError(`input ${name}: expected a shape, found none`);
  const sizes = shape.dim.map(({ value }, axis) => {
    const size = value.case === "dimValue" ? Number(value.value) : 0;
    if (size > 0) return size;
    if (axis === 0) return 1;
    const found = value.case === "dimParam" ? value.value : value.case === "dimValue" ? `${size}` : "nothing";
    throw new ModelError(
      `input ${name}: axis ${axis}: expected a fixed size (only the batch may vary), found ${found}`,
    );
  });
  checkRank(sizes, `input ${name}: `);
  if (!(elements(sizes) <= MAX_ELEMENTS)) {
    throw new ModelError(`input ${name}: expected at most ${MAX_ELEMENTS} elements, found [${sizes}]`);
  }
  return { name, type: found, shape: sizes };
}

function readOutput({ name, type }: ValueInfoProto): OnnxOutput {
  if (type?.value.case === "tensorType") return { name, type: typeName(type.value.value.elemType) };
  if (type?.value.case === "sequenceType") return { name, type: "SEQUENCE" };
  throw new ModelError(`output ${name}: expected a tensor, found ${type?.value.case ?? "no type"}`);
}

/** Reads an .onnx file. Throws ModelError where it is truncated, malformed, or more than one graph. */
export function readOnnx(bytes: Uint8Array): OnnxModel {
  checkFields(bytes);
  const model = decode(bytes);
  const graph = graphOf(model);
  const faults: string[] = [];
  const broken = new Set<string>();
  const read = <P extends { readonly name: string }, R>(proto: P, work: (proto: P) => R): R[] => {
    const result = attempt(faults, () => work(proto));
    if (result !== undefined) return [result];
    broken.add(proto.name);
    return [];
  };
  const constants = new Map<string, Constant>();
  for (const tensor of graph.initializer) {
    if (constants.has(tensor.name)) throw new ModelError(`two initializers are named ${tensor.name}`);
    for (const constant of read(tensor, () => readConstant(tensor, tensor.name)))
      constants.set(tensor.name, constant);
  }
  const nodes = readNodes(graph.node, opsetsOf(model));
  // Before IR version 4 every initializer was listed as an input with a default value.
  const isInput = ({ name }: ValueInfoProto): boolean => !constants.has(name) && !broken.has(name);
  return {
    nodes,
    inputs: graph.input.filter(isInput).flatMap((input) => read(input, readInput)),
    outputs: graph.output.flatMap((output) => read(output, readOutput)),
    constants,
    metadata: new Map(model.metadataProps.map(({ key, value }) => [key, value])),
    faults,
    broken,
  };
}
