/** Logs of predictions computed again: all equal, and every changed bit of a log or a module named. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { writeImage } from "../../../host/image/write_image.ts";
import { predictFiles } from "../../../host/predict/batch/job.ts";
import { openArchive } from "../../../host/predict/log/archive.ts";
import { decodeEntry, type Entry, encodeEntry } from "../../../host/predict/log/entry.ts";
import { replay } from "../../../host/predict/log/replay.ts";
import { DataError } from "../../../host/runtime/data/dataset.ts";
import { load } from "../../../host/runtime/model/node.ts";
import { described, tensor } from "../../firmware/core/values_borders.ts";
import { thimble } from "../../support/command.ts";
import { scratchFolder } from "../../support/folders.ts";
import { key, sha256 } from "../../support/signed_images.ts";

/** Two numbers in, the same two out as scores; versions differ by their scales. */
const moduleOf = (scale: number): Uint8Array =>
  described({
    inputs: [tensor({ features: ["age", "weight"] })],
    outputs: [tensor({ scale, decision: "greatest", labels: ["young", "heavy"] })],
  });

describe("a log of predictions", () => {
  const folder = scratchFolder();
  const archive = join(folder, "archive");
  const log = join(folder, "log.jsonl");
  const [first, second] = [moduleOf(0.5), moduleOf(0.25)];
  const lines = (): string[] => readFileSync(log, "utf8").trimEnd().split("\n");
  const played = (file: string, more: object = {}) => {
    const faults: string[] = [];
    const onFault = (line: number, fault: string): void => void faults.push(`${line}: ${fault}`);
    return replay({ log: file, archive: openArchive([archive]), onFault, ...more }).then((summary) => ({
      ...summary,
      told: faults,
    }));
  };
  const written = (name: string, content: readonly string[]): string => {
    const file = join(folder, name);
    writeFileSync(file, content.map((line) => `${line}\n`).join(""));
    return file;
  };

  before(async () => {
    // One as a bare module, one as a server keeps images: by the SHA-256 of the file.
    const image = writeImage({ body: second, key, version: "2.0.0", id: "two" });
    mkdirSync(join(archive, "images"), { recursive: true });
    writeFileSync(join(archive, "first.wasm"), first);
    writeFileSync(join(archive, "images", sha256(image).toString("hex")), image);
    writeFileSync(join(archive, "notes.txt"), "nothing of interest");
    const rows = Array.from({ length: 40 }, (_, i) => `${i / 4 - 5},${3 - i / 7}`);
    const csv = join(folder, "rows.csv");
    writeFileSync(csv, `age,weight\n${rows.join("\n")}\n`);
    for (const model of [first, second])
      await predictFiles({ model, inputs: [csv], out: join(folder, "out"), workers: 2, log, partBytes: 64 });
  });

  test("has a line for each prediction of a batch, and all of them are computed again, byte for byte", async () => {
    assert.equal(lines().length, 80);
    const { predictions, equal, faults, modules } = await played(log);
    assert.deepEqual([predictions, equal, faults], [80, 80, 0]);
    assert.deepEqual(
      modules.map(({ module, predictions: n }) => [module, n]),
      [
        [sha256(first).toString("hex"), 40],
        [sha256(second).toString("hex"), 40],
      ],
    );
  });

  test("with any one bit changed is named by its line", async () => {
    const all = lines();
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat({ max: 7 }), async (place, bit) => {
        const bytes = Buffer.from(all[3]!, "latin1");
        bytes[place % bytes.length]! ^= 1 << bit;
        const text = bytes.toString("latin1");
        // A line end makes two lines of one.
        fc.pre(!/[\r\n]/.test(text));
        const { faults, told } = await played(written("changed.jsonl", [...all.slice(0, 3), text]));
        assert.ok(faults === 1 && told[0]!.startsWith("4: "), told.join("; "));
      }),
      { numRuns: 40 },
    );
  });

  test("of another output is named by its byte, and of a missing line by the step", async () => {
    const entry = decodeEntry(lines()[0]!);
    const values = Float32Array.from((entry.output as { values: Float32Array }).values, (x) => x + 0.5);
    const other = encodeEntry({ ...entry, output: { values } });
    const { told } = await played(written("other.jsonl", [other]));
    assert.match(told[0]!, /^1: output, byte \d: the log has 0x.., the module gives 0x..$/);
    const session = lines().filter((line) => decodeEntry(line).session === entry.session);
    const { told: gap } = await played(written("gap.jsonl", [session[0]!, session[2]!]));
    assert.match(gap[0]!, /^2: session ".*": expected step 1, found 2: lines before it are missing$/);
  });

  test("of a module that is damaged or not there is named with the file", async () => {
    const bad = join(folder, "bad");
    mkdirSync(bad);
    const [name] = [sha256(first).toString("hex")];
    const changed = Uint8Array.from(first);
    changed[changed.length - 9]! ^= 4;
    writeFileSync(join(bad, name!), changed);
    const found = await replay({ log, archive: openArchive([bad]), onFault: () => {} });
    assert.deepEqual([found.equal, found.faults], [0, 80]);
    assert.throws(
      () => openArchive([bad]).find(name!),
      (error) =>
        error instanceof DataError &&
        error.message.includes(`damaged: ${join(bad, name!)}: expected the file`),
    );
    const image = join(bad, "one.img");
    const bytes = writeImage({ body: first, key, version: "1.0.0", id: "one" });
    bytes[100]! ^= 1;
    writeFileSync(image, bytes);
    assert.throws(() => openArchive([bad]).find("00".repeat(32)), /one\.img: .*expected/);
  });

  test("takes raw tensors, and the digest by which devices call an image", async () => {
    const image = writeImage({ body: first, key, version: "1.0.0", id: "one" });
    copyFileSync(join(archive, "first.wasm"), join(folder, "first.wasm"));
    writeFileSync(join(archive, "one.img"), image);
    const { digest } = (await import("../../../host/image/mcuboot.ts")).parseImage(image);
    const entry: Entry = {
      module: Buffer.from(digest).toString("hex"),
      time: "2030-01-01T00:00:00.000Z",
      session: "device-1",
      step: 0,
      input: { raw: [Uint8Array.of(5, 9)] },
      output: { raw: [Uint8Array.of(5, 9)] },
    };
    assert.equal((await played(written("raw.jsonl", [encodeEntry(entry)]))).equal, 1);
    const wrong = encodeEntry({ ...entry, output: { raw: [Uint8Array.of(5, 8)] } });
    assert.match(
      (await played(written("wrong.jsonl", [wrong]))).told[0]!,
      /output 0, byte 1: the log has 0x08, the module gives 0x09/,
    );
  });

  test("says what another module would have decided, and of one time alone", async () => {
    const model = await load(first);
    const entry = (step: number, time: string): string => {
      const values = Float32Array.of(step, 1);
      return encodeEntry({
        module: model.hash,
        time,
        session: "s",
        step,
        input: { values },
        output: { values: model.predictBatch(values, 1) },
      });
    };
    const file = written("times.jsonl", [
      entry(0, "2030-01-01T10:00:00Z"),
      entry(1, "2030-01-01T11:00:00Z"),
      entry(2, "2030-01-01T11:30:00Z"),
    ]);
    assert.equal((await played(file, { at: "2030-01-01T11" })).predictions, 2);
    const swapped = described({
      inputs: [tensor({ features: ["age", "weight"] })],
      outputs: [tensor({ decision: "greatest", labels: ["heavy", "young"] })],
    });
    const changes: unknown[] = [];
    const found = await played(file, { other: swapped, onChange: (change: unknown) => changes.push(change) });
    assert.deepEqual([found.decisionsChanged, found.valuesChanged, changes.length], [3, 0, 3]);
  });

  test("is proven by the command, whose status says whether it was", () => {
    const right = thimble(["replay", log, "--archive", archive]);
    assert.equal(right.status, 0);
    assert.match(String(right.stdout), /^80 predictions computed again: 80 equal byte for byte\n/);
    const json = thimble([
      "replay",
      log,
      "--archive",
      archive,
      "--with",
      join(archive, "first.wasm"),
      "--json",
    ]);
    const found = JSON.parse(String(json.stdout)) as {
      equal: number;
      decisionsChanged: number;
      modules: { file: string }[];
    };
    assert.deepEqual([found.equal, found.modules.length], [80, 2]);
    const text = lines()[0]!;
    const at = text.indexOf('"step":0');
    const broken = written("broken.jsonl", [`${text.slice(0, at)}"step":1${text.slice(at + 8)}`]);
    const wrong = thimble(["replay", broken, "--archive", archive]);
    assert.equal(wrong.status, 1);
    assert.match(
      wrong.stderr,
      /broken\.jsonl:1: SHA-256 of the line: expected [0-9a-f]{64}, found [0-9a-f]{64}\n$/,
    );
    const nowhere = thimble(["replay", log, "--archive", join(folder, "nowhere")]);
    assert.equal(nowhere.status, 1);
    assert.match(nowhere.stderr, /--archive .*nowhere: expected a folder, found none/);
  });
});
