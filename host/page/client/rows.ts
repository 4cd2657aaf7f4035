/** Rows: typed into fields, or of a table that is dropped. */
import { parseCsv } from "../../runtime/data/csv.ts";
import type { Model } from "../../runtime/model/browser.ts";
import { answer, confidence, type Runner, show, verdict } from "./answer.ts";
import { byId, make, trying } from "./dom.ts";

/** More values than these are typed into one field. */
const MOST_FIELDS = 64;
/** Rows of a table that are shown; the file has all. */
const MOST_SHOWN = 200;

/** The name of each value of a row, with its unit. */
function namesOf({ inputs }: Model): string[] {
  return inputs.flatMap(({ name, names, raw, unit }) =>
    Array.from(raw, (_, i) => {
      const own = names?.[i % names.length] ?? (raw.length === 1 ? name : `${name}[${i}]`);
      return unit === undefined ? own : `${own} (${unit})`;
    }),
  );
}

const mayMiss = ({ inputs }: Model, i: number): boolean => {
  const { columns, start } = inputs.findLast((input) => input.start <= i)!;
  return columns[(i - start) % columns.length]!.length === 4;
};

/** A number as people type it, or NaN for an empty field. Throws RangeError. */
function numberIn(text: string, name: string): number {
  const trimmed = text.trim();
  const value = trimmed === "" ? Number.NaN : Number(trimmed);
  if (trimmed !== "" && !Number.isFinite(Math.fround(value)))
    throw new RangeError(`${name}: expected a number, found ${trimmed}`);
  return value;
}

function fields(names: readonly string[]): {
  readonly elements: HTMLElement[];
  readonly read: () => number[];
} {
  const inputs = names.map(() =>
    make("input", { type: "text", inputmode: "decimal", autocomplete: "off", value: "0" }),
  );
  const elements = names.map((name, i) => make("label", {}, make("span", {}, name), inputs[i]!));
  return { elements, read: () => inputs.map(({ value }, i) => numberIn(value, names[i]!)) };
}

function oneField(names: readonly string[]): ReturnType<typeof fields> {
  const area = make("textarea", { rows: "4", spellcheck: "false" });
  area.value = names.map(() => "0").join(" ");
  const label = `${names.length} values, with blanks or commas between them: ${names[0]} to ${names.at(-1)}`;
  return {
    elements: [make("label", { class: "wide" }, make("span", {}, label), area)],
    read: () =>
      area.value
        .split(/[\s,;]+/)
        .filter((text) => text !== "")
        .map((text, i) => numberIn(text, names[i] ?? `value ${i + 1}`)),
  };
}

/** The form in which a row is typed. */
export function rowForm(runner: Runner): void {
  const names = namesOf(runner.model);
  const { elements, read } = (names.length > MOST_FIELDS ? oneField : fields)(names);
  byId("fields").replaceChildren(...elements);
  byId("row").addEventListener("submit", (event) => {
    event.preventDefault();
    void trying(() => answer(runner, Float32Array.from(read())));
  });
}

/** A cell of a CSV file. */
const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

interface Answered {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function fill(table: HTMLElement, { header, rows }: Answered): void {
  const cells = (tag: "th" | "td", texts: readonly string[]): HTMLElement[] =>
    texts.map((text) => make(tag, tag === "th" ? { scope: "col" } : {}, text));
  table.replaceChildren(
    make("thead", {}, make("tr", {}, ...cells("th", header))),
    make("tbody", {}, ...rows.slice(0, MOST_SHOWN).map((row) => make("tr", {}, ...cells("td", row)))),
  );
}

let link: string | undefined;

function offer({ header, rows }: Answered, name: string): void {
  const text = [header, ...rows].map((cells) => cells.map(quoted).join(",")).join("\n");
  if (link !== undefined) URL.revokeObjectURL(link);
  link = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/csv" }));
  const anchor = byId<HTMLAnchorElement>("download");
  anchor.href = link;
  anchor.download = `${name.replace(/\.[^.]*$/, "")}.answers.csv`;
}

/** Predicts all rows of a CSV file. Throws DataError, which names line and column, or RangeError. */
export async function table(runner: Runner, file: File): Promise<void> {
  const { model } = runner;
  const features = model.inputs.flatMap(({ names, raw }) => (names?.length === raw.length ? names : []));
  const byName = features.length === model.inputLength;
  const { rows, labels } = parseCsv(await file.text(), model.inputLength, file.name, {
    mayMiss: (i) => mayMiss(model, i),
    ...(byName && { features }),
  });
  model.reset();
  const began = performance.now();
  const found = rows.map((row) => model.predict(row));
  const time = (1000 * (performance.now() - began)) / rows.length;
  const answered: Answered = {
    header: ["row", "answer", "confidence", ...(labels ? ["expected"] : [])],
    rows: found.map((each, i) => [
      String(i + 1),
      verdict(model, each),
      confidence(model, each),
      ...(labels ? [labels[i]!] : []),
    ]),
  };
  fill(byId("rows"), answered);
  offer(answered, file.name);
  const right = answered.rows.filter(([, given, , expected]) => given === expected).length;
  const judged = labels ? `, ${right} as the file expects` : "";
  const more = rows.length > MOST_SHOWN ? `, the first ${MOST_SHOWN} are shown` : "";
  byId("rows-note").textContent = `${rows.length} rows of ${file.name}${judged}${more}`;
  byId("table").hidden = false;
  show(runner, found.at(-1)!, time, `the last of ${rows.length} rows`);
}
