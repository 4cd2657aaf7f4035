/** The kernels that a module's inference calls, one after the other, where its code is nothing but such calls. */
import { Reader, readExports, readSections, SECTION } from "./sections.ts";
import { OPCODE } from "./subset_table.ts";

export interface ModuleCall {
  /** The name of the export: kernel.<name>.<version>. */
  readonly kernel: string;
  /** Offset of its argument block. */
  readonly block: number;
}

/** Functions that call functions, e.g. one for each layer. */
const MAX_DEPTH = 4;
/** Of one inference. */
const MAX_CALLS = 4096;

/** Where each function's body begins, behind its size. */
function bodies(module: Uint8Array): Reader[] {
  const section = readSections(module).find(({ id }) => id === SECTION.code);
  if (!section) return [];
  const reader = new Reader(module, section.start, section.end);
  return Array.from({ length: reader.u32() }, () => {
    const size = reader.u32();
    const start = reader.position;
    reader.skip(size);
    return new Reader(module, start, start + size);
  });
}

interface Walk {
  readonly code: readonly Reader[];
  /** Names of kernels by the number of their function. */
  readonly kernels: ReadonlyMap<number, string>;
  readonly calls: ModuleCall[];
}

/** Whether function number `index` is calls with constants and an end; they are added to `calls`. */
function follow(walk: Walk, index: number, depth: number): boolean {
  const body = walk.code[index];
  if (!body || depth > MAX_DEPTH) return false;
  const reader = new Reader(body.bytes, body.position, body.end);
  if (reader.u32() !== 0) return false;
  let constant: number | undefined;
  while (!reader.done) {
    const opcode = reader.byte();
    if (opcode === OPCODE.i32Const) {
      if (constant !== undefined) return false;
      constant = Number(reader.signed(32));
    } else if (opcode === OPCODE.call) {
      const callee = reader.u32();
      const kernel = walk.kernels.get(callee);
      if (walk.calls.length === MAX_CALLS) return false;
      if (kernel !== undefined && constant !== undefined) walk.calls.push({ kernel, block: constant >>> 0 });
      else if (kernel !== undefined || constant !== undefined || !follow(walk, callee, depth + 1))
        return false;
      constant = undefined;
    } else if (opcode === OPCODE.end && reader.done) {
      // Status 0 of the inference, and nothing of a layer.
      return constant === (depth === 0 ? 0 : undefined);
    } else return false;
  }
  return false;
}

/** Undefined where the inference does anything else, too. The module is in the subset. */
export function kernelCalls(module: Uint8Array): readonly ModuleCall[] | undefined {
  const functions = readExports(module).filter(({ kind }) => kind === "func");
  const invoke = functions.find(({ name }) => name === "invoke");
  const kernels = new Map(
    functions
      .filter(({ name }) => name.startsWith("kernel."))
      .map(({ name, index }) => [index, name] as const),
  );
  const walk: Walk = { code: bodies(module), kernels, calls: [] };
  return invoke && follow(walk, invoke.index, 0) ? walk.calls : undefined;
}
