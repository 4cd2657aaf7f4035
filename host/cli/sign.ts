import type { KeyObject } from "node:crypto";
import { basename, dirname, extname, join } from "node:path";
import { imageHeader, readPrivateKey } from "../image/keys.ts";
import { isImage, parseImage } from "../image/mcuboot.ts";
import { readNeeds } from "../image/module.ts";
import { writeImage } from "../image/write_image.ts";
import { ModelError } from "../ir/graph.ts";
import { readBytes, writeAll } from "./files.ts";
import { imageFields, imageText } from "./image_text.ts";
import { readModule } from "./inspect.ts";
import { type Command, parse, UsageError, wholeNumber } from "./options.ts";
import { print, printJson } from "./output.ts";

const OPTIONS = {
  key: { type: "string" },
  output: { type: "string", short: "o" },
  "c-header": { type: "string" },
  id: { type: "string" },
  version: { type: "string" },
  "security-counter": { type: "string" },
  json: { type: "boolean" },
} as const;

const DEFAULT_SECURITY_COUNTER = 0;

/** The text of a key file. */
export const readPem = (file: string): string => Buffer.from(readBytes(file, "a key (PEM)")).toString("utf8");

export interface Signing {
  readonly key: KeyObject;
  readonly securityCounter: number;
}

/** The values of `--key` and `--security-counter`; undefined where nothing is to be signed. */
export function readSigning(values: { key?: string; "security-counter"?: string }): Signing | undefined {
  const { key, "security-counter": text } = values;
  if (key === undefined) {
    if (text === undefined) return undefined;
    throw new UsageError("--security-counter: expected --key KEY.pem with it, found none");
  }
  const counter = text === undefined ? DEFAULT_SECURITY_COUNTER : wholeNumber("--security-counter", text, 0);
  if (counter > 0xffffffff) {
    throw new UsageError(`--security-counter: expected at most 4294967295, found "${text}"`);
  }
  return { key: readPrivateKey(readPem(key), `--key ${key}`), securityCounter: counter };
}

/** The signed image of a module that has been checked as a device would check it. */
export const signModule = (
  module: Uint8Array,
  signing: Signing & { readonly id: string; readonly version: string },
): Uint8Array => writeImage({ body: module, ...readNeeds(module), ...signing });

export const signCommand: Command = {
  name: "sign",
  summary: "make a signed image of a module",
  usage: `thimble sign MODULE.wasm --key KEY.pem [-o FILE.img] [--id N] [--version X.Y.Z]
             [--security-counter N=0] [--c-header FILE.h] [--json]

MODULE.wasm is a module made by thimble build; it is checked again before it is signed. The image has
MCUboot's format (firmware/SPEC.md); imgtool reads it too.
  -o                  default: MODULE.img
  --id, --version     default: the module's name and version
  --security-counter  a device refuses images with a lower one than it has run: raise it to retire models
  --c-header          the image as a C array too, for firmware that carries its model`,

  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, ["MODULE.wasm"]);
    const file = positionals[0]!;
    const signing = readSigning(values);
    if (!signing) throw new UsageError("expected --key KEY.pem, found none");
    if (isImage(readBytes(file, "a module (.wasm)")))
      throw new ModelError("expected a module (.wasm), found an image");
    const { module, metadata } = readModule(file);
    const image = signModule(module, {
      ...signing,
      id: values.id ?? metadata.model.name,
      version: values.version ?? metadata.model.version,
    });
    const output = values.output ?? join(dirname(file), `${basename(file, extname(file))}.img`);
    writeAll(dirname(output), { [basename(output)]: image });
    const header = values["c-header"];
    if (header !== undefined) writeAll(dirname(header), { [basename(header)]: imageHeader(image) });
    const info = parseImage(image);
    if (values.json) printJson({ file: output, ...imageFields(info) });
    else print(`${imageText(info)}\nwritten ${output}`);
  },
};
