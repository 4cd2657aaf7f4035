/** The API's document against the API: every operation is called, and what it answers is what the document says. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type DeviceReport, emptyCounts } from "../../../host/fleet/telemetry/report.ts";
import { encodeReport } from "../../support/reports.ts";
import { version } from "../../support/two_versions.ts";
import { rawDevice } from "./raw_device.ts";
import { json, type Scene, scene, startRollout } from "./server_and_devices.ts";

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false | Schema;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
}

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

function isOf(document: Document, schema: Schema, value: unknown): boolean {
  try {
    conform(document, schema, value, "");
    return true;
  } catch {
    return false;
  }
}

/** Throws where the value is not what the schema says; `where` is the way to it. */
function conform(document: Document, schema: Schema, value: unknown, where: string): void {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").pop()!;
    assert.ok(document.components.schemas[name], `${where}: no schema ${name}`);
    conform(document, document.components.schemas[name]!, value, where);
    return;
  }
  if (schema.oneOf) {
    const fits = schema.oneOf.filter((each) => isOf(document, each, value));
    assert.equal(fits.length, 1, `${where}: fits ${fits.length} of the alternatives`);
    return;
  }
  const types = [schema.type ?? []].flat();
  const found = typeOf(value);
  assert.ok(
    types.includes(found) || (found === "integer" && types.includes("number")),
    `${where}: expected ${types}, found ${found}`,
  );
  if (schema.enum) assert.ok(schema.enum.includes(value), `${where}: ${value}`);
  if (found === "array")
    for (const [i, item] of (value as unknown[]).entries())
      conform(document, schema.items!, item, `${where}[${i}]`);
  if (found !== "object") return;
  const members = value as Record<string, unknown>;
  for (const name of schema.required ?? []) assert.ok(name in members, `${where}: no ${name}`);
  for (const [name, member] of Object.entries(members)) {
    const known = schema.properties?.[name] ?? (schema.additionalProperties || undefined);
    assert.ok(known, `${where}: expected no ${name}`);
    conform(document, known, member, `${where}.${name}`);
  }
}

const HASH = "ab".repeat(32);
const NOTHING: DeviceReport = {
  ...emptyCounts(3, 2),
  model: HASH,
  interval: 1,
  time: 0,
  uptime: 3600,
  stopped: false,
  noRoom: false,
};

/** A server with something of everything. */
function busy(): Scene {
  const at = scene();
  const devices = ["one", "two", "three"].map((name) => rawDevice(at, name));
  for (const device of devices) device.configure({ board: "c3" });
  startRollout(at, at.publish(version(2)), { retries: 0, errors: 100 });
  devices[0]!.report("success", "fine");
  devices[1]!.report("failure", "trapped");
  devices[2]!.report("none", "on its way");
  at.operate("POST", "/rollouts", {
    image: at.publish(version(3)),
    stages: [{ percent: 10 }, { rest: true }],
  });
  at.operate("POST", "/tokens", { name: "reader", role: "read" });
  at.ask({
    method: "POST",
    url: "/DEFAULT/controller/v1/three/reports",
    headers: { authorization: `GatewayToken ${at.gateway}` },
    body: encodeReport({ ...NOTHING, model: HASH, inferences: 100, failures: [90, 0, 0, 0, 0, 0] }),
  });
  return at;
}

const document = json<Document>(scene().ask({ url: "/openapi.json" }));
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

/** Where an operation needs more than the usual: values of its path, and what it takes. */
const NAMES: Readonly<Record<string, string>> = {
  device: "three",
  action: "3",
  image: "1",
  rollout: "1",
  token: "reader",
  model: HASH,
};
const BODIES: Readonly<Record<string, () => unknown>> = {
  "POST /rest/v1/images": () => version(4),
  "POST /rest/v1/devices": () => ({ name: "four", attributes: { board: "c6" } }),
  "POST /rest/v1/rollouts": () => ({ image: 1, stages: [{ count: 1 }, { rest: true }], errors: 5 }),
  "POST /rest/v1/models/{model}/samples": () => ({ perDevice: 5, hours: 2 }),
  "POST /rest/v1/models/{model}/labels": () => ({
    labels: [{ prediction: "cd".repeat(32), decided: "a", label: "b" }],
  }),
  "POST /rest/v1/tokens": () => ({ name: "another", role: "gateway" }),
};
/** What has to be ordered before. */
const FIRST: Readonly<Record<string, string>> = {
  "POST /rest/v1/rollouts/{rollout}/resume": "/rollouts/1/pause",
  "DELETE /rest/v1/images/{image}": "/rollouts/1/abort?force=true",
};

describe("the document of the management API", () => {
  test("is OpenAPI 3.1, and has every path that the server has", () => {
    assert.match(document.openapi, /^3\.1\./);
    assert.ok(operations.length >= 22, `${operations.length}`);
    // A path that is not there is not answered, with the right token either.
    const { ask, manage } = scene();
    const headers = { authorization: `Bearer ${manage}` };
    assert.equal(ask({ url: "/rest/v1/unknown", headers }).status, 404);
  });

  for (const { path, method, operation } of operations) {
    const name = `${method} ${path}`;

    test(`${name}: answers as it says`, () => {
      const at = busy();
      if (FIRST[name] !== undefined) at.operate("POST", FIRST[name]);
      const isStart = path.endsWith("/start");
      const url = path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) =>
        isStart ? "2" : NAMES[parameter]!,
      );
      const body = BODIES[name]?.();
      assert.equal(body === undefined, operation.requestBody === undefined);
      if (body !== undefined && !(body instanceof Uint8Array))
        conform(document, operation.requestBody!.content["application/json"]!.schema, body, name);
      const response = at.ask({
        method,
        url,
        headers: { authorization: `Bearer ${at.manage}` },
        ...(body !== undefined && { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
      });
      const [expected] = Object.keys(operation.responses);
      assert.equal(`${response.status}`, expected, Buffer.from(response.body).toString("utf8"));
      const content = operation.responses[expected!]!.content;
      assert.equal(response.body.length > 0, content !== undefined);
      if (content) conform(document, content["application/json"]!.schema, json(response), name);
    });

    test(`${name}: refuses who has no token, and takes no parameter that it does not name`, () => {
      const at = busy();
      const url = path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => NAMES[parameter]!);
      const refused = at.ask({ method, url });
      assert.equal(refused.status, 401);
      conform(document, document.components.schemas["Problem"]!, json(refused), name);
      const headers = { authorization: `Bearer ${at.manage}` };
      assert.equal(at.ask({ method, url: `${url}?unheard=1`, headers }).status, 400);
      const inQuery = operation.parameters.filter((each) => each.in === "query").map((each) => each.name);
      for (const parameter of inQuery.filter((each) => each === "limit" || each === "after"))
        assert.equal(at.ask({ method, url: `${url}?${parameter}=-1`, headers }).status, 400);
    });
  }

  test("who may only read changes nothing", () => {
    const at = busy();
    const { token } = at.operate<{ token: string }>("POST", "/tokens", { name: "watcher", role: "read" });
    for (const { path, method } of operations.filter((each) => each.method !== "GET")) {
      const url = path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => NAMES[parameter]!);
      assert.equal(
        at.ask({ method, url, headers: { authorization: `Bearer ${token}` } }).status,
        403,
        `${method} ${path}`,
      );
    }
  });
});
