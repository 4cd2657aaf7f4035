/** Frames of small functions, counted by hand; and bytes of native stack on boards. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nativeStackOf, type StackNeed, stackBytes } from "../../host/module/native_stack.ts";
import { assemble } from "../support/signed_images.ts";

/** The functions before `invoke`, and what that does before its result. */
const stackOf = (invoke: string, more = "") =>
  nativeStackOf(
    assemble(
      `(module (memory 1) (global $g (mut i32) (i32.const 0)) ${more} (func (export "invoke") (result i32) ${invoke} (i32.const 0)))`,
    ),
  );

/** Frames beyond those of a function that only returns 0, without the pages of code, of which there is one for each block in another. */
const plain = stackOf("").portable;
function beyond(invoke: string, more = ""): [withSiblingCalls: number, without: number] {
  const { withSiblingCalls, withoutSiblingCalls, nesting } = stackOf(invoke, more).portable;
  return [
    withSiblingCalls - plain.withSiblingCalls,
    withoutSiblingCalls - nesting - plain.withoutSiblingCalls,
  ];
}

const locals = "(local $a i32) (local $b i64)";
const counts: readonly (readonly [what: string, code: string, kept: readonly [number, number]])[] = [
  [
    "a constant and a local are no operations",
    `${locals} (drop (local.get $a)) (drop (i32.const 1))`,
    [0, 0],
  ],
  [
    "an addition, and a copy to a local",
    `${locals} (local.set $a (i32.add (local.get $a) (i32.const 1)))`,
    [0, 2],
  ],
  [
    "a value that leaves the register",
    `${locals} (drop (i32.add (i32.eqz (local.get $a)) (i32.eqz (local.get $a))))`,
    [0, 4],
  ],
  [
    "operations that call a function",
    `${locals} (drop (i32.clz (local.get $a))) (drop (i64.rotl (local.get $b) (local.get $b)))`,
    [0, 5],
  ],
  ["a loop keeps a frame always; what follows it lies below", "(loop) (loop)", [4, 4]],
  [
    "of two branches the longer",
    `${locals} (if (i32.eqz (local.get $a)) (then (i32.store (i32.const 0) (i32.const 1))) (else (nop)))`,
    [0, 4],
  ],
  [
    "an else ends with a jump",
    `${locals} (if (i32.eqz (local.get $a)) (then (nop)) (else (i32.store (i32.const 0) (i32.const 1))))`,
    [0, 5],
  ],
  [
    "a condition in a local is kept for after the block",
    `${locals} (if (local.get $a) (then (nop)))`,
    [0, 2],
  ],
  [
    "a return ends a path",
    `${locals} (if (i32.eqz (local.get $a)) (then (return (i32.const 1)))) (i32.store (i32.const 0) (i32.const 1))`,
    [0, 4],
  ],
  ["a global", "(global.set $g (global.get $g))", [0, 2]],
  ["memory.fill", "(memory.fill (i32.const 0) (i32.const 1) (i32.const 2))", [0, 3]],
];

describe("frames", () => {
  test("of a function that returns 0: entry, copy, Return; and a page of code", () => {
    assert.deepEqual(plain, { nesting: 0, withSiblingCalls: 2, withoutSiblingCalls: 5 });
  });
  for (const [what, code, expected] of counts) test(what, () => assert.deepEqual(beyond(code), expected));

  test("a call: its arguments, its own frames, and those of the function while that runs", () => {
    const callee =
      "(func $f (param i32) (i32.store (i32.const 0) (local.get 0)) (i32.store (i32.const 0) (local.get 0)))";
    // Below the call: entry, two stores of two frames, Return. It is deeper than what invoke does afterwards.
    assert.deepEqual(beyond("(call $f (i32.const 1))", callee), [5, 1 + 3 + 2 + 4 + 1 - 2]);
  });

  test("constants that have no slot are operations", () => {
    const distinct = Array.from({ length: 70 }, (_, i) => `(drop (i32.const ${i + 1000}))`).join("");
    const [, few] = beyond(distinct.slice(0, distinct.indexOf("(drop (i32.const 1060")));
    const [, many] = beyond(distinct);
    assert.ok(few === 0 && many >= 7, `${few}, ${many}`);
  });

  test("full pages of code add a jump each", () => {
    const [, frames] = beyond(`${locals} ${"(i32.store (local.get $a) (local.get $a))".repeat(960)}`);
    assert.equal(frames, 1920 + Math.floor((1920 + 4) / 48));
  });
});

describe("kernels", () => {
  const body = "(drop (i32.load (local.get 0)))".repeat(50);
  const kernel = (name: string): string => `(func (export "kernel.${name}.1") (param i32) (loop ${body}))`;
  const more = `${kernel("a")} ${kernel("b")}`;
  const module = assemble(
    `(module (memory 1) ${more} (func (export "invoke") (result i32) (call 0 (i32.const 0)) (call 1 (i32.const 0)) (i32.const 0)))`,
  );

  test("have few frames where native ones run in their place", () => {
    const { native, portable } = nativeStackOf(module);
    assert.ok(portable.withoutSiblingCalls > native.withoutSiblingCalls + 50 - 48);
    assert.deepEqual([native.nesting, portable.nesting], [0, 1]);
  });

  test("of which one has none are as deep as that", () => {
    const some = nativeStackOf(module, (name) => name === "kernel.a.1").native;
    const { portable } = nativeStackOf(module);
    assert.deepEqual([some.withoutSiblingCalls, some.nesting], [portable.withoutSiblingCalls, 1]);
  });
});

describe("bytes", () => {
  const need: StackNeed = { nesting: 2, withSiblingCalls: 20, withoutSiblingCalls: 500 };
  const rv32 = { siblingCalls: true, frameBytes: 16 };
  test("are those of the greatest of three: the check, the compiler, the run", () => {
    assert.equal(stackBytes(need, rv32), 150 * 16);
    assert.equal(stackBytes({ ...need, nesting: 10 }, rv32), (64 + 160) * 16);
    assert.equal(stackBytes({ ...need, withSiblingCalls: 300 }, rv32), 330 * 16);
  });
  test("on windowed Xtensa frames have 32 bytes, and every operation one", () => {
    assert.equal(stackBytes(need, { siblingCalls: false, frameBytes: 32 }), 530 * 32);
  });
});
