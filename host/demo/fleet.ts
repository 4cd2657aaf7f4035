/** The last part of `npm start`: a small fleet takes a new version in stages, and throws a bad one out by itself. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { signModule } from "../cli/sign.ts";
import { buildWasm, wasmAvailability } from "../firmware/wasm_build.ts";
import { FAULTS } from "../fleet/simulator/network.ts";
import { type Moment, playScenario, type Scenario } from "../fleet/simulator/scenario.ts";
import { ModelError } from "../ir/graph.ts";
import { readSections, SECTION } from "../module/sections.ts";
import type { Build } from "../pipeline.ts";
import { selfTestHere } from "../runtime/engines/v8.ts";

const DEVICES = 36;
const BAR = 36;

/** The module with a wrong weight, as of a model that went wrong after it was proven; its self-test notices it. */
function spoil({ module }: Build): Uint8Array {
  const { start, end } = readSections(module).find(({ id }) => id === SECTION.data)!;
  for (let at = Math.floor((start + end) / 2); at < end; at++) {
    const spoilt = Uint8Array.from(module);
    spoilt[at]! ^= 0x40;
    if (selfTestHere(spoilt)) return spoilt;
  }
  throw new ModelError("expected a weight that changes the self-test, found none");
}

function scenario(first: Build, next: Build, privateKey: KeyObject, publicKey: KeyObject): Scenario {
  const sign = (module: Uint8Array, version: string): Uint8Array =>
    signModule(module, { key: privateKey, securityCounter: 0, id: "digits", version });
  const flaky = { faults: FAULTS, rate: 0.1, latency: [0.05, 2], bytesPerSecond: 20_000 } as const;
  const stages = [{ count: 3 }, { percent: 30 }, { rest: true }] as const;
  const image = sign(first.module, "1.0.0");
  return {
    keys: [publicKey],
    devices: [
      { count: (2 * DEVICES) / 3, image },
      { count: DEVICES / 3, image, network: flaky, power: { rate: 0.3, operations: 40, offEvery: 1800 } },
    ],
    rollouts: [
      { image: sign(next.module, "2.0.0"), stages, retries: 8 },
      { image: sign(spoil(next), "3.0.0"), stages, retries: 0, expect: "stopped" },
    ],
    expect: { "2.0.0": DEVICES },
  };
}

const clock = (seconds: number): string =>
  [seconds / 3600, (seconds / 60) % 60].map((n) => String(Math.floor(n)).padStart(2, "0")).join(":");

function line({ seconds, status, versions }: Moment): string {
  const now = versions[status.version] ?? 0;
  const filled = Math.round((BAR * now) / DEVICES);
  const stage = status.stages.filter(({ started }) => started).length;
  const bar = `${"#".repeat(filled)}${".".repeat(BAR - filled)}`;
  return `  ${clock(seconds)}  version ${status.version} [${bar}] ${String(now).padStart(2)} of ${DEVICES}, stage ${stage} of ${status.stages.length}`;
}

/** One line that is rewritten where somebody watches, otherwise one for each stage. */
function display(): (moment: Moment) => void {
  let stage = "";
  return (moment) => {
    const { version, stages, state } = moment.status;
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${line(moment)}`);
    const now = `${version} ${stages.filter(({ started }) => started).length} ${state}`;
    if (!process.stdout.isTTY && now !== stage) console.log(line(moment));
    stage = now;
  };
}

/** Plays the story of two versions; says what is missing where this machine can't build the core. */
export async function showFleet(first: Build, next: Build): Promise<void> {
  const availability = await wasmAvailability();
  if (!availability.available) {
    console.log(`No fleet: ${availability.reason}; install: ${availability.install}\n`);
    return;
  }
  console.log(
    `A fleet of ${DEVICES} simulated devices, a third of them on a bad network with losses of power:`,
  );
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const core = new WebAssembly.Module(await buildWasm());
  const outcome = await playScenario(core, scenario(first, next, privateKey, publicKey), 1, {
    watch: display(),
  });
  if (process.stdout.isTTY) process.stdout.write("\r\x1b[K");
  for (const { version, state, reason } of outcome.rollouts)
    console.log(`  version ${version}: ${state}${reason === "" ? "" : `, ${reason}`}`);
  const { powerLosses, requests } = outcome.rollup.counts;
  console.log(
    `  after ${clock(outcome.seconds)} h, ${requests} requests and ${powerLosses} losses of power: ${Object.entries(
      outcome.rollup.versions,
    )
      .map(([version, count]) => `${count} devices run ${version}`)
      .join(", ")}\n`,
  );
  if (outcome.failures.length > 0) throw new ModelError(outcome.failures.join("; "));
}
