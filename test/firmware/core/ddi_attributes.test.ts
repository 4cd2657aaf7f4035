/** What a device says of itself: told again whenever it changes, whether or not the server asks. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import type { Request } from "../../../host/fleet/simulator/ddi.ts";
import { emptyAnswer } from "../../../host/fleet/simulator/network.ts";
import { simulatedDevice } from "../../../host/fleet/simulator/simulated_device.ts";
import { BASE, chunkOf, scriptedServer } from "../../support/scripted_server.ts";
import { factory, GEOMETRIES, infer, layout, version } from "../../support/two_versions.ts";
import { connect, live } from "./ddi_session.ts";

const availability = await wasmAvailability();
const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;
const geometry = GEOMETRIES[1]!;

const isConfig = ({ method }: Request): boolean => method === "PUT";

function scene(attributes: Record<string, string> | null = { board: "x", firmware: "1.0" }) {
  const server = scriptedServer();
  const flash = factory(geometry, version(1));
  const clock = { now: 0 };
  let device = connect(core!, geometry, flash, { attributes });
  return {
    server,
    clock,
    device: () => device,
    restart(changed: Record<string, string>) {
      device.end();
      device = connect(core!, geometry, flash, { attributes: changed });
    },
    run(seconds: number, answer = server.answer) {
      live(device, clock, clock.now + seconds, answer);
    },
    told: () => server.requests.filter((line) => line.startsWith("PUT")).length,
  };
}

describe("a device's attributes", { skip }, () => {
  test("are told once, with the version of its model, though the server does not ask", () => {
    const { server, run, told } = scene();
    // A server that never has a link.
    server.attributes["asked"] = "before";
    run(3600);
    assert.equal(told(), 1);
    assert.deepEqual(server.attributes, {
      asked: "before",
      board: "x",
      firmware: "1.0",
      "version.adder": "1.0.0",
    });
  });

  test("are told again after other firmware, and as soon as they change in a running device", () => {
    const { server, run, told, restart, device } = scene();
    run(600);
    restart({ board: "x", firmware: "2.0" });
    run(600);
    assert.equal(server.attributes["firmware"], "2.0");
    device().client!.change({ board: "x", firmware: "2.0", site: "paris" });
    run(600);
    assert.equal(server.attributes["site"], "paris");
    assert.equal(told(), 3);
  });

  test("say the version that is confirmed, after every update, and none that is on trial", () => {
    const { server, run, device } = scene(null);
    run(100);
    assert.deepEqual(server.attributes, { "version.adder": "1.0.0" });
    server.deployment = { id: 7, image: version(2, { traps: true }) };
    run(600);
    assert.deepEqual(server.attributes, { "version.adder": "1.0.0" });
    server.deployment = { id: 8, image: version(3) };
    run(600);
    assert.equal(infer(device()), 3);
    assert.deepEqual(server.attributes, { "version.adder": "3.0.0" });
  });

  test("are told again to a server that has lost them and asks", () => {
    const { server, run } = scene();
    run(600);
    for (const key of Object.keys(server.attributes)) delete server.attributes[key];
    run(600);
    assert.deepEqual(server.attributes, { board: "x", firmware: "1.0", "version.adder": "1.0.0" });
  });

  test("that are refused, or asked for without end, hold up no update and are told ever more rarely", () => {
    for (const status of [400, 403, 404, 429, 500, 0, 200]) {
      const { server, run, device, clock, told } = scene();
      server.deployment = { id: 7, image: version(2) };
      server.links["configData"] = { href: `${BASE}/configData` };
      const answer = (request: Request) => {
        const given = server.answer(request);
        return isConfig(request) && status !== 200 ? emptyAnswer(status) : given;
      };
      run(900, answer);
      assert.equal(infer(device()), 2, `status ${status}`);
      run(3600 - clock.now, answer);
      const before = told();
      run(4 * 3600, answer);
      assert.ok(told() - before <= 12, `status ${status}: told ${told() - before} times in 4 hours`);
      assert.ok(told() > before, `status ${status}: never told again`);
    }
  });

  test("that do not fit into one request come in several", async () => {
    const server = scriptedServer();
    const names = Array.from({ length: 32 }, (_, i) => `model-with-a-long-name-${i}`);
    const device = simulatedDevice(core!, {
      keys: layout(geometry).options.keys,
      models: names.map((name) => ({
        image: version(1, { id: name, padding: 16 }),
        name,
        slotBytes: 4096,
        ramBytes: 8192,
      })),
      server: { url: BASE, attributes: { board: "x" }, handler: server.answer },
    });
    await device.run(100);
    assert.deepEqual(
      server.attributes,
      Object.fromEntries([["board", "x"], ...names.map((name) => [`version.${name}`, "1.0.0"])]),
    );
  });

  test("that fit into no request are no attributes of a device", () => {
    const long = { text: "x".repeat(1000) };
    assert.throws(
      () => connect(core!, geometry, factory(geometry, version(1)), { attributes: long }),
      RangeError,
    );
  });
});

describe("a device of many models", { skip }, () => {
  test("installs an order of 32 chunks, whatever else the document holds", async () => {
    const server = scriptedServer();
    const names = Array.from({ length: 32 }, (_, i) => `m${i}`);
    const next = names.map((name) => version(2, { id: name, padding: 16 }));
    const device = simulatedDevice(core!, {
      keys: layout(geometry).options.keys,
      models: names.map((name) => ({
        image: version(1, { id: name, padding: 16 }),
        name,
        slotBytes: 4096,
        ramBytes: 8192,
      })),
      inferEvery: 5,
      server: {
        url: BASE,
        handler(request) {
          const file = /artifacts\/(\d+)$/.exec(request.url)?.[1];
          return file === undefined
            ? server.answer(request)
            : { status: 200, headers: {}, body: next[Number(file)]! };
        },
      },
    });
    server.deployment = {
      id: 7,
      image: next[0]!,
      rewrite(document) {
        document.deployment.chunks = next.map((image, i) => {
          const chunk = chunkOf(image, names[i]!);
          chunk.artifacts[0]!._links = { download: { href: `${BASE}/softwaremodules/1/artifacts/${i}` } };
          return { metadata: [{ key: "k", value: "v".repeat(4000) }], ...chunk };
        });
        return document;
      },
    };
    await device.run(3600);
    assert.deepEqual(
      names.map((_, i) => device.version(i)),
      names.map(() => "2.0.0"),
    );
    const final = server.feedback.filter(({ execution }) => execution === "closed");
    assert.deepEqual(
      final.map(({ finished }) => finished),
      ["success"],
    );
    // "downloaded" may end an order to download: it is said of the whole.
    assert.equal(server.feedback.filter(({ execution }) => execution === "downloaded").length, 1);
  });
});
