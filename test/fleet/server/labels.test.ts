/** Labels that come later: joined with what a model decided, counted by version, changed, taken away; rollouts that follow them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LabelsNoted } from "../../../host/fleet/server/labels.ts";
import type { Accuracy } from "../../../host/fleet/server/measured.ts";
import { parseImage } from "../../../host/image/mcuboot.ts";
import { readNeeds } from "../../../host/image/module.ts";
import { writeImage } from "../../../host/image/write_image.ts";
import { described, tensor } from "../../firmware/core/values_borders.ts";
import { encodeReport, encodeSample, quietReport } from "../../support/reports.ts";
import { key } from "../../support/signed_images.ts";
import { rawDevice } from "./raw_device.ts";
import { rollout, type Scene, scene, startRollout } from "./server_and_devices.ts";

const body = described({
  inputs: [tensor({})],
  outputs: [tensor({ decision: "greatest", labels: ["young", "heavy"] })],
});
const imageOf = (version: string): Uint8Array =>
  writeImage({ body, ...readNeeds(body), key, version, id: "adder" });
const hashOf = (image: Uint8Array): string => Buffer.from(parseImage(image).digest).toString("hex");

const image = imageOf("2.0.0");
const hash = hashOf(image);
const LINE = (i: number): string => i.toString(16).padStart(64, "0");
const [RANDOM, UNCERTAIN, OUTLYING] = [0, 1, 2];

const post = (at: Scene, kind: string, bytes: Buffer): number =>
  at.ask({
    method: "POST",
    url: `/DEFAULT/controller/v1/one/${kind}`,
    headers: { authorization: `GatewayToken ${at.gateway}` },
    body: bytes,
  }).status;

/** A server that has asked for samples of a published model, which a device tells of. */
function told(): Scene {
  const at = scene();
  at.publish(image);
  assert.equal(post(at, "reports", encodeReport(quietReport(hash))), 204);
  at.operate("POST", `/models/${hash}/samples`, { perDevice: 100 });
  return at;
}

let values = 0;
function sample(at: Scene, kind: number, decided?: number): void {
  const given = { values: [values++], kind, ...(decided !== undefined && { decided }) };
  assert.equal(post(at, "samples", encodeSample(hash, given)), 204);
}
const label = (at: Scene, labels: readonly object[], of = hash): LabelsNoted =>
  at.operate<LabelsNoted>("POST", `/models/${of}/labels`, { labels });
const accuracy = (at: Scene, of = hash): Accuracy =>
  at.operate<{ accuracy: Accuracy }>("GET", `/models/${of}`).accuracy;
const logged = (from: number, count: number, right: number): object[] =>
  Array.from({ length: count }, (_, i) => ({
    prediction: LINE(from + i),
    decided: "young",
    label: i < right ? "young" : "heavy",
  }));

describe("labels that come later", () => {
  test("are joined with what the model decided; samples that were chosen for being hard count apart", () => {
    const at = told();
    const none = { labelled: 0, right: 0, percent: null, low: null, high: null };
    assert.deepEqual(accuracy(at), { ...none, chosen: { labelled: 0, right: 0 } });
    sample(at, RANDOM!, 0);
    sample(at, RANDOM!, 1);
    sample(at, UNCERTAIN!, 1);
    sample(at, OUTLYING!, 0);
    sample(at, RANDOM!);
    const given = ["young", "young", "heavy", "heavy", "young"];
    const noted = label(
      at,
      given.map((each, i) => ({ sample: i + 1, label: each })),
    );
    assert.deepEqual([noted.taken, noted.unknown], [5, []]);
    // One was right of two at random; that which decides nothing counts nowhere.
    assert.deepEqual([noted.accuracy.labelled, noted.accuracy.right, noted.accuracy.percent], [2, 1, 50]);
    assert.deepEqual(noted.accuracy.chosen, { labelled: 2, right: 1 });
    const { low, high } = accuracy(at);
    assert.ok(Math.abs(low! - 9.4531) < 1e-3 && Math.abs(high! - 90.5469) < 1e-3, `${low} ${high}`);
    const { samples } = at.operate<{ samples: { label: string | null }[] }>("GET", `/models/${hash}/samples`);
    assert.deepEqual(
      samples.map((each) => each.label),
      given,
    );
  });

  test("may change or go, count once, and stay when samples are deleted", () => {
    const at = told();
    sample(at, RANDOM!, 0);
    const tally = (): number[] => {
      const { labelled, right } = accuracy(at);
      return [labelled, right];
    };
    label(at, [{ sample: 1, label: "heavy" }]);
    assert.deepEqual(tally(), [1, 0]);
    label(at, [
      { sample: 1, label: "young" },
      { sample: 1, label: "young" },
    ]);
    assert.deepEqual(tally(), [1, 1]);
    at.operate("DELETE", `/models/${hash}/samples`);
    assert.deepEqual(tally(), [1, 1]);
    label(at, [{ sample: 1, label: "" }]);
    assert.deepEqual(tally(), [0, 0]);
    assert.equal(
      at.refused("POST", `/models/${hash}/labels`, { labels: [{ sample: 1, label: "young" }] })[0],
      404,
    );
  });

  test("are of lines of logs too, of a published model that no device tells of; each version has its own", () => {
    const at = told();
    const next = imageOf("3.0.0");
    at.publish(next);
    assert.equal(label(at, logged(0, 100, 90)).accuracy.percent, 90);
    assert.equal(label(at, logged(0, 100, 90)).accuracy.labelled, 100);
    assert.equal(label(at, logged(0, 50, 10), hashOf(next)).accuracy.percent, 20);
    assert.deepEqual([accuracy(at).percent, accuracy(at, hashOf(next)).percent], [90, 20]);
    assert.deepEqual(label(at, [{ prediction: LINE(1), decided: "young", label: "yuong" }]).unknown, [
      "yuong",
    ]);
    const metrics = at.ask({ url: "/metrics", headers: { authorization: `Bearer ${at.manage}` } });
    const text = Buffer.from(metrics.body).toString("utf8");
    assert.match(text, new RegExp(`thimble_model_labels_right\\{[^}]*hash="${hash}"\\} 89\\n`));
  });

  test("that are none are refused, and none of their request counts", () => {
    const at = told();
    sample(at, RANDOM!, 0);
    const refused = (labels: unknown, of = hash): string =>
      at.refused("POST", `/models/${of}/labels`, { labels }).join(" ");
    assert.match(refused([]), /^400 labels: expected 1 to 500 labels, found 0$/);
    assert.match(refused(new Array(501).fill({ sample: 1, label: "young" })), /found 501$/);
    assert.match(refused([{ sample: 1.5, label: "a" }]), /^400 labels\[0\]\.sample: expected the number/);
    assert.match(
      refused([{ sample: 1, label: "a\nb" }]),
      /^400 labels\[0\]\.label: expected a text of 0 to 128/,
    );
    assert.match(refused([{ sample: 1, label: 3 }]), /found 3$/);
    assert.match(
      refused([{ sample: 1, label: "a", kind: "random" }]),
      /^400 body: expected sample, label, found "kind"/,
    );
    assert.match(
      refused([{ prediction: "12", decided: "a", label: "a" }]),
      /expected the SHA-256 of a log's line/,
    );
    assert.match(
      refused([{ prediction: LINE(1), label: "a" }]),
      /labels\[0\]\.decided: expected a text of 1 to 128/,
    );
    assert.match(
      refused([
        { sample: 1, label: "young" },
        { sample: 2, label: "young" },
      ]),
      /^404 sample: .*found 2$/,
    );
    assert.match(
      refused([{ sample: 1, label: "young" }], "ab".repeat(32)),
      /^404 model: expected the hash of one/,
    );
    assert.equal(accuracy(at).labelled, 0);
  });
});

describe("a rollout by measured accuracy", () => {
  function rolling(plan: object): { at: Scene; id: number; succeed: () => void } {
    const at = scene();
    const devices = new Map(["one", "two"].map((name) => [name, rawDevice(at, name)]));
    for (const device of devices.values()) device.configure({ board: "c3" });
    const stages = [{ count: 1 }, { rest: true }];
    const { id } = startRollout(at, at.publish(image), { stages, accuracy: plan });
    /** The devices that have the order carry it out. */
    const succeed = (): void => {
      for (const device of devices.values())
        if (device.links()["deploymentBase"]) device.report("success", "fine");
    };
    return { at, id, succeed };
  }
  const started = (at: Scene, id: number): boolean[] => rollout(at, id).stages.map((stage) => stage.started);

  test("waits for labels before its second stage, and goes on with them", () => {
    const { at, id, succeed } = rolling({ percent: 80, least: 50 });
    succeed();
    assert.deepEqual([rollout(at, id).stages[0]!.counts.succeeded, started(at, id)], [1, [true, false]]);
    label(at, logged(0, 49, 45));
    assert.deepEqual(started(at, id), [true, false]);
    label(at, logged(49, 1, 1));
    assert.deepEqual(started(at, id), [true, true]);
    assert.deepEqual(rollout(at, id).accuracy, { percent: 80, least: 50, labelled: 50, right: 46 });
  });

  test("stops once it is surely below, in any stage, and not by chance", () => {
    const { at, id } = rolling({ percent: 80, least: 20 });
    label(at, logged(0, 100, 70));
    assert.equal(rollout(at, id).state, "running", "70 of 100 may be 80 %");
    label(at, logged(100, 100, 50));
    const { state, reason } = rollout(at, id);
    assert.deepEqual(
      [state, reason],
      ["stopped", "the image: 120 of 200 right: 60.0 % (53.1 to 66.5), expected 80 %"],
    );
  });

  test("does not stop by fewer labels than its plan asks for, however wrong they are", () => {
    const { at, id } = rolling({ percent: 80, least: 20 });
    label(at, logged(0, 19, 0));
    assert.equal(rollout(at, id).state, "running");
    label(at, logged(19, 1, 0));
    assert.equal(rollout(at, id).state, "stopped");
  });

  test("is planned with care", () => {
    const at = told();
    const refused = (accuracy: unknown): string =>
      at.refused("POST", "/rollouts", { image: 1, stages: [{ rest: true }], accuracy })[1];
    assert.match(
      refused({ percent: 0 }),
      /^accuracy\.percent: expected a number from 0\.001 to 100, found 0/,
    );
    assert.match(refused({ percent: 90, least: 0 }), /^accuracy\.least: expected a whole number from 1/);
    assert.match(refused({ percent: 90, most: 1 }), /expected percent, least, found "most"/);
    assert.match(refused(90), /^accuracy: expected \{"percent"/);
  });
});
