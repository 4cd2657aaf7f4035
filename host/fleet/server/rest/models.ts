import { allModels, modelHealth } from "../health.ts";
import { takeLabels } from "../labels.ts";
import { LIMITS } from "../limits.ts";
import { type JsonObject, Refused } from "../message.ts";
import { deleteSamples, samplesOf, wantSamples } from "../samples.ts";
import { readLabels } from "./labels.ts";
import { API, afterOf, jsonOf, limitOf, MANAGE, PAGE, READ, type RestRoute } from "./route.ts";

/** A whole number of a request's body. Throws Refused (400). */
function countIn(body: JsonObject, name: string, fallback: number, most: number): number {
  const found = body[name] ?? fallback;
  if (Number.isInteger(found) && (found as number) >= 0 && (found as number) <= most) return found as number;
  throw new Refused(
    400,
    `${name}: expected a whole number of at most ${most}, found ${JSON.stringify(found)}`,
  );
}

/** A year. */
const HOURS_MOST = 8784;

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
  {
    method: "POST",
    path: `${API}/models/{model}/samples`,
    roles: MANAGE,
    summary:
      "Ask devices for samples of what a model sees; of those that keep any, and perDevice 0 for no more",
    takes: "SampleWish",
    gives: "SampleWishNoted",
    status: 200,
    answer(call) {
      const body = jsonOf(call);
      const perDevice = countIn(body, "perDevice", 10, LIMITS.samplesPerDevice);
      const hours = countIn(body, "hours", 24, HOURS_MOST);
      return wantSamples(call.context, call.parameters["model"]!, { perDevice, hours }, call.actor);
    },
  },
  {
    method: "GET",
    path: `${API}/models/{model}/samples`,
    roles: MANAGE,
    summary: "Samples of a model, the oldest first",
    query: PAGE,
    gives: "Samples",
    status: 200,
    answer: ({ context, parameters, query }) => ({
      samples: samplesOf(context, parameters["model"]!, afterOf(query), limitOf(query)),
    }),
  },
  {
    method: "DELETE",
    path: `${API}/models/{model}/samples`,
    roles: MANAGE,
    summary: "Delete all samples of a model, and ask for no more",
    status: 204,
    answer: ({ context, parameters, actor }) => deleteSamples(context, parameters["model"]!, actor),
  },
  {
    method: "POST",
    path: `${API}/models/{model}/labels`,
    roles: MANAGE,
    summary: "Labels of samples, by their numbers, and of logged predictions, by the SHA-256 of their lines",
    takes: "NewLabels",
    gives: "LabelsNoted",
    status: 200,
    answer: (call) =>
      takeLabels(call.context, call.parameters["model"]!, readLabels(jsonOf(call)), call.actor),
  },
];
