/** The corpus of the fuzzer of real values: descriptors of every kind, of which none has to be kept. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { byteSize } from "../../../host/ir/graph.ts";
import { encodeDescriptor } from "../../../host/module/descriptor.ts";
import { example } from "../core/values_borders.ts";

const EXAMPLES = 60;

/** The folder that holds them; see firmware/fuzz/values_fuzz.c for the form. */
export function writeValuesCorpus(scratch: string): string {
  const folder = mkdtempSync(join(scratch, "values-"));
  fc.sample(example, { numRuns: EXAMPLES, seed: 1 }).forEach(({ borders }, i) => {
    const sizes = [borders.inputs[0]!, borders.outputs[0]!].map((border) => byteSize(border) - 1);
    writeFileSync(join(folder, String(i)), Buffer.concat([Buffer.from(sizes), encodeDescriptor(borders)]));
  });
  return folder;
}
