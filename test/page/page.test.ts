/** The page of `thimble page` in a real browser: rows, tables, pictures and sounds, offline, and what it refuses. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { PNG } from "pngjs";
import wavefile from "wavefile";
import { publicPem } from "../../host/image/keys.ts";
import type { Borders, BorderTensor } from "../../host/ops/border.ts";
import { modelPage } from "../../host/page/page.ts";
import { imageDecoder } from "../../host/runtime/data/image.ts";
import { load } from "../../host/runtime/model/node.ts";
import { described } from "../firmware/core/values_borders.ts";
import { type Browser, skipBrowser, startBrowser, type Visit } from "../support/browser.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { key, makeImage, otherKey } from "../support/signed_images.ts";

const scratch = scratchFolder();
const tensor = (more: Partial<BorderTensor>): BorderTensor => ({
  name: "x",
  dtype: "int16",
  source: "float32",
  shape: [2],
  scale: 1 / 256,
  zeroPoint: 0,
  ...more,
});

/** Modules whose output is their input, so that the answer tells what the page has put in. */
const echoes = (input: Partial<BorderTensor>, output: Partial<BorderTensor>): Borders => ({
  task: "classification",
  inputs: [tensor(input)],
  outputs: [tensor({ decision: "greatest", ...output })],
});
const SIDE = 8;
const rows = described(
  echoes(
    {
      scale: 0.5,
      features: ["age", "weight"],
      units: ["years", "kg"],
      scaling: { offsets: [0, 0], factors: [1, 1] },
    },
    { scale: 0.5, labels: ["</script><b>old</b>", "heavy"] },
  ),
);
const pictures = described(
  echoes({ shape: [1, SIDE, SIDE, 1], name: "image" }, { shape: [1, SIDE * SIDE], name: "pixels" }),
);
const sounds = described(
  echoes({ shape: [400], stream: { sampleRate: 8000, channels: 1, hop: 200 } }, { shape: [400] }),
);

/** A grey picture that is bright at its right. */
function pictureFile(): string {
  const png = new PNG({ width: 24, height: 16 });
  for (let i = 0; i < 24 * 16; i++) png.data.set([(i % 24) * 10, ((i % 24) * 7) % 256, i % 256, 255], 4 * i);
  const file = join(scratch, "picture.png");
  writeFileSync(file, PNG.sync.write(png));
  return file;
}

/** Half a second at the rate of the input, silent but for one sample. */
function soundFile(): string {
  const wav = new wavefile.WaveFile();
  const samples = new Int16Array(4000);
  samples[1234] = 16384;
  wav.fromScratch(1, 8000, "16", samples);
  const file = join(scratch, "click.wav");
  writeFileSync(file, wav.toBuffer());
  return file;
}

function tableFile(text: string): string {
  const file = join(scratch, "people.csv");
  writeFileSync(file, text);
  return file;
}

const text = (page: Page, id: string): Promise<string> => page.locator(`#${id}`).innerText();

describe("the page in Chromium", { skip: skipBrowser }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  async function opened(name: string, module: Uint8Array, width = 900): Promise<Visit> {
    const file = join(scratch, `${name}.html`);
    writeFileSync(file, modelPage(name, module));
    const visit = await browser.open(file, { width });
    await visit.page.waitForSelector("html[data-ready]");
    return visit;
  }

  test("answers a row that is typed, and names what is no number", async () => {
    const { page, complaints, requests } = await opened("people", rows, 360);
    await page.getByLabel("age").fill("41");
    await page.getByLabel("weight").fill("80.5");
    await page.getByRole("button", { name: "Predict the row" }).press("Enter");
    assert.equal(await text(page, "verdict"), "heavy");
    assert.match(await text(page, "values"), /^heavy\s+80\.5\s+<\/script><b>old<\/b>\s+41\s*$/);
    assert.equal(await text(page, "confidence"), "80.5");
    assert.match(await text(page, "time"), /^(?:under 1|\d+) µs$|^\d+\.\d ms$/);
    assert.equal(await text(page, "size"), `${rows.length} bytes`);
    for (const [value, message] of [
      ["tall", "age: expected a number, found tall"],
      ["", "age: expected a number, found NaN"],
    ] as const) {
      await page.getByLabel("age").fill(value);
      await page.getByRole("button", { name: "Predict the row" }).click();
      assert.equal(await page.getByRole("alert").innerText(), message);
    }
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
    assert.deepEqual(complaints, []);
    assert.equal(requests.length, 1);
  });

  test("answers a table by the names of its columns, says what is wrong with one, and gives all answers", async () => {
    const { page } = await opened("table", rows);
    await page.setInputFiles("#file", tableFile("weight,who,age,label\n1,a,2,heavy\n7.5,b,3,heavy\n"));
    await page.waitForSelector("#table:not([hidden])");
    assert.equal(await text(page, "rows-note"), "2 rows of people.csv, 1 as the file expects");
    assert.match(
      await text(page, "rows"),
      /1\s+<\/script><b>old<\/b>\s+2\s+heavy\s+2\s+heavy\s+7\.5\s+heavy$/,
    );
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download all answers" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "people.answers.csv");
    assert.equal(
      readFileSync(await download.path(), "utf8"),
      "row,answer,confidence,expected\n1,</script><b>old</b>,2,heavy\n2,heavy,7.5,heavy\n",
    );
    await page.setInputFiles("#file", tableFile("weight,age\n1,2\n3,x\n"));
    await page.waitForSelector("#error:not([hidden])");
    assert.equal(await text(page, "error"), 'people.csv:3: column age: expected a number, found "x"');
    await page.setInputFiles("#file", pictureFile());
    await page.waitForFunction(() => document.getElementById("error")!.textContent!.includes("picture.png"));
    assert.equal(await text(page, "error"), "picture.png: expected a table (.csv), found a picture");
  });

  test("answers a picture as Node reads it, and what is drawn", async () => {
    const { page, complaints } = await opened("pictures", pictures);
    const file = pictureFile();
    await page.setInputFiles("#file", file);
    await page.waitForSelector("#answer:not([hidden])");
    const row = imageDecoder(
      file,
      [{ name: "image", shape: [1, SIDE, SIDE, 1] }],
      {},
    )(readFileSync(file), file);
    const { classNumber, score } = (await load(pictures)).predict(row);
    assert.equal(await text(page, "verdict"), `class ${classNumber}`);
    assert.equal(await text(page, "confidence"), String(Number(score!.toPrecision(4))));
    await page.getByLabel("dark on light").check();
    assert.notEqual(await text(page, "verdict"), `class ${classNumber}`);
    await page.getByLabel("dark on light").uncheck();
    const box = (await page.locator("#drawing").boundingBox())!;
    const at = (pixel: number): number => ((pixel + 0.5) * box.width) / SIDE;
    await page.mouse.move(box.x + at(5), box.y + at(1));
    await page.mouse.down();
    await page.mouse.move(box.x + at(5), box.y + at(1) + 1);
    await page.mouse.up();
    assert.equal(await text(page, "verdict"), `class ${1 * SIDE + 5}`);
    assert.deepEqual(complaints, []);
  });

  test("answers the windows of a sound, and shows the surest", async () => {
    const { page, complaints } = await opened("sounds", sounds);
    await page.setInputFiles("#file", soundFile());
    await page.waitForSelector("#answer:not([hidden])");
    assert.equal(await text(page, "note"), "the surest of 19 windows, at 0.13 s");
    assert.equal(await text(page, "verdict"), "class 234");
    assert.equal(await text(page, "confidence"), "0.5");
    assert.equal(await page.locator("#windows li").count(), 19);
    await page.setInputFiles("#file", { name: "x.wav", mimeType: "audio/wav", buffer: Buffer.from("RIFF") });
    await page.waitForSelector("#error:not([hidden])");
    assert.equal(await text(page, "error"), "x.wav: expected a sound, found none that this browser reads");
    assert.deepEqual(complaints, []);
  });

  test("lets no other script run, nor evaluates text, and every control has a name", async () => {
    const { page } = await opened("strict", pictures);
    const ran = await page.evaluate(async () => {
      const script = document.createElement("script");
      script.textContent = "document.title = 'ran'";
      document.body.append(script);
      // In a task of its own: the tool's own task may evaluate.
      const evaluated = await new Promise((done) =>
        setTimeout(() => {
          try {
            // biome-ignore lint/security/noGlobalEval: it has to be refused.
            done(eval("1"));
          } catch (error) {
            done((error as Error).name);
          }
        }),
      );
      return [document.title, evaluated];
    });
    assert.deepEqual(ran, ["strict", "EvalError"]);
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll("input, textarea, button, canvas")]
        .filter((each) => !(each as HTMLInputElement).labels?.length && !each.ariaLabel && !each.textContent)
        .map(({ id }) => id),
    );
    assert.deepEqual(nameless, []);
  });
});

describe("thimble page", () => {
  test("writes one file of a module or of an image that the key signed, and nothing where it can't", () => {
    const [image, pem, other] = ["m.img", "key.pem", "other.pem"].map((name) => join(scratch, name));
    writeFileSync(image!, makeImage({ body: sounds }));
    writeFileSync(pem!, publicPem(key));
    writeFileSync(other!, publicPem(otherKey));
    const output = join(scratch, "out", "page.html");
    const made = thimble(["page", image!, "-o", output, "--key", pem!, "--json"]);
    assert.equal(made.status, 0, made.stderr);
    const page = readFileSync(output, "utf8");
    const { bytes, gzip, module } = JSON.parse(made.stdout.toString()) as Record<string, number>;
    assert.equal(bytes, Buffer.byteLength(page));
    assert.equal(module, sounds.length);
    assert.ok(gzip! < 16_384, `${gzip} bytes`);
    assert.match(
      page,
      /Content-Security-Policy" content="default-src &#39;none&#39;; script-src &#39;sha256-/,
    );
    const refused = thimble(["page", image!, "-o", join(scratch, "no", "page.html"), "--key", other!]);
    assert.equal(refused.status, 1);
    assert.match(
      refused.stderr,
      /^thimble page: .*m\.img: offset \d+: signed with another key: expected .*\n$/,
    );
    assert.throws(() => readFileSync(join(scratch, "no", "page.html")), { code: "ENOENT" });
  });

  test("takes the rate of an input of samples, and refuses it for others", () => {
    assert.match(
      modelPage("m", described(echoes({ shape: [64] }, { shape: [64] })), { sampleRate: 16000 }),
      /Record/,
    );
    assert.throws(
      () => modelPage("m", pictures, { sampleRate: 16000 }),
      /^ModelError: --sample-rate: expected an input of one axis of samples, found \[1,8,8,1\]$/,
    );
    assert.throws(() => modelPage("m", sounds, { sampleRate: 5 }), /expected 3000 to 768000, found 5$/);
  });
});
