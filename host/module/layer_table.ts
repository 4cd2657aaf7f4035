import { checkDocument, isCount, isList, isRecord, isText } from "../ir/document.ts";
import { ModelError } from "../ir/graph.ts";
import type { LayerInfo } from "./metadata.ts";

/**
 * Layers as metadata store them, by columns: names of fields once, and the names of operators and kernels, which
 * recur, by number: first those of the kernels that the module exports, then those of `texts`. What only some layers have is null in the others, and where no
 * layer has it there is no column.
 */
interface LayerTable {
  readonly texts: readonly string[];
  readonly columns: Readonly<Record<string, readonly unknown[]>>;
}

const REQUIRED = ["name", "op", "shape", "kernels", "macs", "weights", "tables"] as const;
const OPTIONAL = ["tile", "inPlace", "cost"] as const;

/** The table of layers, of a module that exports `kernels`; texts are in the order in which rows come to them. */
export function packLayers(layers: readonly LayerInfo[], kernels: readonly string[]): LayerTable {
  const all = [...new Set([...kernels, ...layers.flatMap((layer) => [layer.op, ...layer.kernels])])];
  const at = new Map(all.map((text, i) => [text, i]));
  const rows = layers.map((layer) => ({
    ...layer,
    op: at.get(layer.op)!,
    kernels: layer.kernels.map((kernel) => at.get(kernel)!),
  }));
  const used = OPTIONAL.filter((key) => rows.some((row) => row[key] !== undefined));
  const columns = [...REQUIRED, ...used].map((key) => [key, rows.map((row) => row[key] ?? null)]);
  return { texts: all.slice(new Set(kernels).size), columns: Object.fromEntries(columns) };
}

const isTable = isRecord({
  texts: isList(isText),
  columns: isRecord({ name: isList(isText), op: isList(isCount), kernels: isList(isList(isCount)) }),
});

/**
 * The rows of a table; what they hold is for the caller to check. Throws ModelError, whose message begins with
 * `where`, unless it is a table.
 */
export function unpackLayers(
  value: unknown,
  kernels: readonly string[],
  where: string,
): Record<string, unknown>[] {
  checkDocument({ layers: value }, isRecord({ layers: isTable }), where);
  const { columns, texts: others } = value as LayerTable;
  const texts = [...kernels, ...others];
  const count = columns.name!.length;
  for (const key of [...REQUIRED, ...OPTIONAL.filter((each) => each in columns)]) {
    const found = columns[key];
    if (!Array.isArray(found) || found.length !== count)
      throw new ModelError(
        `${where}: layers.columns.${key}: expected a list of ${count}, as there are names`,
      );
  }
  return columns.name!.map((_, i) => {
    const row = Object.entries(columns).map(([key, list]) => [key, list[i]] as const);
    const { op, kernels, ...rest } = Object.fromEntries(row.filter(([, each]) => each !== null));
    return { ...rest, op: texts[op as number], kernels: (kernels as number[]).map((each) => texts[each]) };
  });
}
