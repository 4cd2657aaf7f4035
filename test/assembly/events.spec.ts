import { events } from "../../assembly/kernels/events";
import { int32, int8, reset, room, scratch } from "./workbench";

let state: usize = 0;
let levels: usize = 0;
let output: usize = 0;

function begin(): void {
  reset();
  output = room(4);
  state = scratch(20);
  for (let i = 0; i < 20; i++) store<u8>(state + i, 0);
  levels = int32([10, 20]);
}

function said(first: i8, second: i8, least: i8 = 1, mask: i32 = 1, hold: i32 = 1, suppress: i32 = 0): i32 {
  const input = int8([first, second]);
  events({ input, levels, state, output, classes: 2, mask, hold, suppress, least, scoreBytes: 1 });
  return load<i32>(output);
}

describe("events", () => {
  test("scores above their levels, of several the greatest and of equal ones the first", () => {
    begin();
    expect<i32>(said(10, 20)).toBe(0);
    expect<i32>(said(11, 20)).toBe(1);
    expect<i32>(said(11, 21)).toBe(2);
    expect<i32>(said(21, 21)).toBe(1);
  });

  test("two of three inferences", () => {
    begin();
    expect<i32>(said(11, 0, 2, 7)).toBe(0);
    expect<i32>(said(0, 0, 2, 7)).toBe(0);
    expect<i32>(said(11, 0, 2, 7)).toBe(1);
    expect<i32>(said(0, 0, 2, 7)).toBe(0);
  });

  test("an event is held, and none begins in the refractory time", () => {
    begin();
    expect<i32>(said(11, 0, 1, 1, 2, 3)).toBe(1);
    expect<i32>(said(0, 21, 1, 1, 2, 3)).toBe(1);
    expect<i32>(said(0, 21, 1, 1, 2, 3)).toBe(0);
    expect<i32>(said(0, 21, 1, 1, 2, 3)).toBe(0);
    expect<i32>(said(0, 21, 1, 1, 2, 3)).toBe(2);
  });
});
