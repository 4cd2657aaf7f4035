/** A simulated device against a server, on a clock that only requests and waiting move. */
import type { Answer, Request } from "../../../host/fleet/simulator/ddi.ts";
import { boot, type Device } from "../../../host/fleet/simulator/device.ts";
import type { NorFlash } from "../../../host/fleet/simulator/flash.ts";
import { BASE } from "../../support/scripted_server.ts";
import { type Geometry, infer, layout } from "../../support/two_versions.ts";

export interface Clock {
  now: number;
}

export interface Connection {
  /** Null for a device that has nothing to say but the versions of its models. */
  readonly attributes?: Readonly<Record<string, string>> | null;
  readonly models?: readonly string[];
  readonly url?: string;
  readonly seed?: number;
}

/** Switches a device on that knows the server. */
export const connect = (
  core: WebAssembly.Module,
  geometry: Geometry,
  flash: NorFlash,
  { attributes = { board: "simulated" }, models, url = BASE, seed = 1 }: Connection = {},
): Device =>
  boot({
    ...layout(geometry).options,
    core,
    flash,
    server: {
      url,
      authorization: "TargetToken secret",
      ...(attributes && { attributes }),
      ...(models && { models }),
      seed,
    },
  });

/**
 * Lets the device do as it likes until `until` seconds: it asks, infers after every request, and changes models
 * between inferences. The transcript of requests and inferences.
 */
export function live(
  device: Device,
  clock: Clock,
  until: number,
  answer: (request: Request) => Answer,
): void {
  while (clock.now < until) {
    const next = device.client!.next(clock.now);
    if (typeof next === "number") clock.now += next;
    else {
      clock.now += 1;
      device.client!.answer(clock.now, answer(next));
    }
    device.services[0]!.switch();
    infer(device);
  }
}
