/** The runtime for browsers: the answers of a device, of Node's runtime and of its own in a real browser; its size. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { rawPublicKey } from "../../../host/image/keys.ts";
import { addCustomSection } from "../../../host/module/sections.ts";
import { type BorderTensor, dequantizeBytes, quantizeInput } from "../../../host/ops/border.ts";
import { decideOutputs } from "../../../host/ops/border_decision.ts";
import { build } from "../../../host/pipeline.ts";
import { root } from "../../../host/root.ts";
import { readDataset } from "../../../host/runtime/data/index.ts";
import type * as BrowserRuntime from "../../../host/runtime/model/browser.ts";
import { load as loadInNode, type Model } from "../../../host/runtime/model/node.ts";
import { described, type Example, example } from "../../firmware/core/values_borders.ts";
import { type Browser, skipBrowser, startBrowser } from "../../support/browser.ts";
import { modelPath } from "../../support/models.ts";
import { key, makeImage, otherKey, publicHex } from "../../support/signed_images.ts";

/** Bytes of the entry, compressed by gzip; what reads images is a file of its own. */
const MOST_BYTES = 2400;
const MOST_IMAGE_BYTES = 640;
const SEED = 19;

const folder = join(root, "dist", "host", "runtime", "browser");
const { load }: typeof BrowserRuntime = await import(pathToFileURL(join(folder, "browser.js")).href);

const gzipped = (file: string): number => gzipSync(readFileSync(join(folder, file)), { level: 9 }).length;
const key32 = (signer: typeof key): Uint8Array => new Uint8Array(Buffer.from(publicHex(signer), "hex"));
const examples: readonly Example[] = fc.sample(example, { numRuns: 60, seed: SEED });

/** Numbers of classes are what the output's real values are, without a scale, as far as float32 holds them. */
const isClass = (n: number, { decision, scale, zeroPoint }: BorderTensor): boolean =>
  decision !== "index" || (n < 2 ** 24 && scale === 1 && zeroPoint === 0);

/** What a model says of an example, or that it refuses it. */
function answerOf(model: Model, values: Float32Array) {
  try {
    const { outputs, ...decided } = model.predict(values);
    return { ...decided, values: Object.values(outputs)[0], raw: model.inputs[0]!.raw.slice() };
  } catch (error) {
    assert.ok(error instanceof RangeError);
    return error.message;
  }
}

describe("the entry for browsers", () => {
  test("is small, evaluates no text as code, and needs nothing of Node", () => {
    const entry = readFileSync(join(folder, "browser.js"), "utf8");
    assert.ok(gzipped("browser.js") <= MOST_BYTES, `found ${gzipped("browser.js")} bytes`);
    assert.ok(gzipped("browser_image.js") <= MOST_IMAGE_BYTES, `found ${gzipped("browser_image.js")} bytes`);
    assert.doesNotMatch(entry, /\beval\b|Function\(|node:|\bBuffer\b/);
  });

  test("has the bits of the host's borders for borders of every kind, and so has Node's", async () => {
    let refused = 0;
    for (const { borders, values } of examples) {
      const module = described(borders);
      const [input, output] = [borders.inputs[0]!, borders.outputs[0]!];
      const found = answerOf(await load(new Uint8Array(module)), values);
      assert.deepEqual(answerOf(await loadInNode(module), values), found);
      if (typeof found === "string") {
        assert.throws(() => quantizeInput(values, input));
        refused++;
        continue;
      }
      const raw = quantizeInput(values, input);
      assert.deepEqual(new Uint8Array(found.raw.buffer), raw, JSON.stringify(borders));
      assert.deepEqual(found.values, dequantizeBytes(raw, output));
      const decided = decideOutputs(borders, [raw], values);
      if (decided && !isClass(decided.classNumber, output)) continue;
      assert.equal(found.classNumber, decided?.classNumber);
      assert.equal(found.score, decided?.score);
      assert.equal(found.label, decided?.label);
    }
    assert.ok(refused > 3 && refused < examples.length / 2, `${refused} refused`);
  });

  test("takes images whose hash is right, and with a key only those that it signed", async () => {
    const body = described(examples.find(({ borders }) => borders.inputs[0]!.shape.length === 1)!.borders);
    const image = new Uint8Array(makeImage({ body }));
    await load(image);
    await load(image, { key: key32(key) });
    const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key32(key)]).toString("base64")}\n-----END PUBLIC KEY-----\n`;
    await load(image, { key: pem });
    await assert.rejects(
      load(image, { key: key32(otherKey) }),
      /^Error: image: expected a signature of the key/,
    );
    await assert.rejects(load(new Uint8Array(body), { key: key32(key) }), /expected a signature \(\.img\)/);
    for (const place of [40, image.length - 130, 12]) {
      const damaged = image.slice();
      damaged[place]! ^= 1;
      await assert.rejects(load(damaged), /^Error: image: expected/);
    }
    const forged = image.slice();
    forged[image.length - 1]! ^= 1;
    await load(forged);
    await assert.rejects(load(forged, { key: key32(key) }), /expected a signature of the key/);
  });

  test("says what it found", async () => {
    await assert.rejects(load(new Uint8Array(40)), /expected a module \(\.wasm\) or an image|WebAssembly/);
    const bare = described(examples[0]!.borders).slice(0, 8);
    await assert.rejects(load(bare), /^RangeError: module: expected thimble\.io, found none/);
    await assert.rejects(load("data:text/plain,x"), Error);
    const module = new Uint8Array(addCustomSection(new Uint8Array(bare), "other", new Uint8Array()));
    await assert.rejects(load(module), /found none/);
  });
});

describe("in Chromium, under a strict content security policy", { skip: skipBrowser }, () => {
  let browser: Browser;
  let server: Server;
  let digits: Uint8Array;
  before(async () => {
    const built = await build({
      model: modelPath("digits_int8.tflite"),
      engines: [],
    });
    digits = makeImage({ body: built.module });
    const page = `<!doctype html><title>digits</title><script type="module" src="/page.js"></script>`;
    const script = `import { load } from "/browser.js";
const model = await load("/digits.img", { key: Uint8Array.from([${[...rawPublicKey(key)]}]) });
const rows = await (await fetch("/rows.json")).json();
document.title = JSON.stringify(rows.map((row) => model.predict(row)).map(({ label, classNumber, outputs }) =>
  ({ label, classNumber, outputs: [...Object.values(outputs)[0]] })));`;
    const files: Record<string, readonly [type: string, body: string | Uint8Array]> = {
      "/": ["text/html", page],
      "/page.js": ["text/javascript", script],
      "/browser.js": ["text/javascript", readFileSync(join(folder, "browser.js"))],
      "/browser_image.js": ["text/javascript", readFileSync(join(folder, "browser_image.js"))],
      "/digits.img": ["application/octet-stream", digits],
      "/rows.json": ["application/json", JSON.stringify(rows())],
    };
    server = createServer((request, response) => {
      const [type, body] = files[request.url!] ?? ["text/plain", ""];
      response.setHeader("content-type", type);
      response.setHeader(
        "content-security-policy",
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; require-trusted-types-for 'script'",
      );
      response.end(body);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    browser = await startBrowser();
  });
  after(async () => {
    await browser.close();
    server.close();
  });

  const rows = (): number[][] =>
    readDataset(modelPath("digits.test.csv"), 64)
      .rows.slice(0, 20)
      .map((row) => [...row]);

  test("a signed model gives the answers of Node", async () => {
    const { port } = server.address() as AddressInfo;
    const { page, complaints } = await browser.visit(`http://127.0.0.1:${port}/`, { width: 400 });
    await page.waitForFunction(() => document.title.startsWith("["));
    const model = await loadInNode(digits);
    const expected = rows().map((row) => {
      const { label, classNumber, outputs } = model.predict(row);
      return { ...(label !== undefined && { label }), classNumber, outputs: [...Object.values(outputs)[0]!] };
    });
    assert.deepEqual(JSON.parse(await page.title()), expected);
    assert.deepEqual(complaints, []);
  });
});
