import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../root.ts";

export type Target = "release" | "debug";

/** Files that the compiler may see: the model in memory, asconfig.json and assembly/ of this package. */
function fileReader(source: string): (name: string, baseDir: string) => string | null {
  return (name) => {
    const path = name.replaceAll("\\", "/");
    if (path === "model.ts") return source;
    if (path.endsWith("asconfig.json")) return readFileSync(join(root, "asconfig.json"), "utf8");
    const own = /(?:^|\/)node_modules\/thimble\/(assembly\/[\w/]+\.ts)$/.exec(path)?.[1];
    if (!own) return null;
    try {
      return readFileSync(join(root, own), "utf8");
    } catch {
      return null;
    }
  };
}

/** Parts of the language's library that kernels and models use, or without which the compiler does not start. */
const LIBRARY = [
  "array",
  "arraybuffer",
  "builtins",
  "map",
  "math",
  "memory",
  "number",
  "object",
  "staticarray",
  "string",
];

/**
 * The compiler with these parts alone: it parses its whole library at each call, which takes half of the time. The
 * query makes it a module of its own, so that other users of the compiler in this process keep the rest.
 */
async function loadCompiler(): Promise<typeof import("assemblyscript/asc")> {
  const compiler = (await import(
    `${import.meta.resolve("assemblyscript/asc")}?kernels`
  )) as typeof import("assemblyscript/asc");
  const { libraryFiles } = compiler;
  const isUnused = (name: string): boolean => !name.includes("/") && !LIBRARY.includes(name);
  for (const name of Object.keys(libraryFiles).filter(isUnused)) libraryFiles[name] = "";
  return compiler;
}

/** Compiles AssemblyScript by a target of asconfig.json, without optimisation and with names. */
export async function compileAssemblyScript(
  source: string,
  target: Target,
  pages: number,
): Promise<Uint8Array> {
  // Loaded late: the compiler takes a fifth of a second, and many commands never need it.
  const { main } = await loadCompiler();
  const outputs = new Map<string, Uint8Array | string>();
  const memory = ["--initialMemory", String(pages), "--maximumMemory", String(pages)];
  const { error, stderr } = await main(
    ["model.ts", "--config", "asconfig.json", "--target", target, "--outFile", "model.wasm", ...memory],
    {
      readFile: fileReader(source),
      writeFile: (name, contents) => void outputs.set(name, contents),
      listFiles: () => [],
    },
  );
  const binary = outputs.get("model.wasm");
  if (error || !(binary instanceof Uint8Array)) {
    throw new Error(
      `AssemblyScript refused the emitted model: ${error?.message ?? ""}\n${stderr.toString()}`,
    );
  }
  return binary;
}
