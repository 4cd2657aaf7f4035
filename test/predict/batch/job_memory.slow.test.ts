/** The memory of a batch does not depend on the size of its file. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Borders } from "../../../host/ops/border.ts";
import { root } from "../../../host/root.ts";
import { described, tensor } from "../../firmware/core/values_borders.ts";
import { scratchFolder } from "../../support/folders.ts";

const COLUMNS = 30;
const ROWS = 100_000;
const MOST_MORE_MIB = 48;

const scratch = scratchFolder();
const features = Array.from({ length: COLUMNS }, (_, i) => `column_${i}`);
const shape = [1, COLUMNS];
const borders: Borders = {
  inputs: [tensor({ shape, features })],
  outputs: [tensor({ shape, decision: "greatest" })],
};
const model = join(scratch, "model.wasm");
writeFileSync(model, described(borders));

/** A file of so many rows, of some 190 bytes each. */
function table(name: string, rows: number): string {
  const file = join(scratch, name);
  const handle = openSync(file, "w");
  writeSync(handle, `${features.join(",")}\n`);
  for (let i = 0; i < rows; i += 1000) {
    const lines = Array.from({ length: 1000 }, (_, j) =>
      features.map((_, k) => (((i + j) * (k + 3)) % 997) / 32 - 9),
    );
    writeSync(handle, lines.map((values) => `${values.join(",")}\n`).join(""));
  }
  closeSync(handle);
  return file;
}

interface Used {
  readonly rows: number;
  readonly mib: number;
  readonly seconds: number;
}

/** Predicts a file in a process of its own. */
function predict(file: string, out: string): Used {
  const job = pathToFileURL(join(root, "dist", "host", "predict", "batch", "job.js")).href;
  const script = `
    import { readFileSync } from "node:fs";
    import { predictFiles } from ${JSON.stringify(job)};
    const [model, file, out] = ${JSON.stringify([model, file, join(scratch, out)])};
    const { rows } = await predictFiles({ model: readFileSync(model), inputs: [file], out, workers: 1 });
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({ rows, mib: process.resourceUsage().maxRSS / 1024, seconds: (user + system) / 1e6 }));`;
  const program = join(scratch, "predict.mjs");
  writeFileSync(program, script);
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Used;
}

test("ten times the rows take no more memory", () => {
  const [small, large] = [
    predict(table("small.csv", ROWS), "small"),
    predict(table("large.csv", 10 * ROWS), "large"),
  ];
  assert.deepEqual([small.rows, large.rows], [ROWS, 10 * ROWS]);
  const told = ({ rows, mib, seconds }: Used): string =>
    `${rows} rows: ${mib.toFixed(0)} MiB, ${Math.round(rows / seconds)} rows per CPU second`;
  process.stdout.write(`${told(small)}\n${told(large)}\n`);
  assert.ok(large.mib < small.mib + MOST_MORE_MIB, `${told(small)}; ${told(large)}`);
});
