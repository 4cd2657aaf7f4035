import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { describe, test } from "node:test";
import { FLASH_LAYOUTS } from "../../host/firmware/boards.ts";
import { readFlash } from "../../host/image/flash.ts";
import { defaultTable } from "../../host/image/layout.ts";
import { parseImage, parseSlot } from "../../host/image/mcuboot.ts";
import { encodeTable, tableCsv } from "../../host/image/partition_table.ts";
import { writeImage } from "../../host/image/write_image.ts";
import { addMetadata, METADATA_VERSION, type Metadata } from "../../host/module/metadata.ts";
import {
  imgtool,
  imgtoolMissing,
  key,
  keyFile,
  load,
  module,
  pathOf,
  publicKeyFile,
} from "../image/vectors.ts";
import { type Outcome, thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { modelPath } from "../support/models.ts";

const folder = scratchFolder();
const at = (name: string): string => join(folder, name);

/** Just enough for `sign`, `inspect` and `run`. */
const metadata: Metadata = {
  version: METADATA_VERSION,
  model: { name: "plus_one", version: "1.2.3" },
  source: { file: "plus_one.tflite", sha256: new Uint8Array(32) },
  compiler: "hand",
  graph: new Uint8Array(32),
  inputs: [{ name: "x", dtype: "int8", shape: [1], scale: 1, zeroPoint: 0 }],
  outputs: [{ name: "y", dtype: "int8", shape: [1], scale: 1, zeroPoint: 0 }],
  layers: [],
  memory: { constants: 0, arena: 2, lowerBound: 2, total: 32 },
  selfTest: [],
};
const withMetadata = addMetadata(module, metadata);
writeFileSync(at("module.wasm"), withMetadata);

const run = (...args: string[]): Outcome => thimble(args, { cwd: folder });

function succeed(...args: string[]): string {
  const { status, stdout, stderr } = run(...args);
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  return stdout.toString("utf8");
}

/** Expects one line on stderr, and nothing written. */
function fail(status: number, message: string | RegExp, ...args: string[]): void {
  const before = readdirSync(folder);
  const outcome = run(...args);
  assert.equal(outcome.status, status, outcome.stderr);
  assert.equal(outcome.stdout.length, 0);
  assert.equal(outcome.stderr.trimEnd().split("\n").length, 1, outcome.stderr);
  if (message instanceof RegExp) assert.match(outcome.stderr, message);
  else assert.equal(outcome.stderr, `thimble ${args[0]}: ${message}\n`);
  assert.deepEqual(readdirSync(folder), before);
}

describe("keygen", () => {
  test("writes a private key that nobody else can read, and its public forms", () => {
    const files = ["new/key.pem", "new/pub.pem", "new/keys.h"];
    const [secret, publicFile, header] = files.map(at);
    const out = succeed("keygen", "-o", secret!, "--public", publicFile!, "--c-header", header!, "--json");
    const { keyHashes } = JSON.parse(out) as { keyHashes: string[] };
    assert.match(keyHashes[0]!, /^[0-9a-f]{64}$/);
    if (process.platform !== "win32") {
      assert.equal(statSync(secret!).mode & 0o777, 0o600);
      assert.equal(statSync(publicFile!).mode & 0o044, 0o044 & ~process.umask());
    }
    succeed("sign", "module.wasm", "--key", secret!, "-o", at("new/a.img"));
    succeed("verify", at("new/a.img"), "--key", publicFile!);
  });

  test("does not overwrite unless told", () => {
    writeFileSync(at("taken.pem"), "mine");
    fail(
      1,
      "taken.pem: expected no such file, found one; --force overwrites it",
      "keygen",
      "-o",
      "taken.pem",
    );
    fail(1, /taken\.pem: expected no such file/, "keygen", "-o", "free.pem", "--public", "taken.pem");
    assert.equal(readFileSync(at("taken.pem"), "utf8"), "mine");
    succeed("keygen", "-o", "taken.pem", "--force");
    assert.match(readFileSync(at("taken.pem"), "utf8"), /^-----BEGIN PRIVATE KEY-----\n/);
  });

  test("makes public forms of keys that are there", () => {
    const other = pathOf("test_only_other_key.pem");
    succeed("keygen", "--from", keyFile, "--public", "derived.pem");
    assert.equal(readFileSync(at("derived.pem"), "utf8"), readFileSync(publicKeyFile, "utf8"));
    succeed("keygen", "--from", publicKeyFile, "--from", other, "--c-header", "two.h");
    assert.match(readFileSync(at("two.h"), "utf8"), /THIMBLE_KEY_COUNT 2/);
  });

  test("bad calls", () => {
    fail(2, "expected either -o KEY.pem or --from KEY.pem, found neither", "keygen");
    fail(
      2,
      "expected either -o KEY.pem or --from KEY.pem, found both",
      "keygen",
      "-o",
      "x",
      "--from",
      keyFile,
    );
    fail(2, "expected --public or --c-header with --from, found neither", "keygen", "--from", keyFile);
    fail(2, "x: expected different files, found one name twice", "keygen", "-o", "x", "--public", "x");
    fail(2, "expected no arguments, found x", "keygen", "x");
    fail(1, "nowhere.pem: no such file", "keygen", "--from", "nowhere.pem", "--public", "x");
    fail(2, /unknown option '--kye'/, "keygen", "--kye", "x");
  });
});

describe("sign and verify", () => {
  test("the module's own name and version, and others", () => {
    succeed("sign", "module.wasm", "--key", keyFile);
    const { body, id, version, securityCounter, abi, memoryBytes, capabilities } = parseImage(
      readFileSync(at("module.img")),
    );
    assert.deepEqual(Buffer.from(body), Buffer.from(withMetadata));
    assert.deepEqual([id, version, securityCounter], ["plus_one", "1.2.3", 0]);
    assert.deepEqual([abi, memoryBytes, capabilities], [2, 32, 0]);
    const options = ["--id", "other", "--version", "4.5.6", "--security-counter", "7", "-o", "other.img"];
    succeed("sign", "module.wasm", "--key", keyFile, ...options);
    const other = parseImage(readFileSync(at("other.img")));
    assert.deepEqual([other.id, other.version, other.securityCounter], ["other", "4.5.6", 7]);
  });

  test("writes the image as a C array too, filled up to a multiple of 8", () => {
    const sizes = ["one", "three"].map((id) => {
      const outputs = ["-o", "carried.img", "--c-header", "carried.h"];
      succeed("sign", "module.wasm", "--key", keyFile, "--id", id, ...outputs);
      const image = readFileSync(at("carried.img"));
      const text = readFileSync(at("carried.h"), "utf8");
      const found = Buffer.from([...text.matchAll(/0x(\w{2})\b/g)].map(([byte]) => Number(byte)));
      assert.deepEqual(found, Buffer.concat([image, Buffer.alloc(-image.length & 7, 0xff)]));
      assert.match(text, new RegExp(`static const uint8_t model_image\\[${found.length}\\] = \\{`));
      return image.length;
    });
    assert.ok(sizes.some((size) => size % 8 !== 0));
  });

  test("verify says what it found", () => {
    const { bytes, digest } = parseImage(load("full.img"));
    const found = JSON.parse(
      succeed("verify", pathOf("full.img"), "--key", publicKeyFile, "--json"),
    ) as unknown;
    assert.deepEqual(
      { ...(found as object), signature: "", keyHash: "" },
      {
        ...{
          file: pathOf("full.img"),
          valid: true,
          version: "1.2.3",
          securityCounter: 7,
          id: "plus_one",
          abi: 2,
        },
        ...{
          memoryBytes: 32,
          capabilities: [],
          bytes,
          bodyBytes: 174,
          digest: Buffer.from(digest).toString("hex"),
        },
        ...{ signature: "", keyHash: "" },
      },
    );
    assert.match(
      succeed("verify", pathOf("bare.img"), "--key", keyFile),
      /no id 255\.255\.65535\+4294967295[\s\S]*valid\n$/,
    );
  });

  test("verify refuses", () => {
    const damaged = load("full.img");
    damaged[40]! ^= 1;
    writeFileSync(at("damaged.img"), damaged);
    fail(
      1,
      /^thimble verify: damaged\.img: offset 258: SHA-256: expected/,
      "verify",
      "damaged.img",
      "--key",
      keyFile,
    );
    const other = pathOf("test_only_other_key.pem");
    fail(1, /offset 294: signed with another key/, "verify", pathOf("full.img"), "--key", other);
    succeed("verify", pathOf("full.img"), "--key", other, "--key", publicKeyFile);
    fail(1, /magic: expected 0x96f3b83d/, "verify", "module.wasm", "--key", keyFile);
    fail(2, "expected --key PUB.pem, found none", "verify", pathOf("full.img"));
    mkdirSync(at("folder"), { recursive: true });
    fail(2, "folder: expected an image (.img), found a folder", "verify", "folder", "--key", keyFile);
    fail(2, "folder: expected a key (PEM), found a folder", "verify", pathOf("full.img"), "--key", "folder");
    fail(1, "nowhere.img: no such file", "verify", "nowhere.img", "--key", keyFile);
    fail(
      1,
      /--key .*module\.wasm: expected an Ed25519 public key \(PEM\), found no PEM/,
      "verify",
      pathOf("full.img"),
      "--key",
      "module.wasm",
    );
  });

  test("sign refuses", () => {
    const refuse = (status: number, message: string | RegExp, ...args: string[]): void =>
      fail(status, message, "sign", ...args, "-o", "never.img");
    refuse(2, "expected --key KEY.pem, found none", "module.wasm");
    refuse(
      1,
      /expected an Ed25519 private key \(PEM\), found a public key/,
      "module.wasm",
      "--key",
      publicKeyFile,
    );
    const signed = ["module.wasm", "--key", keyFile];
    refuse(1, /model id: expected 1 to 64 letters/, ...signed, "--id", "a b");
    refuse(1, /version: expected X\.Y\.Z.* found "1"/, ...signed, "--version", "1");
    refuse(
      2,
      /--security-counter: expected a whole number of at least 0, found "-1"/,
      ...signed,
      "--security-counter=-1",
    );
    refuse(
      2,
      '--security-counter: expected at most 4294967295, found "4294967296"',
      ...signed,
      "--security-counter",
      "4294967296",
    );
    refuse(1, /expected a module \(\.wasm\), found an image/, pathOf("full.img"), "--key", keyFile);
    refuse(1, /expected a custom section thimble, found none/, pathOf("module.wasm"), "--key", keyFile);
    refuse(2, "folder: expected a module (.wasm), found a folder", "folder", "--key", keyFile);
    refuse(1, /expected a WebAssembly binary/, keyFile, "--key", keyFile);
    const abi = Buffer.from(withMetadata);
    abi[abi.indexOf(Buffer.from([0x7f, 0, 0x41, 2, 0x0b])) + 3] = 3;
    writeFileSync(at("abi3.wasm"), abi);
    refuse(1, "abi3.wasm: module: abi: expected 2, found 3", "abi3.wasm", "--key", keyFile);
  });
});

describe("images in place of modules", () => {
  writeFileSync(at("plus.img"), writeImage({ body: withMetadata, key, version: "1.2.3", id: "plus_one" }));

  test("inspect shows what the image says", () => {
    const info = JSON.parse(succeed("inspect", "plus.img", "--json")) as {
      image: object;
      moduleBytes: number;
    };
    const { digest, keyHash, signature, ...image } = info.image as Record<string, unknown>;
    assert.deepEqual(image, {
      ...{
        version: "1.2.3",
        id: "plus_one",
        bytes: withMetadata.length + 192,
        bodyBytes: withMetadata.length,
      },
    });
    assert.equal(info.moduleBytes, withMetadata.length);
    assert.match(succeed("inspect", "plus.img"), /\nimage {3}.*: plus_one 1\.2\.3, security counter none\n/);
    assert.ok(!succeed("inspect", "module.wasm").includes("image"));
  });

  test("run takes the module out", () => {
    writeFileSync(at("input.raw"), Uint8Array.of(41, 0x7f));
    const { stdout } = run("run", "plus.img", "--input", "input.raw", "--raw");
    assert.deepEqual([...stdout], [42, 0x80]);
  });

  test("damage is refused before the module is looked at", () => {
    const damaged = readFileSync(at("plus.img"));
    damaged[50]! ^= 1;
    writeFileSync(at("bad.img"), damaged);
    fail(1, /^thimble inspect: bad\.img: offset \d+: SHA-256: expected/, "inspect", "bad.img");
    fail(1, /SHA-256: expected/, "run", "bad.img", "--input", "input.raw", "--raw");
  });
});

describe("build --key", () => {
  const model = ["build", modelPath("logistic_regression.onnx")];
  const calibration = ["--calibration", modelPath("logistic_regression.calibration.csv")];

  test("writes the signed image beside the module", () => {
    const out = succeed(...model, ...calibration, "-o", "lr", "--key", keyFile, "--security-counter", "3");
    assert.match(out, /model\.img$/m);
    const info = parseImage(readFileSync(at("lr/model.img")));
    assert.deepEqual(Buffer.from(info.body), readFileSync(at("lr/model.wasm")));
    assert.deepEqual([info.id, info.version, info.securityCounter], ["logistic_regression", "1.0.0", 3]);
  });

  test("imgtool verifies it", { skip: imgtoolMissing }, () => {
    const { status, stdout } = imgtool(["verify", "--key", publicKeyFile, at("lr/model.img")]);
    assert.equal(status, 0, stdout);
  });

  test("a wrong key costs no build", () => {
    fail(
      1,
      /expected an Ed25519 private key/,
      ...model,
      ...calibration,
      "-o",
      "never",
      "--key",
      publicKeyFile,
    );
    fail(
      2,
      "--security-counter: expected --key KEY.pem with it, found none",
      ...model,
      "--security-counter",
      "3",
    );
  });
});

describe("flash", () => {
  const image = pathOf("full.img");

  test("a whole image of flash", () => {
    const out = succeed("flash", image, pathOf("reordered.img"), "-o", "flash.bin", "--json");
    const { board, file, pieces } = JSON.parse(out) as {
      board: string;
      file: string;
      pieces: { offset: number }[];
    };
    assert.deepEqual([board, file], ["esp32-c3", "flash.bin"]);
    assert.deepEqual(pieces[0], { label: "partition table", offset: 0x8000, bytes: 4096 });
    const { table, slots } = readFlash(readFileSync(at("flash.bin")));
    assert.deepEqual(table, defaultTable(FLASH_LAYOUTS.get("esp32-c3")!, 2));
    assert.deepEqual(parseSlot(slots[2]!.bytes).digest, parseImage(load("reordered.img")).digest);
  });

  test("for the emulator: the size of its flash bank", () => {
    succeed("flash", image, "-o", "qemu.bin", "--board", "qemu-virt");
    assert.equal(statSync(at("qemu.bin")).size, 32 * 1024 * 1024);
    assert.equal(parseSlot(readFlash(readFileSync(at("qemu.bin"))).slots[0]!.bytes).id, "plus_one");
  });

  test("the table of a project, as CSV and as binary", () => {
    const table = defaultTable(FLASH_LAYOUTS.get("esp32-s3")!, 1, 0x10000);
    writeFileSync(at("partitions.csv"), tableCsv(table));
    writeFileSync(at("partitions.bin"), encodeTable(table));
    for (const name of ["partitions.csv", "partitions.bin"]) {
      succeed("flash", image, "-o", "project.bin", "--partition-table", name);
      assert.deepEqual(readFlash(readFileSync(at("project.bin"))).table, table);
    }
    succeed("flash", image, "-o", "project.bin", "--slot-size", "65536", "--board", "esp32-s3");
    assert.deepEqual(readFlash(readFileSync(at("project.bin"))).table, table);
  });

  test("one slot alone", () => {
    succeed("flash", "--model-only", image, "-o", "slot.bin");
    const slot = readFileSync(at("slot.bin"));
    assert.equal(slot.length, 4096);
    assert.equal(parseSlot(slot).id, "plus_one");
    const out = succeed(
      "flash",
      "--model-only",
      image,
      "--model",
      "1",
      "--slot",
      "b",
      "-o",
      "slot.bin",
      "--json",
    );
    const { pieces } = JSON.parse(out) as { pieces: object[] };
    assert.deepEqual(pieces, [{ label: "model_1_b", offset: 0x170000, bytes: 4096 }]);
  });

  test("bad calls", () => {
    const refuse = (status: number, message: string | RegExp, ...args: string[]): void =>
      fail(status, message, "flash", ...args);
    refuse(2, "expected IMAGE, found none", "-o", "x.bin");
    refuse(2, "expected -o FILE or --port DEVICE, found neither", image);
    refuse(
      2,
      /--board: expected esp32, .*, qemu-virt, found "toString"/,
      image,
      "-o",
      "x.bin",
      "--board",
      "toString",
    );
    refuse(
      2,
      "--slot-size: expected a multiple of 65536, found 1000",
      image,
      "-o",
      "x.bin",
      "--slot-size",
      "1000",
    );
    refuse(
      2,
      "expected --model and --slot with --model-only, found neither",
      image,
      "-o",
      "x.bin",
      "--slot",
      "b",
    );
    refuse(2, '--slot: expected a or b, found "c"', image, "-o", "x.bin", "--model-only", "--slot", "c");
    refuse(2, "--model-only: expected one IMAGE, found 2", image, image, "-o", "x.bin", "--model-only");
    refuse(
      2,
      /--port: expected a board that esptool knows, found qemu-virt/,
      image,
      "--port",
      "x",
      "--board",
      "qemu-virt",
    );
    refuse(2, "folder: expected an image (.img), found a folder", "folder", "-o", "x.bin");
    refuse(1, /module\.wasm: offset 0: magic: expected/, "module.wasm", "-o", "x.bin");
    refuse(1, /other\.bin: no such file/, image, "-o", "x.bin", "--partition-table", "other.bin");
    refuse(1, /partition table: line 1: type/, image, "-o", "x.bin", "--partition-table", keyFile);
    writeFileSync(at("large.img"), writeImage({ body: new Uint8Array(131072), key, version: "1.0.0" }));
    refuse(
      1,
      /large\.img: expected at most 131072 bytes, as partition model_0_a has \(--slot-size\), found 131248/,
      "large.img",
      "-o",
      "x.bin",
    );
    succeed("flash", "large.img", "-o", "large.bin", "--slot-size", "196608");
  });
});

describe("flash --port", { skip: process.platform === "win32" && "needs a shell script as esptool" }, () => {
  const tools = at("tools");
  mkdirSync(tools);
  // Records its arguments and keeps the files, which are gone afterwards.
  const script = `#!/bin/sh
[ "$1" = version ] && exit 0
printf '%s\\n' "$@" > "${folder}/arguments"
for argument; do case "$argument" in *.bin) cp "$argument" "${folder}/tools/";; esac; done
exit "\${ESPTOOL_STATUS:-0}"
`;
  const esptool = join(tools, "esptool.py");
  writeFileSync(esptool, script);
  chmodSync(esptool, 0o755);
  const env = { PATH: `${tools}${delimiter}/usr/bin${delimiter}/bin`, ESPTOOL: esptool };
  const flash = (args: readonly string[], more: Record<string, string> = {}): Outcome =>
    thimble(["flash", ...args], { cwd: folder, env: { ...env, ...more } });

  test("hands esptool the pieces and their places", () => {
    const { status, stderr, stdout } = flash([
      pathOf("full.img"),
      "--port",
      "/dev/ttyX",
      "--board",
      "esp32-c6",
    ]);
    assert.equal(status, 0, stderr);
    assert.match(stdout.toString(), /written to \/dev\/ttyX/);
    const args = readFileSync(at("arguments"), "utf8").trimEnd().split("\n");
    assert.deepEqual(args.slice(0, 5), ["--chip", "esp32c6", "--port", "/dev/ttyX", "write_flash"]);
    const places = args.slice(5).filter((_, i) => i % 2 === 0);
    assert.deepEqual(places, ["0x8000", "0xd000", "0x110000", "0x130000"]);
    assert.equal(parseSlot(readFileSync(join(tools, "110000.bin"))).id, "plus_one");
    assert.ok(args.slice(5).every((file, i) => i % 2 === 0 || !existsSync(file)));
  });

  test("only the slot with --model-only", () => {
    flash(["--model-only", pathOf("full.img"), "--port", "p"]);
    const args = readFileSync(at("arguments"), "utf8").trimEnd().split("\n");
    assert.deepEqual([args.length, args[5]], [7, "0x110000"]);
  });

  test("esptool that fails, esptool that is missing", () => {
    const failed = flash([pathOf("full.img"), "--port", "p"], { ESPTOOL_STATUS: "2" });
    assert.equal(failed.status, 1);
    assert.match(failed.stderr, /--port p: expected esptool to succeed, found status 2\n$/);
    const missing = flash([pathOf("full.img"), "--port", "p"], { ESPTOOL: at("nowhere") });
    assert.equal(missing.status, 1);
    assert.match(
      missing.stderr,
      /--port: expected esptool \(.*nowhere\), found none; install: pip install esptool\n$/,
    );
  });
});
