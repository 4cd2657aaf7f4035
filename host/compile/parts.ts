import { type Metadata, SECTION_NAME } from "../emit/metadata.ts";
import { functionSizes, readExports, readSections, SECTION } from "./sections.ts";

/** A share of the module's bytes. */
export interface Part {
  readonly part: "code" | "weights" | "tables" | "metadata" | "format";
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
  const sizeOf = (id: number): number =>
    sections.filter((section) => section.id === id).reduce((sum, { start, end }) => sum + end - start, 0);
  const layers = metadata?.layers ?? [];
  const data: Part[] = layers.flatMap(({ name, weights, tables }) => [
    { part: "weights" as const, name, bytes: weights },
    { part: "tables" as const, name, bytes: tables },
  ]);
  const section = sections.find(({ name }) => name === SECTION_NAME);
  const parts: Part[] = [
    ...codeParts(binary),
    ...data.filter(({ bytes }) => bytes > 0),
    {
      part: "metadata",
      name: `custom section ${SECTION_NAME}`,
      bytes: section ? section.end - section.start : 0,
    },
  ];
  const rest = binary.length - parts.reduce((sum, { bytes }) => sum + bytes, 0);
  // Runs of zeros are not stored, so the data section may even be smaller than the constants.
  return [
    ...parts,
    { part: "format", name: `exports, types, headers (data section ${sizeOf(SECTION.data)})`, bytes: rest },
  ];
}

/** Sums by part, largest first. */
export function partTotals(parts: readonly Part[]): { part: string; bytes: number }[] {
  const totals = new Map<string, number>();
  for (const { part, bytes } of parts) totals.set(part, (totals.get(part) ?? 0) + bytes);
  return [...totals].map(([part, bytes]) => ({ part, bytes })).sort((a, b) => b.bytes - a.bytes);
}
