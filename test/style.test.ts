/** Rules that no tool checks: AssemblyScript and C style, no trace of one machine, a closed top level. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../host/root.ts";

const maxLineLength = 110;
const generatedFolders = [".git", "node_modules", "dist", "build", "__pycache__"];
const topLevel = [
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "DESIGN.md",
  "LICENSE",
  "README.md",
  "SECURITY.md",
  "as-pect.asconfig.json",
  "as-pect.config.js",
  "asconfig.json",
  "assembly",
  "biome.json",
  "firmware",
  "host",
  "package-lock.json",
  "package.json",
  "test",
  "tsconfig.json",
];

function walk(folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries
    .filter((entry) => !generatedFolders.includes(entry.name))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? walk(path) : [path];
    });
}

/** Tracked files; without git, or in a copy that has no history, all but what is generated. */
function listFiles(): string[] {
  try {
    const output = execFileSync("git", ["ls-files", "-z", "--deduplicate"], { cwd: root, stdio: "pipe" });
    const files = output
      .toString("utf8")
      .split("\0")
      .filter((path) => path !== "");
    return files.length > 0 ? files : walk("");
  } catch {
    return walk("");
  }
}

type Line = { readonly place: string; readonly text: string };

/** Lines of a text file; none of a binary one, nor of one that is deleted and not yet committed. */
function readLines(path: string): Line[] {
  let text: string;
  try {
    text = readFileSync(join(root, path), "utf8");
  } catch {
    return [];
  }
  if (text.includes("\0")) return [];
  return text.split(/\r?\n/).map((line, index) => ({ place: `${path}:${index + 1}`, text: line }));
}

const files = listFiles();
const lines = files.flatMap(readLines);

/** The lines that match, each as "file:line: what matched". */
function findMatches(among: readonly Line[], pattern: RegExp): string[] {
  return among.flatMap(({ place, text }) => {
    const match = pattern.exec(text);
    return match === null ? [] : [`${place}: ${match[0].trim() || "blank"}`];
  });
}

/** Fails with all of `found`, where a comparison would shorten the list. */
function expectNone(found: readonly string[]): void {
  assert.equal(found.length, 0, `expected none, found ${found.length}:\n${found.join("\n")}`);
}

const handFormatted = lines.filter(({ place }) =>
  /^(?:(?:assembly|test\/assembly)\/.*\.ts|firmware\/.*\.[ch]):\d+$/.test(place),
);

test(`AssemblyScript and C: at most ${maxLineLength} columns`, () => {
  const long = handFormatted.filter(({ text }) => text.length > maxLineLength);
  expectNone(long.map(({ place, text }) => `${place}: ${text.length}`));
});

/** Laid out by the scripts that write them. */
const GENERATED = [
  "firmware/core/descriptor_format.h",
  "firmware/core/module_subset.h",
  "firmware/core/kernels/arguments.h",
];
const FORMATTER = "clang-format-16";
const hasFormatter = spawnSync(FORMATTER, ["--version"]).status === 0;

test("C is laid out as .clang-format says", {
  skip: hasFormatter ? false : `no ${FORMATTER}: apt-get install ${FORMATTER}`,
}, () => {
  const sources = files.filter((path) => /\.[ch]$/.test(path) && !GENERATED.includes(path));
  assert.ok(sources.length > 100, `expected the C sources, found ${sources.length}`);
  const { status, stderr } = spawnSync(FORMATTER, ["--dry-run", "-Werror", ...sources], {
    cwd: root,
    encoding: "utf8",
  });
  const places = stderr.split("\n").filter((line) => / error: /.test(line));
  assert.equal(status, 0, `run ${FORMATTER} -i on these:\n${places.join("\n")}`);
});

test("AssemblyScript and C: no tabs, no blanks at the end of a line", () => {
  expectNone(findMatches(handFormatted, /\t|[ \r]$/));
});

test("no path of one machine", () => {
  const folders = ["work", "root", "tmp", "home/[a-z]+", "Users/[A-Za-z]+"].join("|");
  // What comes before tells an absolute path from a part of a relative one or of an address.
  const pattern = new RegExp(`(?<![\\w.~$})\\]*/-])/(?:${folders})(?![\\w-])`);
  expectNone(findMatches(lines, pattern));
});

test("no address of a package registry", () => {
  const hosts = [
    "npmjs",
    "yarnpkg",
    "pypi",
    "pythonhosted",
    "crates\\.io",
    "repo1?\\.maven",
    "proxy\\.golang",
    "rubygems",
    "deb\\.debian",
    "archive\\.ubuntu",
  ];
  const pattern = new RegExp(`https?://[^\\s/"'\`]*(?:${hosts.join("|")})`);
  expectNone(findMatches(lines, pattern));
});

test("the lock file names no download address", () => {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { resolved?: string }>;
  };
  const resolved = Object.entries(packages).filter(([, entry]) => entry.resolved !== undefined);
  expectNone(resolved.map(([name]) => name));
});

test("the top level holds what it should", () => {
  const entries = new Set(files.map((path) => path.split("/")[0]!));
  const unknown = [...entries].filter((entry) => !entry.startsWith(".") && !topLevel.includes(entry));
  expectNone(unknown);
});
