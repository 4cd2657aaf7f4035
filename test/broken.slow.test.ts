/** A fault in each part makes the command fail that is meant to find it. */
import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { root } from "../host/root.ts";
import { run } from "./package/install.ts";
import { scratchFolder } from "./support/folders.ts";

const LEFT_OUT = new Set([".git", "node_modules"]);

/** The checkout with one text of one file changed. */
function brokenCheckout(file: string, from: string, to: string): string {
  const copy = scratchFolder();
  for (const name of readdirSync(root).filter((name) => !LEFT_OUT.has(name)))
    cpSync(join(root, name), join(copy, name), { recursive: true, preserveTimestamps: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "dir");
  const text = readFileSync(join(copy, file), "utf8");
  assert.ok(text.split(from).length === 2, `${file}: expected one "${from}"`);
  writeFileSync(join(copy, file), text.replace(from, to));
  return copy;
}

const FAULTS = [
  {
    what: "a journal that believes damaged records",
    file: "firmware/core/journal.c",
    from: "return thimble_get_u32(record + CRC_AT) == crc32(record, CRC_AT);",
    to: "return thimble_get_u32(record + CRC_AT) != 0xffffffff;",
    command: ["npm", "run", "test:powerfail"],
    fails: /FAIL test\/firmware\/powerfail\/powerfail\.test\.ts/,
  },
  {
    what: "an operator that takes the least for the greatest value",
    file: "host/ops/reduce_max.ts",
    from: `extremum("reduce_max", Math.max,`,
    to: `extremum("reduce_max", Math.min,`,
    command: ["npm", "test", "--", "test/cases/reference"],
    fails: /FAIL test\/cases\/reference\.test\.ts/,
  },
  {
    what: "a route that knows every device",
    file: "host/fleet/server/rest/route.ts",
    from: `throw new Refused(404, \`device:`,
    to: `throw new Refused(200, \`device:`,
    command: ["npm", "test", "--", "test/fleet/server/devices", "test/fleet/server/server_hostile"],
    fails: /FAIL test\/fleet\/server\//,
  },
] as const;

describe("a command fails for", () => {
  for (const { what, file, from, to, command, fails } of FAULTS)
    test(what, () => {
      const { status, output } = run(brokenCheckout(file, from, to), command);
      assert.match(output, fails);
      assert.match(output, /^\d+ passed, [1-9]\d* failed, \d+ skipped$/m);
      assert.equal(status, 1);
    });
});
