import { cast } from "../../assembly/kernels/cast";
import { expectInt16, expectInt32, expectOutput, int16, int32, int8, reset, room } from "./workbench";

describe("cast", () => {
  test("wider, with a sign and without", () => {
    reset();
    let output: usize = room(12);
    cast({ input: int8([-1, 5, -128]), output, length: 3, inputBytes: 1, outputBytes: 4 });
    expectInt32(output, [-1, 5, -128]);
    reset();
    output = room(12);
    cast({ input: int8([-1, 5, -128]), output, length: 3, inputBytes: -1, outputBytes: 4 });
    expectInt32(output, [255, 5, 128]);
    reset();
    output = room(8);
    cast({ input: int16([-1, 300]), output, length: 2, inputBytes: -2, outputBytes: 4 });
    expectInt32(output, [65535, 300]);
  });

  test("what is too wide loses its upper bits", () => {
    reset();
    let output: usize = room(4);
    cast({ input: int32([70000, -2]), output, length: 2, inputBytes: 4, outputBytes: 2 });
    expectInt16(output, [4464, -2]);
    reset();
    output = room(2);
    cast({ input: int16([130, -300]), output, length: 2, inputBytes: 2, outputBytes: 1 });
    expectOutput(output, [-126, -44]);
  });
});
