/** The Open Inference Protocol, as a function and over HTTP: what it answers, what it refuses, and models that change. */
import assert from "node:assert/strict";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type HttpServer, serveHttp } from "../../../host/fleet/server/http.ts";
import type { ServerResponse } from "../../../host/fleet/server/message.ts";
import type { Borders } from "../../../host/ops/border.ts";
import { serveModels } from "../../../host/predict/server/models.ts";
import { type PredictionServer, predictionServer } from "../../../host/predict/server/server.ts";
import { described, tensor } from "../../firmware/core/values_borders.ts";
import { scratchFolder } from "../../support/folders.ts";
import { makeImage, sha256 } from "../../support/signed_images.ts";

/** Two numbers in, by name, the same two as scores out. */
const labelled = (...labels: readonly string[]): Uint8Array => {
  const output = tensor({ name: "scores", decision: "greatest", labels });
  const borders: Borders = { inputs: [tensor({ features: ["age", "weight"] })], outputs: [output] };
  return described(borders);
};
const [first, second] = [labelled("young", "heavy"), labelled("new", "other")];
const hashOf = (module: Uint8Array): string => sha256(module).toString("hex");

const scratch = scratchFolder();
/** As whoever deploys should: a file takes the place of another at once. */
function replace(name: string, bytes: Uint8Array): string {
  const path = join(scratch, name);
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
  return path;
}

interface Answer {
  readonly model_name: string;
  readonly model_version: string;
  readonly id?: string;
  readonly parameters: { readonly module: string };
  readonly outputs: readonly {
    name: string;
    shape: number[];
    datatype: string;
    data: unknown[];
    parameters?: object;
  }[];
}
const people = { name: "x", shape: [2, 2], datatype: "FP32", data: [1, 2, 4, 3] };
const textOf = ({ body }: ServerResponse): string => Buffer.from(body).toString("utf8");
const jsonOf = (response: ServerResponse): unknown => JSON.parse(textOf(response));

const log: Record<string, unknown>[] = [];
async function makeServer(files: readonly { path: string; name?: string }[]): Promise<PredictionServer> {
  const models = await serveModels(files);
  return predictionServer({ models, rows: 4, log: (line) => log.push(JSON.parse(line)), now: () => 0 });
}
const path = replace("people.wasm", first);
const image = replace("people.img", makeImage({ body: second }));
const server = await makeServer([{ path }, { path: image }, { path, name: "other name" }]);
const get = (url: string, headers = {}): ServerResponse => server.handle({ method: "GET", url, headers });
const infer = (body: object | Uint8Array, name = "people", headers = {}): ServerResponse =>
  server.handle({
    method: "POST",
    url: `/v2/models/${name}/infer`,
    headers,
    body: body instanceof Uint8Array ? body : JSON.stringify(body),
  });

describe("metadata", () => {
  test("of the server and of its health", () => {
    for (const url of ["/v2/health/live", "/v2/health/ready", "/v2/models/people/ready"])
      assert.equal(get(url).status, 200);
    const { name, extensions } = jsonOf(get("/v2")) as { name: string; extensions: string[] };
    assert.deepEqual([name, extensions], ["thimble", ["binary_tensor_data"]]);
    const { paths, openapi } = jsonOf(get("/openapi.json")) as { openapi: string; paths: object };
    assert.equal(openapi, "3.1.0");
    assert.ok(Object.hasOwn(paths, "/v2/models/{model}/versions/{version}/infer"));
  });

  test("of a model and its versions", () => {
    const found = jsonOf(get(`/v2/models/people/versions/${hashOf(first).slice(0, 12)}`));
    const version = (jsonOf(infer({ inputs: [people] })) as Answer).model_version;
    assert.deepEqual(found, {
      name: "people",
      versions: [hashOf(first).slice(0, 12), version],
      platform: "thimble_wasm",
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2], parameters: { names: ["age", "weight"] } }],
      outputs: [
        { name: "scores", datatype: "FP32", shape: [-1, 2], parameters: { names: ["young", "heavy"] } },
        { name: "label", datatype: "BYTES", shape: [-1] },
        { name: "score", datatype: "FP32", shape: [-1] },
      ],
      parameters: { module: hashOf(first), version: hashOf(first).slice(0, 12), labels: ["young", "heavy"] },
    });
    assert.equal(get("/v2/models/other%20name").status, 200);
  });
});

describe("an inference", () => {
  test("answers rows of numbers in JSON, by the last file of a name or by its version", () => {
    const found = jsonOf(infer({ id: "7", inputs: [people] })) as Answer;
    assert.deepEqual([found.model_name, found.id, found.parameters.module], ["people", "7", hashOf(second)]);
    assert.deepEqual(found.outputs, [
      { name: "scores", shape: [2, 2], datatype: "FP32", data: [1, 2, 4, 3] },
      { name: "label", shape: [2], datatype: "BYTES", data: ["other", "new"] },
      { name: "score", shape: [2], datatype: "FP32", data: [2, 4] },
    ]);
    const nested = { ...people, datatype: "INT64", shape: [2], data: [[3], [9]] };
    const older = jsonOf(
      infer(
        { inputs: [nested], outputs: [{ name: "label" }] },
        `people/versions/${hashOf(first).slice(0, 12)}`,
      ),
    ) as Answer;
    assert.deepEqual(older.outputs, [{ name: "label", shape: [1], datatype: "BYTES", data: ["heavy"] }]);
  });

  test("takes tensors as bytes, and gives them", () => {
    for (const [datatype, array] of [
      ["FP32", Float32Array.of(1, 2)],
      ["FP64", Float64Array.of(1, 2)],
      ["UINT8", Uint8Array.of(1, 2)],
      ["INT16", Int16Array.of(1, 2)],
      ["INT64", BigInt64Array.of(1n, 2n)],
    ] as const) {
      const size = array.byteLength;
      const json = Buffer.from(
        JSON.stringify({
          inputs: [{ name: "x", shape: [1, 2], datatype, parameters: { binary_data_size: size } }],
          parameters: { binary_data_output: true },
          outputs: [
            { name: "scores" },
            { name: "label" },
            { name: "score", parameters: { binary_data: false } },
          ],
        }),
      );
      const header = "inference-header-content-length";
      const body = Buffer.concat([json, new Uint8Array(array.buffer)]);
      const response = infer(body, "people", { [header]: String(json.length) });
      assert.equal(response.status, 200, textOf(response));
      const length = Number(response.headers[header]);
      const { outputs } = JSON.parse(Buffer.from(response.body.subarray(0, length)).toString()) as Answer;
      assert.deepEqual(
        outputs.map(({ parameters, data }) => parameters ?? data),
        [{ binary_data_size: 8 }, { binary_data_size: 9 }, [2]],
      );
      const rest = Buffer.from(response.body.subarray(length));
      assert.deepEqual([rest.readFloatLE(0), rest.readFloatLE(4), rest.readUInt32LE(8)], [1, 2, 5]);
      assert.equal(rest.subarray(12).toString(), "other");
    }
  });

  test("that is wrong is refused with one line, which names the feature", () => {
    const table: readonly (readonly [object | Uint8Array, number, string])[] = [
      [Buffer.from("{"), 400, "body: expected JSON, found no JSON"],
      [{}, 400, "inputs: expected a list, found none"],
      [{ inputs: [] }, 400, "inputs: expected x, found none of that name"],
      [{ inputs: [people, people] }, 400, 'inputs: expected "x" once, found it again'],
      [{ inputs: [people, { ...people, name: "y" }] }, 400, 'inputs: expected x, found "y"'],
      [
        { inputs: [{ ...people, data: [1, null, 4, 3] }] },
        400,
        "weight: row 0: expected a number from -3.4e38 to 3.4e38, found none",
      ],
      [
        { inputs: [{ ...people, data: [1, 2, 1e39, 3] }] },
        400,
        "age: row 1: expected a number from -3.4e38 to 3.4e38, found Infinity",
      ],
      [{ inputs: [{ ...people, data: [1, 2, 3] }] }, 400, "x: data: expected 4 values, found 3"],
      [{ inputs: [{ ...people, data: [1, 2, "a", 3] }] }, 400, 'x[2]: expected a number, found "a"'],
      [{ inputs: [{ ...people, shape: [4, 1] }] }, 400, "x: shape: expected [-1, 2], found [4, 1]"],
      [
        { inputs: [{ ...people, shape: [9, 2], data: new Array(18).fill(0) }] },
        413,
        "rows: expected 1 to 4, found 9",
      ],
      [{ inputs: [{ ...people, shape: [0, 2], data: [] }] }, 400, "rows: expected 1 to 4, found 0"],
      [
        { inputs: [people], outputs: [{ name: "z" }] },
        400,
        'outputs: expected scores, label, score, found "z"',
      ],
      [
        { inputs: [{ ...people, parameters: { binary_data_size: 16 } }] },
        400,
        "x: expected 16 bytes behind the JSON, found 0",
      ],
    ];
    for (const [body, status, error] of table) {
      const response = infer(body);
      assert.deepEqual([response.status, jsonOf(response)], [status, { error }]);
    }
    const extra = infer(Buffer.from(`${JSON.stringify({ inputs: [people] })}  `), "people", {
      "inference-header-content-length": String(JSON.stringify({ inputs: [people] }).length),
    });
    assert.deepEqual(jsonOf(extra), { error: "body: expected 0 bytes behind the JSON, found 2" });
    assert.equal(infer({ inputs: [people] }, "nobody").status, 404);
    assert.equal(get("/v2/models/people/infer").status, 405);
    assert.deepEqual(jsonOf(get("/nowhere")), {
      error: 'path: expected one of /openapi.json, found "/nowhere"',
    });
  });

  test("is counted, and logged with its id", () => {
    log.length = 0;
    assert.equal(
      infer({ inputs: [people] }, "people", { "x-request-id": "mine" }).headers["x-request-id"],
      "mine",
    );
    const own = get("/v2", { "x-request-id": "not\nfit" }).headers["x-request-id"]!;
    assert.match(own, /^[0-9a-f-]{36}$/);
    assert.deepEqual(
      log.map(({ id, status, path: asked }) => [id, status, asked]),
      [
        ["mine", 200, "/v2/models/people/infer"],
        [own, 200, "/v2"],
      ],
    );
    const text = textOf(get("/metrics"));
    const rows = Number(/^thimble_rows_total\{model="people",version="\d[^"]*"\} (\d+)$/m.exec(text)?.[1]);
    infer({ inputs: [people] });
    assert.match(textOf(get("/metrics")), new RegExp(`^thimble_rows_total\\{.*\\} ${rows + 2}$`, "m"));
    assert.match(text, /^thimble_requests_total\{what="infer",status="413"\} 1$/m);
    assert.match(text, /^# TYPE thimble_request_seconds histogram$/m);
    assert.match(text, /^process_resident_memory_bytes \d+$/m);
  });
});

describe("over HTTP", () => {
  let http: HttpServer;
  let changing: PredictionServer;
  before(async () => {
    changing = await makeServer([{ path: replace("changing.wasm", first) }]);
    http = await serveHttp(changing, { host: "127.0.0.1", port: 0 });
  });
  after(() => http.close());
  const ask = async (): Promise<Answer> => {
    const body = JSON.stringify({ inputs: [people] });
    const response = await fetch(`${http.url}/v2/models/changing/infer`, { method: "POST", body });
    assert.equal(response.status, 200);
    return (await response.json()) as Answer;
  };

  test("a file that changes under load loses no request, and none is answered by halves", async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const asked = Array.from({ length: 8 }, ask);
      replace("changing.wasm", round % 2 ? first : second);
      const [, ...answers] = await Promise.all([changing.refresh(), ...asked]);
      for (const { parameters, outputs, model_version } of [...answers, await ask()]) {
        const isFirst = parameters.module === hashOf(first);
        assert.deepEqual(outputs[1]!.data, isFirst ? ["heavy", "young"] : ["other", "new"]);
        assert.equal(model_version, parameters.module.slice(0, 12));
        seen.add(parameters.module);
      }
      assert.equal((await ask()).parameters.module, hashOf(round % 2 ? first : second));
    }
    assert.equal(seen.size, 2);
  });

  test("a file that can't be loaded leaves the model as it is", async () => {
    const now = (await ask()).parameters.module;
    replace("changing.wasm", Buffer.from("nonsense"));
    log.length = 0;
    await changing.refresh();
    await changing.refresh();
    assert.equal((await ask()).parameters.module, now);
    assert.match(
      textOf(changing.handle({ method: "GET", url: "/metrics", headers: {} })),
      /result="refused"\} 1$/m,
    );
    rmSync(join(scratch, "changing.wasm"));
    await changing.refresh();
    await changing.refresh();
    assert.equal((await ask()).parameters.module, now);
    assert.deepEqual(
      log.filter(({ file }) => file !== undefined).map(({ level }) => level),
      ["error", "error"],
    );
  });

  test("bodies have a limit", async () => {
    const url = `${http.url}/v2/models/changing/infer`;
    const response = await fetch(url, { method: "POST", body: new Uint8Array(2 ** 24 + 1) });
    assert.equal(response.status, 413);
    assert.deepEqual(await response.json(), {
      error: "body: expected at most 16777216 bytes, found 16777217",
    });
    const other = await fetch(`${http.url}/v2`, { method: "POST", body: "x" });
    assert.equal(other.status, 413);
  });
});
