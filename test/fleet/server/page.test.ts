/** The server's page in a real browser: it asks for a token, shows fleet, stages and refusals, and obeys. */
import assert from "node:assert/strict";
import { readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type HttpServer, serveHttp } from "../../../host/fleet/server/http.ts";
import { parseImage } from "../../../host/image/mcuboot.ts";
import { type Browser, skipBrowser, startBrowser, type Visit } from "../../support/browser.ts";
import { scratchFolder } from "../../support/folders.ts";
import { encodeReport, quietReport } from "../../support/reports.ts";
import { version } from "../../support/two_versions.ts";
import { rawDevice } from "./raw_device.ts";
import { rollout, type Scene, scene, startRollout } from "./server_and_devices.ts";

const scratch = scratchFolder();
const HOSTILE = `<img src=x onerror='document.title="broken"'>`;

/** Five devices, one of which has failed with a hostile reason, so that the rollout has stopped. */
function fleet(at: Scene): void {
  const devices = Array.from({ length: 5 }, (_, i) => rawDevice(at, `device-${i}`));
  for (const device of devices) device.configure({ board: "c3", note: HOSTILE });
  startRollout(at, at.publish(version(2)), { name: "bad", retries: 0, errors: 30 });
  devices[0]!.report("success");
  devices[1]!.report("failure", HOSTILE);
  devices[2]!.report("failure", "trapped");
  startRollout(at, at.publish(version(3)), { name: "next", stages: [{ count: 1 }, { rest: true }] });
  // The first version runs on two devices, and fails on one of them.
  const model = Buffer.from(parseImage(version(2)).digest).toString("hex");
  for (const [device, traps] of [90, 0].entries())
    at.ask({
      method: "POST",
      url: `/DEFAULT/controller/v1/device-${device}/reports`,
      headers: { authorization: `GatewayToken ${at.gateway}` },
      body: encodeReport({ ...quietReport(model), inferences: 100, failures: [traps, 0, 0, 0, 0, 0] }),
    });
}

describe("the page of the server in Chromium", { skip: skipBrowser }, () => {
  let browser: Browser;
  let http: HttpServer;
  let at: Scene;
  before(async () => {
    at = scene();
    fleet(at);
    http = await serveHttp(at.server, { host: "127.0.0.1", port: 0 });
    browser = await startBrowser();
  });
  after(async () => {
    await browser.close();
    await http.close();
  });

  async function enter(token: string, width = 1280): Promise<Visit> {
    const visit = await browser.visit(`${http.url}/`, { width });
    await visit.page.locator("#token").fill(token);
    await visit.page.locator("#token").press("Enter");
    return visit;
  }

  test("names an image whose file is not what was published", async () => {
    const folder = join(scratch, "images");
    const damaged = scene({ folder, log: () => {} });
    damaged.publish(version(2));
    const images = join(folder, "images");
    for (const name of readdirSync(images)) truncateSync(join(images, name), 9);
    const other = await serveHttp(damaged.server, { host: "127.0.0.1", port: 0 });
    const { page } = await browser.visit(`${other.url}/`, { width: 1280 });
    await page.locator("#token").fill(damaged.manage);
    await page.locator("#token").press("Enter");
    const warning = page.locator("#images .warning");
    await warning.waitFor();
    assert.match(await warning.innerText(), /The file of adder 2\.0\.0 is damaged/);
    await page.close();
    await other.close();
    damaged.server.close();
  });

  test("shows nothing without a token, and nothing with a wrong one", async () => {
    const { page } = await enter("wrong");
    await page.locator("#problem").waitFor();
    assert.match(await page.locator("#problem").innerText(), /token of an operator/);
    assert.equal(await page.locator("#fleet").isVisible(), false);
    assert.equal((await page.content()).includes("device-0"), false);
  });

  test("shows the fleet, every stage, and why devices refused; what devices say stays text", async () => {
    const { page, complaints, requests } = await enter(at.manage);
    await page.locator("article").first().waitFor();
    assert.match((await page.locator("#tiles").innerText()).replaceAll(/\s+/g, " "), /Devices 5 /);
    const bad = page.locator("article", { hasText: "bad: adder 2.0.0" });
    assert.match(await bad.innerText(), /stopped/);
    assert.match(await bad.locator(".warning").innerText(), /^stage 1: 2 of 5 devices failed \(40 %\)/);
    assert.ok((await bad.innerText()).includes(HOSTILE));
    const widths = await bad.locator(".segment").evaluateAll((all) => all.map((each) => each.clientWidth));
    assert.ok(widths.length >= 3 && widths.every((each) => each > 10), `${widths}`);
    await bad.locator("summary").click();
    await bad.locator("details td").first().waitFor();
    assert.deepEqual(await bad.locator("details tbody tr td:first-child").allInnerTexts(), [
      "device-1",
      "device-2",
    ]);
    assert.equal(await page.title(), "Fleet");
    assert.equal(await page.locator("img").count(), 0);
    assert.deepEqual(complaints, []);
    assert.ok(
      requests.every((url) => url.startsWith(http.url)),
      requests.join(" "),
    );
  });

  test("says which model is unwell, since when, after which rollout, and on which devices", async () => {
    const { page, complaints } = await enter(at.manage);
    const model = page.locator("#models article");
    await model.waitFor();
    const text = await model.innerText();
    assert.match(text, /adder 2\.0\.0\s+unwell/);
    assert.match(text, /1 of 2 devices unwell, 0 silent; told last .*, after the rollout bad of/);
    assert.match(text, /failures: 90 % of inferences fail, most of them: trap \(on 1 device\)\. Since /);
    await model.locator("summary").press("Enter");
    await model.locator("table").first().waitFor();
    const devices = await model.locator("table").first().innerText();
    assert.match(devices, /device-0/);
    assert.doesNotMatch(devices, /device-1/);
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test("filters devices, pauses a rollout, and goes on with it", async () => {
    const { page } = await enter(at.manage);
    await page.locator("#query").fill("name=*-3");
    await page.locator("#query").press("Enter");
    await page.waitForFunction(() => document.querySelectorAll("#devices tbody tr").length === 1);
    const next = page.locator("article", { hasText: "next: adder 3.0.0" });
    await next.getByRole("button", { name: "pause" }).click();
    await next.getByRole("button", { name: "resume" }).waitFor();
    assert.equal(rollout(at, 2).state, "paused");
    await next.getByRole("button", { name: "resume" }).click();
    await next.getByRole("button", { name: "pause" }).waitFor();
    assert.equal(rollout(at, 2).state, "running");
  });

  test("a token that may only read is told so when it orders something", async () => {
    const { token } = at.operate<{ token: string }>("POST", "/tokens", { name: "reader", role: "read" });
    const { page } = await enter(token);
    await page.locator("article", { hasText: "next" }).getByRole("button", { name: "abort" }).click();
    await page.locator("#problem").waitFor();
    assert.match(
      await page.locator("#problem").innerText(),
      /expected a token with the role manage, found read/,
    );
    assert.equal(rollout(at, 2).state, "running");
  });

  test("fits a phone of 360 pixels", async () => {
    const { page } = await enter(at.manage, 360);
    await page.locator("article").first().waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
  });
});
