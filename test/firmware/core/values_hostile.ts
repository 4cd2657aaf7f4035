/** Damaged descriptors, each in a module of its own, and what a device has to answer by what the host makes of them. */
import { byteSize, elements, ModelError, toBytes } from "../../../host/ir/graph.ts";
import { decodeDescriptor, encodeDescriptor } from "../../../host/module/descriptor.ts";
import { DESCRIPTOR_SECTION } from "../../../host/module/descriptor_table.ts";
import { addCustomSection } from "../../../host/module/sections.ts";
import type { Borders } from "../../../host/ops/border.ts";
import { applyEdits, byteEdits, type Edit } from "../../fuzz/bytes.ts";
import { seeded } from "../../fuzz/random.ts";
import { type Example, echo } from "./values_borders.ts";
import { hex, imageOf, script } from "./values_script.ts";

/** Numbers that a float32 of a descriptor must not be, or that are hard to compute with. */
const FLOATS = [Number.NaN, Infinity, -Infinity, 0, -0, -1, 1e-45, 3e38, 1];
const floatEdit: Edit = (bytes, { below, pick }) => {
  const copy = Buffer.from(bytes);
  if (copy.length >= 4) copy.writeFloatLE(pick(FLOATS), below(copy.length - 3));
  return copy;
};
/** Types, fields, decisions and counts. */
const smallEdit: Edit = (bytes, { below, pick }) => {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[below(copy.length)] = pick([0, 1, 2, 3, 4, 5, 6, 8, 16, 32, 64, 128]);
  return copy;
};
const EDITS = [...byteEdits, floatEdit, floatEdit, smallEdit, smallEdit, smallEdit];

/** No text that breaks a line of the commands, or is two words of it. */
const isPlain = ({ inputs, outputs }: Borders): boolean =>
  [...inputs, ...outputs]
    .flatMap(({ name, unit = "", units = [], features = [], labels = [] }) => [
      name,
      unit,
      ...units,
      ...features,
      ...labels,
    ])
    .every((text) => /^[^\s\p{C}\ufffd]*$/u.test(text));

function hostBorders(contents: Uint8Array): Borders | undefined {
  try {
    return decodeDescriptor(contents);
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}

export interface Mutant {
  readonly commands: readonly string[];
  /** Those of the host; undefined where one of the last two has to be the status of a bad descriptor. */
  readonly answers: readonly string[] | undefined;
}

/** A damaged descriptor of an example, told by the text `id`. */
export function mutant(example: Example, id: string): Mutant {
  const module = echo(example.borders);
  const contents = applyEdits(encodeDescriptor(example.borders), EDITS, seeded(id));
  const damaged = addCustomSection(module, DESCRIPTOR_SECTION, contents);
  const borders = hostBorders(contents);
  const bytes = byteSize(example.borders.inputs[0]!);
  const fits = borders && [borders.inputs[0]!, borders.outputs[0]!].every((each) => byteSize(each) === bytes);
  const count = elements((borders ?? example.borders).inputs[0]!.shape);
  const values = Float32Array.from(
    { length: Math.min(count, 256) },
    (_, i) => example.values[i % example.values.length]!,
  );
  if (fits && isPlain(borders)) return script({ borders, values }, damaged);
  const commands = [imageOf(damaged), "open 0 0", `write 0 0 ${hex(toBytes(values))}`, "read 0 0"];
  return { commands, answers: fits ? [] : undefined };
}
