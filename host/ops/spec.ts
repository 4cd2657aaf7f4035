import { BUDGETS } from "../budgets.ts";
import {
  type Attributes,
  byteSize,
  elements,
  type Graph,
  holds,
  MAX_RANK,
  ModelError,
  type Node,
  statesOf,
  type Tensor,
  tensorOf,
  UNKNOWN_CATEGORY,
} from "../ir/graph.ts";
import { shortList } from "../plain.ts";
import { typeRange } from "./activation.ts";
import { operatorOf, operators } from "./index.ts";
import { type Bound, bind, checkAttributes, missingInput, type Operator } from "./operator.ts";
import { zeroPointFault } from "./wide_sum.ts";

/**
 * The invariants that every stage may rely on, checked at each stage boundary:
 *  1. names of tensors and of nodes are unique, and every name that is used exists;
 *  2. shapes are a few whole, positive numbers; a constant's data has its tensor's size and type;
 *  3. nodes stand in execution order: inputs are constants, graph inputs or written before;
 *  4. every tensor has at most one writer, and no constant or graph input has any;
 *  5. operators exist, take that many inputs of types that they can compute with, have exactly their
 *     attributes, and infer the shapes that their outputs are declared with;
 *  6. the next value of a state is computed, of its type and shape, and read by nobody else;
 *  7. names of features stand on inputs, one for each element of the last axis, and thresholds on outputs;
 *  8. a per-channel quantisation has one scale per slice of its axis; scales are positive, zero
 *     points fit the type; scales of inputs and outputs, and thresholds, fit float32, in which callers compute.
 * A quantised graph (`checkQuantized`) has also no float tensor and a scale on every one of 8 and 16 bits.
 */
export function checkGraph(graph: Graph, stage: string): Graph {
  const fail = (message: string): never => {
    throw new ModelError(`after ${stage}: ${message}`);
  };
  for (const [key, tensor] of graph.tensors) {
    if (key !== tensor.name) fail(`tensor ${tensor.name} is filed under ${key}`);
    checkTensor(tensor, fail);
    checkScaling(tensor, graph, fail);
    checkNames(tensor, graph, fail);
  }
  checkOrder(graph, fail);
  checkBorder(graph, fail);
  for (const node of graph.nodes) {
    const operator = operators.get(node.op) ?? fail(`node ${node.name}: unknown operator ${node.op}`);
    checkInputs(operator, node, fail);
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
    checkTypes(operator, { ...rest, outputs }, fail);
  }
  return graph;
}

type Fail = (message: string) => never;

function checkInputs(operator: Operator, { name, op, inputs }: Node, fail: Fail): void {
  const [least, greatest] = operator.arity;
  if (inputs.length < least || inputs.length > greatest)
    fail(`node ${name}: ${op} takes ${least} to ${greatest} inputs, found ${inputs.length}`);
  const missing = missingInput(operator, inputs);
  if (missing >= 0) fail(`node ${name}: input ${missing} is missing`);
}

/** Inputs are of the output's type, a quantised operator's bias of int32, and weights beside int16 of int8. */
function checkTypes(operator: Operator, node: Bound<Attributes>, fail: Fail): void {
  const { quantization, types } = operator;
  if (operator.checkTypes) {
    const fault = operator.checkTypes(node);
    if (fault !== undefined) fail(`node ${node.name}: ${fault}`);
    return;
  }
  const output = node.outputs[0]!.dtype;
  const asymmetric = zeroPointFault([...node.inputs, ...node.outputs]);
  if (asymmetric !== undefined) fail(`node ${node.name}: ${asymmetric}`);
  if (output !== "float32" && !types.includes(output))
    fail(`node ${node.name}: ${operator.name} of ${output} is not supported, only of ${types.join(" and ")}`);
  node.inputs.forEach((input, i) => {
    const isWeights = i === quantization.weights?.input && output === "int16";
    const expected = i === quantization.bias && output !== "float32" ? "int32" : isWeights ? "int8" : output;
    if (input && input.dtype !== expected)
      fail(
        `node ${node.name}: input ${input.name}: expected ${expected} for an output of ${output}, found ${input.dtype}`,
      );
  });
}

/** Inputs alone are scaled, by the caller, and each feature by numbers of its own. */
function checkScaling({ name, shape, scaling }: Tensor, graph: Graph, fail: Fail): void {
  if (!scaling) return;
  if (!graph.inputs.includes(name)) fail(`tensor ${name}: expected a scaling on inputs only`);
  const features = shape.at(-1) ?? 1;
  const missing = scaling.missing?.map((value) => value ?? 0);
  const lists = [scaling.offsets, scaling.factors, ...(missing ? [missing] : [])];
  const isSingle = (value: number): boolean => Number.isFinite(Math.fround(value));
  const wrong = lists.find((list) => list.length !== features || !list.every(isSingle));
  if (wrong)
    fail(`tensor ${name}: expected ${features} finite offsets and factors, found ${shortList(wrong)}`);
  const { edges } = scaling;
  const isAscending = (list: readonly number[] | null): boolean =>
    (list ?? []).every(
      (edge, i) => isSingle(edge) && (i === 0 || Math.fround(list![i - 1]!) < Math.fround(edge)),
    );
  if (edges && edges.length !== features)
    fail(`tensor ${name}: expected edges of ${features} features, found ${edges.length}`);
  const unordered = edges?.findIndex((list) => !isAscending(list)) ?? -1;
  if (unordered >= 0)
    fail(
      `tensor ${name}: expected ascending edges of feature ${unordered}, found ${shortList(edges![unordered]!)}`,
    );
}

/** Callers compute in float32. */
function checkBorder(graph: Graph, fail: Fail): void {
  for (const name of [...graph.inputs, ...graph.outputs]) {
    const { quantization } = tensorOf(graph, name);
    const wrong = quantization?.scales.find((scale) => {
      const single = Math.fround(scale);
      return !(single > 0 && Number.isFinite(single));
    });
    if (wrong !== undefined) fail(`tensor ${name}: expected a scale that float32 can hold, found ${wrong}`);
  }
}

/** Names of features belong to inputs, thresholds to outputs. */
function checkNames(
  { name, shape, features, threshold, unit, units, integers, categories }: Tensor,
  graph: Graph,
  fail: Fail,
): void {
  const count = shape.at(-1) ?? 1;
  if (features && (!graph.inputs.includes(name) || features.length !== count))
    fail(`tensor ${name}: expected ${count} names of features on an input only, found ${features.length}`);
  if (units && (!graph.inputs.includes(name) || units.length !== count))
    fail(`tensor ${name}: expected ${count} units of features on an input only, found ${units.length}`);
  if (integers && (!graph.inputs.includes(name) || !(integers.min <= integers.max)))
    fail(
      `tensor ${name}: expected limits of integers on an input only, found ${integers.min}..${integers.max}`,
    );
  if (categories && !(integers?.min === UNKNOWN_CATEGORY && integers.max === categories.length - 1))
    fail(`tensor ${name}: expected integers from -1 to ${categories.length - 1} by its categories`);
  if (unit !== undefined && ![...graph.inputs, ...graph.outputs].includes(name))
    fail(`tensor ${name}: expected a unit on inputs and outputs only, found ${unit}`);
  if (threshold !== undefined && !(graph.outputs.includes(name) && Number.isFinite(Math.fround(threshold))))
    fail(`tensor ${name}: expected a finite threshold on an output only, found ${threshold}`);
}

function checkTensor(tensor: Tensor, fail: Fail): void {
  const { name, shape, data, quantization } = tensor;
  if (shape.length > MAX_RANK)
    fail(`tensor ${name}: expected at most ${MAX_RANK} axes, found ${shape.length}`);
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
  const { min, max } = typeRange(tensor);
  if (!zeroPoints.every((zero) => Number.isInteger(zero) && zero >= min && zero <= max)) {
    fail(`tensor ${name}: expected zero points within ${min}..${max}, found ${zeroPoints}`);
  }
}

/** Engines accept as many. */
const MAX_BORDERS = 64;

function checkOrder(graph: Graph, fail: Fail): void {
  const ready = new Set(graph.inputs);
  if (ready.size !== graph.inputs.length) fail("an input is listed twice");
  for (const tensor of graph.tensors.values()) {
    if (!tensor.data && tensor.next === undefined) continue;
    if (ready.has(tensor.name)) fail(`graph input ${tensor.name} is a ${tensor.data ? "constant" : "state"}`);
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
  checkStates(graph, fail);
  for (const name of [...graph.inputs, ...graph.outputs]) {
    if (!graph.tensors.has(name)) fail(`graph input or output ${name} is not declared`);
  }
  for (const output of graph.outputs) if (!ready.has(output)) fail(`output ${output} is never computed`);
  if ([graph.inputs, graph.outputs].some(({ length }) => length === 0 || length > MAX_BORDERS)) {
    fail(
      `expected 1 to ${MAX_BORDERS} inputs and as many outputs, found ${graph.inputs.length} and ${graph.outputs.length}`,
    );
  }
}

/** A state's next value is computed by a node, for it alone, and is of the same kind. */
function checkStates(graph: Graph, fail: Fail): void {
  const written = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const read = new Set([...graph.outputs, ...graph.nodes.flatMap(({ inputs }) => inputs)]);
  const taken = new Set<string>();
  for (const { name, next, data, initial, dtype, shape } of statesOf(graph)) {
    const tensor = graph.tensors.get(next!);
    if (data) fail(`state ${name} is a constant`);
    if (initial && initial.length !== elements(shape))
      fail(`state ${name}: expected ${elements(shape)} values to begin with, found ${initial.length}`);
    if (!tensor || !written.has(next!) || read.has(next!) || taken.has(next!))
      fail(`state ${name}: expected a node to compute ${next} for it alone`);
    else if (tensor.dtype !== dtype || tensor.shape.join() !== shape.join())
      fail(
        `state ${name}: expected ${next} to be ${dtype} [${shape}], found ${tensor.dtype} [${tensor.shape}]`,
      );
    taken.add(next!);
  }
}

/** In addition: all values are integers, those of 8 and 16 bits with one scale. */
export function checkQuantized(graph: Graph, stage: string): Graph {
  checkGraph(graph, stage);
  const used = new Set([
    ...graph.inputs,
    ...graph.nodes.flatMap((node) => [...node.inputs, ...node.outputs]),
  ]);
  for (const tensor of graph.tensors.values()) {
    if (!used.has(tensor.name) || tensor.dtype === "int32" || tensor.dtype === "uint32") continue;
    if (tensor.dtype === "float32") {
      throw new ModelError(`after ${stage}: tensor ${tensor.name}: expected int8, found ${tensor.dtype}`);
    }
    if (!tensor.quantization || (!tensor.data && tensor.quantization.scales.length !== 1)) {
      throw new ModelError(`after ${stage}: tensor ${tensor.name}: expected one scale and zero point`);
    }
  }
  return graph;
}

/** Throws ModelError where building or one inference would take more time or memory than anybody has. */
export function checkWork(graph: Graph): Graph {
  const check = (what: string, found: number, most: number): void => {
    if (found > most) throw new ModelError(`expected at most ${most} ${what}, found ${found}`);
  };
  const total = (of: (node: Node) => number): number => graph.nodes.reduce((sum, node) => sum + of(node), 0);
  check("layers", graph.nodes.length, BUDGETS.layers);
  const sizes = [...graph.tensors.values()].map(({ shape }) => elements(shape));
  check(
    "values in all tensors",
    sizes.reduce((sum, size) => sum + size, 0),
    BUDGETS.graphValues,
  );
  check(
    "multiply-accumulates",
    total((node) => operatorOf(node.op).macs(bind(graph, node))),
    BUDGETS.macs,
  );
  check(
    "values in all windows and reductions",
    total((node) => operatorOf(node.op).steps(bind(graph, node))),
    BUDGETS.steps,
  );
  return graph;
}
