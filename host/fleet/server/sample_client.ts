/** Drives what `thimble serve` has of samples by its management API. */
import { type LabelledSample, readSamples, writeSamples } from "../telemetry/sample_files.ts";
import { ask } from "./ask.ts";
import type { LabelsNoted, PredictionLabel, SampleLabel } from "./labels.ts";
import { LIMITS } from "./limits.ts";
import { ManagementError } from "./management.ts";
import type { Accuracy } from "./measured.ts";
import type { StoredSample, Wish } from "./samples.ts";
import type { ServerAddress } from "./thimble_management.ts";

interface ModelFacts {
  readonly hash: string;
  readonly model: string;
  readonly version: string;
  readonly accuracy: Accuracy;
  readonly classes?: readonly { readonly label: string }[];
  readonly channels?: readonly { readonly name: string }[];
}

export interface SampleClient {
  /** The hash of a model by its beginning, or of the newest version by its name. Throws ManagementError. */
  find(model: string): Promise<string>;
  /** All versions of a model by its name, or the one of a hash, the one told of last first. Throws ManagementError. */
  versions(model: string): Promise<readonly VersionAccuracy[]>;
  want(hash: string, wish: { readonly perDevice: number; readonly hours: number }): Promise<Wish>;
  pull(hash: string): Promise<LabelledSample[]>;
  delete(hash: string): Promise<void>;
  /** Gives labels to the server: the ones that are none of the model's classes. */
  label(hash: string, labels: readonly (SampleLabel | PredictionLabel)[]): Promise<readonly string[]>;
}

export type VersionAccuracy = Pick<ModelFacts, "hash" | "model" | "version" | "accuracy">;

const isOf =
  (name: string) =>
  ({ hash, model }: ModelFacts): boolean =>
    model === name || (/^[0-9a-f]{8,64}$/.test(name) && hash.startsWith(name));

/** All but the last channel are features, where the model has one for each value. */
const featuresOf = ({ channels = [] }: ModelFacts, values: number): readonly string[] | undefined =>
  channels.length === values + 1 ? channels.slice(0, -1).map(({ name }) => name) : undefined;

function lineOf(facts: ModelFacts, { decided, label, rank: _, ...sample }: StoredSample): LabelledSample {
  const features = featuresOf(facts, sample.values.length);
  return {
    ...sample,
    model: facts.hash,
    version: facts.version,
    ...(decided !== null && { decided: facts.classes?.[decided]?.label ?? String(decided) }),
    ...(features && { features }),
    ...(label !== null && { label }),
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
  async function versions(name: string): Promise<readonly ModelFacts[]> {
    const { models } = await get<{ models: readonly ModelFacts[] }>("GET", "/models");
    const found = models?.filter(isOf(name)) ?? [];
    if (found.length > 0) return found;
    throw new ManagementError(`model: expected one that devices tell of, found "${name.slice(0, 64)}"`);
  }
  return {
    async find(name) {
      return (await versions(name))[0]!.hash;
    },
    versions,
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
    async label(hash, labels) {
      const unknown = new Set<string>();
      for (let at = 0; at < labels.length; at += LIMITS.labelsAtOnce) {
        const part = labels.slice(at, at + LIMITS.labelsAtOnce);
        const noted = await get<LabelsNoted>("POST", `/models/${hash}/labels`, { labels: part });
        for (const each of noted.unknown ?? []) unknown.add(each);
      }
      return [...unknown];
    },
  };
}
