/** Writes `subset_table.ts` as the C header that `firmware/core/module_scan.c` and `function_scan.c` include. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../root.ts";
import { BULK, FRAMES, LIMITS, OPCODE, PLAIN, TYPE_BYTE, type ValueType } from "./subset_table.ts";

export const HEADER_PATH = join(root, "firmware", "core", "module_subset.h");

const upper = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
const hex = (value: number): string => `0x${value.toString(16).padStart(2, "0")}`;

function enumeration(
  prefix: string,
  values: Readonly<Record<string, number>>,
  write: (value: number) => string,
): string {
  const lines = Object.entries(values).map(
    ([name, value]) => `    ${prefix}_${upper(name)} = ${write(value)},`,
  );
  return ["enum {", ...lines, "};"].join("\n");
}

/** Two bits for a type; SUBSET_I32 and SUBSET_I64 in C. */
const typeBits = (type: ValueType | undefined): number => (type === undefined ? 0 : type === "i32" ? 1 : 2);

/**
 * Bits 0-1: the first operand; 2-3: the second or none; 4-5: the result or none; 6: a memory immediate follows; 7: the
 * operation has more than one frame.
 */
const signature = ({ operands, result, memory }: (typeof PLAIN)[number]): number =>
  typeBits(operands[0]) | (typeBits(operands[1]) << 2) | (typeBits(result) << 4) | (memory ? 0x40 : 0);

const FIRST = PLAIN[0]!.first;

/** By opcode, from the first plain one on; a search would take most of the time of the scan. */
function signatures(): string {
  const bytes = new Array<number>(PLAIN.at(-1)!.last + 1 - FIRST).fill(0);
  for (const plain of PLAIN) bytes.fill(signature(plain), plain.first - FIRST, plain.last + 1 - FIRST);
  // Opcodes of floats lie between some of these, and stay 0: there are none in the subset.
  for (const { first, last } of FRAMES.wide)
    for (let opcode = first; opcode <= last; opcode++)
      if (bytes[opcode - FIRST] !== 0) bytes[opcode - FIRST]! |= 0x80;
  const lines: string[] = [];
  for (let i = 0; i < bytes.length; i += 16)
    lines.push(
      `    ${bytes
        .slice(i, i + 16)
        .map(hex)
        .join(", ")},`,
    );
  return lines.join(" \\\n");
}

const { wide: _, ...frames } = FRAMES;

/** The text of firmware/core/module_subset.h. */
export function subsetHeader(): string {
  return `/*
 * The subset of WebAssembly that a module may use. Written by host/module/subset_header.ts from
 * host/module/subset_table.ts, which says why: change that.
 */
#ifndef THIMBLE_MODULE_SUBSET_H
#define THIMBLE_MODULE_SUBSET_H

#include <stdint.h>

${enumeration("LIMIT", LIMITS, String)}

${enumeration("OP", OPCODE, hex)}

${enumeration("BULK", BULK, String)}

${enumeration("TYPE", TYPE_BYTE, hex)}

${enumeration("FRAMES", frames, String)}

/* First opcode, last opcode, frames of the operations that have more than one. */
#define SUBSET_WIDE {${FRAMES.wide.map(({ first, last, frames }) => `{${hex(first)}, ${hex(last)}, ${frames}}`).join(", ")}}

/* Types in signatures and on the stack of operands. */
enum { SUBSET_I32 = 1, SUBSET_I64 = 2, SUBSET_TYPE = 3, SUBSET_MEMORY = 0x40, SUBSET_IS_WIDE = 0x80 };

/*
 * Signatures of plain operations by opcode, from OP_PLAIN on; 0 where there is none: bits 0-1 the first
 * operand, 2-3 the second or 0, 4-5 the result or 0, bit 6 an alignment and an offset follow, bit 7 it is in
 * SUBSET_WIDE.
 */
enum { OP_PLAIN = ${hex(FIRST)} };
#define SUBSET_PLAIN { \\
${signatures()} \\
}

#endif
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(HEADER_PATH, subsetHeader());
