import { spectral_subtraction_u32 } from "../../assembly/kernels/spectral_subtraction_u32";
import { expectInt32, int32, reset, room, scratch } from "./workbench";

function check(clamping: i8, estimate: i32): void {
  reset();
  const output: usize = room(8);
  const state: usize = scratch(16);
  store<i32>(state, 0);
  store<i32>(state, 400, 4);
  spectral_subtraction_u32({
    input: int32([100, 10]),
    state,
    output,
    noise: state + 8,
    length: 2,
    smoothing: 4,
    oneMinusSmoothing: 12,
    alternateSmoothing: 8,
    alternateOneMinusSmoothing: 8,
    minSignalRemaining: 8,
    smoothingBits: 2,
    bits: 4,
    clamping,
  });
  // 100 less a quarter of (4 * 400) / 16; half of 10, since the estimate of 220 is more than 40 is
  expectInt32(output, [75, 5]);
  for (let i = 0; i < 2; i++) {
    expect<i32>(load<i32>(state + 8 * i)).toBe(100, "estimate");
    expect<i32>(load<i32>(state + 8 * i, 4)).toBe(estimate, "estimate of the other smoothing");
  }
}

describe("spectral_subtraction_u32", () => {
  test("signals less their estimates, at least a share of them", () => {
    check(0, 220);
  });

  test("estimates no higher than the signal", () => {
    check(1, 40);
  });
});
