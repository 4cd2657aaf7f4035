/**
 * The end of `npm start`: a sensor drifts, whoever owns the model is told, devices send samples, the model is trained again by a rule, the
 * new version runs beside the old one, and goes to the fleet by stages. Nobody touches anything.
 */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { wasmAvailability } from "../firmware/wasm_build.ts";
import type { AlertRules } from "../fleet/server/alert_rules.ts";
import { serveHttp } from "../fleet/server/http.ts";
import type { RolloutStatus } from "../fleet/server/management.ts";
import { runCommand } from "../fleet/server/run_command.ts";
import { type UpdateServer, updateServer } from "../fleet/server/server.ts";
import type { Reply } from "../fleet/simulator/network.ts";
import { randomOf } from "../fleet/simulator/random.ts";
import { loadCore, type SimulatedDevice, simulatedDevice } from "../fleet/simulator/simulated_device.ts";
import { type Reading, readingOf } from "./plant.ts";
import { BOOK_FILE, KEY_FILE, makeImage } from "./plant_image.ts";

const DEVICES = 10;
const HOUR = 3600;
/** Seconds between two readings of a machine. */
const EVERY = 120;
const START = Date.UTC(2030, 0, 1);
/** Hours at which the sensors begin to drift, at which they have drifted, and at which the story has to be over. */
const [DRIFT, DRIFTED, END] = [10, 10.5, 60] as const;
const OFFSET = 7;

export interface StoryOutcome {
  /** Shares of right answers: before the drift, just before the new version came, and in the end. */
  readonly accuracy: { readonly before: number; readonly drifted: number; readonly after: number };
  readonly alerts: readonly string[];
  readonly samples: number;
  readonly rollout: RolloutStatus | undefined;
  readonly versions: readonly (string | undefined)[];
  /** The newest version's. */
  readonly state: string | undefined;
  readonly hours: number;
}

/** Takes what a webhook is sent, over real HTTP. */
async function receiver(
  told: (summary: string) => void,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const { status, alerts } = JSON.parse(Buffer.concat(pieces).toString("utf8")) as {
        status: string;
        alerts: readonly { annotations: { summary: string } }[];
      };
      for (const { annotations } of alerts) told(`${status}: ${annotations.summary}`);
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

const offsetAt = (hours: number): number =>
  OFFSET * Math.max(0, Math.min(1, (hours - DRIFT) / (DRIFTED - DRIFT)));

interface Plant {
  readonly clock: { now: number };
  readonly devices: readonly SimulatedDevice[];
  /** Notes of people who look at the machines. */
  readonly book: Record<string, number>;
  readonly random: () => number;
}

/** An hour of all machines: the share of right answers. */
async function hourOf({ clock, devices, book, random }: Plant): Promise<number> {
  let [right, all] = [0, 0];
  for (const end = clock.now + HOUR; clock.now < end; clock.now += EVERY) {
    for (const device of devices) {
      if (device.isOn) {
        const { values, condition } = readingOf(random, offsetAt(clock.now / HOUR));
        right += Number(device.decide([values]).classNumber === condition);
        all++;
        book[values.join()] = condition;
      }
      await device.step();
    }
  }
  return right / Math.max(all, 1);
}

const clockOf = (hours: number): string => `${String(Math.floor(hours)).padStart(2, "0")}:00`;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The newest rollout, and the state of the newest version. */
function lookAt(server: UpdateServer, manage: string) {
  const get = <T>(path: string): T => {
    const headers = { authorization: `Bearer ${manage}` };
    const { body } = server.handle({ method: "GET", url: `https://plant.example/rest/v1${path}`, headers });
    return JSON.parse(Buffer.from(body).toString("utf8")) as T;
  };
  const [rollout] = get<{ rollouts: readonly RolloutStatus[] }>("/rollouts").rollouts;
  const { models } = get<{
    models: readonly { hash: string; version: string; state: string }[];
  }>("/models");
  return { rollout, models, get };
}

function devicesOf(
  core: WebAssembly.Module,
  image: Uint8Array,
  key: KeyObject,
  { clock, server, gateway }: { clock: { now: number }; server: UpdateServer; gateway: string },
): SimulatedDevice[] {
  return Array.from({ length: DEVICES }, (_, i) =>
    simulatedDevice(core, {
      id: `machine-${i + 1}`,
      seed: i + 1,
      clock,
      keys: [key],
      models: [{ image, ramBytes: 24_576 }],
      monitor: { interval: HOUR, saveEvery: 0 },
      samples: { ramBytes: 31 * 72 },
      shadow: true,
      inferEvery: 1e9,
      server: {
        url: `https://plant.example/DEFAULT/controller/v1/machine-${i + 1}`,
        authorization: `GatewayToken ${gateway}`,
        handler: (request) => server.handle(request) as Reply,
      },
    }),
  );
}

/** Plays the story to the console, where this machine can build the core. */
export async function showStory(): Promise<void> {
  if (!(await wasmAvailability()).available) return;
  console.log(`${DEVICES} machines with a model that watches them, and a server with rules:`);
  await playStory((line) => console.log(line));
  console.log();
}

/** Plays the story in a folder of its own; `say` is told each thing that happens. Throws where the core can't be built. */
export async function playStory(say: (line: string) => void): Promise<StoryOutcome> {
  const folder = mkdtempSync(join(tmpdir(), "thimble-story-"));
  try {
    return await playIn(folder, say);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const rulesOf = (folder: string, url: string): AlertRules => ({
  receivers: { team: { type: "webhook", url } },
  routes: [{ receiver: "team" }],
  retrain: [
    {
      models: "plant",
      kinds: ["shift"],
      leastSamples: 40 * DEVICES,
      samplesPerDevice: 60,
      run: [process.execPath, fileURLToPath(new URL("retrain.js", import.meta.url)), folder],
    },
  ],
});

async function playIn(folder: string, say: (line: string) => void): Promise<StoryOutcome> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  writeFileSync(join(folder, KEY_FILE), privateKey.export({ type: "pkcs8", format: "pem" }));
  const random = randomOf(7);
  const factory: Reading[] = Array.from({ length: 1500 }, () => readingOf(random));
  const image = await makeImage(folder, "1.0.0", { known: factory, usual: factory });
  const clock = { now: 0 };
  const alerts: string[] = [];
  const hook = await receiver((summary) => {
    if (alerts.length < 40) alerts.push(summary);
  });
  const env: Record<string, string> = {};
  const plant = { clock, book: {} as Record<string, number>, random };
  const server = updateServer({
    keys: [publicKey],
    poll: 600,
    now: () => START + clock.now * 1000,
    log: () => {},
    alerts: {
      rules: rulesOf(folder, hook.url),
      post: async ({ url }, body) => (await fetch(url, { method: "POST", body })).status,
      run(command, given) {
        say(`  ${clockOf(clock.now / HOUR)}  trained again, since: ${given["THIMBLE_REASON"]}`);
        writeFileSync(join(folder, BOOK_FILE), JSON.stringify(plant.book));
        return runCommand(command, { ...given, ...env });
      },
    },
  });
  const { manage, gateway } = server.firstTokens!;
  const http = await serveHttp(server, { host: "127.0.0.1", port: 0 });
  Object.assign(env, { THIMBLE_SERVER: http.url, THIMBLE_TOKEN: manage });
  server.handle({
    method: "POST",
    url: "https://plant.example/rest/v1/images?owner=ml@example.com",
    headers: { authorization: `Bearer ${manage}` },
    body: image,
  });
  const devices = devicesOf(await loadCore(), image, publicKey, { clock, server, gateway });
  try {
    return await live({ ...plant, devices }, server, { manage, alerts, say });
  } finally {
    await http.close();
    server.close();
    hook.server.close();
  }
}

interface Telling {
  readonly manage: string;
  readonly alerts: readonly string[];
  readonly say: (line: string) => void;
}

/** Lives until all is well again, or the time is over. */
async function live(
  plant: Plant,
  server: UpdateServer,
  { manage, alerts, say }: Telling,
): Promise<StoryOutcome> {
  const { clock, devices } = plant;
  const accuracy = { before: 0, drifted: 0, after: 0 };
  let [told, stage] = [0, ""];
  let outcome: StoryOutcome | undefined;
  for (let hour = 1; hour <= END; hour++) {
    const share = await hourOf(plant);
    server.alerting!.collect();
    await server.alerting!.deliver();
    await server.retraining!.round();
    const { rollout, models, get } = lookAt(server, manage);
    if (hour <= DRIFT) accuracy.before = share;
    else if (!devices.some((device) => device.version() === "1.1.0")) accuracy.drifted = share;
    accuracy.after = share;
    if (hour === DRIFT)
      say(`  ${clockOf(hour)}  ${percent(share)} of the answers are right; a sensor begins to drift`);
    for (const summary of alerts.slice(told)) say(`  ${clockOf(hour)}  alert, ${summary}`);
    told = alerts.length;
    const now = rollout ? stageText(rollout) : "";
    if (now !== stage) say(`  ${clockOf(hour)}  ${now}; ${percent(share)} right`);
    stage = now;
    const versions = devices.map((device) => device.version());
    const newest = models.find(({ version }) => version === "1.1.0");
    const first = models.find(({ version }) => version === "1.0.0");
    const samples = first
      ? get<{ samples: readonly unknown[] }>(`/models/${first.hash}/samples`).samples.length
      : 0;
    outcome = { accuracy, alerts, samples, rollout, versions, state: newest?.state, hours: hour };
    const isWell = newest?.state === "well" && first?.state === "replaced" && rollout?.state === "finished";
    if (isWell && alerts.at(-1)?.startsWith("resolved")) break;
    if (rollout?.state === "stopped") break;
  }
  const hours = clock.now / HOUR;
  say(`  ${clockOf(hours)}  ${percent(accuracy.after)} right, and nobody has touched anything`);
  return outcome!;
}

function stageText({ version, state, reason, shadow, stages }: RolloutStatus): string {
  if (state !== "running") return `version ${version}: ${state}${reason === "" ? "" : `, ${reason}`}`;
  if (shadow?.running) return `version ${version} runs beside 1.0.0 on ${stages[0]!.devices} machines`;
  const number = stages.filter(({ started }) => started).length;
  return `version ${version}: stage ${number} of ${stages.length}`;
}
