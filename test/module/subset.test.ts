/** Modules with each thing that firmware's interpreter lacks, or that could reach outside: all are refused. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import binaryen from "binaryen";
import { ModelError } from "../../host/ir/graph.ts";
import { readSections } from "../../host/module/sections.ts";
import { checkSubset } from "../../host/module/subset.ts";
import { compileGraph } from "../../host/pipeline.ts";
import { simplifiedCase, vectorCase } from "../support/models.ts";

function assemble(text: string): Uint8Array {
  const module = binaryen.parseText(`(module ${text})`);
  try {
    module.setFeatures(binaryen.Features.All);
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

const inFunction = (code: string): string => `(memory 1 2) (func $f (export "f") ${code})`;
const INTEGERS = "expected the integer subset of WebAssembly, found";

/** What, as text, and the message. */
const FORBIDDEN: readonly (readonly [string, string, string | RegExp])[] = [
  ["an imported function", '(import "a" "b" (func $f))', "no section 2"],
  ["an imported memory", '(import "a" "b" (memory 1))', "no section 2"],
  ["an imported global", '(import "a" "b" (global $g i32))', "no section 2"],
  ["an imported table", '(import "a" "b" (table 1 funcref))', "no section 2"],
  ["a start function", "(start $f) (func $f)", "no section 8"],
  ["a table", "(table 1 funcref)", "no section 4"],
  ["an element segment", "(table 1 funcref) (elem (i32.const 0) $f) (func $f)", "no section"],
  ["an exception tag", "(tag $t (param i32))", "no section 13"],
  [
    "call_indirect",
    "(type $v (func)) (table 1 funcref) (elem (i32.const 0) $f) (func $f (call_indirect (type $v) (i32.const 0)))",
    "no section 4",
  ],
  ["br_table", inFunction("(block $a (block $b (br_table $a $b (i32.const 0))))"), `${INTEGERS} opcode 0xe`],
  ["return_call", inFunction("(return_call $f)"), `${INTEGERS} opcode 0x12`],
  ["memory.size", inFunction("(drop (memory.size))"), `${INTEGERS} opcode 0x3f`],
  ["memory.grow", inFunction("(drop (memory.grow (i32.const 1)))"), `${INTEGERS} opcode 0x40`],
  ["a float parameter", inFunction("(param f32)"), "expected integer function types, found 0x7d"],
  ["a float result", inFunction("(result f64) (unreachable)"), "expected integer function types, found 0x7c"],
  ["a vector parameter", inFunction("(param v128)"), "expected integer function types, found 0x7b"],
  ["a float local", inFunction("(local f32)"), `${INTEGERS} a local of type 0x7d`],
  ["a double local", inFunction("(local f64)"), `${INTEGERS} a local of type 0x7c`],
  ["a vector local", inFunction("(local v128)"), `${INTEGERS} a local of type 0x7b`],
  ["a reference local", inFunction("(local funcref)"), `${INTEGERS} a local of type 0x70`],
  [
    "a double if",
    inFunction("(drop (if (result f64) (i32.const 1) (then (unreachable)) (else (unreachable))))"),
    INTEGERS,
  ],
  ["f32.const", inFunction("(drop (f32.const 1))"), `${INTEGERS} opcode 0x43`],
  ["f64.const", inFunction("(drop (f64.const 1))"), `${INTEGERS} opcode 0x44`],
  ["f32.load", inFunction("(drop (f32.load (i32.const 0)))"), `${INTEGERS} opcode 0x2a`],
  ["f64.load", inFunction("(drop (f64.load (i32.const 0)))"), `${INTEGERS} opcode 0x2b`],
  ["f32.store", inFunction("(f32.store (i32.const 0) (f32.const 0))"), INTEGERS],
  ["f32.convert_i32_s", inFunction("(drop (f32.convert_i32_s (i32.const 0)))"), `${INTEGERS} opcode 0xb2`],
  ["i32.reinterpret_f32", inFunction("(drop (i32.reinterpret_f32 (f32.const 0)))"), INTEGERS],
  ["i32.trunc_sat_f32_s", inFunction("(drop (i32.trunc_sat_f32_s (f32.const 0)))"), INTEGERS],
  ["v128.const", inFunction("(drop (v128.const i32x4 0 0 0 0))"), `${INTEGERS} opcode 0xfd`],
  ["i8x16.splat", inFunction("(drop (i8x16.splat (i32.const 1)))"), `${INTEGERS} opcode 0xfd`],
  ["an atomic", inFunction("(drop (i32.atomic.load (i32.const 0)))"), `${INTEGERS} opcode 0xfe`],
  ["ref.null", inFunction("(drop (ref.null func))"), `${INTEGERS} opcode 0xd0`],
  ["ref.func", inFunction("(drop (ref.func $f))"), "no section 9"],
  [
    "memory.init",
    `(data $d "x") ${inFunction("(memory.init $d (i32.const 0) (i32.const 0) (i32.const 0))")}`,
    INTEGERS,
  ],
  ["data.drop", `(data $d "x") ${inFunction("(data.drop $d)")}`, INTEGERS],
  [
    "a float global",
    '(global $g f32 (f32.const 1)) (export "g" (global $g))',
    "expected integer globals, found 0x7d",
  ],
  [
    "a mutable double global",
    '(global $g (mut f64) (f64.const 1)) (export "g" (global $g))',
    "expected integer globals, found 0x7c",
  ],
  [
    "a reference global",
    '(global $g funcref (ref.null func)) (export "g" (global $g))',
    "expected integer globals, found 0x70",
  ],
];

describe("refused", () => {
  for (const [name, text, message] of FORBIDDEN) {
    test(name, () => {
      const binary = assemble(text);
      assert.throws(
        () => checkSubset(binary),
        (error: Error) => error instanceof ModelError && error.message.includes(message as string),
      );
    });
  }
});

/** Binaryen would optimise it away: a block with a result of `type` that is never reached. */
const withBlock = (type: number): Uint8Array =>
  Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 4, 1, 0x60, 0, 0],
    ...[3, 2, 1, 0],
    ...[10, 9, 1, 7, 0, 0x02, type, 0x00, 0x0b, 0x1a, 0x0b],
  );

test("blocks with results of other types are refused", () => {
  for (const type of [0x7f, 0x7e]) checkSubset(withBlock(type));
  for (const type of [0x7d, 0x7c, 0x7b, 0x70, 0x6f]) {
    assert.ok(WebAssembly.validate(new Uint8Array(withBlock(type))), `${type}`);
    assert.throws(() => checkSubset(withBlock(type)), /^ModelError: .* found a block of type 0x[0-9a-f]+$/);
  }
});

describe("accepted", () => {
  const accepted: Readonly<Record<string, string>> = {
    "integers of both sizes":
      "(drop (i64.mul (i64.extend_i32_s (i32.const -5)) (i64.const -9223372036854775808)))",
    "sign extension": "(drop (i32.extend8_s (i32.const 1))) (drop (i64.extend32_s (i64.const 1)))",
    "every kind of load and store":
      "(i64.store32 (i32.const 0) (i64.load8_u (i32.const 1))) (i32.store16 offset=70000 (i32.const 0) (i32.load16_s (i32.const 2)))",
    "blocks, loops and branches":
      "(local i32) (local i64) (block $b (loop $l (br_if $b (local.get 0)) (if (local.get 0) (then (br $l)) (else (return)))))",
    "a block with a result":
      "(drop (block (result i64) (i64.const 1))) (drop (if (result i32) (i32.const 1) (then (i32.const 2)) (else (i32.const 3))))",
    "select, nop, unreachable":
      "(drop (select (i32.const 1) (i32.load (i32.const 0)) (i32.const 0))) (nop) (unreachable)",
    "memory.copy and memory.fill":
      "(memory.copy (i32.const 0) (i32.const 1) (i32.const 2)) (memory.fill (i32.const 0) (i32.const 1) (i32.const 2))",
  };
  for (const [name, code] of Object.entries(accepted)) {
    test(name, () => {
      checkSubset(assemble(inFunction(code)));
    });
  }

  test("integer globals and data", () => {
    checkSubset(
      assemble(
        '(memory 1) (data (i32.const 8) "abc") (global $g (mut i64) (i64.const -1)) (global $h i32 (i32.const 70000)) (export "h" (global $h)) (func (export "f") (global.set $g (i64.const 2)))',
      ),
    );
  });
});

describe("damaged modules", async () => {
  const module = await compileGraph(simplifiedCase(vectorCase("networks", "two_inputs")));

  test("are never more than a ModelError, wherever they end", () => {
    for (let length = 0; length < module.length; length++) {
      try {
        checkSubset(module.subarray(0, length));
      } catch (error) {
        assert.ok(error instanceof ModelError, `${length} bytes: ${error}`);
      }
    }
  });

  test("are never more than a ModelError, whatever byte is wrong", () => {
    for (let i = 0; i < module.length; i++) {
      const damaged = module.slice();
      damaged[i]! ^= 0xff;
      try {
        checkSubset(damaged);
      } catch (error) {
        assert.ok(error instanceof ModelError, `byte ${i}: ${error}`);
      }
    }
  });

  test("a section that says it is larger than the file", () => {
    const { start } = readSections(module)[0]!;
    const damaged = module.slice();
    damaged[start - 1] = 0x7f;
    assert.throws(
      () => checkSubset(damaged.subarray(0, start + 20)),
      /^ModelError: module: offset \d+: expected 127 bytes, found 20$/,
    );
  });
});
