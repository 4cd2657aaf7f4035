import { operatorOf, operators } from "../ops/index.ts";
import { bind, checkAttributes } from "../ops/operator.ts";
import { byteSize, elements, type Graph, holds, ModelError, type Tensor } from "./graph.ts";

/**
 * What every stage may rely on, checked at each stage boundary:
 *  1. names of tensors and of nodes are unique, and every name that is used exists;
 *  2. shapes are whole, positive numbers; a constant's data has its tensor's size and type;
 *  3. nodes stand in execution order: inputs are constants, graph inputs or written before;
 *  4. every tensor has at most one writer, and no constant or graph input has any;
 *  5. operators exist, take that many inputs, have exactly their attributes, and infer the shapes
 *     that their outputs are declared with;
 *  6. a per-channel quantisation has one scale per slice of its axis; scales are positive, zero
 *     points fit the type.
 * A quantised graph (`checkQuantized`) has also no float tensor and a scale on every 8-bit one.
 */
export function checkGraph(graph: Graph, stage: string): Graph {
  const fail = (message: string): never => {
    throw new ModelError(`after ${stage}: ${message}`);
  };
  for (const [key, tensor] of graph.tensors) {
    if (key !== tensor.name) fail(`tensor ${tensor.name} is filed under ${key}`);
    checkTensor(tensor, fail);
  }
  checkOrder(graph, fail);
  for (const node of graph.nodes) {
    const operator = operators.get(node.op) ?? fail(`node ${node.name}: unknown operator ${node.op}`);
    const [least, greatest] = operator.arity;
    if (
      node.inputs.length < least ||
      node.inputs.length > greatest ||
      node.inputs.slice(0, least).includes("")
    ) {
      fail(`node ${node.name}: ${node.op} takes ${least} to ${greatest} inputs, found ${node.inputs.length}`);
    }
    checkAttributes(node.name, operator.attributes, node.attributes);
    const { outputs, ...rest } = bind(graph, node);
    const shapes = operator.infer(rest);
    if (shapes.length !== outputs.length)
      fail(`node ${node.name}: expected ${shapes.length} outputs, found ${outputs.length}`);
    outputs.forEach((output, i) => {
      if (output.shape.join() !== shapes[i]!.join()) {
        fail(
          `node ${node.name}: output ${output.name}: expected shape [${shapes[i]}], found [${output.shape}]`,
        );
      }
    });
  }
  return graph;
}

type Fail = (message: string) => never;

function checkTensor(tensor: Tensor, fail: Fail): void {
  const { name, shape, data, quantization } = tensor;
  if (!shape.every((n) => Number.isSafeInteger(n) && n > 0) || !Number.isSafeInteger(byteSize(tensor))) {
    fail(`tensor ${name}: expected a shape of positive whole numbers, found [${shape}]`);
  }
  if (data && data.length !== elements(shape)) {
    fail(`tensor ${name}: expected ${elements(shape)} values for [${shape}], found ${data.length}`);
  }
  if (data && !holds(data, tensor.dtype)) {
    fail(`tensor ${name}: expected data of type ${tensor.dtype}, found ${data.constructor.name}`);
  }
  if (!quantization) return;
  const { scales, zeroPoints, axis } = quantization;
  const slices = scales.length === 1 ? 1 : shape[axis];
  if (scales.length !== slices || zeroPoints.length !== slices) {
    fail(
      `tensor ${name}: expected ${slices} scales and zero points, found ${scales.length} and ${zeroPoints.length}`,
    );
  }
  if (!scales.every((scale) => scale > 0 && Number.isFinite(scale)))
    fail(`tensor ${name}: expected positive scales`);
  const [low, high] =
    tensor.dtype === "uint8" ? [0, 255] : tensor.dtype === "int8" ? [-128, 127] : [-32768, 32767];
  if (!zeroPoints.every((zero) => Number.isInteger(zero) && zero >= low && zero <= high)) {
    fail(`tensor ${name}: expected zero points within ${low}..${high}, found ${zeroPoints}`);
  }
}

function checkOrder(graph: Graph, fail: Fail): void {
  const ready = new Set(graph.inputs);
  if (ready.size !== graph.inputs.length) fail("an input is listed twice");
  for (const tensor of graph.tensors.values()) {
    if (!tensor.data) continue;
    if (ready.has(tensor.name)) fail(`graph input ${tensor.name} is a constant`);
    ready.add(tensor.name);
  }
  const names = new Set<string>();
  for (const node of graph.nodes) {
    if (names.has(node.name)) fail(`two nodes are named ${node.name}`);
    names.add(node.name);
    for (const input of node.inputs) {
      if (input !== "" && !ready.has(input))
        fail(`node ${node.name}: input ${input} is not computed before it`);
    }
    for (const output of node.outputs) {
      if (!graph.tensors.has(output)) fail(`node ${node.name}: output ${output} is not declared`);
      if (ready.has(output)) fail(`node ${node.name}: output ${output} has a value already`);
      ready.add(output);
    }
  }
  for (const name of [...graph.inputs, ...graph.outputs]) {
    if (!graph.tensors.has(name)) fail(`graph input or output ${name} is not declared`);
  }
  for (const output of graph.outputs) if (!ready.has(output)) fail(`output ${output} is never computed`);
  if (graph.inputs.length === 0 || graph.outputs.length === 0)
    fail("expected at least one input and one output");
}

/** In addition: all values are 8-bit with one scale, constants 8-bit or int32. */
export function checkQuantized(graph: Graph, stage: string): Graph {
  checkGraph(graph, stage);
  const used = new Set([
    ...graph.inputs,
    ...graph.nodes.flatMap((node) => [...node.inputs, ...node.outputs]),
  ]);
  for (const tensor of graph.tensors.values()) {
    if (!used.has(tensor.name) || (tensor.data && tensor.dtype === "int32")) continue;
    if (tensor.dtype !== "int8" && tensor.dtype !== "uint8") {
      throw new ModelError(`after ${stage}: tensor ${tensor.name}: expected int8, found ${tensor.dtype}`);
    }
    if (!tensor.quantization || (!tensor.data && tensor.quantization.scales.length !== 1)) {
      throw new ModelError(`after ${stage}: tensor ${tensor.name}: expected one scale and zero point`);
    }
  }
  return graph;
}

/** A hundred times the work of a keyword spotter: a file that asks for more is no model for here. */
const MAX_MACS = 2 ** 28;

/** Throws ModelError where one inference would take longer than anybody would wait to verify it. */
export function checkWork(graph: Graph): Graph {
  const macs = graph.nodes.reduce((sum, node) => sum + operatorOf(node.op).macs(bind(graph, node)), 0);
  if (macs > MAX_MACS)
    throw new ModelError(`expected at most ${MAX_MACS} multiply-accumulates, found ${macs}`);
  return graph;
}
