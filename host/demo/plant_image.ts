/** Images of the story's model, built as a user builds one. */
import { createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { signModule } from "../cli/sign.ts";
import { build } from "../pipeline.ts";
import { csvOf, type Reading, trainModel } from "./plant.ts";

/** The private key of the story, in its folder. */
export const KEY_FILE = "key.pem";
/** Findings of the laboratory: conditions by what the sensors said. */
export const BOOK_FILE = "book.json";

/**
 * Trains on readings, and builds with others that are as devices see them: the model and the bins of its monitor are calibrated
 * on these.
 */
export async function makeImage(
  folder: string,
  version: string,
  { known, usual }: { readonly known: readonly Reading[]; readonly usual: readonly Reading[] },
): Promise<Uint8Array> {
  const [model, calibration] = [join(folder, `plant-${version}.onnx`), join(folder, `plant-${version}.csv`)];
  writeFileSync(model, trainModel(known));
  writeFileSync(calibration, csvOf(usual));
  const { module } = await build({
    model,
    calibration,
    name: "plant",
    version,
    monitor: { every: 1 },
    engines: [],
  });
  const key = createPrivateKey(readFileSync(join(folder, KEY_FILE)));
  return signModule(module, { key, securityCounter: 0, id: "plant", version });
}
