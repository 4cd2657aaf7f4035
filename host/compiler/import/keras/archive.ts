/** The `.keras` archive of Keras 3: config.json and model.weights.h5 in a zip file. */
import { unzipSync } from "fflate";
import { BUDGETS } from "../../../budgets.ts";
import { ModelError } from "../../../ir/graph.ts";

const CONFIG = "config.json";
const WEIGHTS = "model.weights.h5";
const METADATA = "metadata.json";
const NAMES = [CONFIG, WEIGHTS, METADATA];

export interface Archive {
  readonly config: string;
  readonly weights: Uint8Array;
  /** The version of Keras. */
  readonly version: string | undefined;
}

/** Throws ModelError where the archive is malformed, or its entries are missing or too large. */
export function readArchive(bytes: Uint8Array): Archive {
  const entries = unzip(bytes);
  const [config, weights] = [entries[CONFIG], entries[WEIGHTS]];
  if (!config || !weights) {
    throw new ModelError(`expected ${CONFIG} and ${WEIGHTS} in the archive, found only one or none of them`);
  }
  const metadata = new TextDecoder().decode(entries[METADATA]);
  const version = /"keras_version":\s*"([\d.]+)/.exec(metadata)?.[1];
  return { config: new TextDecoder().decode(config), weights, version };
}

function unzip(bytes: Uint8Array): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, {
      filter: ({ name, originalSize, size }) => {
        if (!NAMES.includes(name)) return false;
        if (Math.max(originalSize, size) <= BUDGETS.modelBytes) return true;
        throw new ModelError(`${name}: expected at most ${BUDGETS.modelBytes} bytes, found ${originalSize}`);
      },
    });
  } catch (error) {
    if (error instanceof ModelError) throw error;
    throw new ModelError("expected a complete zip archive, found one that is truncated or malformed");
  }
}
