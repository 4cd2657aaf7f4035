/** Which handler answers a path: templates as OpenAPI writes them, `/devices/{device}`. */

import { quoted } from "../../plain.ts";
import { Refused } from "./message.ts";

export type Parameters = Readonly<Record<string, string>>;

interface Template {
  readonly method: string;
  readonly path: string;
}

/** The segments of a path, decoded; undefined where one is no text, or could be taken for more than one segment. */
function segmentsOf(path: string): string[] | undefined {
  try {
    const segments = path.split("/").map(decodeURIComponent);
    return segments.some((segment) => /[/\\\0]|^\.{1,2}$/.test(segment)) ? undefined : segments;
  } catch {
    return undefined;
  }
}

function match(template: readonly string[], segments: readonly string[]): Parameters | undefined {
  if (template.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [i, part] of template.entries()) {
    const segment = segments[i]!;
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined && part !== segment) return undefined;
    if (name !== undefined && segment === "") return undefined;
    if (name !== undefined) parameters[name] = segment;
  }
  return parameters;
}

/** Finds the route of a request. Throws Refused: 404 where no path fits, 405 where the method does not. */
export function router<R extends Template>(
  routes: readonly R[],
): (method: string, path: string) => { readonly route: R; readonly parameters: Parameters } {
  const table = routes.map((route) => ({ route, template: route.path.split("/") }));
  return (method, path) => {
    const segments = segmentsOf(path);
    const found = table.flatMap(({ route, template }) => {
      const parameters = segments && match(template, segments);
      return parameters ? [{ route, parameters }] : [];
    });
    if (found.length === 0) throw new Refused(404, `expected a path of this server, found ${quoted(path)}`);
    const wanted = found.find(({ route }) => route.method === method);
    if (wanted) return wanted;
    const allowed = found.map(({ route }) => route.method).join(", ");
    throw new Refused(405, `expected ${allowed}, found ${quoted(method)}`, { allow: allowed });
  };
}

/** A number in a path. Throws Refused (404): what is none names nothing. */
export function idIn(parameters: Parameters, name: string): number {
  const text = parameters[name] ?? "";
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new Refused(404, `${name}: expected a number`);
  return Number(text);
}
