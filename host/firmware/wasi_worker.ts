/** A program in V8, in a thread that `wasi.ts` ends where it is silent for too long. */
import { parentPort, workerData } from "node:worker_threads";
import { runWasiHere, type WasiMessage, type WasiTask } from "./wasi.ts";

/** How often it says that it gets on. */
const ALIVE_MS = 50;

const say = (message: WasiMessage): void => parentPort?.postMessage(message);

let last = performance.now();
function wrote(): void {
  if (performance.now() - last < ALIVE_MS) return;
  last = performance.now();
  say({ kind: "alive" });
}

say({ kind: "end", result: runWasiHere(workerData as WasiTask, wrote) });
