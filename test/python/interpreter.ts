/** A Python that has the packages which the runtime for Python needs. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../host/root.ts";

/** Where .ci/run puts it. */
const OURS = join(root, "build", "ci-python", "bin", "python");

/** The first of PYTHON, that of .ci/run and the one on the PATH that can import the packages; undefined where none can. */
export function findPython(
  packages = "numpy, pandas, wasmtime, cryptography",
  named = "PYTHON",
): string | undefined {
  const places = [process.env[named], existsSync(OURS) ? OURS : undefined, "python3"];
  return places.find(
    (place) => place !== undefined && spawnSync(place, ["-c", `import ${packages}`]).status === 0,
  );
}

/** Why a test can't run without them. */
export const missingPackages =
  "no Python with numpy, pandas, wasmtime and cryptography, on the PATH or named by PYTHON; install: pip install './host/python[pandas]'";
