/**
 * Groups of devices by what they say of themselves: `KEY=VALUE` terms with commas between, all of which have to hold.
 * `*` in a value stands for any text. The key `name` is the device's own.
 */
import { Refused } from "./message.ts";

export type Attributes = Readonly<Record<string, string>>;
export type Predicate = (name: string, attributes: Attributes) => boolean;

const MAX_TERMS = 16;
const MAX_CHARS = 512;

/** Whether `text` is `pattern`, whose `*` are any text. No regular expression: those of strangers can take for ever. */
export function matches(text: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return text === first;
  if (!text.startsWith(first)) return false;
  const last = rest.pop()!;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - at >= last.length && text.endsWith(last);
}

/** Throws Refused (400) where the text is no query. */
export function parseQuery(text: string): Predicate {
  if (text.length > MAX_CHARS)
    throw new Refused(400, `query: expected at most ${MAX_CHARS} characters, found ${text.length}`);
  const terms = text
    .split(",")
    .map((term) => term.trim())
    .filter((term) => term !== "")
    .map((term) => {
      const [, key, value] = /^([^=]+?)\s*=\s*(.*)$/.exec(term) ?? [];
      if (key === undefined) throw new Refused(400, `query: expected KEY=VALUE, found "${term}"`);
      return { key, value: value! };
    });
  if (terms.length > MAX_TERMS)
    throw new Refused(400, `query: expected at most ${MAX_TERMS} terms, found ${terms.length}`);
  return (name, attributes) =>
    terms.every(({ key, value }) => {
      const found = key === "name" ? name : Object.hasOwn(attributes, key) ? attributes[key] : undefined;
      return found !== undefined && matches(found, value);
    });
}
