import { runReference } from "../../host/engines/reference.ts";
import { importTflite } from "../../host/import/tflite/index.ts";
import { checkGraph } from "../../host/ir/spec.ts";
import type { Case, Executor } from "./table.ts";

/** The reference interpreter on the imported graph as it is, float borders included. */
export const reference: Executor = {
  name: "reference",
  skip: async () => undefined,
  run: async ({ name, model, vectors }: Case) => {
    const graph = checkGraph(importTflite(model, name), "import");
    return runReference(
      graph,
      vectors.map(({ inputs }) => inputs),
    );
  },
};

/** Everything that runs the whole table in `npm run test:slow`. */
export const executors: readonly Executor[] = [reference];
