/** `thimble accuracy` as people type it: labels that came later, of lines of logs and of samples, at a real server. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { accuracyCommand } from "../../host/cli/accuracy.ts";
import { publicPem } from "../../host/image/keys.ts";
import { parseImage } from "../../host/image/mcuboot.ts";
import { readNeeds } from "../../host/image/module.ts";
import { writeImage } from "../../host/image/write_image.ts";
import { predictFiles } from "../../host/predict/batch/job.ts";
import { decodeEntry, encodeEntry, hashOfLine } from "../../host/predict/log/entry.ts";
import { described, tensor } from "../firmware/core/values_borders.ts";
import { type ServerProcess, startServer } from "../fleet/server/process.ts";
import { trusted } from "../fleet/server/server_and_devices.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { encodeReport, encodeSample, quietReport } from "../support/reports.ts";
import { key, sha256 } from "../support/signed_images.ts";

const scratch = scratchFolder();
/** Decides for whichever of two numbers is greater. */
const body = described({
  inputs: [tensor({ features: ["age", "weight"] })],
  outputs: [tensor({ decision: "greatest", labels: ["young", "heavy"] })],
});
const image = writeImage({ body, ...readNeeds(body), key, version: "2.0.0", id: "pair" });
const hash = Buffer.from(parseImage(image).digest).toString("hex");

describe("thimble accuracy", () => {
  let server: ServerProcess;
  const env: Record<string, string> = {};
  const log = join(scratch, "log.jsonl");
  const archive = join(scratch, "archive");
  let lines: string[] = [];

  const run = (...args: readonly string[]) => {
    const { status, stdout, stderr } = thimble([...args], { env, cwd: scratch });
    return { status, stdout: stdout.toString("utf8"), stderr };
  };
  const done = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = run(...args);
    assert.deepEqual([status, stderr], [0, ""]);
    return stdout;
  };
  const post = (kind: string, bytes: Buffer): Promise<Response> =>
    fetch(`${server.url}/DEFAULT/controller/v1/one/${kind}`, {
      method: "POST",
      headers: {
        authorization: `GatewayToken ${server.gateway}`,
        "content-type": "application/octet-stream",
      },
      body: new Uint8Array(bytes),
    });
  const labelFile = (name: string, rows: readonly string[]): string => {
    writeFileSync(join(scratch, name), `id,label\n${rows.join("\n")}\n`);
    return name;
  };

  before(async () => {
    const trust = join(scratch, "trusted.pem");
    writeFileSync(trust, publicPem(trusted));
    server = await startServer(["--data", join(scratch, "data"), "--trust", trust, "--init"]);
    Object.assign(env, { THIMBLE_SERVER: server.url, THIMBLE_TOKEN: server.manage! });
    mkdirSync(archive);
    writeFileSync(join(archive, "pair.img"), image);
    writeFileSync(join(scratch, "pair.img"), image);
    // Twelve rows of which eight are young.
    const rows = Array.from({ length: 12 }, (_, i) => (i < 8 ? `${i + 3},1` : `1,${i}`));
    writeFileSync(join(scratch, "rows.csv"), `age,weight\n${rows.join("\n")}\n`);
    await predictFiles({
      model: image,
      workers: 1,
      inputs: [join(scratch, "rows.csv")],
      out: join(scratch, "out"),
      log,
    });
    lines = readFileSync(log, "utf8").trimEnd().split("\n");
    // The last two as a device logs them, in bytes.
    const raw = lines.slice(10).map((line) => {
      const { output: _, ...entry } = decodeEntry(line);
      return encodeEntry({ ...entry, output: { raw: [Uint8Array.of(1, 20)] } });
    });
    lines = [...lines.slice(0, 10), ...raw];
    writeFileSync(log, lines.map((line) => `${line}\n`).join(""));
  });
  after(() => server.end("SIGTERM"));

  test("joins labels with lines of a log, by their SHA-256, or by session and step", () => {
    const session = decodeEntry(lines[0]!).session;
    const names = lines.map((line, i) => (i % 2 === 0 ? hashOfLine(line) : `${session}:${i}`));
    // One of the young is heavy, and the last of the heavy is young.
    const labels = names.map((name, i) => `${name},${(i > 0 && i < 8) || i === 11 ? "young" : '"heavy"'}`);
    const file = labelFile("labels.csv", labels);
    const text = done("accuracy", "--log", log, "--log", log, "--labels", file, "--archive", archive);
    assert.match(text, /10 of 12 right: 83\.3 % \(55\.2 to 95\.3\)/);
    const { modules, missing } = JSON.parse(
      done("accuracy", "--log", log, "--labels", file, "--archive", archive, "--json"),
    ) as { modules: object[]; missing: number };
    const module = sha256(body).toString("hex");
    assert.deepEqual([modules.length, missing], [1, 0]);
    assert.deepEqual({ ...modules[0], file: "" }, { module, file: "", labelled: 12, right: 10 });
  });

  test("gives them to the server, whose accuracy of the version is the same", () => {
    thimble(["publish", "pair.img"], { env, cwd: scratch });
    const file = labelFile("sent.csv", [
      ...lines.slice(0, 3).map((line) => `${hashOfLine(line)},young`),
      "x:1,young",
    ]);
    const { status, stderr } = run(
      "accuracy",
      "--log",
      log,
      "--labels",
      file,
      "--archive",
      archive,
      "--send",
    );
    assert.deepEqual(
      [status, stderr],
      [0, 'thimble accuracy: 1 labels are of no line of the log, such as "x:1"\n'],
    );
    assert.match(
      done("accuracy", "pair"),
      /pair +2\.0\.0 +[0-9a-f]{12} +3 of 3 right: 100\.0 % \(43\.9 to 100\.0\)\n$/,
    );
  });

  test("takes labels of samples by their numbers, from a file of samples and from a table; and they come back with these", async () => {
    assert.equal((await post("reports", encodeReport(quietReport(hash)))).status, 204);
    done("samples", "ask", "pair", "--per-device", "4");
    for (const [i, kind] of [0, 0, 2].entries())
      assert.equal(
        (await post("samples", encodeSample(hash, { values: [i, 5], kind, decided: 1 }))).status,
        204,
      );
    done("samples", "pull", "pair");
    done("samples", "label", "samples.jsonl", "1=heavy");
    assert.equal(done("samples", "send", "samples.jsonl"), "1 labels sent\n");
    const { stdout, stderr } = run(
      "accuracy",
      "pair",
      "--labels",
      labelFile("two.csv", ["2,young", "3,huge"]),
    );
    assert.match(stderr, /^thimble accuracy: "huge": none of the model's classes/);
    assert.match(stdout, /4 of 5 right: 80\.0 % \(37\.6 to 96\.4\) +0 of 1\n$/);
    // A file that has none of its own takes those of the server.
    done("samples", "pull", "pair");
    const pulled = readFileSync(join(scratch, "samples.jsonl"), "utf8").trim().split("\n");
    assert.deepEqual(
      pulled.map((line) => (JSON.parse(line) as { label: string }).label),
      ["heavy", "young", "huge"],
    );
  });

  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["no model", [], /expected MODEL/],
    ["a log without labels", ["--log", "log.jsonl"], /expected --labels FILE beside --log, found none/],
    [
      "a log that is not there",
      ["--log", "no", "--labels", "bad.csv"],
      /--log no: expected a log, found no file/,
    ],
    ["an archive without a log", ["pair", "--archive", "archive"], /--archive: expected --log beside it/],
    ["a model beside a log", ["pair", "--log", "log.jsonl"], /expected --log alone, found pair too/],
    ["a table without ids", ["pair", "--labels", "bad.csv"], /expected rows of id,label, found "young"/],
    [
      "a line of a log without it",
      ["pair", "--labels", "sent.csv"],
      /expected the number of a sample, or --log/,
    ],
    ["a hawkBit", ["pair", "--hawkbit"], /--hawkbit: expected a thimble serve/],
  ];
  for (const [name, args, expected] of wrong)
    test(`${name} is refused`, async () => {
      writeFileSync(join(scratch, "bad.csv"), "id,label\nyoung\n");
      const paths = args.map((arg) => (/\.(csv|jsonl)$/.test(arg) ? join(scratch, arg) : arg));
      const argv = [...paths, "--server", server.url, "--token", "a:b"];
      await assert.rejects(accuracyCommand.run(argv), (error: Error) => {
        assert.match(error.message, expected);
        assert.equal(error.message.includes("\n"), false);
        return true;
      });
    });
});
