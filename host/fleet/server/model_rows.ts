/** Numbers of models in the database, by their hashes. */
import type { Context } from "./context.ts";
import { number } from "./database.ts";

/** The number of a model; undefined where no device has told of it, and no label came for it. */
export function findModel({ store }: Context, hash: string): number | undefined {
  const row = store.get("SELECT id FROM models WHERE hash = ?", [hash]);
  return row && number(row, "id");
}

/** The number of a model, which it gets now where it has none. */
export function noteModel(context: Context, hash: string): number {
  const { store, now } = context;
  return (
    findModel(context, hash) ??
    store.run("INSERT INTO models (hash, first, last) VALUES (?, ?, ?)", [hash, now(), now()]).id
  );
}
