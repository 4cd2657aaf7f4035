/**
 * C sources of others that firmware is built from, wasm3 and Ed25519: taken out of npm packages that were made
 * for something else, file by file, each checked against the SHA-256 in firmware/sources.json. They are never
 * committed; dist/sources/NAME holds them with their licence, in a checkout and in the package.
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const listPath = join(root, "firmware", "sources.json");
const folder = join(root, "dist", "sources");
const stamp = join(folder, ".stamp");

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path) : undefined;
}

/** The stamp of sources that were made from the list and the licences as they are now. */
function fingerprint() {
  const list = readFileSync(listPath);
  const licenses = Object.keys(JSON.parse(list)).map((name) => readFileSync(licensePath(name)));
  return sha256(Buffer.concat([list, ...licenses]));
}

function licensePath(name) {
  return join(root, "firmware", "licenses", `${name}.txt`);
}

/** The files of one entry of the list as [name, bytes]; `fail` is called with a line about each that differs. */
function readChecked(entry, packages, fail) {
  const from = join(packages, entry.package, entry.folder);
  return Object.entries(entry.files).flatMap(([name, expected]) => {
    const bytes = readIfThere(join(from, name));
    const found = bytes === undefined ? "no such file" : sha256(bytes);
    if (found === expected) return [[name, bytes]];
    fail(`${entry.package}/${entry.folder}/${name}: expected SHA-256 ${expected}, found ${found}`);
    return [];
  });
}

/** True where dist/sources is what the list asks for. */
export function hasSources() {
  return readIfThere(stamp)?.toString("utf8") === fingerprint();
}

/**
 * Copies the sources out of the folder `packages`, all or none.
 * @returns {string[]} a line for each file that is not the one of the list; empty where all went well
 */
export function takeSources(packages = join(root, "node_modules")) {
  const problems = [];
  const list = JSON.parse(readFileSync(listPath, "utf8"));
  const taken = Object.entries(list).map(([name, entry]) => ({
    name,
    files: readChecked(entry, packages, (problem) => problems.push(problem)),
  }));
  if (problems.length > 0) return problems;
  const partial = `${folder}.${process.pid}`;
  for (const { name, files } of taken) {
    mkdirSync(join(partial, name), { recursive: true });
    for (const [file, bytes] of files) writeFileSync(join(partial, name, file), bytes);
    cpSync(licensePath(name), join(partial, name, "LICENSE"));
  }
  writeFileSync(join(partial, ".stamp"), fingerprint());
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
  return [];
}
