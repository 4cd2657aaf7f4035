/** Real clients of DDI at the server: SWUpdate of Debian, rauc-hawkbit of PyPI. Nothing that they say is refused. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { buildOnce, findProgram } from "../../../host/firmware/toolchain.ts";
import { serveHttp } from "../../../host/fleet/server/http.ts";
import type { ServerRequest } from "../../../host/fleet/server/message.ts";
import { root } from "../../../host/root.ts";
import { scratchFolder } from "../../support/folders.ts";
import { version } from "../../support/two_versions.ts";
import { rawDevice } from "./raw_device.ts";
import { rollout, type Scene, scene, startRollout } from "./server_and_devices.ts";

const scratch = scratchFolder();
const LONGEST_MS = 120_000;

interface Served {
  readonly at: Scene;
  readonly url: string;
  /** Requests with the statuses of their answers. */
  readonly log: string[];
  readonly token: string;
  close(): Promise<void>;
}

/** A server by the real clock, with a device that may speak with a token of its own. */
async function serve(name: string): Promise<Served> {
  const at = scene({ poll: 1, now: Date.now });
  const { token } = at.operate<{ token: string }>("POST", "/devices", { name });
  const log: string[] = [];
  const handle = (request: ServerRequest) => {
    const answer = at.server.handle(request);
    log.push(`${answer.status} ${request.method} ${request.url.split("/").slice(5).join("/")}`);
    return answer;
  };
  const { url, close } = await serveHttp({ handle, admit: at.server.admit }, { host: "127.0.0.1", port: 0 });
  return { at, url, log, token, close };
}

/** Waits for what a client does in its own time. */
async function until(what: () => boolean, said: () => string): Promise<void> {
  for (const end = Date.now() + LONGEST_MS; !what(); await new Promise((resolve) => setTimeout(resolve, 100)))
    if (Date.now() > end) throw new Error(`it never came: ${said().slice(-2000)}`);
}

function run(command: readonly string[], env: Record<string, string> = {}) {
  const child: ChildProcess = spawn(command[0]!, command.slice(1), { env: { ...process.env, ...env } });
  let said = "";
  for (const stream of [child.stdout!, child.stderr!])
    stream.on("data", (data: Buffer) => {
      said += data.toString("utf8");
    });
  const exit = once(child, "exit");
  return { child, exit, said: () => said };
}

const refused = (log: readonly string[]): string[] => log.filter((line) => Number(line.slice(0, 3)) >= 400);

const skipSwupdate: string | false = ["swupdate", "openssl"].every((name) => findProgram(name) !== undefined)
  ? false
  : "swupdate or openssl is missing: apt-get install swupdate openssl";

describe("SWUpdate", { skip: skipSwupdate }, () => {
  function start({ url, token }: Served, folder: string) {
    mkdirSync(folder);
    const certificate = join(folder, "trusted.pem");
    // Debian's takes signed images only, so it wants a certificate, whose images it never gets here.
    spawnSync("openssl", [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-days", "2"],
      ...["-keyout", join(folder, "key.pem"), "-out", certificate],
    ]);
    const config = join(folder, "swupdate.cfg");
    writeFileSync(
      config,
      'globals : { verbose = false; };\nidentify : ( { name = "board"; value = "swupdate"; } );\n',
    );
    const options = `-t DEFAULT -i swu -u ${url} -p 1 -k ${token}`;
    return run(["swupdate", "-k", certificate, "-f", config, "-u", options], { TMPDIR: folder });
  }

  test("says what it is, reads its order, and why it can't carry it out", async () => {
    const served = await serve("swu");
    const { at, log } = served;
    startRollout(at, at.publish(version(2)), { retries: 0 });
    const { child, exit, said } = start(served, join(scratch, "swu-order"));
    await until(() => rollout(at, 1).state === "stopped", said);
    child.kill("SIGTERM");
    await exit;
    assert.deepEqual(refused(log), []);
    // It installs .swu files alone.
    assert.deepEqual(rollout(at, 1).refusals, [{ reason: "No suitable .swu image found", devices: 1 }]);
    const { attributes } = at.operate<{ attributes: object }>("GET", "/devices/swu");
    assert.deepEqual(attributes, { board: "swupdate" });
    await served.close();
  });

  test("gives up what is taken back", async () => {
    const served = await serve("swu");
    const { at, log, token } = served;
    startRollout(at, at.publish(version(2)));
    rawDevice(at, "swu", `TargetToken ${token}`).download();
    at.operate("POST", "/rollouts/1/abort");
    const { child, exit, said } = start(served, join(scratch, "swu-cancel"));
    await until(() => rollout(at, 1).stages[0]!.counts.cancelled === 1, said);
    child.kill("SIGTERM");
    await exit;
    assert.deepEqual(refused(log), []);
    await served.close();
  });
});

const environment = join(root, "build", "rauc-hawkbit-0.2.0");
const python = join(environment, "bin", "python");

/** The client and its HTTP library, once; not its D-Bus, which nothing here speaks. */
async function installRauc(): Promise<string | false> {
  try {
    await buildOnce(environment, "pyvenv.cfg", async (fresh) => {
      const install = ["-m", "pip", "install", "--quiet"];
      for (const command of [
        ["python3", "-m", "venv", fresh],
        [join(fresh, "bin", "python"), ...install, "--no-deps", "rauc-hawkbit==0.2.0"],
        [join(fresh, "bin", "python"), ...install, "aiohttp==3.9.5"],
      ]) {
        const { status, stderr } = spawnSync(command[0]!, command.slice(1), { encoding: "utf8" });
        if (status !== 0) throw new Error(stderr?.split("\n")[0] ?? `no ${command[0]}`);
      }
    });
    return false;
  } catch (error) {
    return `rauc-hawkbit is missing (${(error as Error).message}): apt-get install python3-venv, and a way to PyPI`;
  }
}
const skipRauc = await installRauc();

describe("rauc-hawkbit", { skip: skipRauc }, () => {
  function start({ url, token }: Served, folder: string, result: 0 | 1, mayGo: boolean) {
    mkdirSync(folder);
    if (mayGo) writeFileSync(join(folder, "go"), "");
    const program = join(root, "test", "fleet", "server", "rauc_client.py");
    return run([python, program, new URL(url).host, "rauc", token, folder, String(result)]);
  }

  test("says what it is, downloads, installs, and reports", async () => {
    const served = await serve("rauc");
    const { at, log } = served;
    startRollout(at, at.publish(version(2)), { retries: 0 });
    const { exit, said } = start(served, join(scratch, "rauc-good"), 0, true);
    assert.deepEqual(await exit, [0, null], said());
    assert.deepEqual(refused(log), []);
    assert.equal(rollout(at, 1).state, "finished");
    const { attributes, installed } = at.operate<{ attributes: object; installed: object }>(
      "GET",
      "/devices/rauc",
    );
    assert.deepEqual([attributes, installed], [{ board: "rauc", serial: "7" }, { adder: "2.0.0" }]);
    await served.close();
  });

  test("tells of an error, and closes once", async () => {
    const served = await serve("rauc");
    const { at, log } = served;
    startRollout(at, at.publish(version(2)), { retries: 0 });
    const { exit, said } = start(served, join(scratch, "rauc-bad"), 1, true);
    assert.deepEqual(await exit, [0, null], said());
    assert.deepEqual(refused(log), []);
    assert.match(rollout(at, 1).refusals[0]!.reason, /completed with result: 1/);
    await served.close();
  });

  test("does not give up, with a success: the order goes on to its end", async () => {
    const served = await serve("rauc");
    const { at, log } = served;
    startRollout(at, at.publish(version(2)), { retries: 0 });
    const folder = join(scratch, "rauc-cancel");
    const { exit, said } = start(served, folder, 0, false);
    const has = (line: string) => log.some((each) => each.startsWith(line));
    await until(() => has("200 POST deploymentBase/1/feedback"), said);
    at.operate("POST", "/rollouts/1/abort");
    await until(() => has("200 POST cancelAction/1/feedback"), said);
    writeFileSync(join(folder, "go"), "");
    assert.deepEqual(await exit, [0, null], said());
    assert.deepEqual(refused(log), []);
    assert.equal(rollout(at, 1).stages[0]!.counts.succeeded, 1);
    await served.close();
  });
});
