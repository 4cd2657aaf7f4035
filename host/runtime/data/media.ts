/** Parts that readers of images and sounds share. */
import { DataError, show } from "./dataset.ts";

/** An input of the model: its name, and the shape of one sample. */
export interface InputInfo {
  readonly name: string;
  readonly shape: readonly number[];
  /** Whether its values may be missing: NaN, or an empty cell of a CSV. */
  readonly mayMiss?: boolean;
  /** Names of the table's columns that this input is. */
  readonly features?: readonly string[];
  /** Texts that its values are the numbers of. */
  readonly categories?: readonly string[] | undefined;
}

export interface MediaOptions {
  /** Columns or the array with what is expected, by name. */
  readonly labels?: readonly string[];
  /** Real values of black and white; default 0 and 1. */
  readonly imageRange?: readonly [low: number, high: number];
}

/** One sample from the bytes of one file. */
export type Decode = (bytes: Uint8Array, path: string) => Float32Array;

/** Runs a decoder of somebody else's: whatever it throws means that the file is damaged. */
export function decoding<T>(path: string, kind: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DataError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`${path}: expected ${kind}, found a damaged one: ${show(reason)}`);
  }
}
