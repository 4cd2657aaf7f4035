/** The models of a server by name and version, as their files are now. */
import { readFileSync, statSync } from "node:fs";
import { basename, dirname, extname } from "node:path";
import type { Meta } from "../../report/meta.ts";
import { recordBeside } from "../../report/record.ts";
import { type LoadOptions, load, type NodeModel } from "../../runtime/model/node.ts";

export interface ServedModel {
  readonly name: string;
  readonly version: string;
  readonly model: NodeModel;
  /** The builder's statements, where report.json lies beside the file. */
  readonly meta?: Meta;
}

/** A file that is served, and what of it was seen last. */
interface Watched {
  readonly path: string;
  readonly name: string | undefined;
  stamp: string;
  served: ServedModel;
}

export interface Models {
  /** In the order of the files. */
  readonly all: () => readonly ServedModel[];
  /** The version, or without one the last file of that name. */
  readonly find: (name: string, version?: string) => ServedModel | undefined;
  /**
   * Loads files that are no longer what they were; a request that is being answered has the old one. What can't be loaded
   * leaves the model as it is.
   */
  readonly refresh: (report: (path: string, change: ServedModel | Error) => void) => Promise<void>;
}

/** Another file has another one of these, also where it has the same size and was written in the same second. */
function stampOf(path: string): string {
  const info = statSync(path, { bigint: true, throwIfNoEntry: false });
  return info ? `${info.ino} ${info.size} ${info.mtimeNs}` : "none";
}

/** The name of a file that tells none: `build` writes NAME/model.wasm. */
function nameOf(path: string): string {
  const stem = basename(path, extname(path));
  const folder = basename(dirname(path));
  return stem === "model" && folder !== "" && folder !== "." ? folder : stem;
}

async function serve(path: string, name: string | undefined, options: LoadOptions): Promise<ServedModel> {
  const model = await load(new Uint8Array(readFileSync(path)), options);
  const meta = recordBeside(path, model.hash)?.meta;
  const version = model.version ?? model.hash.slice(0, 12);
  return { name: name ?? nameOf(path), version, model, ...(meta && { meta }) };
}

/** Throws what `load` throws. `files` are paths, with a name of the caller's or none. */
export async function serveModels(
  files: readonly { readonly path: string; readonly name?: string }[],
  options: LoadOptions = {},
): Promise<Models> {
  const watched: Watched[] = [];
  for (const { path, name } of files) {
    // Before it is read: what comes in between is seen the next time.
    const stamp = stampOf(path);
    watched.push({ path, name, stamp, served: await serve(path, name, options) });
  }
  const all = (): ServedModel[] => watched.map(({ served }) => served);
  return {
    all,
    find: (name, version) =>
      all().findLast((each) => each.name === name && (version === undefined || each.version === version)),
    async refresh(report) {
      for (const each of watched) {
        try {
          const stamp = stampOf(each.path);
          if (stamp === each.stamp) continue;
          each.stamp = stamp;
          each.served = await serve(each.path, each.name, options);
          report(each.path, each.served);
        } catch (error) {
          report(each.path, error as Error);
        }
      }
    },
  };
}
