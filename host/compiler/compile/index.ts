import { mergeDataSegments } from "../../module/data_segments.ts";
import { addMetadata, type Metadata } from "../../module/metadata.ts";
import { checkSubset } from "../../module/subset.ts";
import type { Program } from "../plan/lower.ts";
import type { MemoryPlan } from "../plan/memory.ts";
import { compileAssemblyScript, type Target } from "./asc.ts";
import { optimize } from "./optimize.ts";

const PAGE = 65536;

/** AssemblyScript to a module of ABI v2, checked against the planned addresses and the subset. */
export async function compileModule(
  assembly: string,
  program: Program,
  plan: MemoryPlan,
  metadata: Metadata | undefined,
  target: Target = "release",
): Promise<Uint8Array> {
  const raw = await compileAssemblyScript(assembly, target, Math.ceil(plan.memoryBytes / PAGE));
  const optimized = await optimize(raw, program.kernels);
  checkAddresses(optimized, program, plan);
  const binary = mergeDataSegments(optimized, { at: plan.constantsOffset, end: plan.memoryBytes });
  checkSubset(binary);
  return metadata ? addMetadata(binary, metadata) : binary;
}

/** asc assigns addresses in the order of the file; they have to be the plan's. */
function checkAddresses(binary: Uint8Array, program: Program, plan: MemoryPlan): void {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(binary)));
  const check = (name: string, expected: number): void => {
    const found: unknown = (exports[name] as WebAssembly.Global | undefined)?.value;
    if (found !== expected) throw new Error(`compiled module: ${name}: expected ${expected}, found ${found}`);
  };
  check("memory_bytes", plan.memoryBytes);
  check("constants", plan.constantsOffset);
  program.graph.inputs.forEach((name, i) => {
    check(`input_${i}`, plan.tensors.get(name)!);
  });
  program.graph.outputs.forEach((name, i) => {
    check(`output_${i}`, plan.tensors.get(name)!);
  });
}
