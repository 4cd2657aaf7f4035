/** Samples that a simulated device keeps of its models: thimble_samples.h. */
import type { WasmDevice } from "./instance.ts";

export interface SamplesOptions {
  /** Bytes of RAM for the samples of each model; default 8192. */
  readonly ramBytes?: number;
  /** One of so many inferences is looked at; default each. */
  readonly every?: number;
  /** Numbers of values of the first input that are never kept, as they are private. */
  readonly hidden?: readonly number[];
}

/** The samples of one model of a device that runs. */
export interface RunningSamples {
  /** One that is kept, as it is sent. */
  first(): { readonly bytes: Uint8Array<ArrayBuffer>; readonly at: number } | undefined;
  /** Drops it: somebody has it. */
  drop(at: number): void;
}

/** Has a model keep samples, which has a monitor and whose service has not started. */
export function addSamples(
  device: WasmDevice,
  model: number,
  { ramBytes = 8192, every = 1, hidden = [] }: SamplesOptions,
  seed: number,
): RunningSamples {
  const ram = device.reserve(ramBytes);
  const list = device.reserve(Math.max(4 * hidden.length, 4));
  const put = (at: { at: number; bytes: number }, words: Uint32Array): void =>
    device.view({ ...at, bytes: words.byteLength }).set(new Uint8Array(words.buffer));
  put(list, Uint32Array.from(hidden));
  const words = Uint32Array.of(ram.at, ramBytes, every, seed, list.at, hidden.length);
  const setup = device.reserve(words.byteLength);
  put(setup, words);
  device.exports.samples_add(model, setup.at);
  return {
    first() {
      const at = device.exports.samples_first(model);
      if (at === 0) return undefined;
      return { bytes: new Uint8Array(device.view({ at, bytes: device.exports.samples_bytes() })), at };
    },
    drop: (at) => device.exports.samples_drop(model, at),
  };
}
