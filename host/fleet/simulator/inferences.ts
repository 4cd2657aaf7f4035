/** The inferences of a simulated device: by its own clock on what its sensors measure, and by whoever asks. */
import type { DeviceOptions } from "./device.ts";
import { type NorFlash, PowerLoss } from "./flash.ts";
import type { Power } from "./power.ts";
import { type Sensor, type SensorOptions, sensorOf } from "./sensor.ts";
import type { Clock } from "./simulated_device.ts";
import { type RealModel, realModel } from "./values.ts";

export interface Inferences {
  /** The device has started. */
  start(): void;
  /** When the next ones are due, in seconds of the clock. */
  due(): number;
  /** One inference of each model; false where power failed amid it. */
  all(): boolean;
  infer(inputs: readonly (readonly number[])[], model?: number): number[][];
  inferBytes(inputs: readonly Uint8Array[], model?: number): Uint8Array[] | number;
  feed(file: string, options?: SensorOptions): void;
}

interface Setup {
  readonly id: string;
  readonly clock: Clock;
  readonly flash: NorFlash;
  readonly counts: { inferences: number; failures: number };
  readonly power: Power;
  readonly device: Pick<DeviceOptions, "models">;
  /** Seconds between two inferences of a model. */
  readonly every: number;
}

export function inferencesOf({ id, clock, flash, counts, power, device, every }: Setup): Inferences {
  const sensors: (Sensor | undefined)[] = [];
  const zeros = new Map<number, Uint8Array>();
  let due = 0;

  const zeroInput = (bytes: number): Uint8Array => {
    if (!zeros.has(bytes)) zeros.set(bytes, new Uint8Array(bytes));
    return zeros.get(bytes)!;
  };
  const realOf = (model: number): RealModel =>
    realModel(flash, device.models[model]!, power.on().services[model]!);

  /** Undefined where power failed amid it. */
  function invoke(inputs: readonly Uint8Array[], model: number): Uint8Array[] | number | undefined {
    const service = power.on().services[model]!;
    counts.inferences++;
    const outputs = power.powered(() => {
      service.switch();
      return service.invoke(inputs);
    });
    if (typeof outputs === "number") counts.failures++;
    return outputs;
  }

  function inferBytes(inputs: readonly Uint8Array[], model = 0): Uint8Array[] | number {
    const outputs = invoke(inputs, model);
    if (outputs === undefined) throw new PowerLoss(`${id}: power failed amid an inference`);
    return outputs;
  }

  return {
    start() {
      due = clock.now + every;
    },
    due: () => due,
    all() {
      for (const [model, service] of power.on().services.entries()) {
        const inputs = sensors[model]?.next(realOf(model)) ?? service.inputBytes().map(zeroInput);
        const outputs = invoke(inputs, model);
        if (outputs === undefined) return false;
        if (typeof outputs !== "number") sensors[model]?.told(outputs, realOf(model));
      }
      due = clock.now + every;
      return true;
    },
    infer(inputs, model = 0) {
      const outputs = inferBytes(realOf(model).quantize(inputs), model);
      if (typeof outputs === "number")
        throw new RangeError(`${id}: model ${model}: ${power.on().statusText(outputs)}`);
      return realOf(model).dequantize(outputs);
    },
    inferBytes,
    feed(file, options = {}) {
      sensors[options.model ?? 0] = sensorOf(file, options);
    },
  };
}
