import { createHash } from "node:crypto";
import type { PublishedImage } from "../fleet/server/management.ts";
import { ImageError } from "../image/error.ts";
import { isImage, parseImage } from "../image/mcuboot.ts";
import { ModelError } from "../ir/graph.ts";
import { recordBeside } from "../report/record.ts";
import { readBytes } from "./files.ts";
import { type Command, parse, UsageError, wholeNumber } from "./options.ts";
import { print, printJson } from "./output.ts";
import { managementOf, SERVER_OPTIONS, SERVER_USAGE } from "./server_options.ts";

const OPTIONS = {
  ...SERVER_OPTIONS,
  list: { type: "boolean" },
  delete: { type: "string" },
  owner: { type: "string" },
} as const;

/** Who owns the model, as the record of its build beside the image says; undefined where it says nothing. */
function ownerBeside(path: string, image: Uint8Array): string | undefined {
  try {
    const hash = createHash("sha256").update(parseImage(image).body).digest("hex");
    const owner = recordBeside(path, hash)?.meta?.["owner"];
    return typeof owner === "string" ? owner : undefined;
  } catch (error) {
    // The server says what is wrong with the image.
    if (error instanceof ImageError) return undefined;
    throw error;
  }
}

const describe = ({ id, model, version, bytes, file = "good" }: PublishedImage): string =>
  `image ${id}: ${model} ${version}, ${bytes} bytes${file === "good" ? "" : `, its file is ${file}: publish it again`}`;

function show(images: PublishedImage | readonly PublishedImage[], asJson: boolean | undefined): void {
  if (asJson) printJson(images);
  else if ("id" in images) print(describe(images));
  else print(images.map(describe).join("\n") || "no images");
}

export const publishCommand: Command = {
  name: "publish",
  summary: "give a signed image to an update server",
  usage: `thimble publish FILE.img [--owner WHO] [--server URL] [--token TOKEN] [--hawkbit] [--json]
thimble publish --list | --delete IMAGE   (with the same options)

The server checks the signature and the module, and says why it refuses one. No device gets the image before
thimble rollout start. Publishing an image again mends its file on the server.
  --owner    who is told where the model is unwell; default what thimble build --meta owner=WHO has noted beside the image
  --list     the images that the server has
  --delete   removes one that no rollout brings to devices, by its number
${SERVER_USAGE}`,

  async run(args) {
    const isAlone = args.some((arg) => arg === "--list" || /^--delete(=|$)/.test(arg));
    const { values, positionals } = parse(args, OPTIONS, isAlone ? [] : ["FILE.img"]);
    if (values.list && values.delete !== undefined)
      throw new UsageError("expected --list or --delete IMAGE, found both");
    if (values.owner !== undefined && (isAlone || values.hawkbit))
      throw new UsageError(
        `--owner: expected FILE.img and a thimble serve, found ${isAlone ? "--list or --delete" : "--hawkbit"}`,
      );
    const management = managementOf(values);
    if (values.list) show(await management.images(), values.json);
    else if (values.delete !== undefined) {
      const id = wholeNumber("--delete", values.delete, 1);
      await management.deleteImage(id);
      if (values.json) printJson({ deleted: id }, 0);
      else print(`image ${id}: deleted`);
    } else {
      const bytes = readBytes(positionals[0]!, "an image (.img)");
      if (!isImage(bytes))
        throw new ModelError(
          `expected an image (.img), found a file that begins with ${Buffer.from(bytes.subarray(0, 4)).toString("hex")}: thimble sign makes one`,
        );
      const owner = values.owner ?? ownerBeside(positionals[0]!, bytes);
      show(await management.publish(bytes, owner), values.json);
    }
    return 0;
  },
};
