/** The inferences of a simulated device: by its own clock on what its sensors measure, and by whoever asks. */
import { elements } from "../../ir/graph.ts";
import type { Decided } from "../../ops/border_decision.ts";
import type { DeviceOptions, Service } from "./device.ts";
import type { RealOutputs } from "./device_values.ts";
import { type NorFlash, PowerLoss } from "./flash.ts";
import type { Power } from "./power.ts";
import { type Sensor, type SensorOptions, sensorOf } from "./sensor.ts";
import type { Clock } from "./simulated_device.ts";
import { type RealModel, realModel } from "./values.ts";

/** Values of each input, or those of the first one by the names of its features, in any order. */
export type RealInputs = readonly (readonly number[])[] | Readonly<Record<string, number>>;

export interface Inferences {
  /** The device has started. */
  start(): void;
  /** When the next ones are due, in seconds of the clock. */
  due(): number;
  /** One inference of each model; false where power failed amid it. */
  all(): boolean;
  infer(inputs: readonly (readonly number[])[], model?: number): number[][];
  decide(inputs: RealInputs, model?: number): Decided;
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

const areLists = (inputs: RealInputs): inputs is readonly (readonly number[])[] => Array.isArray(inputs);

/** Values of each input of the model that runs. Throws RangeError where they are not what it takes. */
function valuesOf(inputs: RealInputs, service: Service, model: RealModel, where: string): Float32Array[] {
  if (areLists(inputs)) return model.values(inputs);
  const row = new Array<number>(elements(model.inputs[0]!.shape)).fill(Number.NaN);
  for (const [name, value] of Object.entries(inputs)) {
    const place = service.feature(name);
    if (place < 0) throw new RangeError(`${where}: expected a feature of its input 0, found ${name}`);
    row[place] = value;
  }
  return model.values([row]);
}

/** Results on what a sensor measures in some seconds, or in its next row; or a negative thimble_status. */
function sense(
  service: Service,
  model: RealModel,
  sensor: Sensor,
  seconds: number,
): readonly RealOutputs[] | number {
  if (model.stream) return service.feed(sensor.heard(model.stream, seconds));
  const found = service.invokeReal(sensor.next(model));
  return typeof found === "number" ? found : [found];
}

/** Inferences of models of a device that is on, each counted. */
function invocationsOf({ id, counts, power }: Pick<Setup, "id" | "counts" | "power">) {
  /** One inference of the model that runs once one that waits has been put on trial. Undefined where power failed amid it. */
  function invoke<T>(model: number, run: (service: Service) => T | number): T | number | undefined {
    const service = power.on().services[model]!;
    const outputs = power.powered(() => {
      service.switch();
      return run(service);
    });
    counts.inferences++;
    if (typeof outputs === "number") counts.failures++;
    return outputs;
  }

  function orPowerLoss<T>(outputs: T | undefined): T {
    if (outputs === undefined) throw new PowerLoss(`${id}: power failed amid an inference`);
    return outputs;
  }

  return { invoke, orPowerLoss };
}

export function inferencesOf(setup: Setup): Inferences {
  const { id, clock, flash, power, device, every } = setup;
  const { invoke, orPowerLoss } = invocationsOf(setup);
  const sensors: (Sensor | undefined)[] = [];
  const zeros = new Map<number, Uint8Array>();
  let due = 0;

  const zeroInput = (bytes: number): Uint8Array => {
    if (!zeros.has(bytes)) zeros.set(bytes, new Uint8Array(bytes));
    return zeros.get(bytes)!;
  };
  const realOf = (model: number): RealModel =>
    realModel(flash, device.models[model]!, power.on().services[model]!);

  function real(inputs: RealInputs, model: number): RealOutputs {
    const where = `${id}: model ${model}`;
    const outputs = orPowerLoss(
      invoke(model, (service) => service.invokeReal(valuesOf(inputs, service, realOf(model), where))),
    );
    if (typeof outputs === "number") throw new RangeError(`${where}: ${power.on().statusText(outputs)}`);
    return outputs;
  }

  /** An inference on what its sensor measures, or on zeros; false where power failed amid it. */
  function inferByClock(model: number): boolean {
    const sensor = sensors[model];
    if (!sensor)
      return invoke(model, (service) => service.invoke(service.inputBytes().map(zeroInput))) !== undefined;
    // Whichever model runs once one that waits has been put on trial.
    const outputs = invoke(model, (service) => sense(service, realOf(model), sensor, every));
    if (outputs !== undefined && typeof outputs !== "number") for (const each of outputs) sensor.told(each);
    return outputs !== undefined;
  }

  return {
    start() {
      due = clock.now + every;
    },
    due: () => due,
    all() {
      for (const model of power.on().services.keys()) if (!inferByClock(model)) return false;
      due = clock.now + every;
      return true;
    },
    infer: (inputs, model = 0) => real(inputs, model).values.map((values) => [...values]),
    decide(inputs, model = 0) {
      const { decided } = real(inputs, model);
      if (!decided)
        throw new RangeError(`${id}: model ${model}: expected an output that decides, found none`);
      return decided;
    },
    inferBytes: (inputs, model = 0) => orPowerLoss(invoke(model, (service) => service.invoke(inputs))),
    feed(file, options = {}) {
      sensors[options.model ?? 0] = sensorOf(file, options);
    },
  };
}
