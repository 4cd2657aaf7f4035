/** The reduction modulo Ed25519's group order (firmware/port/crypto/scalar.c) against big integers. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lcgBytes } from "../../../../host/compiler/verify/vectors.ts";
import { findCompiler, runProcess } from "../../../../host/firmware/wasm3_build.ts";
import { root } from "../../../../host/root.ts";
import { scratchFolder } from "../../../support/folders.ts";

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const INPUT_BYTES = 64;
const OUTPUT_BYTES = 32;

const harness = `#include <stdio.h>
void sc_reduce(unsigned char *scalar);
int main(void) {
    unsigned char scalar[${INPUT_BYTES}];
    while (fread(scalar, 1, sizeof scalar, stdin) == sizeof scalar) {
        sc_reduce(scalar);
        fwrite(scalar, 1, ${OUTPUT_BYTES}, stdout);
    }
    return 0;
}
`;

const toBytes = (value: bigint, length: number): Buffer =>
  Buffer.from(value.toString(16).padStart(2 * length, "0"), "hex").reverse();
const toNumber = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);

/** Zero, the greatest, powers of two, the neighbours of multiples of the order, and seeded numbers. */
function inputs(): bigint[] {
  const most = 2n ** 512n - 1n;
  const powers = Array.from({ length: 512 }, (_, i) => 2n ** BigInt(i));
  const multiples = [1n, 2n, 3n, 2n ** 128n, 2n ** 259n, most / ORDER].map((factor) => factor * ORDER);
  const seeded = Array.from({ length: 500 }, (_, seed) => toNumber(lcgBytes(seed, INPUT_BYTES).bytes));
  const near = multiples.flatMap((value) => [value - 1n, value, value + 1n]);
  return [0n, most, ...powers, ...near, ...seeded].filter((value) => value <= most);
}

const compiler = await findCompiler();

test("every number is reduced", { skip: compiler ? false : "no C compiler" }, async () => {
  const folder = scratchFolder();
  const [source, program] = [join(folder, "harness.c"), join(folder, "harness")];
  writeFileSync(source, harness);
  const flags = ["-std=c99", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
  const scalar = join(root, "firmware", "port", "crypto", "scalar.c");
  const built = await runProcess([...compiler!.command, ...flags, source, scalar, "-o", program]);
  assert.equal(built.status, 0, built.stderr);
  const numbers = inputs();
  const result = await runProcess(
    [program],
    Buffer.concat(numbers.map((value) => toBytes(value, INPUT_BYTES))),
  );
  assert.equal(result.status, 0, result.stderr);
  const found = numbers.map((_, i) =>
    toNumber(result.stdout.subarray(OUTPUT_BYTES * i, OUTPUT_BYTES * (i + 1))),
  );
  assert.deepEqual(
    found,
    numbers.map((value) => value % ORDER),
  );
});
