/** Images that a fleet may get: signed by somebody whom the server trusts, and loadable by a device. */
import { createHash } from "node:crypto";
import { ImageError } from "../../image/error.ts";
import { type ImageInfo, verifyImage } from "../../image/mcuboot.ts";
import { ABI_VERSION, readNeeds } from "../../image/module.ts";
import { ModelError } from "../../ir/graph.ts";
import { type Actor, audit, type Context } from "./context.ts";
import { number, type Row, text } from "./database.ts";
import { Refused } from "./message.ts";

export interface StoredImage {
  readonly id: number;
  readonly model: string;
  readonly version: string;
  readonly sha256: string;
  readonly sha1: string;
  readonly md5: string;
  readonly bytes: number;
  readonly securityCounter: number;
  readonly memoryBytes: number;
  readonly uploaded: string;
  readonly uploadedBy: string;
}

/** The one name that an image's file has for devices. */
export const fileName = ({ model, version }: { readonly model: string; readonly version: string }): string =>
  `${model}-${version}.img`;

const storedImage = (row: Row): StoredImage => ({
  id: number(row, "id"),
  model: text(row, "model"),
  version: text(row, "version"),
  sha256: text(row, "sha256"),
  sha1: text(row, "sha1"),
  md5: text(row, "md5"),
  bytes: number(row, "bytes"),
  securityCounter: number(row, "security_counter"),
  memoryBytes: number(row, "memory_bytes"),
  uploaded: new Date(number(row, "uploaded")).toISOString(),
  uploadedBy: text(row, "uploaded_by"),
});

/** Header, hash and signature; then the module within, as a device would look at it. Throws Refused (422). */
function check({ keys }: Context, bytes: Uint8Array): ImageInfo & { readonly id: string } {
  try {
    const info = verifyImage(bytes, keys);
    const { abi = ABI_VERSION, id } = info;
    if (abi !== ABI_VERSION) throw new ImageError("ABI", `ABI: expected ${ABI_VERSION}, found ${abi}`);
    if (id === undefined) throw new ImageError("TLV", "model id: expected one, found none");
    const { memoryBytes, capabilities } = readNeeds(info.body);
    if (info.memoryBytes !== undefined && info.memoryBytes !== memoryBytes)
      throw new ImageError("EXPORT", `memory bytes: expected ${memoryBytes}, found ${info.memoryBytes}`);
    if ((capabilities & ~(info.capabilities ?? 0)) !== 0)
      throw new ImageError(
        "MODULE",
        `capabilities: expected ${capabilities}, found ${info.capabilities ?? 0}`,
      );
    return { ...info, id, memoryBytes };
  } catch (error) {
    if (error instanceof ImageError || error instanceof ModelError)
      throw new Refused(422, `image: ${error.message}`);
    throw error;
  }
}

const digest = (algorithm: string, bytes: Uint8Array): string =>
  createHash(algorithm).update(bytes).digest("hex");

export const allImages = ({ store }: Context): StoredImage[] =>
  store.all("SELECT * FROM images ORDER BY id").map(storedImage);

/** Throws Refused (404). */
export function imageOf({ store }: Context, id: number): StoredImage {
  const row = store.get("SELECT * FROM images WHERE id = ?", [id]);
  if (!row) throw new Refused(404, `image: expected one of the server, found ${id}`);
  return storedImage(row);
}

/**
 * Keeps an image. The same one again is the same one; another with the version of one that is there is refused (409),
 * since reports of devices name versions.
 */
export function addImage(context: Context, bytes: Uint8Array, actor: Actor): StoredImage {
  const { store, files, now } = context;
  const info = check(context, bytes);
  const sha256 = digest("sha256", bytes);
  const known = store.get("SELECT id FROM images WHERE sha256 = ?", [sha256]);
  if (known) return imageOf(context, number(known, "id"));
  if (store.get("SELECT id FROM images WHERE model = ? AND version = ?", [info.id, info.version]))
    throw new Refused(
      409,
      `image: expected a new version of ${info.id}, found another image of ${info.version}`,
    );
  // The file comes first: a row without its file would be a promise that cannot be kept.
  files.write(sha256, bytes);
  const { id } = store.transaction(() => {
    audit(context, actor, "publish image", `${info.id} ${info.version}`, sha256);
    return store.run(
      `INSERT INTO images (sha256, sha1, md5, model, version, bytes, security_counter, memory_bytes, uploaded,
         uploaded_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        sha256,
        digest("sha1", bytes),
        digest("md5", bytes),
        info.id,
        info.version,
        bytes.length,
        info.securityCounter ?? 0,
        info.memoryBytes ?? 0,
        now(),
        actor.name,
      ],
    );
  });
  return imageOf(context, id);
}
