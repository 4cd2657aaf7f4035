import { fifo_s16 } from "../../assembly/kernels/fifo_s16";
import { expectInt16, int16, reset, room, scratch } from "./workbench";

/** Of one row: room for four samples, then the level, then whether there were enough. */
let state: usize = 0;

function push(
  input: StaticArray<i16>,
  extend: i32,
  expected: StaticArray<i16>,
  valid: i32,
  waiting: i32,
): void {
  const output: usize = room(6);
  fifo_s16({
    input: int16(input),
    output,
    valid: state + 16,
    samples: state,
    level: state + 8,
    rows: 1,
    chunks: 1,
    capacity: 4,
    write: 2,
    read: 3,
    discard: 2,
    prefill: 0,
    extend,
    tells: 1,
  });
  for (let i = 0; i < 3; i++) expect<i32>(load<i16>(output + 2 * i)).toBe(expected[i], "sample");
  expect<i32>(load<i8>(state + 16)).toBe(valid, "valid");
  expect<i32>(load<i32>(state + 8)).toBe(waiting, "waiting");
}

function begin(): void {
  reset();
  state = scratch(24);
  memory.fill(state, 0, 24);
}

describe("fifo_s16", () => {
  test("zeros until there are enough samples, then the oldest of them", () => {
    begin();
    push([1, 2], 0, [0, 0, 0], 0, 2);
    push([3, 4], 0, [1, 2, 3], 1, 2);
    push([5, 6], 0, [3, 4, 5], 1, 2);
  });

  test("the first chunk repeated", () => {
    begin();
    push([1, 2], 1, [1, 2, 1], 1, 2);
    push([3, 4], 1, [1, 2, 3], 1, 2);
  });

  test("nothing but output and state is written", () => {
    begin();
    const output: usize = room(2);
    const block = int16([7]);
    fifo_s16({
      input: block,
      output,
      valid: 0,
      samples: state,
      level: state + 8,
      rows: 1,
      chunks: 1,
      capacity: 1,
      write: 1,
      read: 1,
      discard: 1,
      prefill: 0,
      extend: 0,
      tells: 0,
    });
    expectInt16(output, [7]);
  });
});
