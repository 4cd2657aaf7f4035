/**
 * Text of other people's files for terminals, logs and pages: names of tensors, labels, paths. Control characters
 * steer a terminal, line breaks forge lines, and marks of direction (U+202E and its like), of which no reader sees
 * anything, make text look like other text.
 */

/** Control and format characters, line breaks, halves of surrogate pairs; not the two joiners that scripts need. */
const UNSAFE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const REPLACEMENT = "\uFFFD";

/** One line of text. */
export const plain = (text: string, instead = REPLACEMENT): string => text.replace(UNSAFE, instead);

/** Text of any length for a message: in quotes, plain, `most` characters of it. */
export const quoted = (text: string, most = 60): string =>
  `"${plain(text.slice(0, most))}${text.length > most ? "..." : ""}"`;

/** Values for a message, in brackets: the first of them, and how many there are where that is not all. */
export function shortList(values: Iterable<unknown>, most = 6): string {
  const texts = Array.from(values, (value) => plain(`${value}`.slice(0, 20)));
  const rest = texts.length > most ? `, ... (${texts.length})` : "";
  return `[${texts.slice(0, most).join(", ")}${rest}]`;
}

/** Lines of text, which keep their breaks. */
export const plainLines = (text: string): string =>
  text.replace(UNSAFE, (character) => (character === "\n" ? "\n" : REPLACEMENT));

/** JSON in which such characters are escaped, so that it means the same and can be shown; `indent` as for JSON. */
export const plainJson = (value: unknown, indent = 2): string =>
  JSON.stringify(value, undefined, indent).replace(UNSAFE, (character) =>
    // JSON itself breaks lines, and has escaped those within texts.
    character === "\n" ? "\n" : escapeUnits(character),
  );

const escapeUnits = (character: string): string =>
  Array.from({ length: character.length }, (_, i) => {
    return `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`;
  }).join("");
