/** The thread of scenario_thread.ts. */
import { parentPort, workerData } from "node:worker_threads";
import { ImageError } from "../../image/error.ts";
import { playScenario } from "./scenario.ts";
import type { ThreadMessage, ThreadTask } from "./scenario_thread.ts";

const { core, scenario, seed, turns } = workerData as ThreadTask;
const counts = new Int32Array(turns);
const say = (message: ThreadMessage): void => parentPort!.postMessage(message);

function turn(device: number): void {
  Atomics.store(counts, 1, device);
  Atomics.add(counts, 0, 1);
}

try {
  const tell = (line: string): void => say({ kind: "line", line });
  say({ kind: "outcome", outcome: await playScenario(core, scenario, seed, { tell, turn }) });
} catch (error) {
  const { message } = error as Error;
  say({ kind: "error", message, isTheirs: error instanceof RangeError || error instanceof ImageError });
}
