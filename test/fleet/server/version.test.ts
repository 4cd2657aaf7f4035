/** Which version comes first, as images and devices write them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { compareVersions, isOlder, parseVersion } from "../../../host/fleet/server/version.ts";

describe("versions", () => {
  const inOrder = [
    "0.9.0",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.0+1",
    "1.0.0+10",
    "1.9.0",
    "1.10.0",
    "1.10.1",
    "2.0.0",
    "10.0.0",
  ];
  test("numbers are numbers, what is early comes before, builds count", () => {
    for (const [i, a] of inOrder.entries())
      for (const [j, b] of inOrder.entries())
        assert.equal(Math.sign(compareVersions(a, b)!), Math.sign(i - j), `${a} and ${b}`);
  });

  for (const [said, meant] of [
    ["v1.9.0", "1.9.0"],
    ["1.9", "1.9.0"],
    ["2", "2.0.0"],
    [" 1.9.0 ", "1.9.0"],
    ["V1.9", "1.9.0"],
  ] as const)
    test(`"${said}" is ${meant}`, () => assert.equal(compareVersions(said, meant), 0));

  for (const said of ["", "latest", "1.2.3.4", "1..2", "-1", "1.2.3-"])
    test(`"${said}" is no version`, () => assert.equal(isOlder(said, "1.0.0"), undefined));

  test("an image's own version is in one form", () => {
    assert.deepEqual(parseVersion("1.2.3+4"), [1, 2, 3, 4]);
    for (const other of ["v1.2.3", "1.2", "1.2.3-rc1"]) assert.equal(parseVersion(other), undefined);
  });

  test("a total order", () => {
    const part = fc.integer({ min: 0, max: 12 });
    const early = fc.constantFrom("", "-rc1", "-rc.2", "-1", "-a.b");
    const version = fc
      .tuple(part, part, part, early, fc.constantFrom("", "+3"))
      .map(([a, b, c, e, build]) => `${a}.${b}.${c}${e}${build}`);
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const [ab, ba, bc, ac] = [
          compareVersions(a, b)!,
          compareVersions(b, a)!,
          compareVersions(b, c)!,
          compareVersions(a, c)!,
        ];
        assert.equal(Math.sign(ab) + Math.sign(ba), 0);
        if (ab <= 0 && bc <= 0) assert.ok(ac <= 0);
      }),
    );
  });
});
