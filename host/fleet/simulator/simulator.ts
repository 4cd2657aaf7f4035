/**
 * Entry for tests of other projects: `import { Device, Fleet } from "thimble/simulator"`. The devices run the
 * firmware's own C core; test/fleet/simulator/simulator.test.ts shows how.
 */
import { type Fleet as FleetInterface, type FleetOptions, fleetOf } from "./fleet.ts";
import {
  loadCore,
  type SimulatedDevice,
  type SimulatedOptions,
  simulatedDevice,
} from "./simulated_device.ts";

export type Device = SimulatedDevice;
export const Device = {
  /** A device that is off. Throws EngineError where no compiler for the core is here, RangeError for wrong options. */
  create: async (options: SimulatedOptions): Promise<Device> => simulatedDevice(await loadCore(), options),
};

export type Fleet = FleetInterface;
export const Fleet = {
  /** Creates `count` devices, off until the clock runs. Throws as Device.create does. */
  create: async (options: FleetOptions): Promise<Fleet> => fleetOf(await loadCore(), options),
};

export { wasmAvailability as availability } from "../../firmware/wasm_build.ts";
export type { Decided } from "../../ops/border_decision.ts";
export { overHttp } from "./connection.ts";
export type { Answer, Request } from "./ddi.ts";
export type { ModelRecord } from "./device.ts";
export { type Cut, FlashFault, type NorFlash, PowerLoss } from "./flash.ts";
export type { FleetOptions, Rollup } from "./fleet.ts";
export type { RealInputs } from "./inferences.ts";
export { FAULTS, type FaultName, type Handler, type NetworkOptions, type Reply } from "./network.ts";
export type { SensorOptions } from "./sensor.ts";
export type { Impairments } from "./signal.ts";
export type { ModelOptions, PowerOptions, SimulatedOptions, SimulatedServer } from "./simulated_device.ts";
