/** The management API as an OpenAPI 3.1 document, made of its routes. */
import { version } from "../../root.ts";
import { SAMPLE_KINDS } from "../telemetry/sample.ts";
import { KINDS } from "../telemetry/verdict.ts";
import { LIMITS } from "./limits.ts";
import { DEVICE_STATES, ROLLOUT_STATES } from "./management.ts";
import type { RestRoute } from "./rest/route.ts";
import { REST_ROUTES } from "./rest.ts";
import { ROLES } from "./tokens.ts";

type Schema = { readonly [name: string]: unknown };

const TEXT = { type: "string" };
const WHOLE = { type: "integer", minimum: 0 };
const TIME = { type: "string", format: "date-time" };
const NAME = { type: "string", pattern: "^[A-Za-z0-9._:-]{1,64}$" };
const DEVICE = { type: "string", minLength: 1, maxLength: LIMITS.deviceNameChars };
const TEXTS = { type: "object", additionalProperties: TEXT };
const NUMBER = { type: "number" };
const PERCENT = { type: "number", minimum: 0, maximum: 100 };

const list = (items: Schema): Schema => ({ type: "array", items });
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const orNull = (schema: { readonly type: string }): Schema => ({ ...schema, type: [schema.type, "null"] });

/** An object that has all of these members and no others, but for those that may be missing. */
const object = (properties: Record<string, Schema>, optional: readonly string[] = []): Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
});

const FINDING = {
  kind: { type: "string", enum: KINDS },
  subject: TEXT,
  text: TEXT,
  test: TEXT,
  statistic: NUMBER,
  threshold: { type: ["number", "null"] },
  since: TIME,
  last: TIME,
};

const TALLY = { labelled: WHOLE, right: WHOLE };
const ACCURACY = object({
  ...TALLY,
  percent: orNull(NUMBER),
  low: orNull(NUMBER),
  high: orNull(NUMBER),
  chosen: object(TALLY),
});
const ACCURACY_PLAN = { percent: PERCENT, least: WHOLE };

const MODEL = {
  hash: TEXT,
  owner: TEXT,
  model: TEXT,
  version: TEXT,
  state: { type: "string", enum: ["well", "unwell", "replaced", "not watched"] },
  first: TIME,
  last: TIME,
  devices: WHOLE,
  unwellDevices: WHOLE,
  silentDevices: WHOLE,
  rollout: { oneOf: [{ type: "null" }, object({ name: TEXT, created: TIME })] },
  accuracy: ACCURACY,
  findings: list(object({ ...FINDING, devices: WHOLE })),
};

const SCHEMAS: Readonly<Record<string, Schema>> = {
  Problem: object({ status: WHOLE, title: TEXT }),
  Server: object({
    name: TEXT,
    version: TEXT,
    pollSeconds: WHOLE,
    devices: WHOLE,
    images: WHOLE,
    rollouts: WHOLE,
  }),
  Image: object({
    id: WHOLE,
    model: TEXT,
    version: TEXT,
    sha256: TEXT,
    sha1: TEXT,
    md5: TEXT,
    bytes: WHOLE,
    securityCounter: WHOLE,
    memoryBytes: WHOLE,
    uploaded: TIME,
    uploadedBy: TEXT,
    owner: TEXT,
    file: { type: "string", enum: ["good", "missing", "damaged"] },
  }),
  Images: object({ images: list(ref("Image")) }),
  SampleWish: object({ perDevice: WHOLE, hours: WHOLE }, ["perDevice", "hours"]),
  SampleWishNoted: object({ perDevice: WHOLE, until: TIME }),
  Samples: object({
    samples: list(
      object({
        id: WHOLE,
        device: TEXT,
        at: TIME,
        kind: { type: "string", enum: SAMPLE_KINDS },
        decided: orNull(WHOLE),
        label: orNull(TEXT),
        time: WHOLE,
        rank: WHOLE,
        values: list(orNull(NUMBER)),
      }),
    ),
  }),
  NewLabels: object({
    labels: {
      ...list({
        oneOf: [
          object({ sample: WHOLE, label: TEXT }),
          object({ prediction: TEXT, decided: TEXT, label: TEXT }),
        ],
      }),
      minItems: 1,
      maxItems: LIMITS.labelsAtOnce,
    },
  }),
  LabelsNoted: object({ taken: WHOLE, accuracy: ACCURACY, unknown: list(TEXT) }),
  NewDevice: object({ name: DEVICE, attributes: TEXTS }, ["attributes"]),
  DeviceToken: object({ name: TEXT, token: TEXT }),
  Device: object({
    id: WHOLE,
    name: TEXT,
    attributes: TEXTS,
    installed: TEXTS,
    created: TIME,
    seen: orNull(TIME),
    address: TEXT,
    hasToken: { type: "boolean" },
  }),
  Devices: object({ devices: list(ref("Device")) }),
  Feedback: object({ at: TIME, execution: TEXT, finished: TEXT, details: list(TEXT) }),
  Action: object({
    id: WHOLE,
    rollout: WHOLE,
    image: WHOLE,
    state: TEXT,
    execution: TEXT,
    progress: WHOLE,
    created: TIME,
    changed: TIME,
    feedback: list(ref("Feedback")),
  }),
  Actions: object({ actions: list(ref("Action")) }),
  StageSize: {
    oneOf: [
      object({ count: { type: "integer", minimum: 1 } }),
      object({ percent: PERCENT }),
      object({ rest: { type: "boolean" } }),
    ],
  },
  Plan: object(
    {
      name: NAME,
      image: WHOLE,
      query: TEXT,
      stages: { ...list(ref("StageSize")), minItems: 1, maxItems: LIMITS.stages },
      success: PERCENT,
      errors: PERCENT,
      minVersion: TEXT,
      retries: WHOLE,
      allowDowngrade: { type: "boolean" },
      shadow: object({ agreement: NUMBER, least: WHOLE }, ["agreement", "least"]),
      accuracy: object(ACCURACY_PLAN, ["least"]),
    },
    ["name", "query", "success", "errors", "minVersion", "retries", "allowDowngrade", "shadow", "accuracy"],
  ),
  Stage: object({
    started: { type: "boolean" },
    devices: WHOLE,
    counts: object(Object.fromEntries(DEVICE_STATES.map((state) => [state, WHOLE]))),
  }),
  Refusal: object({ reason: TEXT, devices: WHOLE }),
  Rollout: object(
    {
      id: WHOLE,
      name: TEXT,
      image: WHOLE,
      model: TEXT,
      version: TEXT,
      state: { type: "string", enum: ROLLOUT_STATES },
      reason: TEXT,
      stages: list(ref("Stage")),
      allowDowngrade: { type: "boolean" },
      shadow: object({
        agreement: NUMBER,
        least: WHOLE,
        running: { type: "boolean" },
        compared: WHOLE,
        agreed: WHOLE,
        failed: WHOLE,
      }),
      accuracy: object({ ...ACCURACY_PLAN, ...TALLY }),
      refusals: list(ref("Refusal")),
    },
    ["allowDowngrade", "shadow", "accuracy"],
  ),
  Rollouts: object({ rollouts: list(ref("Rollout")) }),
  Member: object({
    id: WHOLE,
    name: TEXT,
    stage: WHOLE,
    state: { type: "string", enum: DEVICE_STATES },
    attempts: WHOLE,
    reason: TEXT,
    progress: orNull(WHOLE),
    changed: TIME,
  }),
  Members: object({ devices: list(ref("Member")) }),
  AuditEntry: object({
    id: WHOLE,
    at: TIME,
    who: TEXT,
    address: TEXT,
    what: TEXT,
    subject: TEXT,
    detail: TEXT,
  }),
  Audit: object({ entries: list(ref("AuditEntry")) }),
  Model: object(MODEL),
  Models: object({ models: list(ref("Model")) }),
  ModelHealth: object({
    ...MODEL,
    inferences: WHOLE,
    overruns: WHOLE,
    resets: WHOLE,
    updates: WHOLE,
    counters: list(WHOLE),
    failures: { type: "object", additionalProperties: WHOLE },
    latency: list(WHOLE),
    classes: list(object({ label: TEXT, calibration: WHOLE, count: WHOLE })),
    channels: list(
      object({
        name: TEXT,
        unit: TEXT,
        kind: TEXT,
        edges: list(NUMBER),
        calibration: list(WHOLE),
        counts: list(WHOLE),
      }),
    ),
    hours: list(object({ at: TIME, reports: WHOLE, inferences: WHOLE, failures: WHOLE, overruns: WHOLE })),
    unwell: list(object({ device: TEXT, ...FINDING })),
    silent: list(object({ device: TEXT, last: TIME })),
  }),
  NewToken: object({ name: NAME, role: { type: "string", enum: ROLES } }),
  Token: object({ name: TEXT, role: TEXT, token: TEXT }),
  TokenName: object({ name: TEXT, role: TEXT, created: TIME }),
  Tokens: object({ tokens: list(ref("TokenName")) }),
};

const QUERY: Readonly<Record<string, { readonly description: string; readonly schema: Schema }>> = {
  query: {
    description: "terms KEY=VALUE with commas between; * is any text; name is the device's",
    schema: TEXT,
  },
  limit: { description: "rows at most", schema: { ...WHOLE, maximum: LIMITS.pageRows } },
  after: { description: "only rows with a greater id", schema: WHOLE },
  state: { description: "only devices in this state", schema: { type: "string", enum: DEVICE_STATES } },
  force: { description: "without waiting for devices that have not answered", schema: { type: "boolean" } },
  start: { description: "starts the first stage at once", schema: { type: "boolean" } },
};

const inPath = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

function requestBody(takes: string): Schema {
  const content =
    takes === "image"
      ? { "application/octet-stream": { schema: { type: "string", format: "binary" } } }
      : { "application/json": { schema: ref(takes) } };
  return { required: true, content };
}

function operation({ path, summary, roles, query = [], takes, gives, status }: RestRoute): Schema {
  const problem = {
    description: "refused",
    content: { "application/problem+json": { schema: ref("Problem") } },
  };
  return {
    summary,
    description: `For tokens with the role ${roles.join(" or ")}.`,
    parameters: [
      ...inPath(path).map((name) => ({ name, in: "path", required: true, schema: TEXT })),
      ...query.map((name) => ({ name, in: "query", ...QUERY[name] })),
    ],
    ...(takes && { requestBody: requestBody(takes) }),
    responses: {
      [status]: {
        description: "done",
        ...(gives && { content: { "application/json": { schema: ref(gives) } } }),
      },
      default: problem,
    },
  };
}

/** The document that is served at /openapi.json. */
export function openApi(): Schema {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const route of REST_ROUTES) {
    paths[route.path] ??= {};
    paths[route.path]![route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: "3.1.0",
    info: { title: "thimble update server: management", version },
    security: [{ token: [] }],
    paths,
    components: { schemas: SCHEMAS, securitySchemes: { token: { type: "http", scheme: "bearer" } } },
  };
}
