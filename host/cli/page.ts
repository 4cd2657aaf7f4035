import { basename, dirname, extname } from "node:path";
import { gzipSync } from "node:zlib";
import { readPublicKey } from "../image/keys.ts";
import { isImage, parseImage, verifyImage } from "../image/mcuboot.ts";
import { ModelError } from "../ir/graph.ts";
import { checkModule } from "../module/engine.ts";
import { modelPage } from "../page/page.ts";
import { readBytes, writeAll } from "./files.ts";
import { type Command, parse, wholeNumber } from "./options.ts";
import { print, printJson } from "./output.ts";
import { imageRange } from "./quantization_options.ts";
import { readPem } from "./sign.ts";

const OPTIONS = {
  output: { type: "string", short: "o" },
  name: { type: "string" },
  key: { type: "string" },
  "image-range": { type: "string" },
  "sample-rate": { type: "string" },
  json: { type: "boolean" },
} as const;

/** The module of a file, and the name that an image has. Throws ModelError, ImageError or EngineError. */
function openModel(
  path: string,
  key: string | undefined,
): { readonly module: Uint8Array; readonly id?: string } {
  const file = readBytes(path, "a module (.wasm) or an image (.img)");
  if (!isImage(file)) {
    if (key !== undefined)
      throw new ModelError("expected an image (.img) signed with the key, found no image");
    checkModule("v8", file);
    return { module: file };
  }
  const { body, id } =
    key === undefined ? parseImage(file) : verifyImage(file, [readPublicKey(readPem(key), `--key ${key}`)]);
  checkModule("v8", body);
  return { module: body, ...(id !== undefined && { id }) };
}

/** The name of a file without its ending; build's "model.wasm" is named by its folder. */
function nameOf(path: string): string {
  const own = basename(path, extname(path));
  return own === "model" && dirname(path) !== "." ? basename(dirname(path)) : own;
}

export const pageCommand: Command = {
  name: "page",
  summary: "make a web page that runs a model offline",
  usage: `thimble page MODEL -o PAGE.html [--name NAME] [--image-range LOW,HIGH] [--sample-rate HZ] [--key PUB.pem] [--json]

MODEL is a module (.wasm) or an image (.img). The page is one file that needs no server and no network: it takes rows that are
typed, a table (.csv), images that are drawn, dropped or from the camera where the model takes such, and sound from a file or
the microphone where it takes samples; it shows result, confidence, time and size.
  -o             default: PAGE.html beside MODEL, under its name
  --name         the page's title; default: the image's id, or the file's name
  --image-range  what black and white mean to the model: LOW,HIGH, default 0,1
  --sample-rate  samples in a second, where the model takes samples and does not say how fast
  --key          MODEL has to be an image signed with this key`,

  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, ["MODEL"]);
    const path = positionals[0]!;
    const { "image-range": range, "sample-rate": rate } = values;
    const options = {
      ...(range !== undefined && { imageRange: imageRange(range) }),
      ...(rate !== undefined && { sampleRate: wholeNumber("--sample-rate", rate, 1) }),
    };
    const { module, id } = openModel(path, values.key);
    const name = values.name ?? id ?? nameOf(path);
    const page = modelPage(name, module, options);
    const output = values.output ?? path.replace(/\.[^./\\]*$|$/, ".html");
    writeAll(dirname(output), { [basename(output)]: page });
    const bytes = {
      bytes: Buffer.byteLength(page),
      gzip: gzipSync(page, { level: 9 }).length,
      module: module.length,
    };
    if (values.json) printJson({ file: output, ...bytes });
    else
      print(
        `written ${output}: ${bytes.bytes} bytes (${bytes.gzip} by gzip), ${bytes.module} of them the model's`,
      );
    return 0;
  },
};
