/** Elements of the page. Text of a model or of a file only ever becomes text. */

/** The element with that id, which the page has. */
export const byId = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;

/** A new element with attributes and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Shows or hides the line that says what went wrong. */
export function say(error?: unknown): void {
  const line = byId("error");
  line.hidden = error === undefined;
  line.textContent = error === undefined ? "" : error instanceof Error ? error.message : String(error);
}

/** Runs what a user has asked for; what goes wrong is said. */
export async function trying(work: () => void | Promise<void>): Promise<void> {
  say();
  try {
    await work();
  } catch (error) {
    say(error);
  }
}
