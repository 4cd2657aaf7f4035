import { isImage } from "../image/mcuboot.ts";
import { ModelError } from "../ir/graph.ts";
import { readBytes } from "./files.ts";
import { type Command, parse } from "./options.ts";
import { managementOf, SERVER_OPTIONS, SERVER_USAGE } from "./server_options.ts";

export const publishCommand: Command = {
  name: "publish",
  summary: "give a signed image to an update server",
  usage: `thimble publish FILE.img [--server URL] [--token TOKEN] [--hawkbit] [--json]

The server checks the signature and the module, and says why it refuses one. No device gets the image before
thimble rollout start.
${SERVER_USAGE}`,

  async run(args) {
    const { values, positionals } = parse(args, SERVER_OPTIONS, ["FILE.img"]);
    const file = positionals[0]!;
    const bytes = readBytes(file, "an image (.img)");
    if (!isImage(bytes))
      throw new ModelError("expected an image (.img), found something else: thimble sign makes one");
    const image = await managementOf(values).publish(bytes);
    if (values.json) console.log(JSON.stringify(image, null, 2));
    else console.log(`image ${image.id}: ${image.model} ${image.version}, ${image.bytes} bytes`);
    return 0;
  },
};
