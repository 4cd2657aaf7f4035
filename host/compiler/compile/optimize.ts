import type binaryenModule from "binaryen";
import { exportName, type Kernel } from "../plan/kernels.ts";

/** Names that asc gives to functions and globals of the package and of the model. */
const internalName = (kernel: Kernel): string =>
  `~lib/thimble/assembly/kernels/${kernel.name}/${kernel.name}`;

/** asc.main leaves the table and start section of its runtime in unoptimised modules. */
const LEVELS = { optimizeLevel: 3, shrinkLevel: 1 };

/** Kernels and what they share. The getters of their blocks' fields, which asc makes, are no functions of ours. */
function keptFunctions(binaryen: typeof binaryenModule, module: binaryenModule.Module): string[] {
  const names = Array.from(
    { length: module.getNumFunctions() },
    (_, i) => binaryen.getFunctionInfo(module.getFunctionByIndex(i)).name,
  );
  return names.filter((name) => name.includes("/kernels/") && !name.includes("#"));
}

/**
 * Exports the kernels under their versioned names and optimises, keeping each kernel a function of
 * its own: a host can only bind a native kernel to a function that is still there. Names are dropped.
 */
export async function optimize(binary: Uint8Array, kernels: readonly Kernel[]): Promise<Uint8Array> {
  const binaryen: typeof binaryenModule = (await import("binaryen")).default;
  const module = binaryen.readBinary(binary);
  try {
    module.setFeatures(binaryen.Features.BulkMemory | binaryen.Features.SignExt);
    for (const kernel of kernels) module.addFunctionExport(internalName(kernel), exportName(kernel));
    binaryen.setOptimizeLevel(LEVELS.optimizeLevel);
    binaryen.setShrinkLevel(LEVELS.shrinkLevel);
    binaryen.setZeroFilledMemory(true);
    for (const name of keptFunctions(binaryen, module)) {
      binaryen.setPassArgument("no-inline", name);
      module.runPasses(["no-inline"]);
    }
    // Twice: the second round finds what the first uncovered.
    module.optimize();
    // A narrow field is extended once more by asc: as shifts, Binaryen sees that its load has done it.
    module.runPasses(["signext-lowering"]);
    module.optimize();
    // asc left the writer in debug mode: it is one global for all modules.
    binaryen.setDebugInfo(false);
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

/** The module as text, for goldens and for people. */
export async function disassemble(binary: Uint8Array): Promise<string> {
  const binaryen: typeof binaryenModule = (await import("binaryen")).default;
  const module = binaryen.readBinary(binary);
  try {
    return module.emitText();
  } finally {
    module.dispose();
  }
}
