/** The commands as people type them: serve, publish, rollout, with a process that is killed and comes back. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { RolloutStatus } from "../../host/fleet/server/management.ts";
import { publicPem } from "../../host/image/keys.ts";
import { parseImage } from "../../host/image/mcuboot.ts";
import { type ServerProcess, startServer } from "../fleet/server/process.ts";
import { trusted } from "../fleet/server/server_and_devices.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { otherKey, sha256 } from "../support/signed_images.ts";
import { version } from "../support/two_versions.ts";

const scratch = scratchFolder();
const data = join(scratch, "data");
const file = (name: string, content: Uint8Array | string): string => {
  writeFileSync(join(scratch, name), content);
  return join(scratch, name);
};
const trust = file("trusted.pem", publicPem(trusted));
const image = file("adder.img", version(2));

describe("the commands of an update server", () => {
  let server: ServerProcess;
  let env: Record<string, string>;
  let gateway: string;

  const command = (...args: readonly string[]) => {
    const { status, stdout, stderr } = thimble(args, { env });
    return { status, stdout: stdout.toString("utf8"), stderr };
  };
  const poll = (name: string): Promise<Response> =>
    fetch(`${server.url}/DEFAULT/controller/v1/${name}`, {
      headers: { authorization: `GatewayToken ${gateway}` },
    });
  const serve = async (...more: readonly string[]): Promise<void> => {
    server = await startServer(["--data", data, "--trust", trust, ...more]);
    env = { ...env, THIMBLE_SERVER: server.url };
  };

  before(async () => {
    env = {};
    await serve("--init");
    gateway = server.gateway!;
    env = { ...env, THIMBLE_TOKEN: server.manage! };
  });
  after(() => server.end("SIGTERM"));

  test("publish, then a rollout in stages; killed and started again, all of it is there", async () => {
    for (const name of ["one", "two", "three"]) assert.equal((await poll(name)).status, 200);
    const published = command("publish", image);
    assert.deepEqual([published.status, published.stderr], [0, ""]);
    assert.match(published.stdout, /^image 1: adder 2\.0\.0, \d+ bytes\n$/);

    const started = command("rollout", "start", "1", "--stages", "1,rest", "--name", "first", "--json");
    assert.equal(started.stderr, "");
    const status = JSON.parse(started.stdout) as RolloutStatus;
    assert.deepEqual(
      status.stages.map(({ started: isOn, counts }) => [isOn, counts.running, counts.waiting]),
      [
        [true, 1, 0],
        [false, 0, 2],
      ],
    );

    assert.equal(await server.end("SIGKILL"), null);
    await serve();
    assert.equal(server.manage, undefined);
    const again = command("rollout", "status", "first", "--json");
    assert.equal(again.stderr, "");
    assert.deepEqual(JSON.parse(again.stdout), status);
    const links = ((await (await poll("one")).json()) as { _links: object })._links;
    assert.ok("configData" in links);

    assert.match(
      command("rollout", "pause", "1").stdout,
      /^rollout 1 \(first\): adder 2\.0\.0, paused\nstage +devices/,
    );
    assert.match(command("rollout", "resume", "1").stdout, /running\n/);
    assert.match(command("rollout", "abort", "1").stdout, /aborted\n/);
    assert.match(command("rollout", "list").stdout, /^rollout 1 \(first\)/);
  });

  const mistakes: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["no such image", ["rollout", "start", "99"], /image: expected one of the server, found 99 \(HTTP 404\)/],
    [
      "a stage that is none",
      ["rollout", "start", "1", "--stages", "some"],
      /--stages: expected N, N% or rest/,
    ],
    [
      "a per cent too many",
      ["rollout", "start", "1", "--errors", "101"],
      /--errors: expected 0 to 100 per cent/,
    ],
    [
      "a rollout that is over",
      ["rollout", "pause", "1"],
      /pause: expected a rollout that is running, found aborted/,
    ],
    ["an unknown word", ["rollout", "stop", "1"], /expected start, list, status/],
    [
      "a wrong token",
      ["rollout", "list", "--token", "wrong"],
      /token of an operator, found none \(HTTP 401\)/,
    ],
    [
      "no server",
      ["rollout", "list", "--server", "http://127.0.0.1:9"],
      /http:\/\/127\.0\.0\.1:9: no answer/,
    ],
    ["a hawkBit without a user", ["rollout", "list", "--hawkbit"], /--token: expected USER:PASSWORD/],
    [
      "no image",
      ["publish", trust],
      /expected an image \(\.img\), found a file that begins with [0-9a-f]{8}: thimble sign/,
    ],
    [
      "a password in the address",
      ["rollout", "list", "--server", "http://user:secret@127.0.0.1:9"],
      /--server: expected an address without user and password/,
    ],
    [
      "an address that is none",
      ["rollout", "list", "--server", "user:secret@host"],
      /--server: expected http:\/\/, https:\/\/ or hawkbit\+https:\/\/, found "\*\*\*@host"/,
    ],
    ["no such image to delete", ["publish", "--delete", "99"], /image: expected one of the server, found 99/],
    [
      "a broker that is none",
      ["serve", "--trust", trust, "--mqtt", "http://user:secret@host"],
      /--mqtt: expected mqtt:\/\/USER:PASSWORD@HOST or mqtts:\/\/, found "http:\/\/\*\*\*@host"/,
    ],
    [
      "numbers of a shadow without one",
      ["rollout", "start", "1", "--shadow-least", "5"],
      /--shadow-least: expected --shadow beside it, found none/,
    ],
    [
      "two things at once",
      ["publish", "--list", "--delete", "1"],
      /expected --list or --delete IMAGE, found both/,
    ],
    [
      "a device without an order",
      ["rollout", "abort", "1", "--device", "one"],
      /expected an open order of rollout 1/,
    ],
  ];
  for (const [name, args, expected] of mistakes)
    test(`${name}: one line says so`, () => {
      const { status, stderr } = command(...args);
      assert.notEqual(status, 0);
      assert.match(stderr, expected);
      assert.equal(stderr.trimEnd().split("\n").length, 1);
      assert.ok(!stderr.includes("secret"), stderr);
    });

  const mistakesOfServe: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      "a folder that is not there",
      ["--data", join(scratch, "none")],
      /none: expected the state of a server, found no folder; --init/,
    ],
    [
      "a poll that is too long",
      ["--data", data, "--poll", "86400"],
      /--poll: expected at most 86399 seconds, found 86400/,
    ],
    [
      "an address of somebody else",
      ["--data", data, "--host", "203.0.113.1"],
      /--host: expected an address of this machine, found "203\.0\.113\.1"/,
    ],
    ["no address", ["--data", data, "--host", "no such host"], /--host: expected an address of this machine/],
    [
      "a public URL with a password",
      ["--data", data, "--public-url", "https://u:secret@h"],
      /--public-url: .*found "https:\/\/\*\*\*@h"/,
    ],
  ];
  for (const [name, args, expected] of mistakesOfServe)
    test(`serve, ${name}: one line says so`, async () => {
      await assert.rejects(startServer(["--trust", trust, ...args]), (error: Error) => {
        assert.match(error.message, expected);
        return !/secret|internal error/.test(error.message);
      });
    });

  test("a port that is busy takes no tokens away: the next start shows them", async () => {
    const folder = join(scratch, "busy");
    const port = new URL(server.url).port;
    const args = ["--data", folder, "--trust", trust, "--init"];
    await assert.rejects(
      startServer([...args, "--port", port]),
      /--port: expected a free port, found \d+ in use/,
    );
    const other = await startServer(args);
    assert.ok(other.manage && other.gateway);
    assert.equal(await other.end("SIGTERM"), 0);
  });

  test("lists images, and deletes one", () => {
    assert.match(command("publish", "--list").stdout, /^image 1: adder 2\.0\.0, \d+ bytes\n$/);
    const { stdout } = command("publish", file("third.img", version(3)));
    const id = /image (\d+)/.exec(stdout)![1]!;
    assert.equal(command("publish", "--delete", id).stdout, `image ${id}: deleted\n`);
    assert.match(command("publish", "--list", "--json").stdout, /"id": 1/);
  });

  test("an image brings the owner that its build has noted beside it, or the one that is given", () => {
    const path = file("owned.img", version(4));
    const ownerOf = (...args: readonly string[]): string => {
      const { stdout, stderr } = command("publish", path, "--json", ...args);
      assert.equal(stderr, "");
      return (JSON.parse(stdout) as { owner: string }).owner;
    };
    const record = (moduleSha256: string): string =>
      JSON.stringify({ moduleSha256, moduleBytes: 1, meta: { owner: "ml@example.com" } });
    file("report.json", record("ab".repeat(32)));
    assert.equal(ownerOf(), "", "the record of another module says nothing");
    file("report.json", record(sha256(parseImage(version(4)).body).toString("hex")));
    assert.equal(ownerOf(), "ml@example.com");
    assert.equal(ownerOf("--owner", "ops@example.com"), "ops@example.com");
    assert.match(command("publish", "--list", "--owner", "x").stderr, /--owner: expected FILE\.img/);
  });

  test("an image that somebody else has signed is refused, and the reason is shown", () => {
    const { status, stderr } = command("publish", file("other.img", version(3, { signer: otherKey })));
    assert.equal(status, 1);
    assert.match(stderr, /image: offset \d+: signed with another key/);
  });

  test("two servers do not share a folder", async () => {
    await assert.rejects(
      startServer(["--data", data, "--trust", trust]),
      /expected a folder of its own, found process/,
    );
  });

  test("the page, and the document of the API, are served without a token; fleet data is not", async () => {
    const page = await fetch(`${server.url}/`);
    assert.match(page.headers.get("content-security-policy")!, /^default-src 'none'/);
    assert.equal((await fetch(`${server.url}/openapi.json`)).status, 200);
    assert.equal((await fetch(`${server.url}/rest/v1/devices`)).status, 401);
  });

  test("a body without end is refused before it is read", async () => {
    const response = await fetch(`${server.url}/DEFAULT/controller/v1/one/configData`, {
      method: "PUT",
      headers: { authorization: `GatewayToken ${gateway}` },
      body: "x".repeat(300_000),
    });
    assert.equal(response.status, 413);
    assert.equal((await poll("one")).status, 200);
  });

  test("lost tokens are made anew, and the old ones are worth nothing", async () => {
    assert.equal(await server.end("SIGTERM"), 0);
    server = await startServer(["--data", data, "--trust", trust, "--renew-tokens"]);
    const ask = (token: string) =>
      fetch(`${server.url}/rest/v1/server`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal((await ask(env["THIMBLE_TOKEN"]!)).status, 401);
    assert.equal((await ask(server.manage!)).status, 200);
  });
});
