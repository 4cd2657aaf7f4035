/** Reports over MQTT: a real mosquitto with an ACL, an independent client, the device's real core. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type MqttClient as Client, connectAsync } from "mqtt";
import { findProgram } from "../../../host/firmware/toolchain.ts";
import { mqttBridge } from "../../../host/fleet/server/mqtt.ts";
import { loadCore, simulatedDevice } from "../../../host/fleet/simulator/simulated_device.ts";
import { decodeReport } from "../../../host/fleet/telemetry/report.ts";
import { scratchFolder } from "../../support/folders.ts";
import { key } from "../../support/signed_images.ts";
import { countsOf, rawOf, type WatchedModel, watchedWine, wineRows } from "../../support/watched.ts";
import { type Scene, scene, skipDevices } from "./server_and_devices.ts";

const broker =
  findProgram("mosquitto") ?? (existsSync("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : undefined);
const missing =
  broker === undefined || findProgram("mosquitto_passwd") === undefined
    ? "no mosquitto; install: apt-get install mosquitto"
    : false;
const folder = scratchFolder();
const ROOT = "thimble/v1/DEFAULT";

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

describe("reports over MQTT", { skip: missing || skipDevices }, () => {
  let process: ChildProcess;
  let port = 0;
  let wine: WatchedModel;
  const rows = wineRows();

  before(async () => {
    wine = await watchedWine(key);
    port = await freePort();
    const [passwords, acl, config] = ["passwords", "acl", "mosquitto.conf"].map((name) => join(folder, name));
    writeFileSync(passwords!, "server:s/cret\none:1\ntwo:2\n");
    chmodSync(passwords!, 0o600);
    assert.equal(spawnSync("mosquitto_passwd", ["-U", passwords!]).status, 0);
    // As firmware/SPEC.md has it: a device speaks for itself only.
    writeFileSync(
      acl!,
      `user server\ntopic readwrite ${ROOT}/#\n\npattern write ${ROOT}/%u/report\npattern write ${ROOT}/%u/sample\npattern read ${ROOT}/%u/#\n`,
    );
    chmodSync(acl!, 0o600);
    writeFileSync(
      config!,
      `listener ${port} 127.0.0.1\npassword_file ${passwords}\nacl_file ${acl}\nallow_anonymous false\nuser root\n`,
    );
    process = spawn(broker!, ["-c", config!, "-v"]);
    await new Promise<void>((resolve, reject) => {
      let text = "";
      process.stderr!.on("data", (data: Buffer) => {
        text += data.toString("utf8");
        if (/mosquitto version \S+ running/.test(text)) resolve();
      });
      process.once("exit", (status) => reject(new Error(`mosquitto: status ${status}: ${text}`)));
    });
  });
  after(() => {
    process?.removeAllListeners("exit");
    process?.kill();
  });

  const url = (): string => `mqtt://server:${encodeURIComponent("s/cret")}@127.0.0.1:${port}`;
  /** A server with its bridge, once that is subscribed. */
  async function bridged(at: Scene): Promise<() => void> {
    let close = (): void => {};
    await new Promise<void>((ready) => {
      const bridge = mqttBridge(at.server, { url: url(), tenant: "DEFAULT", log: () => {}, ready });
      close = () => bridge.close();
    });
    return close;
  }
  const device = (name: string, password: string): Promise<Client> =>
    connectAsync(`mqtt://127.0.0.1:${port}`, { username: name, password, clientId: `device-${name}` });
  /** The next message of a topic, as text. */
  const next = (client: Client, topic: string): Promise<string> =>
    new Promise((resolve) => {
      const heard = (found: string, body: Buffer): void => {
        if (found !== topic) return;
        client.off("message", heard);
        resolve(body.toString("utf8"));
      };
      client.on("message", heard);
    });
  const inferences = (at: Scene): number =>
    at.operate<{ inferences: number }>("GET", `/models/${wine.hash}`).inferences;

  test("of a device's core are taken, told as taken, and count once, however often they come", async () => {
    const at = scene();
    at.publish(wine.image);
    const close = await bridged(at);
    const simulated = simulatedDevice(await loadCore(), {
      keys: [key],
      models: [{ image: wine.image }],
      monitor: {},
    });
    assert.ok(simulated.boot());
    const raws = rows.map((row) => rawOf(wine.image, simulated.infer([row])[0]!));
    const monitor = simulated.core!.monitors[0]!;
    assert.equal(monitor.tick(3600, 5_000_000), 0);
    const { bytes, interval } = monitor.report()!;
    const client = await device("one", "1");
    await client.subscribeAsync(`${ROOT}/one/#`, { qos: 1 });
    const topic = `${ROOT}/one/taken/${wine.hash}`;
    for (let time = 0; time < 3; time++) {
      const taken = next(client, topic);
      await client.publishAsync(`${ROOT}/one/report`, Buffer.from(bytes), { qos: 1 });
      assert.equal(await taken, String(interval));
    }
    monitor.acknowledge(interval);
    assert.equal(monitor.report(), undefined);
    const { channels } = at.operate<{ channels: { counts: number[] }[] }>("GET", `/models/${wine.hash}`);
    assert.deepEqual(
      channels.map(({ counts }) => counts),
      countsOf(wine, rows, raws).channels,
    );
    await client.endAsync();
    // A client that comes back hears at once what the server has.
    const again = await device("one", "1");
    const retained = next(again, topic);
    await again.subscribeAsync(topic, { qos: 1 });
    assert.equal(await retained, String(interval));
    // An operator's wish comes with the next report.
    at.operate("POST", `/models/${wine.hash}/samples`, { perDevice: 3 });
    await again.subscribeAsync(`${ROOT}/one/#`, { qos: 1 });
    const wanted = next(again, `${ROOT}/one/wanted/${wine.hash}`);
    await again.publishAsync(`${ROOT}/one/report`, Buffer.from(bytes), { qos: 1 });
    assert.equal(await wanted, "3");
    await again.endAsync();
    close();
  });

  test("wait in the broker while the server is away", async () => {
    const at = scene();
    at.publish(wine.image);
    (await bridged(at))();
    const simulated = simulatedDevice(await loadCore(), {
      keys: [key],
      models: [{ image: wine.image }],
      monitor: {},
    });
    assert.ok(simulated.boot());
    for (const row of rows.slice(0, 20)) simulated.infer([row]);
    const monitor = simulated.core!.monitors[0]!;
    assert.equal(monitor.tick(3600, 6_000_000), 0);
    const { bytes } = monitor.report()!;
    assert.equal(decodeReport(bytes).inferences, 20);
    const client = await device("one", "1");
    await client.publishAsync(`${ROOT}/one/report`, Buffer.from(bytes), { qos: 1 });
    await client.subscribeAsync(`${ROOT}/one/#`, { qos: 1 });
    const taken = new Promise<void>((resolve) => {
      client.on("message", (topic, body) => {
        if (topic.includes("/taken/") && Number(body.toString()) === 6_000_000) resolve();
      });
    });
    const close = await bridged(at);
    await taken;
    assert.equal(inferences(at), 20);
    await client.endAsync();
    close();
  });

  test("that are none are refused with a reason, and nobody speaks for another device", async () => {
    const at = scene();
    at.publish(wine.image);
    const close = await bridged(at);
    const client = await device("two", "2");
    await client.subscribeAsync(`${ROOT}/two/#`, { qos: 1 });
    // The broker drops it, and says nothing of that with MQTT 3.1.1.
    await client.publishAsync(`${ROOT}/one/report`, Buffer.from("for another"), { qos: 1 });
    const refused = next(client, `${ROOT}/two/refused`);
    await client.publishAsync(`${ROOT}/two/report`, Buffer.from("no report"), { qos: 1 });
    assert.equal(await refused, "400 report: length: expected at least 112 bytes, found 9");
    const { devices } = at.operate<{ devices: { name: string }[] }>("GET", "/devices");
    assert.deepEqual(
      devices.map(({ name }) => name),
      ["two"],
    );
    await assert.rejects(device("two", "wrong"), /[Nn]ot authorized/);
    await client.endAsync();
    close();
  });
});
