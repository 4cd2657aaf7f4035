/** The images that imgtool signed: test/gen/imgtool_vectors.py. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ImageStatus } from "../../host/image/error.ts";
import { readPrivateKey } from "../../host/image/keys.ts";
import type { ImageFields } from "../../host/image/mcuboot_format.ts";
import { root } from "../../host/root.ts";

const folder = join(root, "test", "vectors", "imgtool");

export interface Vector {
  readonly file: string;
  readonly key: string;
  /** What imgtool was given; {key} and {module} stand for files. */
  readonly arguments: readonly string[];
  readonly fields?: ImageFields;
  readonly status?: ImageStatus;
  readonly error?: string;
}

export const pathOf = (name: string): string => join(folder, name);
export const load = (name: string): Uint8Array => new Uint8Array(readFileSync(pathOf(name)));
export const vectors = JSON.parse(readFileSync(pathOf("vectors.json"), "utf8")) as Vector[];

export const keyFile = pathOf("test_only_key.pem");
export const publicKeyFile = pathOf("test_only_public_key.pem");
export const key = readPrivateKey(readFileSync(keyFile, "utf8"), "test key");
export const otherKey = readPrivateKey(
  readFileSync(pathOf("test_only_other_key.pem"), "utf8"),
  "other test key",
);
/** A module of ABI v1 in 174 bytes, without metadata. */
export const module = load("module.wasm");

/** Runs imgtool: the one that IMGTOOL names, or the one on the PATH. */
export const imgtool = (args: readonly string[]) =>
  spawnSync(process.env["IMGTOOL"] ?? "imgtool", args, { encoding: "utf8" });

/** Why a test with imgtool can't run here, or false where it can. */
export const imgtoolMissing =
  imgtool(["version"]).status === 0
    ? false
    : "imgtool is neither on the PATH nor named by IMGTOOL: pip install imgtool==2.5.0";
