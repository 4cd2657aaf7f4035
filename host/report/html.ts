/** Markup in which everything that comes from a model is text: names in a hostile file stay names. */

import { plainJson, plainLines } from "../plain.ts";

/** Markup that may be inserted as it is; only `html` makes it. */
export interface Html {
  readonly markup: string;
}

export type Content = string | number | Html | readonly Content[] | undefined;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for an element or a quoted attribute; what HTML does not allow, or nobody sees, becomes U+FFFD. */
export const escapeText = (text: string): string =>
  plainLines(text.replaceAll("\t", " ")).replace(/[&<>"']/g, (c) => ENTITIES[c]!);

function render(content: Content): string {
  if (content === undefined) return "";
  if (typeof content === "string") return escapeText(content);
  if (typeof content === "number") return String(content);
  if ("markup" in content) return content.markup;
  return content.map(render).join("");
}

/** A template whose values are escaped, unless they are markup themselves. Attributes have to be quoted. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  const parts = strings.map((text, i) => text + render(values[i]));
  return { markup: parts.join("") };
}

/**
 * A value as JSON inside of a script element: neither `</script` nor `<!--` may stand there, and JSON has
 * another way to write "<".
 */
export const jsonForScript = (value: unknown): string => plainJson(value, 0).replaceAll("<", "\\u003c");
