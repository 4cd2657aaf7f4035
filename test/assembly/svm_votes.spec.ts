import { svm_votes } from "../../assembly/kernels/svm_votes";
import { expectInt16, int16, int32, int8, reset, room, scratch } from "./workbench";

describe("svm_votes", () => {
  test("two classes: one vote, and a third of it for s / (s + 1)", () => {
    reset();
    const output: usize = room(8);
    // one is 4: s = 12 is 3, of which 3 / (3 * 4) is a quarter of 1024
    svm_votes({
      input: int32([12, -12]),
      output,
      scratch: scratch(16),
      rows: 2,
      classes: 2,
      inputBytes: 4,
      inputZeroPoint: 0,
      one: 4,
      voteShift: 10,
    });
    expectInt16(output, [1280, -256, -256, 1280]);
  });

  test("three classes: pairs in order, and none below zero is the first one's", () => {
    reset();
    const output: usize = room(6);
    // 0 beats 1 with 0, 2 beats 0 with 1, 1 beats 2 with 1: sums -1, 1, 0 of one = 1
    svm_votes({
      input: int32([0, -1, 1]),
      output,
      scratch: scratch(24),
      rows: 1,
      classes: 3,
      inputBytes: 4,
      inputZeroPoint: 0,
      one: 1,
      voteShift: 6,
    });
    expectInt16(output, [54, 74, 64]);
  });

  test("decisions of int8 with a zero point, and of int16", () => {
    reset();
    const narrow: usize = room(4);
    svm_votes({
      input: int8([-3]),
      output: narrow,
      scratch: scratch(16),
      rows: 1,
      classes: 2,
      inputBytes: 1,
      inputZeroPoint: -5,
      one: 1,
      voteShift: 3,
    });
    // 2 of one = 1: 8 * 2 / 9 is 1
    expectInt16(narrow, [9, -1]);
    reset();
    const wide: usize = room(4);
    svm_votes({
      input: int16([-3]),
      output: wide,
      scratch: scratch(16),
      rows: 1,
      classes: 2,
      inputBytes: 2,
      inputZeroPoint: 0,
      one: 1,
      voteShift: 3,
    });
    // 8 * 3 / 12
    expectInt16(wide, [-2, 10]);
  });
});
