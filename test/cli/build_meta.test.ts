/** Statements about a model: kept beside its module, shown by every command, compared between two builds. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { serveModels } from "../../host/predict/server/models.ts";
import type { MetricDifference } from "../../host/report/compare.ts";
import type { Report } from "../../host/report/schema.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { modelPath } from "../support/models.ts";

const scratch = scratchFolder();
const [first, second] = [join(scratch, "first"), join(scratch, "second")];
const file = join(scratch, "facts.json");
const ok = (args: readonly string[]): string => {
  const { status, stdout, stderr } = thimble(args);
  assert.equal(status, 0, stderr);
  return stdout.toString();
};

describe("build --meta", () => {
  before(() => {
    const facts = {
      owner: "vision_team",
      data: "zebrafish | digits",
      metrics: { accuracy: 0.98, epochs: 12 },
    };
    writeFileSync(file, JSON.stringify(facts));
    const [model, rows] = [modelPath("digits_int8.tflite"), modelPath("digits.test.csv")];
    const meta = ["--meta", file, "--meta", "licence=Apache-2.0", "--meta", "metrics.accuracy=0.97"];
    ok(["build", model, "-o", first, "--evaluate", rows, ...meta]);
    cpSync(first, second, { recursive: true });
    const record = JSON.parse(readFileSync(join(first, "report.json"), "utf8")) as Report;
    const changed = {
      ...record,
      moduleBytes: record.moduleBytes + 100,
      meta: { metrics: { accuracy: 0.99 } },
    };
    writeFileSync(join(second, "report.json"), JSON.stringify(changed));
  });

  test("keeps facts in report.json and on a card, and out of the module", () => {
    const { meta, evaluation } = JSON.parse(readFileSync(join(first, "report.json"), "utf8")) as Report;
    assert.deepEqual(meta, {
      owner: "vision_team",
      data: "zebrafish | digits",
      metrics: { accuracy: 0.97, epochs: 12 },
      licence: "Apache-2.0",
    });
    assert.equal(readFileSync(join(first, "model.wasm")).includes("zebrafish"), false);
    const card = readFileSync(join(first, "MODEL_CARD.md"), "utf8");
    assert.match(card, /## Details\n\n- \*\*owner\*\*: vision\\_team\n- \*\*licence\*\*: Apache\\-2.0\n/);
    assert.match(card, /## Data\n\n- \*\*data\*\*: zebrafish \\\| digits\n/);
    assert.match(card, /## Metrics of the training\n\n- \*\*metrics\*\*: accuracy 0.97, epochs 12\n/);
    const { precision } = evaluation!.quantized!.byClass[3]!;
    assert.ok(card.includes(`| 3 | ${precision.toFixed(4)} |`), card);
  });

  test("inspect shows them, but not those of another module", () => {
    const module = join(first, "model.wasm");
    assert.match(ok(["inspect", module]), /stated \(report\.json\)\n {2}owner +vision_team\n/);
    const { meta } = JSON.parse(ok(["inspect", module, "--json"])) as Report;
    assert.equal(meta!["licence"], "Apache-2.0");
    const other = JSON.parse(readFileSync(join(first, "report.json"), "utf8")) as Report;
    const alone = join(scratch, "model.wasm");
    cpSync(module, alone);
    writeFileSync(join(scratch, "report.json"), JSON.stringify({ ...other, moduleSha256: "0".repeat(64) }));
    assert.equal((JSON.parse(ok(["inspect", alone, "--json"])) as Report).meta, undefined);
  });

  test("a server has them with the model", async () => {
    const [served] = (await serveModels([{ path: join(first, "model.wasm") }])).all();
    assert.equal(served!.meta!["owner"], "vision_team");
  });

  test("diff --metrics has figures of both builds, in all and by class", () => {
    const found = JSON.parse(ok(["diff", "--metrics", first, join(second, "model.wasm"), "--json"]));
    const of = (metric: string) => (found as MetricDifference[]).find((each) => each.metric === metric);
    assert.equal(of("module bytes")!.change, 100);
    const accuracy = of("stated metrics.accuracy")!;
    assert.deepEqual([accuracy.a, accuracy.b, accuracy.change!.toFixed(4)], [0.97, 0.99, "0.0200"]);
    assert.deepEqual(of("stated metrics.epochs"), { metric: "stated metrics.epochs", a: 12 });
    assert.equal(of("accuracy")!.change, 0);
    assert.ok(of("recall of 7")!.a! > 0.5);
    assert.match(
      ok(["diff", "--metrics", first, second]),
      /^figure +A +B +B - A\nmodule bytes +\d+ +\d+ +\+100\n/,
    );
  });

  test("says what is wrong before any work", () => {
    for (const [meta, message] of [
      ["nothing.json", 'expected a JSON file or key=value, found "nothing.json"'],
      ["__proto__=1", 'expected a key of up to 64 letters, digits, ".", "_" or "-", found "__proto__"'],
    ] as const) {
      const { status, stderr } = thimble(["build", modelPath("digits_int8.tflite"), "--meta", meta]);
      assert.equal(status, 1);
      assert.ok(stderr.includes(message), stderr);
    }
    const { stderr } = thimble(["diff", "--metrics", first, scratchFolder()]);
    assert.match(stderr, /report\.json: expected the record of a build, found none\n$/);
  });
});
