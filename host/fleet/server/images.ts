/** Images that a fleet may get: signed by somebody whom the server trusts, and loadable by a device. */
import { createHash } from "node:crypto";
import { ImageError } from "../../image/error.ts";
import { type ImageInfo, verifyImage } from "../../image/mcuboot.ts";
import { readNeeds } from "../../image/module.ts";
import { ModelError } from "../../ir/graph.ts";
import { ABI_VERSION } from "../../module/engine.ts";
import { type Actor, audit, type Context } from "./context.ts";
import { number, type Row, text } from "./database.ts";
import type { FileState } from "./image_files.ts";
import { LIMITS } from "./limits.ts";
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
  /** Who is told where the model is unwell; empty where nobody was named. */
  readonly owner: string;
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
  owner: text(row, "owner"),
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

/** An image as operators see it: with what has become of its file. */
export type ListedImage = StoredImage & { readonly file: FileState };

const listed = ({ files }: Context, image: StoredImage): ListedImage => ({
  ...image,
  file: files.state(image.sha256),
});

export const allImages = (context: Context): ListedImage[] =>
  context.store
    .all("SELECT * FROM images WHERE deleted IS NULL ORDER BY id")
    .map((row) => listed(context, storedImage(row)));

/** An image that was published, deleted since or not: rollouts go on naming it. Throws Refused (404). */
export function imageOf({ store }: Context, id: number): StoredImage {
  const row = store.get("SELECT * FROM images WHERE id = ?", [id]);
  if (!row) throw new Refused(404, `image: expected one of the server, found ${id}`);
  return storedImage(row);
}

/** An image that is there. Throws Refused (404). */
export function presentImage(context: Context, id: number): ListedImage {
  const row = context.store.get("SELECT * FROM images WHERE id = ? AND deleted IS NULL", [id]);
  if (!row) throw new Refused(404, `image: expected one of the server, found ${id}`);
  return listed(context, storedImage(row));
}

/** The bytes of an image. Throws Refused (500) where its file is not what was published: that is never sent. */
export function imageBytes(context: Context, image: StoredImage): Uint8Array {
  const found = context.files.read(image.sha256);
  if (typeof found !== "string") return found;
  const title = `image ${image.id} (${fileName(image)}): expected its file, found it ${found}; publish it again`;
  context.log(title);
  throw new Refused(500, title, { "retry-after": "600" });
}

/** Throws Refused: 409 for another image of a version that is there, 507 where there are too many. */
function checkRoom(
  { store }: Context,
  { id, version }: { readonly id: string; readonly version: string },
  bytes: number,
) {
  if (store.get("SELECT id FROM images WHERE model = ? AND version = ?", [id, version]))
    throw new Refused(409, `image: expected a new version of ${id}, found ${version}, which has an image`);
  const held = store.get(
    "SELECT count(*) AS n, coalesce(sum(bytes), 0) AS bytes FROM images WHERE deleted IS NULL",
  )!;
  if (number(held, "n") >= LIMITS.images)
    throw new Refused(507, `image: expected at most ${LIMITS.images} images, found ${number(held, "n") + 1}`);
  const sum = number(held, "bytes") + bytes;
  if (sum > LIMITS.imageBytesInAll)
    throw new Refused(
      507,
      `image: expected at most ${LIMITS.imageBytesInAll} bytes of all images, found ${sum}`,
    );
}

function insertImage(
  { store, now }: Context,
  bytes: Uint8Array,
  info: ImageInfo & { readonly id: string },
  by: string,
) {
  return store.run(
    `INSERT INTO images (sha256, sha1, md5, model, version, bytes, security_counter, memory_bytes, uploaded,
       uploaded_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      digest("sha256", bytes),
      digest("sha1", bytes),
      digest("md5", bytes),
      info.id,
      info.version,
      bytes.length,
      info.securityCounter ?? 0,
      info.memoryBytes ?? 0,
      now(),
      by,
    ],
  ).id;
}

/** Notes who owns a model. */
function setOwner(context: Context, id: number, owner: string, actor: Actor): void {
  const { model, version, owner: before } = imageOf(context, id);
  if (owner === before) return;
  context.store.run("UPDATE images SET owner = ? WHERE id = ?", [owner, id]);
  audit(context, actor, "own image", `${model} ${version}`, owner);
}

/** Takes an image again: its file is whole afterwards, whatever its state was. */
function publishAgain(context: Context, id: number, bytes: Uint8Array, actor: Actor): void {
  const { store, files } = context;
  const { sha256, model, version } = imageOf(context, id);
  const found = files.read(sha256);
  const isDeleted =
    store.get("SELECT id FROM images WHERE id = ? AND deleted IS NOT NULL", [id]) !== undefined;
  if (typeof found === "string") files.write(sha256, bytes);
  if (typeof found === "string" || isDeleted)
    store.transaction(() => {
      store.run("UPDATE images SET deleted = NULL WHERE id = ?", [id]);
      const why = isDeleted ? "deleted before" : `its file was ${found}`;
      audit(context, actor, "publish image again", `${model} ${version}`, `${sha256}, ${why}`);
    });
}

/**
 * Keeps an image. The same one again is the same one, and mends its file; another with the version of one that is, or
 * was, there is refused (409), since reports of devices name versions. Without `owner` it stays as it is.
 */
export function addImage(context: Context, bytes: Uint8Array, actor: Actor, owner?: string): ListedImage {
  const { store, files } = context;
  const info = check(context, bytes);
  const sha256 = digest("sha256", bytes);
  const known = store.get("SELECT id FROM images WHERE sha256 = ?", [sha256]);
  if (known) {
    const id = number(known, "id");
    publishAgain(context, id, bytes, actor);
    if (owner !== undefined) store.transaction(() => setOwner(context, id, owner, actor));
    return presentImage(context, id);
  }
  checkRoom(context, info, bytes.length);
  // The file comes first: a row without its file would be a promise that cannot be kept.
  files.write(sha256, bytes);
  const id = store.transaction(() => {
    audit(context, actor, "publish image", `${info.id} ${info.version}`, sha256);
    const added = insertImage(context, bytes, info, actor.name);
    if (owner !== undefined) setOwner(context, added, owner, actor);
    return added;
  });
  return presentImage(context, id);
}

/** Deletes an image that no device is to install. One that a rollout names keeps its row, and its version. Throws Refused. */
export function deleteImage(context: Context, id: number, actor: Actor): void {
  const { store, files } = context;
  const { model, version, sha256 } = presentImage(context, id);
  const user = store.get(
    `SELECT name, state FROM rollouts WHERE image = ? AND (state IN ('ready', 'running', 'paused')
       OR id IN (SELECT rollout FROM actions WHERE image = ? AND state <> 'closed')) LIMIT 1`,
    [id, id],
  );
  if (user)
    throw new Refused(
      409,
      `image ${id}: expected one that no rollout brings to devices, found ${text(user, "name")} (${text(user, "state")})`,
    );
  store.transaction(() => {
    const isNamed =
      store.get("SELECT id FROM rollouts WHERE image = ? LIMIT 1", [id]) ??
      store.get("SELECT device FROM installed WHERE image = ? LIMIT 1", [id]);
    if (isNamed) store.run("UPDATE images SET deleted = ? WHERE id = ?", [context.now(), id]);
    else store.run("DELETE FROM images WHERE id = ?", [id]);
    audit(context, actor, "delete image", `${model} ${version}`, sha256);
  });
  // The row goes first: a file that is left over is removed at the next start.
  files.remove(sha256);
}

/** Removes files that no image has any more, as after a deletion that was interrupted. */
export function removeLeftOver({ store, files }: Context): void {
  const kept = new Set(
    store.all("SELECT sha256 FROM images WHERE deleted IS NULL").map((row) => text(row, "sha256")),
  );
  for (const name of files.names()) if (!kept.has(name)) files.remove(name);
}
