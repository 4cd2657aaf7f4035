import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../root.ts";

/** Bytes of a field's type in an argument block; a `usize` is an address in linear memory. */
export const FIELD_BYTES = { usize: 4, i32: 4, u16: 2, i16: 2, u8: 1, i8: 1 } as const;

export type FieldType = keyof typeof FIELD_BYTES;

/** One argument of a kernel: a member of its block. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** From the start of the block. */
  readonly offset: number;
}

/** The argument block that a kernel's one parameter points at. Kernels of one contract have one block. */
export interface Block {
  /** The class that declares it, and the kernel whose file has the class. */
  readonly className: string;
  readonly owner: string;
  readonly fields: readonly Field[];
  readonly bytes: number;
}

/** A portable kernel in assembly/kernels: its file is the only description of it. */
export interface Kernel {
  readonly name: string;
  readonly version: number;
  readonly block: Block;
  /** Names of the block's fields, in order. */
  readonly parameters: readonly string[];
}

export const kernelFolder = join(root, "assembly", "kernels");

/** The name under which a module exports the kernel, so that firmware can bind a native one. */
export const exportName = ({ name, version }: Kernel): string => `kernel.${name}.${version}`;

const sourceOf = (name: string): string => readFileSync(join(kernelFolder, `${name}.ts`), "utf8");

/** Fields in the order of the class: the widest types first, so that nothing is lost to alignment. */
function placeFields(owner: string, members: readonly (readonly [string, string])[]): Field[] {
  let offset = 0;
  return members.map(([name, type]) => {
    const bytes = FIELD_BYTES[type as FieldType];
    if (!bytes || offset % bytes !== 0) {
      throw new Error(
        `assembly/kernels/${owner}.ts: ${name}: expected ${Object.keys(FIELD_BYTES).join(", ")}, wider ones first, found ${type}`,
      );
    }
    const field = { name, type: type as FieldType, offset };
    offset += bytes;
    return field;
  });
}

function loadBlock(owner: string, className: string): Block {
  const body = new RegExp(`^export class ${className} \\{([^}]*)\\}`, "m").exec(sourceOf(owner))?.[1];
  if (body === undefined) {
    throw new Error(`assembly/kernels/${owner}.ts: expected an exported class ${className}, found none`);
  }
  const members = [...body.matchAll(/^ {2}(\w+): (\w+);$/gm)].map((match) => [match[1]!, match[2]!] as const);
  const fields = placeFields(owner, members);
  const bytes = fields.reduce((sum, { type }) => sum + FIELD_BYTES[type], 0);
  return { className, owner, fields, bytes };
}

/**
 * Reads version and argument block from `assembly/kernels/<name>.ts`. The class of the block is in that file, or
 * imported from the kernel that has the same contract.
 */
export function loadKernel(name: string): Kernel {
  const source = sourceOf(name);
  const version = /^export const VERSION: i32 = (\d+);$/m.exec(source)?.[1];
  const className = new RegExp(`^export function ${name}\\(block: (\\w+)\\): void`, "m").exec(source)?.[1];
  if (!version || className === undefined) {
    throw new Error(
      `assembly/kernels/${name}.ts: expected a VERSION and an exported function ${name} of one block, found none`,
    );
  }
  const owner = new RegExp(`^import \\{ ${className} \\} from "\\./(\\w+)";$`, "m").exec(source)?.[1] ?? name;
  const block = loadBlock(owner, className);
  return { name, version: Number(version), block, parameters: block.fields.map((field) => field.name) };
}

let natives: ReadonlySet<string> | undefined;

/** Whether the firmware has a native kernel for an export: a row of firmware/core/kernels/table.c. */
export function isNativeExport(name: string): boolean {
  const table = (): string => readFileSync(join(root, "firmware", "core", "kernels", "table.c"), "utf8");
  natives ??= new Set([...table().matchAll(/"(kernel\.\w+\.\d+)"/g)].map(([, row]) => row!));
  return natives.has(name);
}

/** Whether the firmware has a native twin of the kernel. */
export const isNative = (kernel: Kernel): boolean => isNativeExport(exportName(kernel));
