/** Output of commands. Names in models, modules and images are other people's: none reaches the terminal raw. */
import { plainJson, plainLines } from "../plain.ts";

/** Lines on stdout. */
export function print(text: string): void {
  console.log(plainLines(text));
}

/** A value on stdout, for programs. */
export function printJson(value: unknown, indent = 2): void {
  console.log(plainJson(value, indent));
}
