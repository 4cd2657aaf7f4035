/**
 * Measurements of a device, from a file: the rows of a table over and over, its columns by the names that the model knows; or
 * for a model of a stream a recording, as much of it as the clock lets pass.
 */
import type { Stream } from "../../ir/graph.ts";
import type { Decided } from "../../ops/border_decision.ts";
import { readSamplesOf } from "../../runtime/data/index.ts";
import { checkStream, readRecording } from "../../runtime/data/recording.ts";
import type { RealOutputs } from "./device_values.ts";
import { type Impairments, type Signal, signalOf } from "./signal.ts";
import type { RealModel } from "./values.ts";

export interface SensorOptions extends Impairments {
  /** Whose inputs they are; default 0. */
  readonly model?: number;
  /**
   * Told of the real values that each row gave, or each inference of a stream that brought something new, of the number of
   * that row or inference, and of what the model decided.
   */
  readonly took?: (
    outputs: readonly (readonly number[])[],
    row: number,
    decided: Decided | undefined,
  ) => void;
}

export interface Sensor {
  /** The inputs of the next row. */
  next(model: RealModel): Float32Array[];
  /** The samples of a time that passes, channels in turns. Throws DataError where the recording is of another stream. */
  heard(stream: Stream, seconds: number): Int16Array;
  told(outputs: RealOutputs): void;
}

/** Read when the first row or sample is wanted: what there must be is the model's to say. */
export function sensorOf(file: string, { took, model: _, ...impairments }: SensorOptions): Sensor {
  let rows: readonly Float32Array[] | undefined;
  let signal: Signal | undefined;
  let row = -1;
  let count = 0;
  // A part of a sample: times need not be whole numbers of them.
  let rest = 0;
  return {
    next(model) {
      rows ??= readSamplesOf(file, model.inputs).rows;
      row = (row + 1) % rows.length;
      return model.split(rows[row]!);
    },
    heard(stream, seconds) {
      if (!signal) {
        const recording = readRecording(file);
        checkStream(file, recording, stream);
        signal = signalOf({ ...recording, sampleRate: stream.sampleRate }, impairments);
      }
      rest += seconds * stream.sampleRate;
      const whole = Math.floor(rest + 1e-6);
      rest -= whole;
      return signal.take(whole * stream.channels);
    },
    told: ({ values, decided }) => took?.(values, row >= 0 ? row : count++, decided),
  };
}
