/** The page of `build --report` in a real browser: it draws, answers, keeps still on the network, and fits. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { reportPage } from "../../host/report/page.ts";
import type { Report } from "../../host/report/schema.ts";
import { type Browser, skipBrowser, startBrowser } from "../support/browser.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { modelPath } from "../support/models.ts";

const scratch = scratchFolder();

/** Builds a model with its report; the page's file. */
function buildPage(model: string, ...options: readonly string[]): string {
  const folder = join(scratch, model);
  const file = join(folder, "page", "report.html");
  const found = thimble(["build", modelPath(model), "-o", folder, "--report", file, ...options]);
  assert.equal(found.status, 0, found.stderr);
  return file;
}

const digits = buildPage(
  "digits.tflite",
  "--calibration",
  modelPath("digits.calibration.csv"),
  "--evaluate",
  modelPath("digits.test.csv"),
);
const report = JSON.parse(readFileSync(join(scratch, "digits.tflite", "report.json"), "utf8")) as Report;

/** Whether the histogram's canvas has pixels of more than one colour. */
const hasDrawn = (page: Page): Promise<boolean> =>
  page.locator("#histogram canvas").evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size > 10;
  });

const picture = (page: Page): Promise<string> =>
  page.locator("#histogram canvas").evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());

const background = (page: Page): Promise<string> =>
  page.evaluate(() => getComputedStyle(document.body).backgroundColor);

const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth > innerWidth);

describe("the page in Chromium", { skip: skipBrowser }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test("loads from a file, draws, says nothing on the console and asks for nothing else", async () => {
    const { page, complaints, requests } = await browser.open(digits, { width: 1280 });
    assert.equal(await hasDrawn(page), true);
    for (const chart of [
      ".treemap li",
      ".memory li",
      "#latency .segment",
      "#noise .segment",
      ".heat .right",
    ]) {
      const areas = await page
        .locator(chart)
        .evaluateAll((items) => items.map((item) => item.clientWidth * item.clientHeight));
      assert.ok(areas.length >= 8, `${chart}: ${areas.length}`);
      assert.ok(Math.max(...areas) > 100, chart);
    }
    assert.deepEqual(complaints, []);
    assert.deepEqual(requests, [pathToFileURL(digits).href]);
  });

  test("tells the figures of report.json", async () => {
    const { page } = await browser.open(digits, { width: 1280 });
    const text = (await page.locator(".tiles").innerText()).replaceAll(/\s+/g, " ");
    const { evaluation, moduleBytes } = report;
    assert.ok(text.includes(`${(100 * evaluation!.quantized!.accuracy).toFixed(1)} %`), text);
    assert.ok(text.replaceAll(" ", "").includes(`${moduleBytes}B`), text);
    const right = await page.locator(".heat").last().locator(".right").allInnerTexts();
    assert.deepEqual(
      right.map(Number),
      evaluation!.quantized!.confusion.map((row, i) => row[i]),
    );
    assert.deepEqual(JSON.parse((await page.locator("#data").textContent())!), report);
  });

  test("picking a layer, by the list or by its bar, changes the histogram and the facts", async () => {
    const { page, complaints } = await browser.open(digits, { width: 1280 });
    const seen = new Set([await picture(page)]);
    const { tensor, layer } = report.quality![1]!;
    await page.locator("#tensor").selectOption("1");
    seen.add(await picture(page));
    assert.match(await page.locator("#facts").innerText(), new RegExp(layer));
    assert.ok((await page.locator("#histogram").getAttribute("aria-label"))!.includes(tensor));
    // By keyboard: a bar's name is a button.
    await page.locator("button[data-tensor='2']").focus();
    await page.keyboard.press("Enter");
    seen.add(await picture(page));
    assert.equal(await page.locator("#tensor").inputValue(), "2");
    assert.equal(await page.locator("button[data-tensor='2']").getAttribute("aria-pressed"), "true");
    assert.equal(seen.size, 3);
    assert.deepEqual(complaints, []);
  });

  test("is light or dark as the reader's system, and follows when that changes", async () => {
    const { page } = await browser.open(digits, { width: 1280, scheme: "dark" });
    const [dark, darkPicture] = [await background(page), await picture(page)];
    assert.equal(await hasDrawn(page), true);
    await page.emulateMedia({ colorScheme: "light" });
    assert.notEqual(await background(page), dark);
    await page.waitForFunction(
      (before) => document.querySelector<HTMLCanvasElement>("#histogram canvas")!.toDataURL() !== before,
      darkPicture,
    );
  });

  test("fits a phone of 360 pixels, and ink on paper", async () => {
    const { page } = await browser.open(digits, { width: 360, height: 740 });
    assert.equal(await isTooWide(page), false);
    assert.equal(await hasDrawn(page), true);
    const chart = await page.locator("#histogram .uplot").boundingBox();
    assert.ok(chart!.width <= 360 && chart!.width > 200, `${chart!.width}`);
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator("nav").isVisible(), false);
    assert.equal(await page.locator(".treemap").isVisible(), true);
  });

  test("names of a hostile model stay text", async () => {
    const hostile = `</script><script>document.title = "broken"</script><img src=x onerror='document.title="broken"'>"'&--><!--`;
    const file = join(scratch, "hostile.html");
    writeFileSync(file, reportPage(renamed(report, hostile)));
    const { page, complaints, requests } = await browser.open(file, { width: 800 });
    assert.equal(await page.title(), `${hostile} 1.0.0`);
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.locator("script").count(), 3);
    assert.equal(await hasDrawn(page), true);
    const facts = await page.locator("#facts").innerText();
    assert.ok(facts.includes("</script><script>"), facts);
    assert.equal(await isTooWide(page), false);
    assert.deepEqual(complaints, []);
    assert.deepEqual(requests, [pathToFileURL(file).href]);
  });

  test("a model that was quantised already: no float figures, and the page says why", async () => {
    const file = buildPage("digits_int8.tflite");
    const { page, complaints, requests } = await browser.open(file, { width: 1280 });
    assert.match(await page.locator("#accuracy").innerText(), /was quantised already/);
    assert.equal(await page.locator("#noise").count(), 0);
    assert.equal(await page.locator("canvas").count(), 0);
    assert.ok((await page.locator(".treemap li").count()) > 5);
    assert.deepEqual(complaints, []);
    assert.deepEqual(requests, [pathToFileURL(file).href]);
  });
});

/** The report with every text that comes from the model replaced, but for those that other parts refer to. */
function renamed(original: Report, name: string): Report {
  const rename = <T extends { readonly name: string }>(list: readonly T[]): T[] =>
    list.map((item) => ({ ...item, name }));
  return {
    ...original,
    model: { name, version: "1.0.0" },
    source: { ...original.source, file: name },
    sizes: rename(original.sizes),
    inputs: rename(original.inputs),
    outputs: rename(original.outputs).map((output) => ({ ...output, labels: [name] })),
    layers: rename(original.layers),
    tuning: { ...original.tuning, warnings: [name], layers: rename(original.tuning.layers) },
    memory: {
      ...original.memory,
      steps: original.memory.steps.map(() => name),
      buffers: rename(original.memory.buffers),
    },
    quality: original.quality!.map((each) => ({ ...each, tensor: name, layer: name, advice: [name] })),
    evaluation: {
      ...original.evaluation!,
      file: name,
      classes: original.evaluation!.classes!.map(() => name),
    },
  };
}
