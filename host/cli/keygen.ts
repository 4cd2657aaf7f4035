import type { KeyObject } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { ImageError } from "../image/error.ts";
import { generateKey, keyHash, keyHeader, privatePem, publicPem, readPublicKey } from "../image/keys.ts";
import { writeAll } from "./files.ts";
import { type Command, parse, UsageError } from "./options.ts";
import { print, printJson } from "./output.ts";
import { readPem } from "./sign.ts";

const OPTIONS = {
  output: { type: "string", short: "o" },
  from: { type: "string", multiple: true },
  public: { type: "string" },
  "c-header": { type: "string" },
  force: { type: "boolean" },
  json: { type: "boolean" },
} as const;

const writeFile = (file: string, text: string): void => writeAll(dirname(file), { [basename(file)]: text });

/** The mask, not chmod afterwards: the key must at no time be readable by others. */
function writeSecret(file: string, text: string): void {
  const mask = process.umask(0o077);
  try {
    writeFile(file, text);
  } finally {
    process.umask(mask);
  }
}

function checkFree(files: readonly string[], force: boolean): void {
  const twice = files.find((file, i) => files.indexOf(file) !== i);
  if (twice !== undefined) throw new UsageError(`${twice}: expected different files, found one name twice`);
  const taken = force ? undefined : files.find((file) => existsSync(file));
  if (taken !== undefined) {
    throw new ImageError("KEY", `${taken}: expected no such file, found one; --force overwrites it`);
  }
}

const fingerprint = (key: KeyObject): string => Buffer.from(keyHash(key)).toString("hex");

export const keygenCommand: Command = {
  name: "keygen",
  summary: "make a signing key, and the public key for firmware",
  usage: `thimble keygen -o KEY.pem [--public PUB.pem] [--c-header keys.h] [--force] [--json]
       thimble keygen --from KEY.pem ... [--public PUB.pem] [--c-header keys.h] [--force] [--json]

KEY.pem receives a new Ed25519 private key that only you can read (PKCS #8, as openssl and imgtool write
it). Whoever has it can sign models for your devices: keep it off them, and out of the repository.
  --public    the public key, for thimble verify and imgtool verify
  --c-header  the public keys as a C array, for firmware
  --from      makes these of keys that are there, private or public; give it several times for a header
              with several keys, so that a device trusts the next key before the old one goes
  --force     overwrites files that exist`,

  async run(args) {
    const { values } = parse(args, OPTIONS, []);
    const { output, from, public: publicFile, "c-header": header } = values;
    if ((output === undefined) === (from === undefined)) {
      throw new UsageError(
        `expected either -o KEY.pem or --from KEY.pem, found ${output ? "both" : "neither"}`,
      );
    }
    if (from && publicFile !== undefined && from.length > 1) {
      throw new UsageError(`--public: expected one --from, found ${from.length}`);
    }
    const named = [output, publicFile, header].filter((file) => file !== undefined);
    if (named.length === 0)
      throw new UsageError("expected --public or --c-header with --from, found neither");
    const keys = from?.map((file) => readPublicKey(readPem(file), file)) ?? [generateKey()];
    checkFree(named, values.force === true);
    if (output !== undefined) writeSecret(output, privatePem(keys[0]!));
    if (publicFile !== undefined) writeFile(publicFile, publicPem(keys[0]!));
    if (header !== undefined) writeFile(header, keyHeader(keys));
    const hashes = keys.map(fingerprint);
    if (values.json) printJson({ keyHashes: hashes, files: named });
    else print([...hashes.map((hash) => `key hash ${hash}`), `written ${named.join(", ")}`].join("\n"));
  },
};
