/**
 * The port for ESP-IDF, which can't be built here: compiled as versions 5 and 6 would, and its example run with sanitizers
 * against stand-ins and the real update server. firmware/port/esp-idf/check/README.md says what the stand-ins do.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { FLASH_LAYOUTS } from "../../../host/firmware/boards.ts";
import { findProgram, runProcess } from "../../../host/firmware/toolchain.ts";
import { defaultTable } from "../../../host/image/layout.ts";
import { readTable, tableCsv } from "../../../host/image/partition_table.ts";
import { root } from "../../../host/root.ts";
import { scratchFolder } from "../../support/folders.ts";
import { makeModule } from "../../support/signed_images.ts";
import { compileAll, compiler, includesOf, packInto, STRICT, skip, sourcesIn } from "./esp-idf/device.ts";
import { atServer, CUT_STATUS, HUNG_STATUS, LONG, lives, sign, surviveCut } from "./esp-idf/life.ts";

const scratch = scratchFolder();
const layout = FLASH_LAYOUTS.get("esp32-c3")!;

const rv32 = ["riscv64-unknown-elf-gcc", "-march=rv32imac", "-mabi=ilp32", "--specs=picolibc.specs"];
const skipRv32 = findProgram(rv32[0]!)
  ? false
  : `${rv32[0]} is missing: apt-get install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf`;

describe("the component", () => {
  let component: string;
  before(async () => {
    component = await packInto(scratch);
  });
  /** Files of our own for ESP-IDF, and the examples. */
  const ours = (): string[] => [
    ...sourcesIn(join(component, "esp")),
    ...sourcesIn(join(component, "examples")),
  ];

  for (const version of [5, 6] as const) {
    test(`compiles for version ${version}, on this machine and for rv32`, {
      skip: skip || skipRv32,
    }, async () => {
      const flags = [...STRICT, ...includesOf(component, version), "-Wno-comment"];
      await compileAll(compiler!.command, ours(), flags);
      await compileAll(rv32, ours(), flags);
    });
  }

  const skipCxx = findProgram("g++") ? false : "g++ is missing: apt-get install g++";
  test("its headers serve C++17", { skip: skipCxx }, async () => {
    const source = join(scratch, "use.cpp");
    writeFileSync(source, '#include "thimble_esp_update.h"\n#include "thimble_simple.h"\nint main() {}\n');
    await compileAll(
      ["g++"],
      [source],
      [...["-std=c++17", "-Wall", "-Wextra", "-Werror", "-pedantic"], ...includesOf(component, 5)],
    );
  });

  test("whatever fails, nothing stays mapped or allocated; dates of HTTP", { skip }, async () => {
    const program = join(scratch, "failures");
    const esp = ["thimble_esp.c", "digest.c", "http_date.c"].map((name) => join(component, "esp", name));
    const check = join(root, "firmware", "port", "esp-idf", "check", "stand_in", "failures.c");
    const sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-g"];
    const flags = [...STRICT, ...sanitize, ...includesOf(component, 5), `-I${join(component, "esp")}`];
    const built = await runProcess([...compiler!.command, ...flags, check, ...esp, "-o", program]);
    assert.equal(built.status, 0, built.stderr);
    const { status, stderr } = await runProcess([program]);
    assert.equal(status, 0, stderr);
  });

  test("names no path outside of its folder, and the example's partitions are those of thimble flash", () => {
    for (const file of ["CMakeLists.txt", "idf_component.yml", "Kconfig"])
      assert.doesNotMatch(readFileSync(join(component, file), "utf8"), /\.\.\/|@\w+@/, file);
    const expected = defaultTable(layout, 2);
    const csv = readFileSync(join(component, "examples", "sensor", "partitions.csv"), "utf8");
    assert.equal(csv, tableCsv(expected));
    assert.deepEqual(readTable(Buffer.from(csv)), expected);
  });

  test("slots are found by the types and subtypes of the layout", () => {
    const source = readFileSync(join(component, "esp", "thimble_esp.c"), "utf8");
    const number = (name: string): number => Number(new RegExp(`${name} += (\\w+)`).exec(source)![1]);
    const perType = number("MODELS_PER_TYPE");
    const table = defaultTable(FLASH_LAYOUTS.get("qemu-virt")!, number("MODELS_MAX"));
    table
      .filter(({ label }) => label.startsWith("model_"))
      .forEach(({ type, subtype }, i) => {
        const model = Math.floor(i / 2);
        assert.equal(type, number("MODEL_TYPE") + Math.floor(model / perType));
        assert.equal(subtype, 2 * (model % perType) + (i % 2));
      });
  });

  const skipCmake = findProgram("cmake") ? false : "cmake is missing: apt-get install cmake";
  test("its build has every source, and -O3 for wasm3's operations alone", { skip: skipCmake }, async () => {
    const folder = join(root, "firmware", "port", "esp-idf", "check");
    const args = ["-S", folder, "-B", join(scratch, "cmake"), `-DCOMPONENT=${component}`];
    const { status, stderr } = await runProcess(["cmake", ...args]);
    assert.equal(status, 0, stderr);
    const values = (head: string): string[] =>
      stderr
        .split("\n")
        .flatMap((line) => (line.startsWith(`${head} `) ? [line.slice(head.length + 1)] : []));
    const compiled = [...sourcesIn(join(component, "esp")), ...sourcesIn(join(component, "src"))];
    assert.deepEqual(values("SRCS").sort(), compiled.sort());
    const fast = values("PROPERTIES").filter((line) => line.includes("-O3"));
    assert.equal(fast.length, 1);
    const [file] = fast[0]!.split(";");
    assert.match(readFileSync(file!, "utf8"), /#include "m3_exec\.h"/);
  });
});

describe("the sensor example as a device", { skip }, async () => {
  if (skip) return;
  const { first, second, live, freshFlash } = await lives(scratch);

  test("without a token it runs its model, and prints the label of what the sensor reads", async () => {
    const flash = freshFlash();
    for (const [adc, label] of [
      ["0,0", "versicolor"],
      ["4095,4095", "virginica"],
    ] as const) {
      const { status, text } = await live(flash, ["--seconds", "5"], { ADC: adc });
      assert.equal(status, 0, text);
      assert.match(text, /no updates: 0x1102/);
      const said = [...text.matchAll(/version 1\.0\.0: (\w+)/g)].map(([, word]) => word);
      assert.deepEqual(said, Array(5).fill(label));
    }
    assert.ok(first.length > 1000);
  });

  test("takes an update, confirms it, and starts with it after a reset", () =>
    atServer(async (operator) => {
      const flash = freshFlash();
      await live(flash, ["--seconds", "3"], operator.environment);
      const order = operator.order(second);
      const { status, text } = await live(flash, LONG, operator.environment);
      assert.equal(status, 0, text);
      assert.match(text, /version 1\.0\.0: versicolor[\s\S]*version 2\.0\.0: two/);
      assert.deepEqual(operator.outcome(order), { succeeded: 1, failed: 0, reasons: "" });
      const again = await live(flash, ["--seconds", "3"]);
      assert.doesNotMatch(again.text, /version 1/);
      assert.match(again.text, /version 2\.0\.0: two/);
    }));

  test("survives a loss of power amid some of its changes to flash (all: npm run test:slow)", async () => {
    for (const cut of [1, 4, 9])
      assert.equal((await surviveCut({ second, live, freshFlash }, cut)).status, CUT_STATUS);
  });

  test("throws out an image that its sensor can't feed, and says so", () =>
    atServer(async (operator) => {
      const flash = freshFlash();
      await live(flash, ["--seconds", "3"], operator.environment);
      const order = operator.order(sign(makeModule(), 3));
      const { status, text } = await live(flash, LONG, operator.environment);
      assert.equal(status, 0, text);
      assert.match(text, /input: [\s\S]*version 1\.0\.0: versicolor/);
      const { failed, reasons } = operator.outcome(order);
      assert.equal(failed, 1, reasons);
    }));

  test("a model that hangs is ended by the watchdog, and thrown out after the reset", () =>
    atServer(async (operator) => {
      const flash = freshFlash();
      await live(flash, ["--seconds", "3"], operator.environment);
      const hangs = '(func (export "self_test") (result i32) (loop $again (br $again)) (i32.const 0))';
      const order = operator.order(sign(makeModule({ more: hangs }), 4));
      assert.equal((await live(flash, LONG, operator.environment)).status, HUNG_STATUS);
      const { text } = await live(flash, [...LONG, "--reset", "TASK_WDT"], operator.environment);
      assert.match(text, /version 1\.0\.0: versicolor/);
      const { failed, reasons } = operator.outcome(order);
      assert.equal(failed, 1, reasons);
      assert.match(reasons, /watchdog/);
    }));

  test("says what is wrong with its partitions", async () => {
    const flash = freshFlash();
    const bytes = readFileSync(flash);
    const entry = bytes.indexOf("model_0_b", 0x8000) - 12;
    bytes[entry + 28]! |= 1; // encrypted
    writeFileSync(flash, bytes);
    assert.match((await live(flash, ["--seconds", "1"])).text, /slots and journal: 0x106/);
    bytes[entry + 3] = 0x20; // another subtype
    writeFileSync(flash, bytes);
    assert.match((await live(flash, ["--seconds", "1"])).text, /slots and journal: 0x105/);
  });
});
