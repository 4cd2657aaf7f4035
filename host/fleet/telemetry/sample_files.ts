/**
 * Samples of devices in a file of JSON Lines, from `thimble samples pull` to a person's labels to the data that a model is
 * trained on.
 */
import { PNG } from "pngjs";
import wavefile from "wavefile";
import { ModelError } from "../../ir/graph.ts";
import { SAMPLE_KINDS, type SampleKind } from "./sample.ts";

/** A line of the file. */
export interface LabelledSample {
  readonly id: number;
  readonly device: string;
  /** The digest of the model's image, in hex. */
  readonly model: string;
  readonly version: string;
  /** When the server had it, and when the device saw it, in seconds since 1970; 0 where that does not know. */
  readonly at: string;
  readonly time: number;
  readonly kind: SampleKind;
  /** The name of the class that the model decided for; absent where it decides nothing. */
  readonly decided?: string;
  /** Names of the values, where the model has them. */
  readonly features?: readonly string[];
  /** Null where a value is missing or hidden. */
  readonly values: readonly (number | null)[];
  /** Its label, given by a person. */
  readonly label?: string;
}

export type Files = Readonly<Record<string, Uint8Array | string>>;

const isSample = (value: unknown): value is LabelledSample => {
  const { id, kind, values, label = "" } = (value ?? {}) as Partial<LabelledSample>;
  return (
    Number.isInteger(id) &&
    SAMPLE_KINDS.some((name) => name === kind) &&
    Array.isArray(values) &&
    values.every((each) => each === null || Number.isFinite(each)) &&
    typeof label === "string"
  );
};

/** Reads untrusted text; throws ModelError, which names the line, where it is no file of samples. */
export function readSamples(text: string, file: string): LabelledSample[] {
  const lines = text.split("\n").flatMap((line, i) => (line.trim() === "" ? [] : [{ line, at: i + 1 }]));
  return lines.map(({ line, at }) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new ModelError(
        `${file}:${at}: expected a sample as JSON, found ${JSON.stringify(line.slice(0, 40))}`,
      );
    }
    if (isSample(value)) return value;
    throw new ModelError(`${file}:${at}: expected a sample with id, kind and values, found another object`);
  });
}

export const writeSamples = (samples: readonly LabelledSample[]): string =>
  samples.map((sample) => `${JSON.stringify(sample)}\n`).join("");

/** The samples with labels by their ids; an empty label takes one away. Throws ModelError for an unknown id. */
export function withLabels(
  samples: readonly LabelledSample[],
  labels: ReadonlyMap<number, string>,
): LabelledSample[] {
  const known = new Set(samples.map(({ id }) => id));
  const unknown = [...labels.keys()].find((id) => !known.has(id));
  if (unknown !== undefined) throw new ModelError(`labels: expected the id of a sample, found ${unknown}`);
  return samples.map((sample) => {
    const label = labels.get(sample.id);
    if (label === undefined) return sample;
    const { label: _, ...rest } = sample;
    return label === "" ? rest : { ...rest, label };
  });
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Throws ModelError where samples are of models with different inputs. */
function lengthOf(samples: readonly LabelledSample[]): number {
  const length = samples[0]?.values.length ?? 0;
  const other = samples.find(({ values }) => values.length !== length);
  if (other)
    throw new ModelError(`sample ${other.id}: expected ${length} values, found ${other.values.length}`);
  return length;
}

/** A table with a column for each value, missing ones empty, and the label last. */
export function samplesToCsv(samples: readonly LabelledSample[]): string {
  const length = lengthOf(samples);
  const names =
    samples.find(({ features }) => features?.length === length)?.features ??
    Array.from({ length }, (_, i) => `x${i}`);
  const rows = samples.map(({ values, label = "" }) => [
    ...values.map((value) => value ?? ""),
    quoted(label),
  ]);
  return [[...names.map(quoted), "label"], ...rows].map((row) => `${row.join(",")}\n`).join("");
}

const safe = (text: string): string => text.replace(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^\.+/, "_") || "_";

/** The file of a sample: its label, then its id. */
const nameOf = ({ id, label = "unlabelled" }: LabelledSample, ending: string): string =>
  `${safe(label)}-${id}.${ending}`;

/** Throws ModelError where a value is missing: a sound or an image has no place for that. */
function wholeValues({ id, values }: LabelledSample): number[] {
  return values.map((value, i) => {
    if (value === null) throw new ModelError(`sample ${id}: value ${i}: expected a number, found none`);
    return value;
  });
}

/** Mono sounds of 16 bits; values of -1 to 1, or those of 16 bits where some are beyond. */
export function samplesToWav(samples: readonly LabelledSample[], rate: number): Files {
  const files = samples.map((sample): [string, Uint8Array] => {
    const values = wholeValues(sample);
    const scale = values.some((value) => Math.abs(value) > 1) ? 1 : 32767;
    const wav = new wavefile.WaveFile();
    const words = values.map((value) => Math.max(-32768, Math.min(32767, Math.round(value * scale))));
    wav.fromScratch(1, rate, "16", Int16Array.from(words));
    return [nameOf(sample, "wav"), wav.toBuffer()];
  });
  return Object.fromEntries(files);
}

/** Grey or coloured images; values of `range` are those of 0 to 255. Throws ModelError where the shape does not fit. */
export function samplesToPng(
  samples: readonly LabelledSample[],
  [height, width, channels]: readonly [number, number, number],
  [low, high]: readonly [number, number],
): Files {
  const files = samples.map((sample): [string, Uint8Array] => {
    const values = wholeValues(sample);
    if (values.length !== height * width * channels)
      throw new ModelError(
        `sample ${sample.id}: expected ${height} x ${width} x ${channels} values, found ${values.length}`,
      );
    const image = new PNG({ width, height });
    for (let pixel = 0; pixel < height * width; pixel++) {
      const value = (channel: number): number => {
        const real = values[pixel * channels + (channels === 3 ? channel : 0)]!;
        return Math.max(0, Math.min(255, Math.round((255 * (real - low)) / (high - low))));
      };
      image.data.set([value(0), value(1), value(2), 255], 4 * pixel);
    }
    return [nameOf(sample, "png"), new Uint8Array(PNG.sync.write(image))];
  });
  return Object.fromEntries(files);
}
