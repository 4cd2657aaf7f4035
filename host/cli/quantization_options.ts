/** Options of commands that turn a float model into an integer one. */

import { CALIBRATION } from "../compiler/quantize/choose_ranges.ts";
import { PRECISIONS } from "../compiler/quantize/precision.ts";
import { ROUNDING } from "../compiler/quantize/search.ts";
import type { BuildOptions } from "../pipeline.ts";
import { oneOf, UsageError } from "./options.ts";

export const QUANTIZATION_OPTIONS = {
  calibration: { type: "string" },
  "image-range": { type: "string" },
  calibrate: { type: "string" },
  precision: { type: "string" },
  rounding: { type: "string" },
  "no-equalize": { type: "boolean" },
  "no-bias-correction": { type: "boolean" },
} as const;

export const QUANTIZATION_USAGE = `  --calibration  samples of the inputs: .csv with a header, .npy, .npz (arrays by input name or in order), raw
               little-endian float32, or a folder of .png and .jpg images or of .wav files, in which a
               folder per class gives labels; without, ranges come from random inputs
  --image-range  what black and white mean to the model: LOW,HIGH, default 0,1
  --calibrate  how ranges are found: ${CALIBRATION.join(", ")} (for each tensor what does the least harm)
  --precision  int16 where int8 decides otherwise than the float model (auto), nowhere, or everywhere
  --rounding   of weights: to the nearest, or up or down so that layers err least (adaptive)
  --no-equalize, --no-bias-correction  leave out these steps, which are kept only where they help`;

type Values = {
  readonly [K in keyof typeof QUANTIZATION_OPTIONS]?:
    | ((typeof QUANTIZATION_OPTIONS)[K]["type"] extends "string" ? string : boolean)
    | undefined;
};

/** The value of --image-range. Throws UsageError. */
export function imageRange(text: string): readonly [number, number] {
  const [low, high, ...rest] = text
    .split(",")
    .map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (rest.length > 0 || !(low! < high!) || !Number.isFinite(high! - low!))
    throw new UsageError(`--image-range: expected LOW,HIGH with LOW below HIGH, found "${text}"`);
  return [low!, high!];
}

/** The build's options made of them. Throws UsageError. */
export function quantizationOptions(
  values: Values,
): Pick<BuildOptions, "calibration" | "imageRange" | "quantization"> {
  const { calibration, calibrate, precision, rounding } = values;
  const range = values["image-range"];
  return {
    ...(calibration !== undefined && { calibration }),
    ...(range !== undefined && { imageRange: imageRange(range) }),
    quantization: {
      ...(calibrate !== undefined && { calibration: oneOf("--calibrate", calibrate, CALIBRATION) }),
      ...(precision !== undefined && { precision: oneOf("--precision", precision, PRECISIONS) }),
      ...(rounding !== undefined && { rounding: oneOf("--rounding", rounding, ROUNDING) }),
      ...(values["no-equalize"] && { equalize: false }),
      ...(values["no-bias-correction"] && { biasCorrection: false }),
    },
  };
}
