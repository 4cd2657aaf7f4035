import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../root.ts";

/** A portable kernel in assembly/kernels: its file is the only description of it. */
export interface Kernel {
  readonly name: string;
  readonly version: number;
  /** In order, as the source declares them; all are i32 in the module. */
  readonly parameters: readonly string[];
}

export const kernelFolder = join(root, "assembly", "kernels");

/** The name under which a module exports the kernel, so that firmware can bind a native one. */
export const exportName = ({ name, version }: Kernel): string => `kernel.${name}.${version}`;

/** Reads version and parameters from `assembly/kernels/<name>.ts`. */
export function loadKernel(name: string): Kernel {
  const source = readFileSync(join(kernelFolder, `${name}.ts`), "utf8");
  const version = /^export const VERSION: i32 = (\d+);$/m.exec(source)?.[1];
  const parameters = new RegExp(`^export function ${name}\\(([^)]*)\\): void`, "m").exec(source)?.[1];
  if (!version || parameters === undefined) {
    throw new Error(`assembly/kernels/${name}.ts: expected a VERSION and an exported function ${name}`);
  }
  return {
    name,
    version: Number(version),
    parameters: [...parameters.matchAll(/(\w+): \w+/g)].map((match) => match[1]!),
  };
}
