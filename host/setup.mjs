/**
 * Makes a fresh checkout usable: packages and compiled sources.
 * Plain JavaScript without packages, because it runs before there are any; costs some milliseconds
 * when there is nothing to do.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { hasSources, takeSources } from "./sources.mjs";

/** Absolute path of the folder that holds package.json. */
export const root = fileURLToPath(new URL("..", import.meta.url));

const oldestNode = 20;
const sourceFolders = ["host", "test"];
const lockTimeoutMs = 10 * 60 * 1000;
const isWindows = process.platform === "win32";

/** A failure of the set-up; `message` is all that the user needs to read. */
export class SetupError extends Error {}

/** True in a checkout, false where the package was installed as a dependency: it ships compiled. */
export function isCheckout() {
  return existsSync(join(root, "tsconfig.json"));
}

function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function sleep(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Creates the lock with our process id in it; false where there is one. */
function tryLock(path) {
  try {
    writeFileSync(path, `${process.pid}`, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  }
}

/** Removes a lock whose owner is gone, by renaming, which succeeds for only one of several waiters. */
function breakStaleLock(path) {
  // Empty, so not yet written, gives 0: "our process group", which is alive.
  if (isAlive(Number(readIfThere(path) ?? 0))) return;
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  rmSync(aside);
}

/** Runs `action` while no other process sets up the same checkout. */
function locked(action) {
  mkdirSync(join(root, "build"), { recursive: true });
  const path = join(root, "build", "setup.lock");
  const deadline = Date.now() + lockTimeoutMs;
  while (!tryLock(path)) {
    if (Date.now() > deadline)
      throw new SetupError(
        `${path}: expected the running set-up to end within 10 minutes; if none runs, remove it`,
      );
    breakStaleLock(path);
    sleep(50);
  }
  try {
    return action();
  } finally {
    rmSync(path, { force: true });
  }
}

/** Runs `action` under the lock unless `isDone`, asked again once we hold it: someone else may have done it. */
function ensure(isDone, action) {
  if (isDone()) return;
  locked(() => {
    if (!isDone()) action();
  });
}

/** Writes by renaming: an interrupted run leaves the old stamp or the new one. */
function writeStamp(path, text) {
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, text);
  renameSync(partial, path);
}

function installStamp() {
  return join(root, "node_modules", ".thimble-setup");
}

function lockFileHash() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

/** True where npm itself wrote node_modules after the lock file last changed, development tools included. */
function isInstalledByHand() {
  const written = modified(join(root, "node_modules", ".package-lock.json"));
  return written > modified(join(root, "package-lock.json")) && existsSync(localTool("typescript", "tsc"));
}

function isInstalled() {
  return readIfThere(installStamp()) === lockFileHash();
}

function install() {
  if (!existsSync(installStamp()) && isInstalledByHand()) return writeStamp(installStamp(), lockFileHash());
  process.stderr.write("thimble: installing the packages of package-lock.json, once ...\n");
  // No package of ours needs its install script, and one of them downloads what we do not use.
  const flags = ["--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const result = spawnSync("npm", ["ci", ...flags], { cwd: root, encoding: "utf8", shell: isWindows });
  if (result.error) throw new SetupError(`npm: expected it to start, found: ${result.error.message}`);
  if (result.status !== 0)
    throw new SetupError(
      `${result.stdout}${result.stderr}npm ci: expected exit status 0, found ${result.status}`,
    );
  writeStamp(installStamp(), lockFileHash());
}

/**
 * Installs the packages of package-lock.json, unless node_modules holds just those.
 * @throws {SetupError} where npm fails
 */
export function ensureInstalled() {
  ensure(isInstalled, install);
}

/**
 * Takes wasm3 and Ed25519 out of their packages (see sources.mjs), unless dist/ holds them.
 * @throws {SetupError} where one of their files is not the one whose hash is committed
 */
export function ensureSources() {
  ensure(hasSources, () => {
    const problems = takeSources();
    if (problems.length > 0) throw new SetupError(problems.join("\n"));
  });
}

/** Path of a tool's JavaScript file, to be run by this Node: no shell, no PATH, no npx. */
export function localTool(packageName, tool) {
  return join(root, "node_modules", packageName, "bin", tool);
}

function* listSources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* listSources(path);
    else if (entry.name.endsWith(".ts")) yield path;
  }
}

/** A hash of everything that a compiler's output depends on. Unlike "newer than", it notices removed and older files. */
function fingerprintOf(settings, folders) {
  const there = folders.map((name) => join(root, name)).filter((folder) => existsSync(folder));
  const files = [join(root, settings), ...there.flatMap((folder) => [...listSources(folder)])];
  const hash = createHash("sha256").update(readIfThere(installStamp()) ?? "");
  for (const file of files.sort()) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${relative(root, file)}\t${size}\t${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

const sourceFingerprint = () => fingerprintOf("tsconfig.json", sourceFolders);
const serverFingerprint = () => fingerprintOf("asconfig.json", ["assembly"]);

function compileStamp() {
  return join(root, "dist", ".stamp");
}

function isCompiled() {
  return readIfThere(compileStamp()) === sourceFingerprint();
}

function compile() {
  // Taken before the compiler reads anything: a file saved meanwhile is compiled next time.
  const fingerprint = sourceFingerprint();
  // Without a stamp the last run failed or somebody cleaned up: the incremental state may not fit dist.
  if (!existsSync(compileStamp())) rmSync(join(root, "dist", ".tsbuildinfo"), { force: true });
  rmSync(compileStamp(), { force: true });
  const tsc = spawnSync(process.execPath, [localTool("typescript", "tsc"), "-p", root], {
    cwd: root,
    encoding: "utf8",
  });
  if (tsc.status !== 0)
    throw new SetupError(`${tsc.stdout}${tsc.stderr}tsc: expected exit status 0, found ${tsc.status}`);
  bundleForBrowsers();
  writeStamp(compileStamp(), fingerprint);
}

const isThere = (path) => existsSync(join(root, "host", path));

/** Scripts for browsers: the runtime as one small file, with one more that it fetches for images; the script of a page. */
function bundleForBrowsers() {
  if (!isThere("runtime/model/browser.ts")) return; // a checkout of the test runner alone
  const { buildSync } = createRequire(import.meta.url)("esbuild");
  const common = { absWorkingDir: root, bundle: true, minify: true, format: "esm", logLevel: "error" };
  buildSync({
    ...common,
    entryPoints: ["dist/host/runtime/model/browser.js"],
    outdir: "dist/host/runtime/browser",
    splitting: true,
    chunkNames: "[name]",
  });
  buildSync({
    ...common,
    entryPoints: ["dist/host/page/client/main.js"],
    outfile: "dist/host/page/client.js",
    target: "es2022",
    alias: { "node:async_hooks": "./dist/host/page/client/async_hooks.js" },
  });
}

const serverStamp = () => join(root, "dist", ".server-stamp");

function isServerCompiled() {
  return readIfThere(serverStamp()) === serverFingerprint();
}

/** The kernels that only servers have: assembly/server as WebAssembly with SIMD. */
function compileServer() {
  const fingerprint = serverFingerprint();
  const to = join("dist", "host", "runtime", "server.wasm");
  const flags = ["--config", "asconfig.json", "--target", "server", "--outFile", to];
  const source = join("assembly", "server", "rows.ts");
  const asc = spawnSync(process.execPath, [localTool("assemblyscript", "asc.js"), source, ...flags], {
    cwd: root,
    encoding: "utf8",
  });
  if (asc.status !== 0) throw new SetupError(`${asc.stderr}asc: expected exit status 0, found ${asc.status}`);
  writeStamp(serverStamp(), fingerprint);
}

/**
 * Compiles host/, test/ and assembly/server into dist/, unless dist/ is that already.
 * @throws {SetupError} with the compiler's messages
 */
export function ensureCompiled() {
  ensure(isCompiled, compile);
  if (existsSync(join(root, "assembly", "server"))) ensure(isServerCompiled, compileServer); // likewise
}

/** Runs `steps` in order; a failure ends the process with its message and status 1. */
export function runOrExit(...steps) {
  try {
    for (const step of steps) step();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** @throws {SetupError} where this Node is too old for the compiled code */
export function ensureNode() {
  const found = process.versions.node;
  if (Number.parseInt(found, 10) < oldestNode)
    throw new SetupError(`node: expected version ${oldestNode} or newer, found ${found}`);
}

function cleanOutput() {
  rmSync(join(root, "dist"), { recursive: true, force: true });
}

const plans = {
  "--packages": [ensureNode, ensureInstalled],
  // For a package to publish: nothing left over from sources that are gone.
  "--clean": [ensureNode, ensureInstalled, cleanOutput, ensureSources, ensureCompiled],
  all: [ensureNode, ensureInstalled, ensureSources, ensureCompiled],
};

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const name = process.argv[2] ?? "all";
  const plan = plans[name];
  if (plan === undefined) {
    process.stderr.write(`setup: expected --packages, --clean or nothing, found ${name}\n`);
    process.exit(1);
  }
  runOrExit(...plan);
}
