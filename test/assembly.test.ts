import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { root } from "../host/root.ts";
import { argumentsHeader, target as header } from "./gen/arguments_header.ts";
import { fixedVectors, target } from "./gen/fixed_spec.ts";
import { kernelNames } from "./ops/lowering/machine.ts";

describe("every kernel has a spec for as-pect", () => {
  for (const name of kernelNames()) {
    test(name, () => {
      const file = join("test", "assembly", `${name}.spec.ts`);
      assert.ok(existsSync(join(root, file)), `${file}: expected a spec, found none`);
      const source = readFileSync(join(root, file), "utf8");
      assert.ok(
        source.includes(`from "../../assembly/kernels/${name}"`),
        `${file}: expected it to import ${name}`,
      );
    });
  }
});

test("test/assembly/fixed_vectors.ts is up to date", () => {
  const message = "expected what `node dist/test/gen/fixed_spec.js` writes after a build";
  assert.ok(readFileSync(target, "utf8") === fixedVectors(), message);
});

test("firmware/core/kernels/arguments.h is up to date", () => {
  const message = "expected what `node dist/test/gen/arguments_header.js` writes after a build";
  assert.ok(readFileSync(header, "utf8") === argumentsHeader(), message);
});
