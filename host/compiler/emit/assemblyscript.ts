import { byteSize, type Node, type Tensor, tensorOf } from "../../ir/graph.ts";
import type { SelfTestVector } from "../../module/metadata.ts";
import { operatorOf } from "../../ops/index.ts";
import { bind } from "../../ops/operator.ts";
import { type Constant, type KernelCall, type Program, storageOf } from "../plan/lower.ts";
import { constantOrder, type MemoryPlan } from "../plan/memory.ts";
import { identifiers } from "./names.ts";

/** Where the model came from: the header of the source and the metadata say so. */
export interface Provenance {
  readonly name: string;
  readonly version: string;
  readonly sourceFile: string;
  readonly sourceSha256: string;
  readonly compiler: string;
}

const WIDTH = 108;
const TYPES: Record<string, string> = {
  Int8Array: "i8",
  Uint8Array: "u8",
  Int16Array: "i16",
  Int32Array: "i32",
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
  for (const input of graph.inputs) tensors.set(input, fresh(`input_${input}`));
  for (const node of graph.nodes) {
    node.outputs.forEach((output, i) => {
      tensors.set(output, fresh(node.outputs.length === 1 ? node.name : `${node.name}_${i}`));
    });
  }
  for (const call of program.calls) {
    call.arguments.forEach((argument, i) => {
      if (argument.kind === "tensor" && program.scratch.has(argument.name)) {
        tensors.set(argument.name, fresh(`${call.node}_scratch`));
      }
      if (argument.kind !== "constant" || constants.has(argument.name)) return;
      constants.set(argument.name, fresh(`${call.node}_${call.kernel.parameters[i]}`));
    });
  }
  return {
    tensor: (name: string): string => tensors.get(storageOf(program, name))!,
    constant: (name: string): string => constants.get(name)!,
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

function callText(call: KernelCall, names: Names): string {
  const items = call.arguments.map((argument, i) => {
    if (argument.kind === "number") return `/* ${call.kernel.parameters[i]} */ ${argument.value}`;
    if (argument.kind === "constant") return names.constant(argument.name);
    return argument.offset === 0
      ? names.tensor(argument.name)
      : `${names.tensor(argument.name)} + ${argument.offset}`;
  });
  return `  ${call.kernel.name}(\n${wrap(items, "    ")}\n  );`;
}

function invokeText(program: Program, names: Names): string {
  const statements = program.graph.nodes.map((node) => {
    const calls = program.calls
      .filter((call) => call.node === node.name)
      .map((call) => callText(call, names));
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
  const expected = vectors.flatMap((vector, v) =>
    vector.outputs.map(
      (bytes, o) =>
        `const expected_${v}_${o}: usize = memory.data<u8>([\n${wrap(Array.from(bytes, String), "  ")}\n]);`,
    ),
  );
  // Each vector starts as the first inference does, and so does whoever comes after them.
  const resets = program.constants
    .filter(({ name }) => program.states.includes(name))
    .map(
      ({ name, data }) =>
        `  reset(${names.constant(name)}, ${data.byteLength}, ${new Uint8Array(data.buffer)[0]});`,
    );
  const checks = vectors.map((vector, v) => {
    const fills = graph.inputs.map(
      (input) => `  seed = fill(${names.tensor(input)}, ${byteSize(tensorOf(graph, input))}, seed);`,
    );
    const compares = graph.outputs.map(
      (output, o) =>
        `  if (!equal(${names.tensor(output)}, expected_${v}_${o}, ${byteSize(tensorOf(graph, output))})) return ${v + 1};`,
    );
    return [
      ...resets,
      `  seed = ${vector.seed};`,
      ...fills,
      `  if (invoke() != STATUS_OK) return ${v + 1};`,
      ...compares,
    ].join("\n");
  });
  const body = `export function self_test(): i32 {\n  let seed: u32;\n${[...checks, ...resets].join("\n")}\n  return STATUS_OK;\n}`;
  return `${expected.join("\n")}\n\n${body}\n`;
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

/** The model as one AssemblyScript file that a person can read: layers first, then data, then the arena. */
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
  const imports = [
    'import { ABI_VERSION, STATUS_OK } from "thimble/assembly/abi";',
    ...program.kernels.map(
      (kernel) => `import { ${kernel.name} } from "thimble/assembly/kernels/${kernel.name}";`,
    ),
    ...(selfTest.length > 0
      ? [
          `import { equal, fill${program.states.length > 0 ? ", reset" : ""} } from "thimble/assembly/self_test";`,
        ]
      : []),
  ];
  const parts = [
    header(program, plan, provenance),
    imports.join("\n"),
    invokeText(program, names),
    constantOrder(program.constants)
      .map((constant) => constantText(constant, names.constant(constant.name)))
      .join("\n"),
    selfTestText(program, selfTest, names),
    `const arena: usize = memory.data(${plan.arena.bytes}, 8);\n${buffers.join("\n")}`,
    "export const abi: i32 = ABI_VERSION;",
    `export const memory_bytes: i32 = <i32>arena + ${plan.arena.bytes};`,
    ...graph.inputs.map((name, i) => borderText("input", i, tensorOf(graph, name), names.tensor(name))),
    ...graph.outputs.map((name, i) => borderText("output", i, tensorOf(graph, name), names.tensor(name))),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}
