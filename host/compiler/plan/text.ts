import { dumpGraph } from "../../ir/text.ts";
import type { Argument } from "../../ops/lowering.ts";
import { plain } from "../../plain.ts";
import type { Program } from "./lower.ts";
import type { MemoryPlan } from "./memory.ts";

function argumentText(argument: Argument): string {
  if (argument.kind === "number") return String(argument.value);
  const name = plain(argument.name);
  if (argument.kind === "constant") return `&${name}`;
  return argument.offset === 0 ? name : `${name}+${argument.offset}`;
}

/** Kernel calls as stable text, behind the graph they came from. */
export function dumpProgram(program: Program): string {
  const calls = program.calls.map((call) => {
    const values = call.arguments.map(
      (argument, i) => `${call.kernel.parameters[i]}=${argumentText(argument)}`,
    );
    return `${plain(call.node)}: ${call.kernel.name}.${call.kernel.version}(${values.join(", ")})`;
  });
  const views = [...program.aliases].map(
    ([output, input]) => `${plain(output)} is a view of ${plain(input)}`,
  );
  return `${dumpGraph(program.graph)}${[...calls, ...views].join("\n")}\n`;
}

/** Addresses as stable text: buffers with the steps in which they live, constants with states, argument blocks. */
export function dumpPlan(plan: MemoryPlan): string {
  const constants = [...plan.constants].map(([name, offset]) => `${offset} ${plain(name)}`);
  const buffers = plan.buffers.map(
    ({ name, bytes, start, end }) =>
      `${plan.tensors.get(name)} ${plain(name)}: ${bytes} bytes, steps ${start}..${end}`,
  );
  const { arena } = plan;
  const blocks = plan.blocks.map((offset, i) => `${offset} arguments of call ${i}`);
  const summary = `arena at ${arena.offset}: ${arena.bytes} bytes, lower bound ${arena.lowerBound}; memory ${plan.memoryBytes}, constants from ${plan.constantsOffset}`;
  return `${[summary, ...buffers, ...constants, ...blocks].join("\n")}\n`;
}
