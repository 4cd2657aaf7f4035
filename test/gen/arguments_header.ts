/**
 * Writes firmware/core/kernels/arguments.h, the argument blocks of assembly/kernels as C structs:
 * `node dist/test/gen/arguments_header.js` after a build. Firmware is built where there is no Node, so the file is
 * committed; test/assembly.test.ts checks that it is up to date.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Block, type Field, type FieldType, loadKernel } from "../../host/compiler/plan/kernels.ts";
import { root } from "../../host/root.ts";
import { kernelNames } from "../ops/lowering/machine.ts";

export const target = join(root, "firmware", "core", "kernels", "arguments.h");

const C_TYPES: Record<FieldType, string> = {
  usize: "uint32_t",
  i32: "int32_t",
  u16: "uint16_t",
  i16: "int16_t",
  u8: "uint8_t",
  i8: "int8_t",
};

const WIDTH = 100;

const snake = (name: string): string =>
  name.replace(/[A-Z]/g, (letter, at: number) => `${at === 0 ? "" : "_"}${letter.toLowerCase()}`);

/** `size0`, `size1`, ... are an array in C. */
function members(fields: readonly Field[]): { type: string; text: string }[] {
  const list: { type: string; stem: string; count: number }[] = [];
  for (const { name, type } of fields) {
    const [, stem, index] = /^(.*?)(\d?)$/.exec(name)!;
    const last = list.at(-1);
    if (index !== "" && index !== "0" && last?.stem === stem) last!.count++;
    else list.push({ type: C_TYPES[type], stem: stem!, count: index === "0" ? 1 : 0 });
  }
  return list.map(({ type, stem, count }) => ({
    type,
    text: count > 0 ? `${snake(stem)}[${count}]` : snake(stem),
  }));
}

function structText({ className, fields }: Block): string {
  const lines: string[] = [];
  let open: string | undefined;
  for (const { type, text } of members(fields)) {
    const last = lines.at(-1);
    if (last !== undefined && open === type && last.length + text.length + 3 <= WIDTH)
      lines[lines.length - 1] = `${last}, ${text}`;
    else {
      if (last !== undefined) lines[lines.length - 1] = `${last};`;
      lines.push(`    ${type} ${text}`);
    }
    open = type;
  }
  const name = `thimble_${snake(className)}`;
  return [`typedef struct ${name} {`, `${lines.join("\n")};`, `} ${name};`].join("\n");
}

/** The text of the generated file. */
export function argumentsHeader(): string {
  const blocks = new Map(
    kernelNames().map((name) => [loadKernel(name).block.className, loadKernel(name).block]),
  );
  return [
    "/*",
    " * Argument blocks, as the classes of assembly/kernels declare them; the fields are described there. Written",
    " * by test/gen/arguments_header.ts: change the classes, not this file.",
    " */",
    "#ifndef THIMBLE_KERNELS_ARGUMENTS_H",
    "#define THIMBLE_KERNELS_ARGUMENTS_H",
    "",
    "#include <stdint.h>",
    "",
    [...blocks.values()].map(structText).join("\n\n"),
    "",
    "#endif",
    "",
  ].join("\n");
}

const isMain = process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href;
if (isMain) writeFileSync(target, argumentsHeader());
