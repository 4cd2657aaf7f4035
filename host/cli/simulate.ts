import type { ScenarioOutcome } from "../fleet/simulator/scenario.ts";
import { readScenario } from "../fleet/simulator/scenario_file.ts";
import { playInThread } from "../fleet/simulator/scenario_thread.ts";
import { loadCore } from "../fleet/simulator/simulated_device.ts";
import { limitsOption, TIME_LIMIT_OPTION } from "./engines.ts";
import { type Command, parse, UsageError, wholeNumber } from "./options.ts";
import { print, printJson } from "./output.ts";

const OPTIONS = {
  seed: { type: "string" },
  runs: { type: "string" },
  replay: { type: "string" },
  ...TIME_LIMIT_OPTION,
  json: { type: "boolean" },
} as const;
type Values = ReturnType<typeof parse<typeof OPTIONS>>["values"];

const MAX_SEED = 0xffffffff;

/** The seed in an id that an earlier run has printed. Throws UsageError where it was of another scenario. */
function replayedSeed(id: string, digest: string): number {
  const [, seed, scenario] = /^(\d{1,10})-([0-9a-f]{8})$/.exec(id) ?? [];
  if (seed === undefined) throw new UsageError(`--replay: expected SEED-DIGEST, found "${id}"`);
  if (scenario !== digest)
    throw new UsageError(
      `--replay: expected an id of this scenario and its images (…-${digest}), found "${id}"`,
    );
  return Number(seed);
}

function seedsOf({ seed = "1", runs = "1", replay }: Values, digest: string): number[] {
  if (replay !== undefined) return [replayedSeed(replay, digest)];
  const first = wholeNumber("--seed", seed, 0);
  const count = wholeNumber("--runs", runs, 1);
  if (first + count - 1 > MAX_SEED)
    throw new UsageError(`--seed: expected at most ${MAX_SEED}, found ${first}`);
  return Array.from({ length: count }, (_, i) => first + i);
}

const tally = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ") || "none";

function printOutcome({ rollup, faults, seconds }: ScenarioOutcome): void {
  const { versions, outcomes, reasons, counts } = rollup;
  print(
    `after ${(seconds / 3600).toFixed(1)} h: ${rollup.devices} devices, versions ${Object.entries(versions)
      .map(([version, count]) => `${version} (${count})`)
      .join(", ")}`,
  );
  print(`updates: ${tally(outcomes)}; refused for: ${tally(reasons)}`);
  print(
    `${counts.requests} requests, ${counts.inferences} inferences, ${counts.boots} starts, ` +
      `${counts.powerLosses} losses of power; faults of the network: ${tally(faults)}`,
  );
}

export const simulateCommand: Command = {
  name: "simulate",
  summary: "play a story of a fleet: devices, faults and rollouts",
  usage: `thimble simulate SCENARIO.json [--seed N=1] [--runs N=1] [--replay ID]
                 [--time-limit SECONDS=60] [--json]

Simulated devices run the firmware's own C core and take rollouts from the server of thimble serve, on a clock that
nobody waits for. One seed, one story: a run that ends otherwise than the scenario expects prints an id, and
--replay ID plays exactly that run again. Exit status 1 where any did.
  --seed    of everything that is left to chance
  --runs    so many runs, with this seed and the following
  --time-limit  the longest that a device's model may take for one answer, in seconds that pass here

SCENARIO.json, with paths relative to it; what has an example after it may be left out:
  keys      public keys (PEM) that devices and server trust
  devices   groups: count, image (what they begin with); "board": "esp32-c3", "slotBytes": 131072, "ramBytes": 65536,
            "geometry": {"sectorBytes": 4096, "programBytes": 1}, "attributes": {"site": "a"}, "trialStarts": 3,
            "confirmAfter": 3, "inferEvery": 60 (seconds),
            "network": {"rate": 0.1, "faults": ["stall", "410"], "latency": [0.1, 3], "bytesPerSecond": 20000},
            "power": {"rate": 0.3, "operations": 40, "offEvery": 600}
  rollouts  one after the other: image, stages ({"percent": 5}, {"count": 10}, {"rest": true}); "name", "query",
            "minVersion", "success": 90, "errors": 10, "retries": 1 as thimble rollout has them, "hours": 24,
            "expect": "finished" or another state
  poll      "poll": 300, seconds between two polls
  expect    "expect": {"2.0.0": 100}, devices by the version that they run in the end`,

  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, ["SCENARIO.json"]);
    if (values.replay !== undefined && (values.seed ?? values.runs) !== undefined)
      throw new UsageError("expected --replay alone, found --seed or --runs with it");
    const { scenario, digest } = readScenario(positionals[0]!);
    const { milliseconds } = limitsOption(values["time-limit"]);
    const core = await loadCore();
    const results: { id: string; outcome: ScenarioOutcome }[] = [];
    for (const seed of seedsOf(values, digest)) {
      const id = `${seed}-${digest}`;
      if (!values.json) print(`run ${id}`);
      const tell = values.json ? undefined : (line: string) => print(line);
      const outcome = await playInThread({ core, scenario, seed }, { milliseconds, tell });
      results.push({ id, outcome });
      if (!values.json) printOutcome(outcome);
      for (const failure of outcome.failures)
        console.error(`thimble simulate: ${failure}; again with --replay ${id}`);
    }
    if (values.json) printJson(results.map(({ id, outcome }) => ({ id, ...outcome })));
    return results.some(({ outcome }) => outcome.failures.length > 0) ? 1 : 0;
  },
};
