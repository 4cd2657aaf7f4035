/** Measurements of a device, from a file: its rows over and over, the columns of a table by the names that the model knows. */
import { readSamplesOf } from "../../runtime/data/index.ts";
import type { RealModel } from "./values.ts";

export interface SensorOptions {
  /** Whose inputs they are; default 0. */
  readonly model?: number;
  /** Told of the real values that each row gave. */
  readonly took?: (outputs: readonly (readonly number[])[], row: number) => void;
}

export interface Sensor {
  /** The inputs of the next row. */
  next(model: RealModel): Float32Array[];
  told(outputs: readonly (readonly number[])[]): void;
}

/** Read when the first row is wanted: which columns there must be is the model's to say. */
export function sensorOf(file: string, { took }: SensorOptions): Sensor {
  let rows: readonly Float32Array[] | undefined;
  let row = -1;
  return {
    next(model) {
      rows ??= readSamplesOf(file, model.inputs).rows;
      row = (row + 1) % rows.length;
      return model.split(rows[row]!);
    },
    told: (outputs) => took?.(outputs, row),
  };
}
