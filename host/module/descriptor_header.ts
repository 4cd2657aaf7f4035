/** Writes `descriptor_table.ts` as the C header that `firmware/core/descriptor.c` and `values.c` include. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../root.ts";
import {
  BORDERS_MAX,
  DECISION_CODES,
  DESCRIPTOR_SECTION,
  DESCRIPTOR_VERSION,
  ELEMENTS_MAX,
  FIELD_BITS,
  NUMBERED_MAX,
} from "./descriptor_table.ts";

export const DESCRIPTOR_HEADER_PATH = join(root, "firmware", "core", "descriptor_format.h");

const enumeration = (prefix: string, values: Readonly<Record<string, number>>): string =>
  [
    "enum {",
    ...Object.entries(values).map(([name, value]) => `    ${prefix}_${name.toUpperCase()} = ${value},`),
    "};",
  ].join("\n");

/** The text of firmware/core/descriptor_format.h. */
export function descriptorHeader(): string {
  return `/*
 * Numbers of a module's descriptor. Written by host/module/descriptor_header.ts from
 * host/module/descriptor_table.ts, which says what they mean: change that.
 */
#ifndef THIMBLE_DESCRIPTOR_FORMAT_H
#define THIMBLE_DESCRIPTOR_FORMAT_H

#define DESCRIPTOR_SECTION "${DESCRIPTOR_SECTION}"

enum { DESCRIPTOR_VERSION = ${DESCRIPTOR_VERSION} };

/* Most inputs or outputs, values of one of them, and features whose names are numbered. */
enum { TENSORS_MAX = ${BORDERS_MAX}, ELEMENTS_MAX = ${ELEMENTS_MAX}, NUMBERED_MAX = ${NUMBERED_MAX} };

${enumeration("DECISION", DECISION_CODES)}

${enumeration("FIELD", FIELD_BITS)}

#endif
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(DESCRIPTOR_HEADER_PATH, descriptorHeader());
