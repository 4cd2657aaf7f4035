/** Models that devices tell of: their bins and names, from the images that were published here. */
import { parseImage } from "../../image/mcuboot.ts";
import { readDescriptor } from "../../module/descriptor.ts";
import { readWatch } from "../../module/watch.ts";
import type { Judged } from "../telemetry/verdict.ts";
import type { Context } from "./context.ts";
import { number, type Row, text } from "./database.ts";

export interface ModelFacts extends Judged {
  readonly image: number;
  readonly model: string;
  readonly version: string;
}

const known = new WeakMap<Context, Map<string, ModelFacts>>();

/** Notes the digests of images that were published before they were noted. */
function noteDigests({ store, files }: Context): void {
  for (const row of store.all("SELECT id, sha256 FROM images WHERE digest IS NULL AND deleted IS NULL")) {
    const file = files.read(text(row, "sha256"));
    if (typeof file === "string") continue;
    const digest = Buffer.from(parseImage(file).digest).toString("hex");
    store.run("UPDATE images SET digest = ? WHERE id = ?", [digest, number(row, "id")]);
  }
}

function readFacts({ files }: Context, row: Row): ModelFacts | undefined {
  const file = files.read(text(row, "sha256"));
  if (typeof file === "string") return undefined;
  const { body } = parseImage(file);
  return {
    image: number(row, "id"),
    model: text(row, "model"),
    version: text(row, "version"),
    watch: readWatch(body),
    borders: readDescriptor(body) ?? { inputs: [], outputs: [] },
  };
}

/** The facts of a model by its hash; undefined where its image was never published here, or is gone. */
export function factsOf(context: Context, hash: string): ModelFacts | undefined {
  const cache = known.get(context) ?? new Map<string, ModelFacts>();
  known.set(context, cache);
  const found = cache.get(hash);
  if (found) return found;
  const find = (): Row | undefined =>
    context.store.get("SELECT * FROM images WHERE digest = ? AND deleted IS NULL", [hash]);
  if (!find()) noteDigests(context);
  const row = find();
  const facts = row && readFacts(context, row);
  if (facts) cache.set(hash, facts);
  return facts;
}
