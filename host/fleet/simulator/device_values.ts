/**
 * Real values of the model that runs on a device, converted by the core itself as on any other device: thimble_write,
 * thimble_read, thimble_decide. The C side is firmware/port/wasm/values.c.
 */
import type { Decided } from "../../ops/border_decision.ts";
import type { Place, WasmDevice } from "./instance.ts";

const FLOAT_BYTES = 4;
/** Offsets in the decision of values.c. */
const DECISION = { classNumber: 0, score: 4, label: 8, bytes: 12 };

/** The results of an inference on real values. */
export interface RealOutputs {
  readonly values: readonly number[][];
  /** Undefined where no output decides. */
  readonly decided: Decided | undefined;
}

export interface DeviceValues {
  /** Writes an input: a thimble_status. */
  write(model: number, input: number, values: Float32Array): number;
  /** The place of a feature, or a negative thimble_status. */
  feature(model: number, input: number, name: string): number;
  /** Results of the last inference; an autoencoder decides by the values of input 0. */
  read(model: number, outputs: number, first: Float32Array): RealOutputs;
}

export function deviceValues(device: WasmDevice): DeviceValues {
  let room: Place = { at: 0, bytes: 0 };

  /** A place for so many bytes: the core's own is for chunks of a download. */
  function roomFor(bytes: number): Place {
    if (bytes > room.bytes) room = device.reserve(bytes);
    return { at: room.at, bytes };
  }

  function put(bytes: Uint8Array): number {
    const place = roomFor(bytes.length);
    device.view(place).set(bytes);
    return place.at;
  }

  const putFloats = (values: Float32Array): number =>
    put(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));

  function textAt(at: number): string {
    const memory = new Uint8Array(device.exports.memory.buffer);
    return Buffer.from(memory.subarray(at, memory.indexOf(0, at))).toString("utf8");
  }

  function readOutput(model: number, index: number): number[] {
    const count = device.exports.values_output(model, index);
    if (count < 0) throw new RangeError(`output ${index}: ${device.statusText(count)}`);
    const place = roomFor(FLOAT_BYTES * count);
    const status = device.exports.values_read(model, index, place.at, count);
    if (status !== 0) throw new RangeError(`output ${index}: ${device.statusText(status)}`);
    return Array.from(new Float32Array(device.view(place).slice().buffer));
  }

  function decided(model: number, first: Float32Array): Decided | undefined {
    if (device.exports.values_decide(model, putFloats(first), first.length) !== 0) return undefined;
    const { buffer } = device.exports.memory;
    const found = new DataView(buffer, device.exports.values_decision(), DECISION.bytes);
    const label = found.getUint32(DECISION.label, true);
    return {
      classNumber: found.getUint32(DECISION.classNumber, true),
      score: found.getFloat32(DECISION.score, true),
      ...(label !== 0 && { label: textAt(label) }),
    };
  }

  return {
    write: (model, input, values) =>
      device.exports.values_write(model, input, putFloats(values), values.length),
    feature: (model, input, name) =>
      device.exports.values_feature(model, input, put(Buffer.from(`${name}\0`, "utf8"))),
    read: (model, outputs, first) => ({
      values: Array.from({ length: outputs }, (_, i) => readOutput(model, i)),
      decided: decided(model, first),
    }),
  };
}
