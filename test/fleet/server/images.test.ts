/** Images on the server's disk: checked before they are sent, mended by publishing again, deleted. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { scratchFolder } from "../../support/folders.ts";
import { version } from "../../support/two_versions.ts";
import { feedbackOf, rawDevice } from "./raw_device.ts";
import { json, scene, startRollout } from "./server_and_devices.ts";

const scratch = scratchFolder();
let folders = 0;

/** A server with an image that a device is about to download. */
function stage(lines: string[] = []) {
  const folder = join(scratch, `${folders++}`);
  const at = scene({ folder, log: (line) => lines.push(line) });
  const device = rawDevice(at, "device");
  device.configure({ board: "c3" });
  const image = version(2);
  const id = at.publish(image);
  startRollout(at, id);
  const { href } = device.links()["deploymentBase"]!;
  device.ask("GET", href);
  const sha256 = createHash("sha256").update(image).digest("hex");
  const file = join(folder, "images", `${sha256}.img`);
  const fetchImage = (headers = {}) =>
    device.ask("GET", `/softwaremodules/${id}/artifacts/adder-2.0.0.img`, undefined, headers);
  const state = () => at.operate<{ file: string }>("GET", `/images/${id}`).file;
  return { at, device, href, image, id, file, folder, fetchImage, state };
}

const DAMAGES: readonly (readonly [string, (file: string, image: Uint8Array) => void, string])[] = [
  [
    "a bit is wrong",
    (file, image) =>
      writeFileSync(
        file,
        image.map((byte, i) => (i === 99 ? byte ^ 1 : byte)),
      ),
    "damaged",
  ],
  ["it is cut", (file) => truncateSync(file, 100), "damaged"],
  ["it is empty", (file) => truncateSync(file, 0), "damaged"],
  ["it is another file", (file) => writeFileSync(file, version(3)), "damaged"],
  ["it is gone", (file) => rmSync(file), "missing"],
];

describe("a file that is not what was published", () => {
  for (const [name, damage, found] of DAMAGES)
    for (const isServed of [false, true])
      test(`${name}${isServed ? ", after it was served" : ""}: never sent, named, mended by publishing again`, () => {
        const lines: string[] = [];
        const { at, image, id, file, fetchImage, state } = stage(lines);
        if (isServed) assert.equal(fetchImage().status, 200);
        assert.equal(state(), "good");
        damage(file, image);
        for (const headers of [{}, { range: "bytes=5-9" }]) {
          const answer = fetchImage(headers);
          assert.equal(answer.status, 500);
          assert.match(
            json<{ title: string }>(answer).title,
            new RegExp(`image 1 .*found it ${found}; publish it again`),
          );
        }
        assert.equal(state(), found);
        assert.equal(at.operate<{ images: { file: string }[] }>("GET", "/images").images[0]!.file, found);
        assert.equal(lines.length, 1);
        assert.match(lines[0]!, new RegExp(`found it ${found}`));
        assert.equal(at.publish(image), id);
        assert.equal(state(), "good");
        const answer = fetchImage();
        assert.equal(answer.status, 200);
        assert.deepEqual(Buffer.from(answer.body), Buffer.from(image));
        const { entries } = at.operate<{ entries: { what: string; detail: string }[] }>(
          "GET",
          "/audit?limit=1000",
        );
        assert.match(entries.at(-1)!.detail, new RegExp(`its file was ${found}`));
      });
});

describe("deleting images", () => {
  test("not while a rollout brings it to devices", () => {
    const { at, device, href, id, file } = stage();
    assert.match(at.refused("DELETE", `/images/${id}`)[1], /found adder-2\.0\.0-1 \(running\)/);
    at.operate("POST", "/rollouts/1/abort");
    assert.match(at.refused("DELETE", `/images/${id}`)[1], /found adder-2\.0\.0-1 \(aborted\)/);
    const cancel = href.replace("deploymentBase", "cancelAction");
    device.ask("POST", `${cancel}/feedback`, feedbackOf("success"));
    at.operate("DELETE", `/images/${id}`);
    assert.equal(existsSync(file), false);
    assert.equal(at.refused("GET", `/images/${id}`)[0], 404);
    assert.deepEqual(at.operate("GET", "/images"), { images: [] });
    assert.equal(at.refused("POST", "/rollouts", { image: id, stages: [{ rest: true }] })[0], 404);
    // What has been stays told.
    assert.equal(at.operate<{ version: string }>("GET", "/rollouts/1").version, "2.0.0");
  });

  test("not while a rollout that waits, or is paused before its next stage, names it", () => {
    const { at } = stage();
    const id = at.publish(version(3));
    const { id: rollout } = at.operate<{ id: number }>("POST", "/rollouts", {
      image: id,
      stages: [{ count: 1 }, { rest: true }],
    });
    assert.match(at.refused("DELETE", `/images/${id}`)[1], /\(ready\)/);
    // Nobody has an order of it: its devices are still to be chosen.
    at.operate("POST", `/rollouts/${rollout}/start`);
    at.operate("POST", `/rollouts/${rollout}/pause`);
    for (const { name } of at.operate<{ devices: { name: string }[] }>("GET", "/devices").devices)
      at.operate("DELETE", `/devices/${name}`);
    assert.match(at.refused("DELETE", `/images/${id}`)[1], /\(paused\)/);
  });

  test("published again it is the one that it was; another of its version is not", () => {
    const { at, image, id } = stage();
    at.operate("POST", "/rollouts/1/abort?force=true");
    at.operate("DELETE", `/images/${id}`);
    assert.match(at.refused("POST", "/images", version(2, { padding: 8000 }))[1], /another image of 2\.0\.0/);
    assert.equal(at.publish(image), id);
    assert.equal(at.operate<{ file: string }>("GET", `/images/${id}`).file, "good");
  });

  test("one that no rollout ever named is forgotten, and its version is free", () => {
    const { at } = stage();
    const id = at.publish(version(3));
    at.operate("DELETE", `/images/${id}`);
    assert.ok(at.publish(version(3, { padding: 8000 })) > 0);
  });

  test("what a killed server left over is removed at the next start", () => {
    const { at, folder, file } = stage();
    at.server.close();
    writeFileSync(join(folder, "images", `${"0".repeat(64)}.img`), "left over");
    writeFileSync(join(folder, "images", "note.txt"), "somebody's");
    scene({ folder, renewTokens: true }).server.close();
    assert.deepEqual(readdirSync(join(folder, "images")).sort(), [file.split("/").pop()!, "note.txt"].sort());
  });
});
