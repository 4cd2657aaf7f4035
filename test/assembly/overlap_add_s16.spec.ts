import { overlap_add_s16 } from "../../assembly/kernels/overlap_add_s16";
import { expectInt16, int16, reset, room, scratch } from "./workbench";

describe("overlap_add_s16", () => {
  test("frames add up where they overlap, and saturate", () => {
    reset();
    const output: usize = room(8);
    const state: usize = scratch(6);
    store<i16>(state, 32760);
    store<i16>(state, 2, 2);
    store<i16>(state, 3, 4);
    overlap_add_s16({
      input: int16([10, 20, 30, 100, -200, -32768]),
      state,
      output,
      rows: 1,
      frames: 2,
      size: 3,
      step: 2,
    });
    expectInt16(output, [32767, 22, 133, -200]);
    expect<i32>(load<i16>(state)).toBe(-32768, "what is left");
    expect<i32>(load<i32>(state, 2)).toBe(0, "zeros behind it");
  });
});
