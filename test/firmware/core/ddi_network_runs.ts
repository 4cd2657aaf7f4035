/** One update over a bad network, with losses of power between: it finishes or is refused, and no wrong byte runs. */
import assert from "node:assert/strict";
import type { Answer, Request } from "../../../host/fleet/simulator/ddi.ts";
import { PowerLoss } from "../../../host/fleet/simulator/flash.ts";
import { type Delivery, FAULTS, network } from "../../../host/fleet/simulator/network.ts";
import { randomOf } from "../../../host/fleet/simulator/random.ts";
import { scriptedServer } from "../../support/scripted_server.ts";
import { factory, GEOMETRIES, infer, version } from "../../support/two_versions.ts";
import { connect, live } from "./ddi_session.ts";

const [first, next] = [version(1), version(2)];
/** Seconds of bad network, and then of a good one in which everything must come to its end. */
const [BAD, GOOD] = [1500, 12_000];

/** Either outcome is allowed while the network lies, but never a model that is neither. */
export function runSeed(core: WebAssembly.Module, seed: number): "installed" | "refused" {
  const random = randomOf(seed);
  const faults = random() % 2 === 0 ? FAULTS : [FAULTS[random() % FAULTS.length]!];
  const geometry = GEOMETRIES[random() % GEOMETRIES.length]!;
  const flash = factory(geometry, first, seed);
  const server = scriptedServer();
  server.deployment = { id: 7, image: next };
  const link = network({ seed, faults, rate: 1 / (1 + (random() % 4)) });
  const clock = { now: 0 };
  let device = connect(core, geometry, flash, { seed });
  // A damaged hash in the order's text is another order: its outcome then stands in place of the first one's.
  let wasInstalled = false;
  const ask = (request: Request): Answer => {
    wasInstalled ||= device.services[0]!.record().outcome === "installed";
    const { answer, seconds } = link.exchange(request, server.answer) as Delivery;
    clock.now += Math.round(seconds) - 1;
    return answer;
  };
  while (clock.now < BAD) {
    const cut = { operation: random() % 40, when: (["before", "amid", "after"] as const)[random() % 3]! };
    flash.cut(random() % 2 === 0 ? cut : undefined);
    try {
      device = connect(core, geometry, flash, { seed });
      live(device, clock, BAD, ask);
    } catch (error) {
      if (!(error instanceof PowerLoss)) throw error;
      clock.now += 3;
    }
  }
  flash.cut(undefined);
  device = connect(core, geometry, flash, { seed });
  live(device, clock, clock.now + GOOD, server.answer);
  const { state, outcome, reported } = device.services[0]!.record();
  assert.equal(state, "idle", `outcome ${outcome}`);
  assert.equal(infer(device), outcome === "installed" || wasInstalled ? 2 : 1);
  if (outcome === "none") {
    // An order whose own text was damaged has no record, but the server was told.
    assert.ok(server.feedback.some(({ finished }) => finished === "failure"));
    return "refused";
  }
  assert.ok(reported, `outcome ${outcome}`);
  assert.ok(outcome !== "lost", "expected a slot that nothing damages, found one lost");
  return outcome;
}
