/** `thimble samples` as people type it: asked, pulled, labelled, exported, against a real server. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { crc32 } from "node:zlib";
import { publicPem } from "../../host/image/keys.ts";
import { type ServerProcess, startServer } from "../fleet/server/process.ts";
import { trusted } from "../fleet/server/server_and_devices.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { encodeReport, quietReport } from "../support/reports.ts";

const scratch = scratchFolder();
const MODEL = "cd".repeat(32);

/** A sample as a device writes it, by firmware/SPEC.md, section 8.6. */
function encodeSample(values: readonly number[], decided: number): Buffer {
  const bytes = Buffer.alloc(56 + 4 * values.length);
  bytes.set([1, 2]);
  bytes.writeUInt16LE(decided, 2);
  bytes.writeUInt32LE(values.length, 20);
  bytes.write(MODEL, 24, "hex");
  values.forEach((value, i) => void bytes.writeFloatLE(value, 56 + 4 * i));
  bytes.writeUInt32LE(crc32(bytes.subarray(8), crc32(bytes.subarray(0, 4))), 4);
  return bytes;
}

describe("thimble samples", () => {
  let server: ServerProcess;
  const env: Record<string, string> = {};
  const path = join(scratch, "samples.jsonl");

  const samples = (...args: readonly string[]) => {
    const { status, stdout, stderr } = thimble(["samples", ...args], { env, cwd: scratch });
    return { status, stdout: stdout.toString("utf8"), stderr };
  };
  const done = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = samples(...args);
    assert.deepEqual([status, stderr], [0, ""]);
    return stdout;
  };
  const post = (kind: string, body: Buffer): Promise<Response> =>
    fetch(`${server.url}/DEFAULT/controller/v1/one/${kind}`, {
      method: "POST",
      headers: {
        authorization: `GatewayToken ${server.gateway}`,
        "content-type": "application/octet-stream",
      },
      body: new Uint8Array(body),
    });

  before(async () => {
    const trust = join(scratch, "trusted.pem");
    writeFileSync(trust, publicPem(trusted));
    server = await startServer(["--data", join(scratch, "data"), "--trust", trust, "--init"]);
    Object.assign(env, { THIMBLE_SERVER: server.url, THIMBLE_TOKEN: server.manage! });
    assert.equal((await post("reports", encodeReport(quietReport(MODEL)))).status, 204);
  });
  after(() => server.end("SIGTERM"));

  test("go from the device to a table with labels", async () => {
    assert.match(done("ask", MODEL.slice(0, 12), "--per-device", "2"), /^2 samples of each device/);
    const told = await post("reports", encodeReport(quietReport(MODEL, 2)));
    assert.equal(told.headers.get("thimble-samples"), "2");
    assert.equal((await post("samples", encodeSample([1.5, Number.NaN], 1))).status, 204);
    assert.equal((await post("samples", encodeSample([-3, 2], 0))).status, 204);
    assert.equal((await post("samples", encodeSample([9, 9], 0))).status, 403);
    assert.match(done("pull", MODEL, "-o", path), /: 2 new samples, 2 in all\n$/);
    assert.match(done("label", path, "2=left, up"), /: 1 of 2 samples have a label\n$/);
    // A sample that is there already keeps its label.
    assert.match(done("pull", MODEL, "-o", path), /: 0 new samples, 2 in all\n$/);
    const csv = join(scratch, "out.csv");
    done("export", path, "-o", csv);
    assert.equal(readFileSync(csv, "utf8"), 'x0,x1,label\n-3,2,"left, up"\n');
    done("export", path, "-o", csv, "--all");
    assert.equal(readFileSync(csv, "utf8"), 'x0,x1,label\n1.5,,\n-3,2,"left, up"\n');
    writeFileSync(join(scratch, "labels.csv"), "id,label\n1,right\n2,\n");
    assert.match(done("label", path, "--from", join(scratch, "labels.csv"), "--json"), /"labelled": 1/);
  });

  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      "an action that there is not",
      ["give", "x"],
      /expected ask or pull or label or send or export, found "give"/,
    ],
    [
      "a model that no device tells of",
      ["pull", "nobody"],
      /model: expected one that devices tell of, found "nobody"/,
    ],
    [
      "an option of another action",
      ["label", path, "--rate", "8"],
      /--rate: expected no such option of label/,
    ],
    ["nothing to label", ["label", path], /expected ID=LABEL or --from/],
    ["a label without id", ["label", path, "good"], /expected ID=LABEL, or rows of id,label, found "good"/],
    ["a shape that is none", ["export", path, "--format", "png", "--shape", "x"], /--shape: expected HxW/],
    ["a hawkBit", ["pull", "x", "--hawkbit", "--token", "a:b"], /--hawkbit: expected a thimble serve/],
  ];
  for (const [name, args, expected] of wrong)
    test(`${name} is refused in one line`, () => {
      const { status, stdout, stderr } = samples(...args);
      assert.deepEqual([status === 0, stdout], [false, ""]);
      assert.match(stderr, expected);
      assert.equal(stderr.trimEnd().split("\n").length <= 2, true, stderr);
    });
});
