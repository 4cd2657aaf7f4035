/** Rules that have a model trained again: by a reason, with enough samples, once; by a real process in the last test. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { crc32 } from "node:zlib";
import { type RetrainRule, readAlertRules } from "../../../host/fleet/server/alert_rules.ts";
import type { Run } from "../../../host/fleet/server/retraining.ts";
import { endCommands, runCommand } from "../../../host/fleet/server/run_command.ts";
import { parseImage } from "../../../host/image/mcuboot.ts";
import { scratchFolder } from "../../support/folders.ts";
import { encodeReport, quietReport } from "../../support/reports.ts";
import { version } from "../../support/two_versions.ts";
import { type Scene, scene } from "./server_and_devices.ts";

const folder = scratchFolder();
const image = version(2);
const hash = Buffer.from(parseImage(image).digest).toString("hex");

function fail(at: Scene, interval: number): string {
  const headers = { authorization: `GatewayToken ${at.gateway}` };
  const body = encodeReport({
    ...quietReport(hash, interval),
    inferences: 100,
    failures: [50, 0, 0, 0, 0, 0],
  });
  const url = "/DEFAULT/controller/v1/one/reports";
  const answer = at.ask({ method: "POST", url, headers, body });
  assert.equal(answer.status, 204);
  return answer.headers["thimble-samples"] ?? "0";
}

function sample(at: Scene, number: number): void {
  const body = Buffer.alloc(60);
  body.set([1, 0, 0xff, 0xff]);
  body.writeUInt32LE(number, 8);
  body.writeUInt32LE(1, 20);
  body.write(hash, 24, "hex");
  body.writeUInt32LE(crc32(body.subarray(8), crc32(body.subarray(0, 4))), 4);
  const headers = { authorization: `GatewayToken ${at.gateway}` };
  assert.equal(
    at.ask({ method: "POST", url: "/DEFAULT/controller/v1/one/samples", headers, body }).status,
    204,
  );
}

describe("rules for training again", () => {
  /** A server with a rule, and what it has run. */
  function ruled(rule: Partial<RetrainRule>, status: number | null = 0) {
    const runs: Record<string, string>[] = [];
    const run: Run = async (command, env) => {
      assert.deepEqual(command, ["train", "it"]);
      runs.push({ ...env });
      return status;
    };
    const rules = { receivers: {}, routes: [], retrain: [{ models: "add*", run: ["train", "it"], ...rule }] };
    const log: string[] = [];
    const alerts = { rules, post: async () => 200, run };
    const at = scene({ alerts, log: (line) => void log.push(line) });
    at.publish(image);
    const round = async (): Promise<number> => {
      await at.server.retraining!.round();
      return runs.length;
    };
    return { at, runs, log, round };
  }

  test("run a command when something is wrong, and again when that lasts", async () => {
    const { at, runs, log, round } = ruled({ kinds: ["failures"], againHours: 10 }, 3);
    assert.equal(await round(), 0);
    fail(at, 1);
    assert.equal(await round(), 1);
    assert.deepEqual(runs[0], {
      THIMBLE_MODEL: "adder",
      THIMBLE_MODEL_VERSION: "2.0.0",
      THIMBLE_MODEL_HASH: hash,
      THIMBLE_REASON: "failures of : 50 % of inferences fail, most of them: trap",
      THIMBLE_SINCE: "2030-01-01T00:00:00.000Z",
    });
    assert.match(log.join("\n"), /retrain adder: train: expected exit status 0, found 3/);
    assert.equal(await round(), 1);
    at.clock.now += 11 * 3600;
    assert.equal(await round(), 2);
    // Where there is a newer version, that is what counts.
    at.publish(version(3));
    at.clock.now += 11 * 3600;
    assert.equal(await round(), 2);
  });

  test("ask devices for samples first, and wait until there are enough", async () => {
    const { at, round } = ruled({ kinds: ["failures"], leastSamples: 2, samplesPerDevice: 5 });
    assert.equal(fail(at, 1), "0");
    assert.equal(await round(), 0);
    assert.equal(fail(at, 2), "5");
    sample(at, 1);
    assert.equal(await round(), 0);
    sample(at, 2);
    assert.equal(await round(), 1);
  });

  test("know the age of a model, labels in a file, and which models they are for", async () => {
    const old = ruled({ ageDays: 30 });
    fail(old.at, 1);
    assert.equal(await old.round(), 0);
    old.at.clock.now += 30 * 86_400;
    assert.equal(await old.round(), 1);
    assert.equal(old.runs[0]!["THIMBLE_REASON"], "age: 30 days");
    const file = join(folder, "samples.jsonl");
    const labelled = ruled({ labels: { file, least: 2 } });
    fail(labelled.at, 1);
    assert.equal(await labelled.round(), 0, "there is no file");
    const line = (id: number, label: string): string =>
      `${JSON.stringify({ id, kind: "random", values: [1], ...(label && { label }) })}\n`;
    writeFileSync(file, line(1, "a") + line(2, ""));
    assert.equal(await labelled.round(), 0);
    writeFileSync(file, line(1, "a") + line(2, "b"));
    assert.equal(await labelled.round(), 1);
    const measured = ruled({ accuracy: { below: 80, least: 100 } });
    fail(measured.at, 1);
    const label = (from: number, count: number, said: string): void => {
      const labels = Array.from({ length: count }, (_, i) => ({
        prediction: (from + i).toString(16).padStart(64, "0"),
        decided: "a",
        label: said,
      }));
      measured.at.operate("POST", `/models/${hash}/labels`, { labels });
    };
    label(0, 99, "b");
    assert.equal(await measured.round(), 0, "too few labels");
    label(99, 300, "a");
    assert.equal(await measured.round(), 0, "300 of 399 may be 80 %");
    label(99, 100, "b");
    assert.equal(await measured.round(), 1);
    assert.equal(
      measured.runs[0]!["THIMBLE_REASON"],
      "accuracy: 200 of 399 right: 50.1 % (45.2 to 55.0), expected 80 %",
    );
    const other = ruled({ models: "wine*", kinds: ["failures"] });
    fail(other.at, 1);
    assert.equal(await other.round(), 0);
  });

  test("are checked before the server starts", () => {
    const file = join(folder, "rules.json");
    const refused = (rule: object): string => {
      writeFileSync(file, JSON.stringify({ receivers: {}, routes: [], retrain: [rule] }));
      try {
        readAlertRules(file);
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    };
    assert.equal(refused({ models: "*", ageDays: 1, run: ["node", "train.mjs"] }), "");
    // It would always hold, and train again every day.
    assert.match(
      refused({ models: "*", ageDays: 0, run: ["x"] }),
      /ageDays: expected a number above 0, found 0/,
    );
    const accuracy = (value: object): string => refused({ models: "*", run: ["x"], accuracy: value });
    assert.equal(accuracy({ below: 90, least: 100 }), "");
    assert.match(accuracy({ below: 101, least: 100 }), /below: expected at most 100 per cent, found 101/);
    assert.match(accuracy({ below: 90 }), /least/);
    assert.match(
      refused({ models: "*", run: ["x"] }),
      /expected kinds, ageDays, labels or accuracy, found none of them/,
    );
    assert.match(refused({ models: "*", run: [], ageDays: 1 }), /run: expected a program and its arguments/);
    assert.match(refused({ models: "*", run: ["x"], ageDays: 1, shell: true }), /found shell/);
  });

  test("have processes, whose exit status counts, and which end with the server", async () => {
    const out = join(folder, "told.txt");
    const script = `require("fs").writeFileSync(process.argv[1], process.env.THIMBLE_REASON); process.exit(4)`;
    const command = [process.execPath, "-e", script, out];
    assert.equal(await runCommand(command, { THIMBLE_REASON: "why; $(date)" }), 4);
    assert.equal(readFileSync(out, "utf8"), "why; $(date)");
    assert.equal(await runCommand([join(folder, "missing")], {}), 127);
    const endless = runCommand([process.execPath, "-e", "setInterval(() => {}, 1e6)"], {});
    endCommands();
    assert.equal(await endless, null);
  });
});
