/** Drives what `thimble serve` has of samples by its management API. */
import { type LabelledSample, readSamples, writeSamples } from "../telemetry/sample_files.ts";
import { ask } from "./ask.ts";
import { ManagementError } from "./management.ts";
import type { StoredSample, Wish } from "./samples.ts";
import type { ServerAddress } from "./thimble_management.ts";

interface ModelFacts {
  readonly hash: string;
  readonly model: string;
  readonly version: string;
  readonly classes?: readonly { readonly label: string }[];
  readonly channels?: readonly { readonly name: string }[];
}

export interface SampleClient {
  /** The hash of a model by its beginning, or of the newest version by its name. Throws ManagementError. */
  find(model: string): Promise<string>;
  want(hash: string, wish: { readonly perDevice: number; readonly hours: number }): Promise<Wish>;
  pull(hash: string): Promise<LabelledSample[]>;
  delete(hash: string): Promise<void>;
}

/** All but the last channel are features, where the model has one for each value. */
const featuresOf = ({ channels = [] }: ModelFacts, values: number): readonly string[] | undefined =>
  channels.length === values + 1 ? channels.slice(0, -1).map(({ name }) => name) : undefined;

function lineOf(facts: ModelFacts, { decided, rank: _, ...sample }: StoredSample): LabelledSample {
  const features = featuresOf(facts, sample.values.length);
  return {
    ...sample,
    model: facts.hash,
    version: facts.version,
    ...(decided !== null && { decided: facts.classes?.[decided]?.label ?? String(decided) }),
    ...(features && { features }),
  };
}

/** All methods throw ManagementError where the server refuses or cannot be reached. */
export function sampleClient({ url, token }: ServerAddress): SampleClient {
  const get = async <T>(method: string, path: string, body?: object): Promise<T> =>
    (await ask(url, {
      method,
      path: `rest/v1${path}`,
      headers: { authorization: `Bearer ${token}` },
      ...(body && { body }),
    })) as T;
  return {
    async find(name) {
      const { models } = await get<{ models: readonly ModelFacts[] }>("GET", "/models");
      const found = models?.find(
        ({ hash, model }) => model === name || (/^[0-9a-f]{8,64}$/.test(name) && hash.startsWith(name)),
      );
      if (found) return found.hash;
      throw new ManagementError(`model: expected one that devices tell of, found "${name.slice(0, 64)}"`);
    },
    want: (hash, wish) => get("POST", `/models/${hash}/samples`, wish),
    async pull(hash) {
      const facts = await get<ModelFacts>("GET", `/models/${hash}`);
      const all: LabelledSample[] = [];
      for (let after = 0; ; ) {
        const path = `/models/${hash}/samples?after=${after}`;
        const { samples } = await get<{ samples: readonly StoredSample[] }>("GET", path);
        if (!samples?.length) break;
        all.push(...samples.map((sample) => lineOf(facts, sample)));
        after = samples.at(-1)!.id;
      }
      // Another server's answer is not taken for samples.
      return readSamples(writeSamples(all), "samples");
    },
    delete: (hash) => get("DELETE", `/models/${hash}/samples`),
  };
}
