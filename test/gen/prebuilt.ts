/** Makes firmware/prebuilt: the C code as WebAssembly, for machines without a compiler. `node dist/test/gen/prebuilt.js`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PREBUILT_FOLDER, PREBUILT_LIST, type PrebuiltList } from "../../host/firmware/prebuilt.ts";
import { compileWasm } from "../../host/firmware/wasm_build.ts";

const thimble = await compileWasm({ program: "thimble" });
const runner = await compileWasm({ program: "wasm3_runner" });
const list: PrebuiltList = {
  compiler: thimble.compiler,
  sources: { [thimble.artefact]: thimble.sources, [runner.artefact]: runner.sources },
};
mkdirSync(PREBUILT_FOLDER, { recursive: true });
for (const { artefact, bytes } of [thimble, runner]) {
  writeFileSync(join(PREBUILT_FOLDER, artefact), bytes);
  process.stdout.write(`firmware/prebuilt/${artefact}: ${bytes.length} bytes\n`);
}
writeFileSync(PREBUILT_LIST, `${JSON.stringify(list, null, 2)}\n`);
