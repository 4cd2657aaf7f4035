/** One table of modules, run on V8 and on wasm3: the same outputs, and one clear line for each fault. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import binaryen from "binaryen";
import {
  buildRunner,
  findCompiler,
  findSource,
  findWasm3Cli,
  runCliSelfTest,
  runProcess,
} from "../../../host/firmware/wasm3_build.ts";
import type { Vector } from "../../../host/ir/graph.ts";
import { type Engine, EngineError } from "../../../host/module/engine.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { wasm3, wasm3Engine } from "../../../host/runtime/engines/wasm3.ts";

const availability = await wasm3.availability();
const skipWasm3 = availability.available ? false : `wasm3 is missing: ${availability.reason}`;
const asWasm = wasm3Engine({ runner: "wasm" });
const wasmAvailable = await asWasm.availability();
const skipWasm = wasmAvailable.available ? false : `wasm3 is missing: ${wasmAvailable.reason}`;
const compiler = await findCompiler();
const skipNative = compiler ? skipWasm3 : "a C compiler is missing: apt-get install gcc libc6-dev";
const engines: readonly { title: string; engine: Engine; skip: string | false }[] = [
  { title: "v8", engine: v8, skip: false },
  { title: "wasm3", engine: wasm3, skip: skipWasm3 },
  { title: "wasm3 as WebAssembly", engine: asWasm, skip: skipWasm },
];

const scratch = mkdtempSync(join(tmpdir(), "thimble-engines-"));
after(() => rmSync(scratch, { recursive: true }));

type Parts = {
  /** i32 globals to export; undefined leaves one out. */
  globals?: Record<string, number | undefined>;
  memory?: string;
  exportMemory?: string;
  invoke?: string;
  exportInvoke?: string;
  more?: string;
};

const defaultGlobals = {
  abi: 2,
  memory_bytes: 128,
  input_0: 64,
  input_0_bytes: 4,
  input_1: 72,
  input_1_bytes: 2,
  output_0: 80,
  output_0_bytes: 4,
  output_1: 127,
  output_1_bytes: 1,
};

/** output_0 = input_0 + the number of earlier calls; output_1 = the two bytes of input_1, xored. */
const defaultInvoke = `(func $invoke (result i32)
  (i32.store (i32.const 80) (i32.add (i32.load (i32.const 64)) (i32.load (i32.const 0))))
  (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
  (i32.store8 (i32.const 127) (i32.xor (i32.load8_u (i32.const 72)) (i32.load8_u (i32.const 73))))
  (i32.const 0))`;

function body(code: string): string {
  return `(func $invoke (result i32) ${code})`;
}

function moduleText(parts: Parts): string {
  const globals = Object.entries({ ...defaultGlobals, ...parts.globals })
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) => `(global $${name} i32 (i32.const ${value})) (export "${name}" (global $${name}))`,
    );
  return `(module ${parts.more ?? ""} ${parts.memory ?? "(memory $memory 1)"} ${globals.join("\n")}
    ${parts.exportMemory ?? '(export "memory" (memory $memory))'}
    ${parts.invoke ?? defaultInvoke} ${parts.exportInvoke ?? '(export "invoke" (func $invoke))'})`;
}

function assemble(parts: Parts = {}, names = false): Uint8Array {
  const module = binaryen.parseText(moduleText(parts));
  try {
    module.setFeatures(binaryen.Features.All);
    binaryen.setDebugInfo(names);
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

function input(value: number, pair: readonly [number, number]): Vector {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return [bytes, Uint8Array.from(pair)];
}

const oneVector = [input(7, [1, 2])];

/** One line, from the right engine, that matches. */
function complaint(engine: Engine, expected: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof EngineError, String(error));
    assert.equal(error.engine, engine.name);
    assert.match(error.message, expected);
    assert.ok(error.message.startsWith(`${engine.name}: `));
    assert.ok(!error.message.includes("\n"), error.message);
    return true;
  };
}

type Good = { name: string; module: Uint8Array; vectors: readonly Vector[]; outputs: readonly number[][][] };

const good: readonly Good[] = [
  {
    name: "several vectors on one instance, whose memory lives on between them",
    module: assemble(),
    vectors: [input(7, [1, 3]), input(-2, [255, 15]), input(0x01020304, [0, 0])],
    outputs: [
      [[7, 0, 0, 0], [2]],
      [[255, 255, 255, 255], [240]],
      [[6, 3, 2, 1], [0]],
    ],
  },
  { name: "no vectors", module: assemble(), vectors: [], outputs: [] },
  {
    name: "integers that wrap",
    module: assemble({
      invoke: body(`(i32.store (i32.const 80) (i32.mul (i32.load (i32.const 64)) (i32.const 0x7fffffff)))
        (i32.store8 (i32.const 127) (i32.wrap_i64
          (i64.shr_s (i64.add (i64.const 0x7fffffffffffffff) (i64.load8_u (i32.const 72))) (i64.const 56))))
        (i32.const 0)`),
    }),
    vectors: [input(7, [1, 0])],
    outputs: [[[249, 255, 255, 127], [128]]],
  },
];

for (const { title, engine, skip } of engines) {
  describe(`${title} runs`, { skip }, () => {
    for (const { name, module, vectors, outputs } of good) {
      test(name, async () => {
        const found = await engine.run(module, vectors);
        assert.deepEqual(
          found.map((vector) => vector.map((tensor) => [...tensor])),
          outputs,
        );
      });
    }
    test("a thousand vectors", async () => {
      const vectors = Array.from({ length: 1000 }, (_, i) => input(i * 1000, [i & 255, 1]));
      const found = await engine.run(assemble(), vectors);
      for (const [i, [sum, xor]] of found.entries()) {
        assert.equal(Buffer.from(sum!).readInt32LE(0), i * 1001);
        assert.equal(xor![0], (i & 255) ^ 1);
      }
      assert.equal(found.length, 1000);
    });
    test("self_test, where there is one", async () => {
      const withSelfTest = (code: string) =>
        assemble({ more: `(func $self (result i32) ${code}) (export "self_test" (func $self))` });
      assert.equal(await engine.selfTest(assemble()), undefined);
      assert.equal(await engine.selfTest(withSelfTest("(i32.const 0)")), 0);
      assert.equal(await engine.selfTest(withSelfTest("(i32.const -7)")), -7);
      await assert.rejects(
        engine.selfTest(withSelfTest("(unreachable)")),
        complaint(engine, /self_test: \[trap\] unreachable/),
      );
    });
  });
}

type Fault = { name: string; module: Uint8Array; vectors?: readonly Vector[]; expected: RegExp };

function missing(name: string): Fault {
  return {
    name: `no ${name}`,
    module: assemble({ globals: { [name]: undefined } }),
    expected: new RegExp(`: ${name}: expected an exported immutable i32 global, found none$`),
  };
}

function withGlobal(name: string, type: string, value: string): Uint8Array {
  const more = `(global $other ${type} ${value}) (export "${name}" (global $other))`;
  return assemble({ globals: { [name]: undefined }, more });
}

/** The module is sound wasm, but breaks the ABI or fails while it runs. */
const faults: readonly Fault[] = [
  {
    name: "a trap in invoke",
    module: assemble({ invoke: body("(unreachable)") }),
    expected: /: vector 0: invoke: \[trap\] unreachable/,
  },
  {
    name: "a trap in the second vector only",
    module: assemble({
      invoke: body(`(i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (drop (i32.div_u (i32.const 1) (i32.sub (i32.const 2) (i32.load (i32.const 0))))) (i32.const 0)`),
    }),
    vectors: [...oneVector, ...oneVector],
    expected: /: vector 1: invoke: \[trap\] .*divi.*zero/,
  },
  {
    name: "an access outside the declared memory",
    module: assemble({ invoke: body("(i32.load (i32.const 65533))") }),
    expected: /: vector 0: invoke: \[trap\] .*out of bounds/,
  },
  {
    name: "a function that calls itself",
    module: assemble({ invoke: body("(i32.add (call $invoke) (i32.const 1))") }),
    expected: /malformed module: function 0: .*a call of function 0, which is not before it/,
  },
  {
    name: "a status that is not zero",
    module: assemble({ invoke: body("(i32.const -3)") }),
    expected: /: vector 0: invoke: expected status 0, found -3$/,
  },
  {
    name: "an imported function",
    module: assemble({ more: '(import "env" "log" (func $log))' }),
    expected: /: malformed module: expected no section 2 \(imports/,
  },
  {
    name: "an imported memory",
    module: assemble({ memory: '(import "env" "memory" (memory $memory 1))' }),
    expected: /: malformed module: expected no section 2 \(imports/,
  },
  {
    name: "no memory",
    module: assemble({ exportMemory: "" }),
    expected: /: memory: expected an exported memory, found none$/,
  },
  {
    name: "no invoke",
    module: assemble({ exportInvoke: '(export "other" (func $invoke))' }),
    expected: /: invoke: expected an exported function, found none$/,
  },
  {
    name: "debug names",
    module: assemble({}, true),
    expected: /: malformed module: expected no custom section name, /,
  },
  {
    name: "a start function",
    module: assemble({ more: "(start $begin) (func $begin (i32.store (i32.const 0) (i32.const 100)))" }),
    expected: /: malformed module: expected no section 8 /,
  },
  {
    name: "a memory that grows",
    module: assemble({ invoke: body("(drop (memory.grow (i32.const 3))) (i32.const 0)") }),
    expected: /: malformed module: function 0: .* found opcode 0x40 /,
  },
  {
    name: "a memory of 2 GiB, of which it needs a page",
    module: assemble({ memory: "(memory $memory 32768)" }),
    expected: /: memory: expected 1 pages for memory_bytes 128, found 32768$/,
  },
  {
    name: "floating point",
    module: assemble({ more: '(func $f (drop (f32.sqrt (f32.const 2)))) (export "f" (func $f))' }),
    expected: /: malformed module: function \d: .* found opcode 0x43 /,
  },
  {
    name: "an invoke without a result",
    module: assemble({ invoke: "(func $invoke)" }),
    expected: /: invoke: expected the signature \(\) -> i32$/,
  },
  {
    name: "an invoke with a parameter",
    module: assemble({ invoke: "(func $invoke (param i32) (result i32) (i32.const 0))" }),
    expected: /: invoke: expected the signature \(\) -> i32$/,
  },
  ...["abi", "memory_bytes", "input_0", "input_0_bytes", "input_1_bytes", "output_0"].map(missing),
  {
    name: "another ABI",
    module: assemble({ globals: { abi: 3 } }),
    expected: /: abi: expected 2, found 3$/,
  },
  {
    name: "a mutable global",
    module: withGlobal("input_0", "(mut i32)", "(i32.const 64)"),
    expected: /: input_0: expected an immutable i32 global, found one that is mutable or of another type$/,
  },
  {
    name: "an i64 global",
    module: withGlobal("memory_bytes", "i64", "(i64.const 128)"),
    expected:
      /: memory_bytes: expected an immutable i32 global, found one that is mutable or of another type$/,
  },
  ...[0, -1, 0x7fffffff].map((value) => ({
    name: `memory_bytes ${value}`,
    module: assemble({ globals: { memory_bytes: value }, memory: "(memory $memory 65536)" }),
    expected: new RegExp(`: memory_bytes: expected 1 to 67108864, found ${value >>> 0}$`),
  })),
  {
    name: "memory_bytes beyond the memory",
    module: assemble({ globals: { memory_bytes: 65537 } }),
    expected: /: memory_bytes: expected at most the memory's 65536 bytes, found 65537$/,
  },
  {
    name: "memory_bytes in a memory of no pages",
    module: assemble({ memory: "(memory $memory 0)" }),
    expected: /: memory_bytes: expected at most the memory's 0 bytes, found 128$/,
  },
  ...[
    ["input_0", 125, 4],
    ["output_0", -4, 4],
    ["input_1", 0x7fffffff, 0x7fffffff],
    ["output_1", -1, 1],
    ["output_1", 0, -1],
  ].map(([name, offset, bytes]) => ({
    name: `${name} at ${offset}, ${bytes} bytes`,
    module: assemble({ globals: { [name as string]: offset as number, [`${name}_bytes`]: bytes as number } }),
    expected: new RegExp(
      `: ${name}: expected to end within memory_bytes \\(128\\), found ` +
        `${(offset as number) >>> 0} \\+ ${(bytes as number) >>> 0} bytes$`,
    ),
  })),
  {
    name: "an input of no bytes",
    module: assemble({ globals: { input_0_bytes: 0 } }),
    expected: /: input_0_bytes: expected at least 1, found 0$/,
  },
  {
    name: "a data segment outside the memory",
    module: assemble({ more: '(data (i32.const 65535) "ab")' }),
    expected: /: module does not load: .*data segment/i,
  },
  {
    name: "an input of the wrong length",
    module: assemble(),
    vectors: [...oneVector, [new Uint8Array(3), new Uint8Array(2)]],
    expected: /: vector 1: input_0: expected 4 bytes, found 3$/,
  },
  {
    name: "too few inputs",
    module: assemble(),
    vectors: [[new Uint8Array(4)]],
    expected: /: vector 0: expected 2 inputs, found 1$/,
  },
];

/** Not WebAssembly at all. */
const malformed: readonly Fault[] = [0, 3, 8, 20, 100, assemble().length - 1].map((length) => ({
  name: `a module cut after ${length} bytes`,
  module: assemble().slice(0, length),
  expected: length === 8 ? /memory: expected/ : /: malformed module: /,
}));

for (const { title, engine, skip } of engines) {
  describe(`${title} refuses`, { skip }, () => {
    for (const { name, module, vectors, expected } of [...faults, ...malformed]) {
      test(name, () => assert.rejects(engine.run(module, vectors ?? oneVector), complaint(engine, expected)));
    }
  });
}

describe("memory_bytes", () => {
  const past = [
    { name: "a store", code: "(i32.store8 (i32.const 128) (i32.const 1)) (i32.const 0)" },
    { name: "a load", code: "(drop (i64.load (i32.const 121))) (i32.const 0)" },
    { name: "a fill", code: "(memory.fill (i32.const 120) (i32.const 0) (i32.const 9)) (i32.const 0)" },
  ];
  for (const { name, code } of past) {
    test(`${name} past it traps in wasm3, as it does on a device`, { skip: skipWasm3 }, () =>
      assert.rejects(
        wasm3.run(assemble({ invoke: body(code) }), oneVector),
        complaint(wasm3, /vector 0: invoke: \[trap\] out of bounds memory access$/),
      ),
    );
  }
  test("a data segment past it is refused by wasm3", { skip: skipWasm3 }, () =>
    assert.rejects(
      wasm3.run(assemble({ more: '(data (i32.const 127) "ab")' }), oneVector),
      complaint(wasm3, /module does not load: data segment out of bounds$/),
    ),
  );
  test("its last byte can be used", { skip: skipWasm3 }, async () => {
    const invoke = body("(i64.store (i32.const 120) (i64.const -1)) (i32.const 0)");
    assert.deepEqual((await wasm3.run(assemble({ invoke }), oneVector))[0]![1], Uint8Array.of(255));
  });
});

describe("the sanitized runner", { skip: skipNative }, () => {
  const file = join(scratch, "module.wasm");

  async function runCase(module: Uint8Array, stdin: Uint8Array, ...args: string[]) {
    writeFileSync(file, module);
    const runner = await buildRunner({ sanitize: true });
    const result = await runProcess([runner, file, ...args], stdin);
    return { ...result, lines: result.stderr.split("\n") };
  }

  /** Exactly one line of the runner's own; a sanitizer's report would be more, or another status. */
  function assertRefused(result: Awaited<ReturnType<typeof runCase>>, expected: RegExp): void {
    assert.equal(result.signal, undefined, result.stderr);
    assert.equal(result.status, 1, result.stderr);
    assert.match(result.lines[0]!, expected);
    assert.deepEqual(result.lines.slice(1), [""]);
  }

  test("gives the same outputs", async () => {
    const engine = wasm3Engine({ sanitize: true });
    for (const { module, vectors } of good) {
      assert.deepEqual(await engine.run(module, vectors), await v8.run(module, vectors));
    }
  });

  test("refuses every fault with one line", async () => {
    for (const { name, module, vectors, expected } of faults.filter((fault) => !fault.vectors)) {
      const result = await runCase(module, Buffer.concat((vectors ?? oneVector).flat()));
      // The host says more exactly what is wrong with a module than the scan of a device does.
      const source = expected.source.replace(/^: /, "^wasm3_runner: ").replace(/malformed module: .*/, "");
      assertRefused(result, new RegExp(source, expected.flags));
      assert.equal(result.stdout.length, 0, name);
    }
  });

  test("refuses truncated modules", async () => {
    const module = assemble({ more: '(data (i32.const 4) "weights")' });
    for (let length = 0; length < module.length; length += 5) {
      const cut = module.slice(0, length);
      if (!WebAssembly.validate(cut)) {
        assertRefused(await runCase(cut, new Uint8Array(0)), /^wasm3_runner: /);
      }
    }
  });

  test("refuses an integer that does not end", async () => {
    const endless = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 7, 255, 255, 255, 255, 255, 255);
    assertRefused(await runCase(endless, new Uint8Array(0)), /malformed module: expected the integer subset/);
  });

  test("refuses a partial vector, after the whole ones", async () => {
    const result = await runCase(assemble(), new Uint8Array(6 + 5));
    assertRefused(result, /^wasm3_runner: vector 1: input_1: expected 2 bytes, found 1$/);
  });

  test("refuses arguments that it does not know, and a file that is not there", async () => {
    assertRefused(await runCase(assemble(), new Uint8Array(0), "--selftest"), /usage: wasm3_runner MODULE/);
    const runner = await buildRunner({ sanitize: true });
    const result = await runProcess([runner, join(scratch, "absent.wasm")]);
    assert.match(result.stderr, /^wasm3_runner: .*absent\.wasm: cannot be opened\n$/);
  });
});

function withEnvironment<T>(changes: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = Object.keys(changes).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, changes);
  return work().finally(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
}

describe("the build", () => {
  test("happens once, also when two ask at once", { skip: skipNative }, async () => {
    const [first, second] = await Promise.all([buildRunner(), buildRunner()]);
    assert.equal(first, second);
    const { mtimeMs } = statSync(first);
    assert.equal(statSync(await buildRunner()).mtimeMs, mtimeMs);
  });

  test("says what is missing", async () => {
    await withEnvironment({ CC: join(scratch, "no-compiler") }, async () => {
      const found = await wasm3.availability();
      assert.ok(!found.available);
      assert.match(found.reason, /no C compiler/);
      assert.match(found.install, /gcc/);
      await assert.rejects(wasm3.run(assemble(), oneVector), complaint(wasm3, /expected a C compiler/));
    });
  });

  test("takes another wasm3 from WASM3_DIR", { skip: skipNative }, async () => {
    const other = join(scratch, "other");
    mkdirSync(other);
    await withEnvironment({ WASM3_DIR: other }, async () => {
      assert.equal(findSource(), undefined);
      assert.equal((await wasm3.availability()).available, false);
      writeFileSync(join(other, "m3_env.c"), "");
      writeFileSync(join(other, "wasm3.h"), '# define M3_VERSION   "9.8.7"\n');
      assert.equal(findSource(), other);
      assert.deepEqual(await wasm3.availability(), { available: true, version: "9.8.7" });
    });
  });

  test("gives the compiler's own words where it fails", { skip: skipNative }, async () => {
    const broken = join(scratch, "broken");
    mkdirSync(broken);
    writeFileSync(join(broken, "wasm3.h"), "");
    writeFileSync(join(broken, "m3_env.c"), "#error this does not compile\n");
    await assert.rejects(buildRunner({ source: broken }), (error: unknown) => {
      assert.ok(error instanceof EngineError);
      assert.match(error.message, /^wasm3: .*m3_env\.c: .* failed\n(.*\n)*.*this does not compile/);
      return true;
    });
  });
});

describe("the wasm3 command line", () => {
  function script(name: string, text: string): string {
    const path = join(scratch, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  test("its result is read", async () => {
    const cli = script("wasm3-ok", '[ "$1 $2" = "--func self_test" ] && echo "Result: -5" >&2');
    assert.equal(await runCliSelfTest(cli, "m.wasm"), -5);
  });

  test("its complaint is passed on", async () => {
    const cli = script("wasm3-bad", 'echo "Error: function lookup failed" >&2; exit 1');
    await assert.rejects(runCliSelfTest(cli, "m.wasm"), /m\.wasm: self_test .*function lookup failed$/);
  });

  // No package brings this program, so it is a witness where it is there and no part of the suite.
  const cli = findWasm3Cli();
  if (cli !== undefined) {
    test("agrees with the engines", async () => {
      const file = join(scratch, "self_test.wasm");
      const more = '(func $self (result i32) (i32.const 42)) (export "self_test" (func $self))';
      writeFileSync(file, assemble({ more }));
      assert.equal(await runCliSelfTest(cli, file), 42);
    });
  }
});
