import { allModels, modelHealth } from "../health.ts";
import { API, READ, type RestRoute } from "./route.ts";

/** Routes about what devices tell of their models. */
export const MODEL_ROUTES: readonly RestRoute[] = [
  {
    method: "GET",
    path: `${API}/models`,
    roles: READ,
    summary: "Models that devices tell of, and which are unwell",
    gives: "Models",
    status: 200,
    answer: ({ context }) => ({ models: allModels(context) }),
  },
  {
    method: "GET",
    path: `${API}/models/{model}`,
    roles: READ,
    summary:
      "One model by its hash: the sums of the last day, or of today for the devices that a query finds",
    query: ["query"],
    gives: "ModelHealth",
    status: 200,
    answer: ({ context, parameters, query }) =>
      modelHealth(context, parameters["model"]!, query.get("query") ?? ""),
  },
];
