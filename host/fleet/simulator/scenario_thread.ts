/** Plays a scenario in a thread of its own, which can be ended: a model that never answers must not keep whoever waits. */
import { Worker } from "node:worker_threads";
import { ModelError } from "../../ir/graph.ts";
import type { Scenario, ScenarioOutcome } from "./scenario.ts";

export interface ThreadTask {
  readonly core: WebAssembly.Module;
  readonly scenario: Scenario;
  readonly seed: number;
  /** Two numbers: how often a device has had its turn, and which one has it. */
  readonly turns: SharedArrayBuffer;
}

export type ThreadMessage =
  | { readonly kind: "line"; readonly line: string }
  | { readonly kind: "outcome"; readonly outcome: ScenarioOutcome }
  /** `isTheirs`: of the scenario, as a mismatch or an image that is refused, and no fault of ours. */
  | { readonly kind: "error"; readonly message: string; readonly isTheirs: boolean };

export interface ThreadOptions {
  /** The longest that a device may take for its turn: an inference of each model, or a start. */
  readonly milliseconds: number;
  /** One line for each event. */
  readonly tell?: ((line: string) => void) | undefined;
}

/** Calls `late` with the device whose turn takes longer than that; stops when the result is called. */
function watch(turns: Int32Array, milliseconds: number, late: (device: number) => void): () => void {
  let [seen, since] = [Atomics.load(turns, 0), performance.now()];
  const timer = setInterval(
    () => {
      const count = Atomics.load(turns, 0);
      if (count !== seen) [seen, since] = [count, performance.now()];
      else if (performance.now() - since >= milliseconds) late(Atomics.load(turns, 1));
    },
    Math.min(1000, milliseconds / 4),
  );
  return () => clearInterval(timer);
}

/** As `playScenario`. Throws ModelError where the scenario is at fault, or a device takes longer than it may. */
export function playInThread(
  task: Omit<ThreadTask, "turns">,
  { milliseconds, tell = () => {} }: ThreadOptions,
): Promise<ScenarioOutcome> {
  const turns = new SharedArrayBuffer(8);
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("scenario_worker.js", import.meta.url), {
      workerData: { ...task, turns },
    });
    const end = (settle: () => void): void => {
      stop();
      settle();
      worker.terminate();
    };
    const stop = watch(new Int32Array(turns), milliseconds, (device) =>
      end(() =>
        reject(
          new ModelError(
            `device-${device}: expected its model to answer within ${milliseconds / 1000} s (--time-limit), found it still running`,
          ),
        ),
      ),
    );
    worker.on("message", (message: ThreadMessage) => {
      if (message.kind === "line") tell(message.line);
      else if (message.kind === "outcome") end(() => resolve(message.outcome));
      else end(() => reject(message.isTheirs ? new ModelError(message.message) : new Error(message.message)));
    });
    worker.on("error", (error) => end(() => reject(error)));
  });
}
