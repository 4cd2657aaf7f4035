/** C code that comes compiled is what the compiler makes of the sources, and is used where there is no compiler. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  findPrebuilt,
  PREBUILT_FOLDER,
  PREBUILT_LIST,
  type PrebuiltList,
} from "../../host/firmware/prebuilt.ts";
import { compileWasm, wasmAvailability } from "../../host/firmware/wasm_build.ts";
import { root } from "../../host/root.ts";
import { scratchFolder } from "../support/folders.ts";

const PROGRAMS = ["thimble", "wasm3_runner"] as const;
const list = JSON.parse(readFileSync(PREBUILT_LIST, "utf8")) as PrebuiltList;
const found = await wasmAvailability();
const version = found.available ? found.version : found.reason;
const skip = version === list.compiler ? false : `expected ${list.compiler} (clang-16), found ${version}`;
const UPDATE = "node dist/test/gen/prebuilt.js makes it anew";

for (const program of PROGRAMS)
  test(`${program}.wasm is what clang makes of the sources`, { skip }, async () => {
    const { artefact, sources, bytes } = await compileWasm({ program });
    assert.equal(artefact, `${program}.wasm`);
    assert.equal(list.sources[artefact], sources, `${artefact}: the C sources have changed; ${UPDATE}`);
    assert.ok(
      Buffer.from(bytes).equals(readFileSync(join(PREBUILT_FOLDER, artefact))),
      `${artefact}: ${UPDATE}`,
    );
  });

test("a module of other sources is not used, and why is said", () => {
  const other = { ...findPrebuilt("thimble.wasm", "0".repeat(64)) };
  assert.deepEqual(other, { reason: "firmware/prebuilt/thimble.wasm was made of other C sources" });
  assert.deepEqual(findPrebuilt("other.wasm", ""), { reason: "no firmware/prebuilt/other.wasm" });
});

describe("where PATH has Node alone", () => {
  const bin = join(scratchFolder(), "bin");
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, "node"));

  /** Runs a script there, with `buildWasm`, `wasmAvailability` and `wasm3` imported: all that it prints. */
  function printed(script: string, environment: Record<string, string> = {}): string {
    const folder = JSON.stringify(`${join(root, "dist", "host")}/`);
    const imports = ["firmware/wasm_build.js", "runtime/engines/wasm3.js"].map(
      (path, i) => `const i${i} = await import(${folder} + ${JSON.stringify(path)});`,
    );
    const text = `${imports.join("")} const { buildWasm, wasmAvailability } = i0; const { wasm3 } = i1; ${script}`;
    const { CC: _, WASM3_DIR: __, ...env } = process.env;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", text], {
      encoding: "utf8",
      env: { ...env, ...environment, PATH: bin },
    });
    return `${stdout}${stderr}`.trim();
  }

  test("the device's core and the engine wasm3 are there", () => {
    const sizes = PROGRAMS.map((program) => readFileSync(join(PREBUILT_FOLDER, `${program}.wasm`)).length);
    const script = `for (const program of ${JSON.stringify(PROGRAMS)})
        console.log((await buildWasm({ program })).length);
      console.log((await wasmAvailability()).version, (await wasm3.availability()).version)`;
    assert.equal(printed(script), [...sizes, `${list.compiler}, elsewhere 0.5.0 as WebAssembly`].join("\n"));
  });

  test("what has to be compiled is refused in one line", () => {
    const script = `try { await buildWasm({ flags: ["-DTHIMBLE_NO_CONV2D"] }) } catch (error) { console.log(error.message) }
      console.log((await wasmAvailability({ flags: ["-DX"] })).reason)`;
    assert.equal(
      printed(script),
      `wasm3: no clang-16, and firmware/prebuilt/thimble.wasm was made of other C sources; install: apt-get install clang-16 lld-16 wasi-libc libclang-rt-16-dev-wasm32
no clang-16, and firmware/prebuilt/thimble.wasm was made of other C sources`,
    );
  });

  test("a compiler that CC names and that is not there is not passed over", () => {
    const script = "console.log((await wasm3.availability()).reason)";
    assert.equal(printed(script, { CC: "no-compiler" }), "no C compiler (looked for CC, cc, gcc, clang)");
  });
});
