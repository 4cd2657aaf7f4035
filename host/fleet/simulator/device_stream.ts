/** Samples for the model that runs on a device, fed by the core itself as on any other device. C side: port/wasm/stream.c. */
import type { DeviceValues, RealOutputs } from "./device_values.ts";
import type { Place, WasmDevice } from "./instance.ts";

/** Samples that pass through the device's memory at a time, as a DMA buffer would. */
const PIECE = 512;
const SAMPLE_BYTES = 2;

/**
 * Feeds the model's stream, which begins anew with each other model; what inferences gave that brought something new, or a
 * negative thimble_status: samples behind it are left out.
 */
export type DeviceStream = (samples: Int16Array) => RealOutputs[] | number;

export function deviceStream(device: WasmDevice, model: number, values: DeviceValues): DeviceStream {
  const { exports } = device;
  let ring: Place = { at: 0, bytes: 0 };
  let piece: Place | undefined;
  let opened: string | undefined;

  /** A thimble_status. */
  function open(): number {
    const running = device.model(exports.service_model(model));
    const name = running && `${running.image.version} ${running.inputs.map(({ bytes }) => bytes)}`;
    if (name !== undefined && name === opened) return 0;
    const bytes = (running?.inputs[0]?.bytes ?? 0) * SAMPLE_BYTES + PIECE * SAMPLE_BYTES;
    if (ring.bytes < bytes) ring = device.reserve(bytes);
    piece ??= device.reserve(PIECE * SAMPLE_BYTES);
    const status = exports.stream_open(model, ring.at, ring.bytes / SAMPLE_BYTES);
    opened = status === 0 ? name : undefined;
    return status;
  }

  return (samples) => {
    const status = open();
    if (status !== 0) return status;
    const found: RealOutputs[] = [];
    for (let at = 0; at < samples.length; at += PIECE) {
      const part = samples.subarray(at, at + PIECE);
      device.view(piece!).set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
      let fed = exports.stream_feed(model, piece!.at, part.length);
      for (;;) {
        if (fed < 0) return fed;
        const running = exports.service_model(model);
        if (fed === 0)
          found.push(values.read(running, device.model(running)?.outputs.length ?? 0, new Float32Array()));
        if (exports.stream_more() === 0) break;
        fed = exports.stream_feed(model, 0, 0);
      }
    }
    return found;
  };
}
