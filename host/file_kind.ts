import type { Stats } from "node:fs";

/** The kind of what lies at a path, for messages that expected a file: "a folder", "a device", "a pipe" or "a socket". */
export function fileKind(info: Stats): string {
  if (info.isFile()) return "a file";
  if (info.isDirectory()) return "a folder";
  if (info.isFIFO()) return "a pipe";
  return info.isSocket() ? "a socket" : "a device";
}
