import assert from "node:assert/strict";
import { describe, test } from "node:test";
import binaryen from "binaryen";
import { ImageError } from "../../host/image/error.ts";
import { CAPABILITY, capabilityNames, readNeeds } from "../../host/image/module.ts";
import { ModelError } from "../../host/ir/graph.ts";
import { addCustomSection } from "../../host/module/sections.ts";
import { module } from "./vectors.ts";

const GLOBALS: Readonly<Record<string, number | string>> = {
  abi: 2,
  memory_bytes: 64,
  input_0: 16,
  input_0_bytes: 4,
  output_0: 20,
  output_0_bytes: 4,
};

const globalText = ([name, value]: readonly [string, number | string]): string =>
  `(global (export "${name}") ${typeof value === "string" ? value : `i32 (i32.const ${value})`})`;

/** A module of the ABI with some of it replaced; a global is its value, or its type and initial value. */
function assemble(
  parts: { globals?: typeof GLOBALS; memory?: string; invoke?: string; more?: string } = {},
): Uint8Array {
  const { memory = '(memory (export "memory") 1)', more = "" } = parts;
  const invoke = parts.invoke ?? '(func (export "invoke") (result i32) (i32.const 0))';
  const globals = Object.entries({ ...GLOBALS, ...parts.globals }).filter(([, value]) => value !== "");
  const built = binaryen.parseText(
    `(module ${memory} ${globals.map(globalText).join(" ")} ${invoke} ${more})`,
  );
  built.setFeatures(binaryen.Features.All);
  const binary = built.emitBinary();
  built.dispose();
  return binary;
}

const body = (code: string): string => `(func (export "invoke") (result i32) ${code})`;

describe("needs", () => {
  test("of a module written by hand", () => {
    // op_Entry, and two operations more at each end: a copy of the result, Return; and one page of code.
    const least = { nesting: 0, withSiblingCalls: 2, withoutSiblingCalls: 5 };
    const nativeStack = { native: least, portable: least };
    assert.deepEqual(readNeeds(assemble()), { abi: 2, memoryBytes: 64, capabilities: 0, nativeStack });
    const { nativeStack: found, ...needs } = readNeeds(module);
    assert.deepEqual(needs, { abi: 2, memoryBytes: 32, capabilities: 0 });
    assert.deepEqual([found.native.withSiblingCalls, found.native.nesting], [2, 0]);
  });

  const capabilities: readonly [string, string, number][] = [
    [
      "memory.copy",
      "(memory.copy (i32.const 0) (i32.const 8) (i32.const 4)) (i32.const 0)",
      CAPABILITY.bulkMemory,
    ],
    [
      "memory.fill",
      "(memory.fill (i32.const 0) (i32.const 8) (i32.const 4)) (i32.const 0)",
      CAPABILITY.bulkMemory,
    ],
    ["i32.extend8_s", "(i32.extend8_s (i32.const 200))", CAPABILITY.signExtension],
    ["i64.extend32_s", "(i32.wrap_i64 (i64.extend32_s (i64.const 200)))", CAPABILITY.signExtension],
    // Constants whose bytes look like the opcodes.
    ["constants", "(i32.add (i32.const -0x40) (i32.wrap_i64 (i64.const 0x7c0c1c2c3c4fc0b)))", 0],
    [
      "offsets and locals",
      "(local i64 i32 i32) (block (result i32) (i32.load8_s offset=192 (i32.const 252)))",
      0,
    ],
    ["load8_s, which is not an extension", "(i32.load8_s (i32.const 0))", 0],
  ];
  for (const [name, code, expected] of capabilities) {
    test(`capabilities of ${name}`, () => {
      assert.equal(readNeeds(assemble({ invoke: body(code) })).capabilities, expected);
    });
  }

  test("names of capabilities", () => {
    assert.deepEqual(capabilityNames(0), []);
    assert.deepEqual(capabilityNames(3), ["bulk memory", "sign extension"]);
    assert.deepEqual(capabilityNames(0x80000002), ["sign extension", "unknown 0x80000000"]);
  });
});

describe("modules that a device would refuse", () => {
  const cases: readonly [string, Uint8Array, string][] = [
    ["another ABI", assemble({ globals: { abi: 3 } }), "abi: expected 2, found 3"],
    [
      "no ABI",
      assemble({ globals: { abi: "" } }),
      "export abi: expected an immutable i32 global, found none",
    ],
    [
      "a mutable global",
      assemble({ globals: { input_0: "(mut i32) (i32.const 16)" } }),
      "export input_0: expected an immutable i32 global, found one that is mutable or of another type",
    ],
    [
      "a global of another type",
      assemble({ globals: { memory_bytes: "i64 (i64.const 64)" } }),
      "export memory_bytes: expected an immutable i32 global, found one that is mutable or of another type",
    ],
    // Newer engines take it for valid, older ones do not.
    [
      "a computed global",
      assemble({ globals: { abi: "i32 (i32.add (i32.const 2) (i32.const 0))" } }),
      "module: ",
    ],
    ["a float global", assemble({ globals: { abi: "f32 (f32.const 1)" } }), "module: "],
    ["no memory", assemble({ memory: "(memory 1)" }), "export memory: expected a memory, found none"],
    [
      "more memory than there is",
      assemble({ globals: { memory_bytes: 65537 } }),
      "memory_bytes: expected 1 to 65536, found 65537",
    ],
    [
      "constants behind the memory",
      assemble({ globals: { constants: 68 } }),
      "constants: expected a multiple of 4 up to 64, found 68",
    ],
    [
      "constants that are not aligned",
      assemble({ globals: { constants: 34 } }),
      "constants: expected a multiple of 4 up to 64, found 34",
    ],
    [
      "no memory bytes",
      assemble({ globals: { memory_bytes: 0 } }),
      "memory_bytes: expected 1 to 65536, found 0",
    ],
    [
      "no invoke",
      assemble({ invoke: "" }),
      "export invoke: expected a function without parameters that returns i32, found none",
    ],
    [
      "invoke without a result",
      assemble({ invoke: '(func (export "invoke"))' }),
      "found one with another signature",
    ],
    [
      "invoke with a parameter",
      assemble({ invoke: '(func (export "invoke") (param i32) (result i32) (i32.const 0))' }),
      "found one with another signature",
    ],
    [
      "self_test of another type",
      assemble({ more: '(func (export "self_test") (result i64) (i64.const 0))' }),
      "export self_test: expected",
    ],
    ["no input", assemble({ globals: { input_0: "" } }), "expected 1 to 64 exports input_<i>, found 0"],
    [
      "a gap in the inputs",
      assemble({ globals: { input_2: 8, input_2_bytes: 4 } }),
      "export input_1: expected an immutable",
    ],
    [
      "an input without a size",
      assemble({ globals: { input_0_bytes: "" } }),
      "export input_0_bytes: expected",
    ],
    [
      "an empty output",
      assemble({ globals: { output_0_bytes: 0 } }),
      "output_0: expected to lie below the constants, or the end of memory, at 64, found 0 bytes at 20",
    ],
    [
      "an output beyond memory",
      assemble({ globals: { output_0: 61 } }),
      "output_0: expected to lie below the constants, or the end of memory, at 64, found 4 bytes at 61",
    ],
    ["an offset above 2^31", assemble({ globals: { output_0: -4 } }), "found 4 bytes at 4294967292"],
    [
      "data beyond memory_bytes",
      assemble({ more: '(data (i32.const 60) "12345")' }),
      "data segment: expected to end within memory_bytes (64), found 60 + 5 bytes",
    ],
  ];
  for (const [name, binary, part] of cases) {
    test(name, () => {
      assert.throws(
        () => readNeeds(binary),
        (error: Error) => {
          assert.ok(error instanceof ImageError || error instanceof ModelError, String(error));
          assert.ok(error.message.includes(part), `expected "${part}", found "${error.message}"`);
          assert.ok(!error.message.includes("\n"));
          return true;
        },
      );
    });
  }

  test("a custom section that wasm3 reads without bounds", () => {
    const named = addCustomSection(module, "name", Uint8Array.of(0, 0));
    assert.throws(() => readNeeds(named), /module: expected no custom section name, .*found one/);
  });

  test("an import, a start function, floats, damage", () => {
    const outside = [
      assemble({ more: '(import "env" "f" (func))' }),
      assemble({ more: "(start $s) (func $s)" }),
      assemble({ invoke: body("(i32.trunc_f32_s (f32.const 1))") }),
      module.subarray(0, module.length - 1),
      new Uint8Array(),
    ];
    for (const binary of outside) assert.throws(() => readNeeds(binary), ModelError);
    const invalid = new Uint8Array(module);
    invalid.set([0x01, 0x01], module.length - 3);
    assert.throws(() => readNeeds(invalid), /found an operand too few/);
    // Within the subset, but not valid: an alignment beyond what the access has.
    const aligned = assemble({ invoke: body("(i32.load8_u (i32.const 0))") });
    aligned[aligned.indexOf(0x2d) + 1] = 7;
    assert.throws(() => readNeeds(aligned), /expected valid WebAssembly/);
  });

  test("every byte changed: refused in one line, or still a module of the ABI", () => {
    for (let at = 0; at < module.length; at++) {
      for (const value of [0x00, 0x7f, 0x80, 0xff, module[at]! ^ 1]) {
        const changed = new Uint8Array(module);
        changed[at] = value;
        try {
          assert.equal(readNeeds(changed).abi, 2);
        } catch (error) {
          assert.ok(error instanceof ImageError || error instanceof ModelError, `${at}: ${String(error)}`);
        }
      }
    }
  });
});
