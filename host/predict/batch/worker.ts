/** A thread that predicts parts, one after the other, with a model of its own. */
import { parentPort, workerData } from "node:worker_threads";
import { load } from "../../runtime/model/node.ts";
import { type PartDone, type PartTask, predictPart } from "./part.ts";

/** What a thread is started with: a module that has been checked, or an image whose signature has. */
export interface WorkerStart {
  readonly file: Uint8Array;
}

export type WorkerAnswer =
  | { readonly done: PartDone }
  | {
      readonly error: {
        readonly name: string;
        readonly message: string;
        readonly code?: string;
        readonly path?: string;
      };
    };

const { file } = workerData as WorkerStart;
const model = load(file);

parentPort!.on("message", (task: PartTask) => {
  const answer = async (): Promise<WorkerAnswer> => {
    try {
      return { done: await predictPart(await model, task) };
    } catch (error) {
      const { name, message, code, path } = error as NodeJS.ErrnoException;
      return {
        error: { name, message, ...(code !== undefined && { code }), ...(path !== undefined && { path }) },
      };
    }
  };
  void answer().then((found) => parentPort!.postMessage(found));
});
