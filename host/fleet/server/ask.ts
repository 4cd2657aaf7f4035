/** Requests to a management API over HTTP, and answers as what they have to be, or one line that says what they are. */
import { ManagementError } from "./management.ts";

export interface Question {
  readonly method: string;
  /** Path of the server's URL, with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | FormData | object;
}

const TIMEOUT = 60_000;
const MOST_BYTES = 64 * 1024 * 1024;

/** An address without what may be secret in it: user, password, query. */
export function withoutSecrets(url: string): string {
  const [, scheme = "", rest = ""] = /^(\s*[A-Za-z][\w+.-]*:\/\/)?(.*)$/s.exec(url) ?? [];
  const behind = rest.slice(rest.lastIndexOf("@") + 1).replace(/[?#].*$/s, "");
  return `${scheme}${rest.includes("@") ? "***@" : ""}${behind}`;
}

/** The part of a text that fits in a line. */
const line = (text: string): string => text.replace(/\s+/g, " ").replace(/\p{C}/gu, "?").trim().slice(0, 200);

/** The kind of an answer that is not JSON: a page of a proxy, or nothing. */
function kindOf(response: Response, text: string): string {
  if (text === "") return "an empty answer";
  const type = (response.headers.get("content-type") ?? "").split(";")[0]!.trim();
  return /html/i.test(type) || /^\s*</.test(text) ? "a page (HTML)" : type === "" ? "no JSON" : line(type);
}

async function textOf(response: Response): Promise<string> {
  const told = Number(response.headers.get("content-length") ?? 0);
  if (told > MOST_BYTES) throw new ManagementError(`expected at most ${MOST_BYTES} bytes, found ${told}`);
  return response.text();
}

/** The reason of a server that refuses: `title` of thimble's and RFC 9457, `message` of hawkBit's. */
function reasonOf(response: Response, text: string): string {
  try {
    const { title, message } = JSON.parse(text) as { title?: unknown; message?: unknown };
    const said = typeof title === "string" ? title : message;
    if (typeof said === "string") return line(said);
  } catch {
    // A page, or nothing.
  }
  return `expected success, found ${kindOf(response, text)}`;
}

async function fetchFrom(url: string, { method, path, headers, body }: Question): Promise<Response> {
  const isForm = body instanceof FormData;
  const type = body instanceof Uint8Array ? "application/octet-stream" : "application/json";
  try {
    return await fetch(new URL(path, url.endsWith("/") ? url : `${url}/`), {
      method,
      headers: {
        ...headers,
        ...(body && !isForm && { "content-type": type }),
        // A connection that is kept may be closed by the server while a command computes, and the next question be lost.
        connection: "close",
      },
      ...(body && {
        body: isForm ? body : body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body),
      }),
      // A redirected POST would come as a GET, with the token for somebody else.
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT),
    });
  } catch (error) {
    const { cause, name } = error as Error & { cause?: NodeJS.ErrnoException };
    const why =
      cause?.code ?? (name === "TimeoutError" ? `within ${TIMEOUT / 1000} s` : (cause?.message ?? name));
    throw new ManagementError(`${withoutSecrets(url)}: no answer (${why})`);
  }
}

/** The answer's JSON, undefined where it is empty and may be. Throws ManagementError. */
export async function ask(url: string, question: Question): Promise<unknown> {
  const server = withoutSecrets(url);
  const response = await fetchFrom(url, question);
  const text = await textOf(response).catch((error: Error) => {
    throw new ManagementError(
      `${server}: ${error instanceof ManagementError ? error.message : "the answer broke off"}`,
    );
  });
  const status = `(HTTP ${response.status})`;
  if (response.status >= 300 && response.status < 400) {
    const to = withoutSecrets(line(response.headers.get("location") ?? "nowhere"));
    throw new ManagementError(`${server}: expected an answer, found a redirect to ${to} ${status}`);
  }
  if (!response.ok) throw new ManagementError(`${server}: ${reasonOf(response, text)} ${status}`);
  if (text === "" && response.status === 204) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ManagementError(
      `${server}: expected JSON of an update server, found ${kindOf(response, text)} ${status}`,
    );
  }
}
