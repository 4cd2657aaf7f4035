/**
 * `import { load } from "thimble/runtime"` in a browser. A strict content security policy has to have
 * `'wasm-unsafe-eval'` in its `script-src`, as for any WebAssembly; nothing here needs `'unsafe-eval'`.
 */
import { DESCRIPTOR_SECTION } from "../../module/descriptor_table.ts";
import { readBrowserDescriptor } from "./browser_descriptor.ts";
import type { PublicKey } from "./browser_image.ts";
import { type Model, modelOf, refuse } from "./model.ts";

export type { PublicKey } from "./browser_image.ts";
export type { Decided, Model, ModelTensor, Prediction, Values } from "./model.ts";

export interface LoadOptions {
  /** The image has to be signed with it. */
  readonly key?: PublicKey;
}

/** A module (.wasm) or an image (.img): where it is, an answer of fetch(), or its bytes. */
export type Source = string | URL | Response | Blob | ArrayBuffer | Uint8Array;

/** The model of a file. Throws Error where it can't be fetched, is no module or not signed with the key. */
export async function load(source: Source, options: LoadOptions = {}): Promise<Model> {
  const isPlace = typeof source === "string" || source instanceof URL;
  const answer = isPlace
    ? await fetch(source)
    : source instanceof Response
      ? source
      : new Response(source as BodyInit);
  if (!answer.ok) refuse(answer.url, "status 200", answer.status);
  const file = await answer.arrayBuffer();
  // Most pages have a module, and need no code that reads images.
  const isModule = !options.key && !new Uint8Array(file)[0];
  const bytes = isModule
    ? file
    : await (await import("./browser_image.ts")).moduleOf(new Uint8Array(file), options.key);
  const module = await WebAssembly.compile(bytes);
  const [descriptor] = WebAssembly.Module.customSections(module, DESCRIPTOR_SECTION);
  if (!descriptor) refuse("module", DESCRIPTOR_SECTION, "none");
  const { exports } = await WebAssembly.instantiate(module);
  return modelOf(exports, readBrowserDescriptor(descriptor!));
}
