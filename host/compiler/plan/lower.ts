import {
  type Graph,
  initialState,
  kept,
  ModelError,
  type Tensor,
  type TensorData,
  tensorOf,
  toBytes,
} from "../../ir/graph.ts";
import { nameGiver, tensorNames } from "../../ir/names.ts";
import { operatorOf } from "../../ops/index.ts";
import { type Argument, type Choices, type Lowering, SMALL } from "../../ops/lowering.ts";
import { bind } from "../../ops/operator.ts";
import { LEAST_SAVED, savedByPacking } from "../../ops/packed.ts";
import { checkNumbers } from "./blocks.ts";
import { type Kernel, loadKernel } from "./kernels.ts";

export interface Constant {
  readonly name: string;
  readonly data: TensorData;
}

/** One call of one kernel. A node becomes none (a view), one, or several. */
export interface KernelCall {
  readonly node: string;
  readonly kernel: Kernel;
  /** In the order of the fields of the kernel's block. */
  readonly arguments: readonly Argument[];
  /** Expected counts, by name, that its cost depends on and its arguments do not give. */
  readonly work: Readonly<Record<string, number>>;
}

/** Where an inference ends early in all but one of `every`. */
export interface Pause {
  readonly node: string;
  /** The constant that holds how many inferences are still to end here. */
  readonly state: string;
  readonly every: number;
}

/** The graph with its operators turned into kernels: calls, constants, and views. */
export interface Program {
  readonly graph: Graph;
  readonly calls: readonly KernelCall[];
  readonly pauses: readonly Pause[];
  readonly constants: readonly Constant[];
  /** Which of the constants are states: the kernels change them, and their data is what they start with. */
  readonly states: readonly string[];
  /** Tensors that are another tensor's buffer under another shape. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Bytes of the buffers that one call needs for itself; their names are no tensor's. */
  readonly scratch: ReadonlyMap<string, number>;
  readonly kernels: readonly Kernel[];
}

/** Constants by content, so that equal ones share their bytes. Different ones get different names. */
function constantPool() {
  const byContent = new Map<string, Constant>();
  // A tensor of the model may be called like a table of ours.
  const unique = nameGiver([]);
  const add = (name: string, data: TensorData): Argument => {
    const content = `${data.BYTES_PER_ELEMENT}:${Buffer.from(toBytes(data)).toString("latin1")}`;
    const existing = byContent.get(content);
    if (existing) return { kind: "constant", name: existing.name };
    const constant = { name: unique(name), data };
    byContent.set(content, constant);
    return { kind: "constant", name: constant.name };
  };
  /** Bytes that are written to share with nobody. */
  const addOwn = (name: string, data: TensorData): Argument => {
    const constant = { name: unique(name), data };
    byContent.set(`own:${constant.name}`, constant);
    return { kind: "constant", name: constant.name };
  };
  return { add, addOwn, list: () => [...byContent.values()] };
}

function checkArguments(node: string, kernel: Kernel, values: Readonly<Record<string, unknown>>): void {
  const missing = kernel.parameters.filter((parameter) => values[parameter] === undefined);
  const unknown = Object.keys(values).filter((name) => !kernel.parameters.includes(name));
  if (missing.length + unknown.length > 0) {
    throw new Error(`node ${node}: kernel ${kernel.name}: missing ${missing}; unknown ${unknown}`);
  }
}

/** Whether nobody but node `index` has use for the bytes of a tensor any more. */
function isLastUse(
  graph: Graph,
  aliases: ReadonlyMap<string, string>,
  tensor: Tensor,
  index: number,
): boolean {
  const storage = storageOf({ aliases }, tensor.name);
  const views = (name: string): boolean => storageOf({ aliases }, name) === storage;
  const readHere = graph.nodes[index]!.inputs.filter((name) => name !== "" && views(name)).length;
  const readLater = graph.nodes
    .slice(index + 1)
    .some((node) => node.inputs.some((name) => name !== "" && views(name)));
  return tensor.data === undefined && readHere === 1 && !readLater && !kept(graph).some(views);
}

/** Whether four bits save more bytes of weights than their kernel's code takes. */
function packingPays(graph: Graph): boolean {
  const saved = graph.nodes.map((node) => savedByPacking(operatorOf(node.op), bind(graph, node)));
  return saved.reduce((sum, bytes) => sum + bytes, 0) >= LEAST_SAVED;
}

/** Turns a quantised graph into kernel calls. */
export function lower(graph: Graph, choices: Choices = new Map()): Program {
  const calls: KernelCall[] = [];
  const pauses: Pause[] = [];
  const constants = constantPool();
  const aliases = new Map<string, string>();
  const states = new Map<string, Argument>();
  const scratch = new Map<string, number>();
  const kernels = new Map<string, Kernel>();

  const stateOf = (tensor: Tensor): Argument => {
    const state = states.get(tensor.name) ?? constants.addOwn(tensor.name, initialState(tensor));
    states.set(tensor.name, state);
    return state;
  };

  const resolve = (value: number | Tensor | Argument): Argument => {
    if (typeof value === "number") return { kind: "number", value };
    if ("kind" in value) return value;
    if (value.data) return constants.add(value.name, value.data);
    if (value.next !== undefined) return stateOf(value);
    return { kind: "tensor", name: value.name, offset: 0 };
  };

  const uniqueTensor = tensorNames(graph);
  const packs = packingPays(graph);
  graph.nodes.forEach((node, index) => {
    const choice = choices.get(node.name) ?? SMALL;
    const lowering: Lowering = {
      choice,
      packs,
      constant: (role, data) => constants.add(`${node.name}_${role}`, data),
      at: (tensor, offset) => ({ kind: "tensor", name: tensor.name, offset }),
      call(name, values, work = {}) {
        const kernel = kernels.get(name) ?? loadKernel(name);
        kernels.set(name, kernel);
        checkArguments(node.name, kernel, values);
        const resolved = kernel.parameters.map((parameter) => resolve(values[parameter]!));
        checkNumbers(node.name, kernel, resolved);
        calls.push({ node: node.name, kernel, arguments: resolved, work });
      },
      pause(wait, every) {
        const state = stateOf(wait);
        if (state.kind === "constant") pauses.push({ node: node.name, state: state.name, every });
      },
      alias: (output, input) => aliases.set(output.name, input.name),
      scratch(bytes) {
        const name = uniqueTensor(`${node.name} scratch`);
        scratch.set(name, bytes);
        return { kind: "tensor", name, offset: 0 };
      },
      overwrite(output, input) {
        if (!choice.inPlace || !isLastUse(graph, aliases, input, index)) return false;
        aliases.set(output.name, input.name);
        return true;
      },
    };
    operatorOf(node.op).lower(bind(graph, node), lowering);
  });
  for (const name of graph.outputs) {
    if (tensorOf(graph, name).data)
      throw new ModelError(`output ${name} is a constant: nothing is left to compute`);
  }
  const names = [...states.values()].map((state) => (state.kind === "constant" ? state.name : ""));
  return {
    graph,
    calls,
    pauses,
    constants: constants.list(),
    states: names,
    aliases,
    scratch,
    kernels: [...kernels.values()],
  };
}

/** The tensor whose buffer `name` is, following views. */
export function storageOf(program: Pick<Program, "aliases">, name: string): string {
  const target = program.aliases.get(name);
  return target === undefined ? name : storageOf(program, target);
}
