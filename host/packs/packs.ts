/** The packages for the build systems that boards' people use: what each holds beside the library's `src`. */
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { root } from "../root.ts";
import { type Files, libraryFiles } from "./library.ts";
import { sampleHeaders } from "./sample.ts";

export const PACK_NAMES = ["arduino", "platformio", "zephyr", "espressif"] as const;
export type PackName = (typeof PACK_NAMES)[number];

interface Pack {
  /** Folders of firmware/port whose files the package has as they are, and where; texts have their marks filled in. */
  readonly templates: readonly (readonly [folder: string, at: string])[];
  /** The folder of the sample, which needs model.h and keys.h. */
  readonly sample: string;
}

const PACKS: Readonly<Record<PackName, Pack>> = {
  arduino: { templates: [["arduino", ""]], sample: "examples/Label" },
  platformio: { templates: [["platformio", ""]], sample: "examples/label" },
  zephyr: { templates: [["zephyr", ""]], sample: "samples/label/src" },
  espressif: {
    templates: [
      ["esp-idf/thimble", ""],
      ["esp-idf/examples", "examples"],
    ],
    sample: "examples/label/main",
  },
};

interface Description {
  readonly version: string;
  readonly homepage?: string;
}

/** Where the project has no page of its own yet. */
const NO_HOMEPAGE = "https://thimble.example";

function fill(text: string): string {
  const { version, homepage } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Description;
  return text.replaceAll("@VERSION@", version).replaceAll("@URL@", homepage ?? NO_HOMEPAGE);
}

const below = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

/** All files of a package by their paths in it, in order. Throws ModelError outside of a checkout. */
export async function packFiles(name: PackName): Promise<Files> {
  const { templates, sample } = PACKS[name];
  const files = new Map(libraryFiles());
  for (const [folder, at] of templates) {
    const from = join(root, "firmware", "port", ...folder.split("/"));
    for (const path of below(from)) {
      const text = fill(readFileSync(join(from, path), "utf8"));
      files.set([...(at ? [at] : []), ...path.split(sep)].join("/"), text);
    }
  }
  for (const [file, text] of Object.entries(await sampleHeaders())) files.set(`${sample}/${file}`, text);
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}
