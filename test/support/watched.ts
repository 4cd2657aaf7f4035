/** A model with bins for its monitor, and what a device that runs it has to count: computed by the host, for itself. */
import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Counts } from "../../host/fleet/telemetry/report.ts";
import { parseImage } from "../../host/image/mcuboot.ts";
import { writeImage } from "../../host/image/write_image.ts";
import { readDescriptor } from "../../host/module/descriptor.ts";
import { COUNTS, countedClasses, keyOf, placeOf, readWatch, type Watch } from "../../host/module/watch.ts";
import { argmax } from "../../host/ops/decision.ts";
import { build } from "../../host/pipeline.ts";
import { modelPath } from "./models.ts";

export interface WatchedModel {
  readonly image: Uint8Array;
  readonly watch: Watch;
  /** The digest of the image, in hex. */
  readonly hash: string;
}

/** Wines by 13 measurements, in three classes. */
export async function watchedWine(key: KeyObject, version = "1.0.0", every = 1): Promise<WatchedModel> {
  const { module } = await build({
    model: modelPath("wine_dense.onnx"),
    calibration: modelPath("wine.calibration.csv"),
    name: "wine",
    version,
    monitor: { every },
    engines: [],
  });
  return signed(module, key, version);
}

export function signed(module: Uint8Array, key: KeyObject, version: string): WatchedModel {
  const image = writeImage({ body: module, key, version, id: "wine" });
  const { digest } = parseImage(image);
  return { image, watch: readWatch(module)!, hash: Buffer.from(digest).toString("hex") };
}

/** The 13 columns of wines, by default of those that the model has not seen. */
export function wineRows(file = "wine.test.csv"): number[][] {
  const [, ...lines] = readFileSync(modelPath(file), "utf8").trim().split("\n");
  return lines.map((line) =>
    line
      .split(",")
      .slice(0, 13)
      .map((text) => Math.fround(Number(text))),
  );
}

/** Whatever a monitor counts of values and results. */
export interface Seen {
  readonly inferences: number;
  readonly classes: readonly number[];
  readonly channels: readonly (readonly number[])[];
}

/** Counts of inferences of a model with one input without positions, whose output is int8 and decides by the greatest. */
export function countsOf(
  { watch }: WatchedModel,
  inputs: readonly (readonly number[])[],
  outputs: readonly Int8Array[],
): Seen {
  const channels = watch.channels.map(() => new Array<number>(COUNTS).fill(0));
  const classes = new Array<number>(countedClasses(watch.classes.length)).fill(0);
  for (const row of inputs)
    row.forEach((value, i) => {
      const place = Number.isNaN(value) ? COUNTS - 1 : placeOf(watch.channels[i]!.edges, keyOf(value));
      channels[i]![place]!++;
    });
  for (const raw of outputs) {
    const best = argmax(raw);
    classes[best]!++;
    channels.at(-1)![placeOf(watch.channels.at(-1)!.edges, raw[best]!)]!++;
  }
  return { inferences: inputs.length, classes, channels };
}

export const seenIn = ({ inferences, classes, channels }: Counts): Seen => ({
  inferences,
  classes,
  channels,
});

/** Raw values of the first output, from its real ones. */
export function rawOf(image: Uint8Array, values: readonly number[]): Int8Array {
  const { scale, zeroPoint } = readDescriptor(parseImage(image).body)!.outputs[0]!;
  return Int8Array.from(values, (value) => Math.round(value / scale) + zeroPoint);
}
