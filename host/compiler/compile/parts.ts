import { DESCRIPTOR_SECTION } from "../../module/descriptor_table.ts";
import { type Metadata, SECTION_NAME } from "../../module/metadata.ts";
import { functionSizes, readExports, readSections, SECTION, type Section } from "../../module/sections.ts";

/** A share of the module's bytes. */
export interface Part {
  readonly part: "code" | "weights" | "tables" | "zeros" | "descriptor" | "metadata" | "format";
  readonly name: string;
  readonly bytes: number;
}

/** Function bodies by their exported names; what is not exported is the glue between them. */
function codeParts(binary: Uint8Array): Part[] {
  const names = new Map(
    readExports(binary)
      .filter(({ kind }) => kind === "func")
      .map(({ index, name }) => [index, name]),
  );
  const parts = new Map<string, number>();
  functionSizes(binary).forEach((bytes, index) => {
    const name = names.get(index) ?? "shared functions";
    parts.set(name, (parts.get(name) ?? 0) + bytes);
  });
  return [...parts].map(([name, bytes]) => ({ part: "code", name, bytes }));
}

/** Where all the bytes of a module are; the parts add up to its size. */
export function sizeParts(binary: Uint8Array, metadata: Metadata | undefined): Part[] {
  const sections = readSections(binary);
  const sizeOf = (wanted: (section: Section) => boolean): number =>
    sections.filter(wanted).reduce((sum, { offset, end }) => sum + end - offset, 0);
  const constants: Part[] = (metadata?.layers ?? []).flatMap(({ name, weights, tables }) => [
    { part: "weights" as const, name, bytes: weights },
    { part: "tables" as const, name, bytes: tables },
  ]);
  const parts: Part[] = [
    ...codeParts(binary),
    ...constants,
    {
      part: "descriptor",
      name: DESCRIPTOR_SECTION,
      bytes: sizeOf(({ name }) => name === DESCRIPTOR_SECTION),
    },
    { part: "metadata", name: SECTION_NAME, bytes: sizeOf(({ name }) => name === SECTION_NAME) },
  ];
  // Runs of zeros are not stored: then the data section is smaller than the constants in it.
  const stored = sizeOf(({ id }) => id === SECTION.data);
  const saved = Math.min(stored - constants.reduce((sum, { bytes }) => sum + bytes, 0), 0);
  parts.push({ part: "zeros", name: "runs of zeros, not stored", bytes: saved });
  const rest = binary.length - parts.reduce((sum, { bytes }) => sum + bytes, 0);
  parts.push({ part: "format", name: "exports, types, headers", bytes: rest });
  return parts.filter(({ bytes }) => bytes !== 0);
}

/** Sums by part, largest first. */
export function partTotals(parts: readonly Part[]): { part: string; bytes: number }[] {
  const totals = new Map<string, number>();
  for (const { part, bytes } of parts) totals.set(part, (totals.get(part) ?? 0) + bytes);
  return [...totals].map(([part, bytes]) => ({ part, bytes })).sort((a, b) => b.bytes - a.bytes);
}
