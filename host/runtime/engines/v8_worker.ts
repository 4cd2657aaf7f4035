/** A module in V8, in a thread that `v8.ts` ends where it takes too long. */
import { parentPort, workerData } from "node:worker_threads";
import { EngineError } from "../../module/engine.ts";
import { runHere, selfTestHere, type WorkerMessage, type WorkerTask } from "./v8.ts";

/** How often it says that it gets on. */
const ALIVE_MS = 50;

const { module, vectors } = workerData as WorkerTask;
const say = (message: WorkerMessage): void => parentPort?.postMessage(message);

let last = performance.now();
function done(): void {
  if (performance.now() - last < ALIVE_MS) return;
  last = performance.now();
  say({ kind: "alive" });
}

try {
  say({ kind: "result", value: vectors ? runHere(module, vectors, done) : selfTestHere(module) });
} catch (error) {
  if (!(error instanceof EngineError)) throw error;
  say({ kind: "error", message: error.message.replace(/^v8: /, "") });
}
