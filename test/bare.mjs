/**
 * The README's commands and tests on a machine that has nothing of ours: a copy of the tracked files with no folder
 * beside it, and a PATH with Node, npm and the shell's own tools, but no compiler, emulator, browser or Python.
 *
 *   node test/bare.mjs               the README's commands, and the tests that once failed there
 *   node test/bare.mjs PATTERN...    the README's commands, and test files by pattern ("" for all)
 *
 * Tests may be skipped there, with the reason; none may fail.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { root } from "../host/setup.mjs";

/** Programs of a bare Debian that npm and the tests call. */
const TOOLS =
  "basename cat chmod cp cut date dirname echo env false find git grep head kill ln ls mkdir mktemp mv ps pwd readlink rm sed sh sleep sort stat tail tee test touch tr true uname wc xargs".split(
    " ",
  );
/** Tests with parts that need a compiler, QEMU, a browser or files that are not in the repository. */
const PATTERNS = ["test/firmware/port/qemu-riscv32.test", "test/cases/table", "test/report/page"];

function findTool(name) {
  return process.env.PATH.split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** A folder with links to the tools, to be all of PATH. */
function makePath(folder) {
  mkdirSync(folder);
  for (const name of TOOLS) {
    const path = findTool(name);
    if (path !== undefined) symlinkSync(path, join(folder, name));
  }
  for (const name of ["node", "npm", "npx"])
    symlinkSync(join(dirname(process.execPath), name), join(folder, name));
  return folder;
}

/** The tracked files and, so that they need not be downloaded again, the packages. */
function makeCheckout(folder) {
  const { stdout } = spawnSync("git", ["ls-files", "-z"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  for (const path of stdout.split("\0").filter((name) => name !== "" && existsSync(join(root, name))))
    cpSync(join(root, path), join(folder, path));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir");
  return folder;
}

/**
 * Commands of the README's shell blocks that can run as they stand: those that name no file, or files of the
 * repository, and those that read what an earlier one wrote. `npm test` comes last, by itself.
 */
function readmeCommands() {
  const blocks = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/```sh\n([\s\S]*?)```/g)];
  const lines = blocks
    .flatMap(([, text]) => text.split("\n"))
    .map((line) => line.replace(/\s+#.*$/, "").trim());
  const isThere = (line) => /^npm start$|^npx thimble .*\btest\/models\//.test(line);
  const made = new Set(lines.filter(isThere).map((line) => /build test\/models\/(\w+)/.exec(line)?.[1]));
  const known = (line) => isThere(line) || made.has(/^npx thimble \w+ build\/(\w+)/.exec(line)?.[1] ?? "");
  const makesSense = (line) =>
    !/(?:^|\s)(?:model|images|tensors|HOST|rows)\b|--port|--server|NAME/.test(line);
  return lines.filter((line) => known(line) && makesSense(line) && !/key\.pem/.test(line));
}

function run(command, cwd, path) {
  const since = performance.now();
  const { CI: _, WASM3_DIR: __, CC: ___, IMGTOOL: ____, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", command], {
    cwd,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    env: { ...env, PATH: path },
  });
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  process.stdout.write(`${status === 0 ? "ok  " : "FAIL"} bare: ${command} (${seconds} s)\n`);
  if (status !== 0) process.stdout.write(`${stdout}${stderr}`);
  return { isRight: status === 0, last: stdout.trimEnd().split("\n").at(-1) };
}

const folder = mkdtempSync(join(tmpdir(), "thimble-bare-"));
try {
  const checkout = makeCheckout(join(folder, "checkout"));
  const path = makePath(join(folder, "bin"));
  const given = process.argv.slice(2);
  const patterns = (given.length > 0 ? given : PATTERNS).filter((pattern) => pattern !== "");
  const commands = [...readmeCommands(), `npm test -- ${patterns.join(" ")}`];
  // Fewer would mean that the README's form has changed, and this file not with it.
  const results = commands.length > 4 ? commands.map((command) => run(command, checkout, path)) : [];
  const wrong = results.filter(({ isRight }) => !isRight).length;
  process.stdout.write(`${results.at(-1)?.last}\n`);
  process.stdout.write(`bare: ${results.length - wrong} commands right, ${wrong} wrong\n`);
  process.exitCode = wrong > 0 || results.length === 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
