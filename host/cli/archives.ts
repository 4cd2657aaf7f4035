import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { UsageError } from "./options.ts";

const DEFAULT_ARCHIVE = join(homedir(), ".thimble", "server");

/** Folders of modules that --archive names, or the usual one of a server. Throws UsageError where there is none. */
export function archivesOf(given: readonly string[] | undefined): readonly string[] {
  if (given) return given;
  if (existsSync(DEFAULT_ARCHIVE)) return [DEFAULT_ARCHIVE];
  throw new UsageError("expected --archive DIR, the data of a server or a folder of images, found none");
}
