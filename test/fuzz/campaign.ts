/** Many cases in a child process, and what the test says about them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const worker = fileURLToPath(new URL("worker.js", import.meta.url));
/** Only for what never ends: no case takes a hundredth of a second. */
const MINUTES = 60_000;

export interface Campaign {
  /** Cases by outcome. */
  readonly counts: Readonly<Record<string, number>>;
  readonly megabytes: number;
}

/**
 * Cases FROM to TO of that kind, or the one that FUZZ_REPLAY names. Fails with the ids of the cases
 * that were not as they should be; a crash or a hang is the last case that was begun.
 */
export function runCampaign(kind: "models" | "modules", from: number, to: number, minutes: number): Campaign {
  const replay = process.env["FUZZ_REPLAY"];
  const range = replay === undefined ? [String(from), String(to)] : [replay];
  const child = spawnSync(process.execPath, ["--max-old-space-size=512", worker, kind, ...range], {
    encoding: "utf8",
    timeout: minutes * MINUTES,
    maxBuffer: 2 ** 28,
  });
  const lines = child.stdout.trimEnd().split("\n");
  const of = (mark: string): string[] =>
    lines.filter((line) => line.startsWith(`${mark} `)).map((line) => line.slice(2));
  const faults = of("!").map((line) => JSON.parse(line) as { id: string; fault: string });
  assert.deepEqual(
    faults.map(({ id, fault }) => `FUZZ_REPLAY=${id}: ${fault}`),
    [],
  );
  const ended =
    child.status === 0 ? "" : `ended with ${child.signal ?? child.status}: ${child.stderr.slice(-2000)}`;
  assert.equal(ended, "", `FUZZ_REPLAY=${of(">").at(-1)}`);
  return JSON.parse(of("=")[0]!) as Campaign;
}

/** The sum over the outcomes whose names hold `word`. */
export const countOf = ({ counts }: Campaign, word: string): number =>
  Object.entries(counts).reduce((sum, [name, count]) => (name.includes(word) ? sum + count : sum), 0);

export const isReplay = process.env["FUZZ_REPLAY"] !== undefined;
