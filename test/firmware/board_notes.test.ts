/** README.md and the commands say the same of boards, and of every board. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BOARD_NOTES, boardHelp, boardTable } from "../../host/firmware/board_notes.ts";
import { BOARD_NAMES } from "../../host/firmware/boards.ts";
import { root } from "../../host/root.ts";
import { thimble } from "../support/command.ts";

test("every board has a note, once", () => {
  const named = BOARD_NOTES.flatMap(({ board }) => board ?? []);
  assert.deepEqual([...named].sort(), [...BOARD_NAMES].sort());
});

test("README has the table (THIMBLE_UPDATE_README=1 writes it)", () => {
  const path = join(root, "README.md");
  const text = readFileSync(path, "utf8");
  const section = /(<!-- boards: generated -->\n)[\s\S]*?(\n<!-- end of boards -->)/;
  const updated = text.replace(section, (_, begin: string, end: string) => `${begin}${boardTable()}${end}`);
  assert.match(text, section);
  if (process.env["THIMBLE_UPDATE_README"] === "1") writeFileSync(path, updated);
  else assert.equal(text, updated);
});

test("`build --help` and `flash --help` say the same", () => {
  for (const command of ["build", "flash"]) {
    const { stdout } = thimble([command, "--help"]);
    assert.ok(stdout.includes(boardHelp()), command);
  }
});
