import { readPublicKey } from "../image/keys.ts";
import { verifyImage } from "../image/mcuboot.ts";
import { readBytes } from "./files.ts";
import { imageFields, imageText } from "./image_text.ts";
import { type Command, parse, UsageError } from "./options.ts";
import { print, printJson } from "./output.ts";
import { readPem } from "./sign.ts";

export const verifyCommand: Command = {
  name: "verify",
  summary: "check the signature of an image",
  usage: `thimble verify FILE.img --key PUB.pem [--key PUB.pem ...] [--json]

Checks what a device checks before it loads the module: header, hash, key and signature, every byte of the
file. Exit status 0 means that the image is whole and signed with one of the keys (public or private PEM).`,

  async run(args) {
    const options = { key: { type: "string", multiple: true }, json: { type: "boolean" } } as const;
    const { values, positionals } = parse(args, options, ["FILE.img"]);
    const file = positionals[0]!;
    if (values.key === undefined) throw new UsageError("expected --key PUB.pem, found none");
    const keys = values.key.map((name) => readPublicKey(readPem(name), `--key ${name}`));
    const info = verifyImage(readBytes(file, "an image (.img)"), keys);
    if (values.json) printJson({ file, valid: true, ...imageFields(info) });
    else print(`${imageText(info)}\nvalid`);
  },
};
