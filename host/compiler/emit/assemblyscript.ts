import { byteSize, type Node, type Tensor, tensorOf } from "../../ir/graph.ts";
import type { SelfTestVector } from "../../module/metadata.ts";
import { operatorOf } from "../../ops/index.ts";
import type { Argument } from "../../ops/lowering.ts";
import { bind } from "../../ops/operator.ts";
import type { Field } from "../plan/kernels.ts";
import { type Constant, type KernelCall, type Pause, type Program, storageOf } from "../plan/lower.ts";
import { constantOrder, type MemoryPlan, stateOrder } from "../plan/memory.ts";
import { identifiers } from "./names.ts";

/** Where the model came from: the header of the source and the metadata say so. */
export interface Provenance {
  readonly name: string;
  readonly version: string;
  readonly sourceFile: string;
  readonly sourceSha256: string;
  readonly compiler: string;
}

/** FNV-1a, 32 bits, as `checksum` of assembly/self_test.ts. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

const WIDTH = 108;
const TYPES: Record<string, string> = {
  Int8Array: "i8",
  Uint8Array: "u8",
  Int16Array: "i16",
  Int32Array: "i32",
  Uint32Array: "u32",
};

/** Joins items into indented lines of at most WIDTH columns. */
function wrap(items: readonly string[], indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const item of items) {
    if (line !== "" && indent.length + line.length + item.length + 2 > WIDTH) {
      lines.push(indent + line);
      line = "";
    }
    line += line === "" ? `${item},` : ` ${item},`;
  }
  if (line !== "") lines.push(indent + line);
  return lines.join("\n");
}

/** Names come from untrusted files: inside a comment they must not end it, nor start a new line. */
const plain = (text: string): string => text.replace(/[^\x20-\x7e]/g, "?").replaceAll("*/", "* /");

const shapeText = (tensor: Tensor): string => `${tensor.dtype}[${tensor.shape.join("x")}]`;

/** Names for all buffers and constants, from the nodes that write and read them. */
function nameEverything(program: Program) {
  const { graph } = program;
  const fresh = identifiers(program.kernels.map((kernel) => kernel.name));
  const tensors = new Map<string, string>();
  const constants = new Map<string, string>();
  const blocks = new Map<KernelCall, string>();
  for (const input of graph.inputs) tensors.set(input, fresh(`input_${input}`));
  for (const node of graph.nodes) {
    node.outputs.forEach((output, i) => {
      tensors.set(output, fresh(node.outputs.length === 1 ? node.name : `${node.name}_${i}`));
    });
  }
  for (const call of program.calls) {
    blocks.set(call, fresh(`${call.node}_arguments`));
    call.arguments.forEach((argument, i) => {
      if (argument.kind === "tensor" && program.scratch.has(argument.name)) {
        tensors.set(argument.name, fresh(`${call.node}_scratch`));
      }
      if (argument.kind !== "constant" || constants.has(argument.name)) return;
      constants.set(argument.name, fresh(`${call.node}_${call.kernel.parameters[i]}`));
    });
  }
  for (const { node, state } of program.pauses) constants.set(state, fresh(`${node}_wait`));
  return {
    tensor: (name: string): string => tensors.get(storageOf(program, name))!,
    constant: (name: string): string => constants.get(name)!,
    block: (call: KernelCall): string => blocks.get(call)!,
  };
}

type Names = ReturnType<typeof nameEverything>;

/** A comment line that says what happens at a node. */
function describe(program: Program, node: Node): string {
  const bound = bind(program.graph, node);
  const macs = operatorOf(node.op).macs(bound);
  const inputs = bound.inputs.filter((tensor) => tensor && !tensor.data).map((tensor) => shapeText(tensor!));
  const cost = macs > 0 ? `, ${macs} multiply-accumulates` : "";
  return `${plain(node.name)}: ${inputs.join(", ")} -> ${bound.outputs.map(shapeText).join(", ")}${cost}`;
}

function argumentText(argument: Argument, names: Names): string {
  if (argument.kind === "number") return String(argument.value);
  if (argument.kind === "constant") return names.constant(argument.name);
  return argument.offset === 0
    ? names.tensor(argument.name)
    : `${names.tensor(argument.name)} + ${argument.offset}`;
}

/** Neighbouring fields of one type: what one `memory.data` holds. */
function fieldRuns(fields: readonly Field[]): Field[][] {
  const runs: Field[][] = [];
  for (const field of fields) {
    const run = runs.at(-1);
    if (run?.[0]?.type === field.type) run.push(field);
    else runs.push([field]);
  }
  return runs;
}

/** A call's arguments as data: one list for each type, without gaps. */
function blockText(call: KernelCall, names: Names): string {
  const { block, name } = call.kernel;
  const lists = fieldRuns(block.fields).map((run) => {
    const items = run.map(
      (field) => `/* ${field.name} */ ${argumentText(call.arguments[block.fields.indexOf(field)]!, names)}`,
    );
    return `memory.data<${run[0]!.type}>([\n${wrap(items, "  ")}\n])`;
  });
  const [first, ...rest] = lists;
  return [
    `/** Arguments of a call of ${name}. */`,
    `const ${names.block(call)} = changetype<${block.className}>(${first});`,
    ...rest.map((list) => `${list};`),
  ].join("\n");
}

const callText = (call: KernelCall, names: Names): string => `  ${call.kernel.name}(${names.block(call)});`;

/** The end of an inference whose turn it is not: the outputs hold nothing new. */
function pauseText({ state, every }: Pause, names: Names): string {
  const wait = names.constant(state);
  return [
    `  if (load<i32>(${wait}) != 0) {`,
    `    store<i32>(${wait}, load<i32>(${wait}) - 1);`,
    "    return STATUS_TAKEN;",
    "  }",
    `  store<i32>(${wait}, ${every - 1});`,
  ].join("\n");
}

function invokeText(program: Program, names: Names): string {
  const statements = program.graph.nodes.map((node) => {
    const calls = program.calls
      .filter((call) => call.node === node.name)
      .map((call) => callText(call, names));
    const pause = program.pauses.find(({ node: name }) => name === node.name);
    if (pause) calls.push(pauseText(pause, names));
    const views = calls.length > 0 ? calls : ["  // the same buffer under another shape"];
    return [`  // ${describe(program, node)}`, ...views].join("\n");
  });
  return `export function invoke(): i32 {\n${statements.join("\n\n")}\n\n  return STATUS_OK;\n}`;
}

function constantText(constant: Constant, identifier: string): string {
  const { data } = constant;
  const type = TYPES[data.constructor.name]!;
  const values = wrap(Array.from(data, String), "  ");
  return `const ${identifier}: usize = memory.data<${type}>([\n${values}\n]);`;
}

/** `export const` lines for one graph input or output. */
function borderText(kind: "input" | "output", i: number, tensor: Tensor, identifier: string): string {
  const q = tensor.quantization;
  // An index has no scale.
  const scale = q ? `, scale ${q.scales[0]}, zero point ${q.zeroPoints[0]}` : "";
  return [
    `/** ${plain(tensor.name)}: ${shapeText(tensor)}${scale} */`,
    `export const ${kind}_${i}: i32 = <i32>${identifier};`,
    `export const ${kind}_${i}_bytes: i32 = ${byteSize(tensor)};`,
  ].join("\n");
}

function selfTestText(program: Program, vectors: readonly SelfTestVector[], names: Names): string {
  if (vectors.length === 0) return "";
  const { graph } = program;
  // Each vector starts as the first inference does, and so does whoever comes after them.
  const resets = stateOrder(program).map(
    ({ name, data }) =>
      `  reset(${names.constant(name)}, ${data.byteLength}, ${new Uint8Array(data.buffer)[0]});`,
  );
  const checks = vectors.map((vector, v) => {
    const fills = graph.inputs.map(
      (input) => `  seed = fill(${names.tensor(input)}, ${byteSize(tensorOf(graph, input))}, seed);`,
    );
    const compares = graph.outputs.map(
      (output, o) =>
        `  if (checksum(${names.tensor(output)}, ${byteSize(tensorOf(graph, output))}) != ${checksum(vector.outputs[o]!)}) return ${v + 1};`,
    );
    return [
      ...resets,
      `  seed = ${vector.seed};`,
      ...fills,
      `  if (invoke() != STATUS_OK) return ${v + 1};`,
      ...compares,
    ].join("\n");
  });
  return `export function self_test(): i32 {\n  let seed: u32;\n${[...checks, ...resets].join("\n")}\n  return STATUS_OK;\n}`;
}

function header(program: Program, plan: MemoryPlan, provenance: Provenance): string {
  const { graph } = program;
  const border = (name: string) => `${plain(name)}: ${shapeText(tensorOf(graph, name))}`;
  const macs = graph.nodes.reduce((sum, node) => sum + operatorOf(node.op).macs(bind(graph, node)), 0);
  return [
    "/**",
    ` * ${plain(provenance.name)} ${provenance.version}, written by ${provenance.compiler}: change the model, not this file.`,
    " *",
    ` * Source model  ${plain(provenance.sourceFile)}, SHA-256 ${provenance.sourceSha256}`,
    ` * Inputs        ${graph.inputs.map(border).join(", ")}`,
    ` * Outputs       ${graph.outputs.map(border).join(", ")}`,
    ` * Work          ${macs} multiply-accumulates in ${graph.nodes.length} layers`,
    ` * Memory        ${plan.memoryBytes} bytes: constants ${plan.constantBytes}, arena ${plan.arena.bytes} (lower bound ${plan.arena.lowerBound})`,
    " */",
  ].join("\n");
}

/** Where constants and memory end, from the addresses of the first constant and of the last block. */
function extentText(program: Program, plan: MemoryPlan, names: Names): string {
  const [constant] = constantOrder(program);
  const block = (i: number): string => `changetype<usize>(${names.block(program.calls.at(i)!)})`;
  const isEmpty = program.calls.length === 0;
  const first = constant ? names.constant(constant.name) : isEmpty ? undefined : block(0);
  const start = first ? `<i32>${first}` : String(plan.constantsOffset);
  const end = isEmpty
    ? String(plan.memoryBytes)
    : `<i32>${block(-1)} + ${plan.memoryBytes - plan.blocks.at(-1)!}`;
  return `export const memory_bytes: i32 = ${end};\nexport const constants: i32 = ${start};`;
}

/** Kernels and the classes of their blocks, by the files that have them. */
function kernelImports({ kernels }: Program): string[] {
  const files = new Map<string, Set<string>>();
  const add = (file: string, name: string): void => {
    files.set(file, (files.get(file) ?? new Set()).add(name));
  };
  for (const { name, block } of kernels) {
    add(name, name);
    add(block.owner, block.className);
  }
  return [...files].map(
    ([file, names]) => `import { ${[...names].sort().join(", ")} } from "thimble/assembly/kernels/${file}";`,
  );
}

/** The model as one AssemblyScript file that a person can read: layers first, then what memory holds, in order. */
export function emitAssemblyScript(
  program: Program,
  plan: MemoryPlan,
  provenance: Provenance,
  selfTest: readonly SelfTestVector[],
): string {
  const names = nameEverything(program);
  const { graph } = program;
  const offsetOf = (name: string): number => plan.tensors.get(name)! - plan.arena.offset;
  const buffers = plan.buffers.map(
    (buffer) =>
      `const ${names.tensor(buffer.name)}: usize = arena + ${offsetOf(buffer.name)}; // ${buffer.bytes} bytes, live in steps ${buffer.start}..${buffer.end}`,
  );
  const constants = (list: readonly Constant[]): string =>
    list.map((constant) => constantText(constant, names.constant(constant.name))).join("\n");
  const imports = [
    `import { ABI_VERSION, STATUS_OK${program.pauses.length > 0 ? ", STATUS_TAKEN" : ""} } from "thimble/assembly/abi";`,
    ...kernelImports(program),
    ...(selfTest.length > 0
      ? [
          `import { checksum, fill${program.states.length > 0 ? ", reset" : ""} } from "thimble/assembly/self_test";`,
        ]
      : []),
  ];
  const parts = [
    header(program, plan, provenance),
    imports.join("\n"),
    invokeText(program, names),
    selfTestText(program, selfTest, names),
    constants(stateOrder(program)),
    // Filled up, since constants begin at a multiple of 4.
    `const arena: usize = memory.data(${plan.constantsOffset - plan.arena.offset}, 8);\n${buffers.join("\n")}`,
    constants(constantOrder(program)),
    ...program.calls.map((call) => blockText(call, names)),
    "export const abi: i32 = ABI_VERSION;",
    extentText(program, plan, names),
    ...graph.inputs.map((name, i) => borderText("input", i, tensorOf(graph, name), names.tensor(name))),
    ...graph.outputs.map((name, i) => borderText("output", i, tensorOf(graph, name), names.tensor(name))),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}
