import { ModelError } from "./graph.ts";

/** The work's result. What is wrong with a model is kept, so that all of it can be said at once; anything else is thrown. */
export function attempt<R>(faults: string[], work: () => R): R | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    faults.push(error.message);
    return undefined;
  }
}
