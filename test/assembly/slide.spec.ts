import { slide } from "../../assembly/kernels/slide";
import { expectOutput, int8, reset, room, scratch } from "./workbench";

describe("slide", () => {
  test("the oldest values make room for new ones", () => {
    reset();
    const output: usize = room(4);
    const state: usize = scratch(4);
    for (let i = 0; i < 4; i++) store<i8>(state + i, i + 1);
    slide({ input: int8([9, -8]), state, output, inputBytes: 2, windowBytes: 4 });
    expectOutput(output, [3, 4, 9, -8]);
    for (let i = 0; i < 4; i++) expect<i32>(load<i8>(state + i)).toBe(load<i8>(output + i), "state");
  });
});
