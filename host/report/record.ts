/** The record of a build, report.json, beside the module or the image that was made of it. */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseJson } from "../budgets.ts";
import { isImage, parseImage } from "../image/mcuboot.ts";
import { ModelError } from "../ir/graph.ts";
import type { Report } from "./schema.ts";

export const RECORD = "report.json";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function parsed(path: string): Report | undefined {
  try {
    const found = parseJson(readFileSync(path, "utf8")) as Report;
    return typeof found?.moduleSha256 === "string" && typeof found.moduleBytes === "number"
      ? found
      : undefined;
  } catch {
    return undefined;
  }
}

/** The record beside a file, where it is that of the module with the hash; undefined where there is none. */
export function recordBeside(path: string, hash: string): Report | undefined {
  const found = parsed(join(dirname(path), RECORD));
  return found?.moduleSha256 === hash ? found : undefined;
}

/** The record that a path means: a folder of a build, its report.json, or its module or image. Throws ModelError. */
export function openRecord(path: string): Report {
  const info = statSync(path, { throwIfNoEntry: false });
  if (!info)
    throw new ModelError(`${path}: expected a build's folder, module, image or ${RECORD}, found none`);
  const isRecord = basename(path).endsWith(".json");
  if (info.isDirectory() || isRecord) {
    const file = isRecord ? path : join(path, RECORD);
    const found = parsed(file);
    if (found) return found;
    throw new ModelError(`${file}: expected the record of a build, found none`);
  }
  const bytes = new Uint8Array(readFileSync(path));
  const hash = sha256(isImage(bytes) ? parseImage(bytes).body : bytes);
  const found = recordBeside(path, hash);
  if (found) return found;
  throw new ModelError(
    `${path}: expected ${RECORD} of the module beside it, found none of ${hash.slice(0, 16)}...`,
  );
}
