/** Drives `thimble serve` by its management API. */
import {
  type Management,
  ManagementError,
  type PublishedImage,
  type RolloutPlan,
  type RolloutStatus,
} from "./management.ts";

export interface ServerAddress {
  /** Such as http://127.0.0.1:8080. */
  readonly url: string;
  readonly token: string;
}

const TIMEOUT = 60_000;

/** What a server that refuses says, in one line. */
async function reasonOf(response: Response): Promise<string> {
  const text = (await response.text()).slice(0, 1000);
  try {
    return (JSON.parse(text) as { title?: string }).title ?? text;
  } catch {
    return response.statusText || text;
  }
}

/** Throws ManagementError. */
async function ask<T>(
  { url, token }: ServerAddress,
  method: string,
  path: string,
  body?: Uint8Array | object,
): Promise<T> {
  const isBytes = body instanceof Uint8Array;
  let response: Response;
  try {
    response = await fetch(new URL(`rest/v1${path}`, url.endsWith("/") ? url : `${url}/`), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { "content-type": isBytes ? "application/octet-stream" : "application/json" }),
      },
      ...(body && { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT),
    });
  } catch (error) {
    const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
    throw new ManagementError(`${url}: no answer (${cause?.code ?? message})`);
  }
  if (!response.ok)
    throw new ManagementError(`${url}: ${await reasonOf(response)} (HTTP ${response.status})`);
  return (await response.json()) as T;
}

export function thimbleManagement(server: ServerAddress): Management {
  const rollout = (id: number, command = "") =>
    ask<RolloutStatus>(server, command === "" ? "GET" : "POST", `/rollouts/${id}${command}`);
  return {
    publish: (image) => ask<PublishedImage>(server, "POST", "/images", image),
    images: async () => (await ask<{ images: PublishedImage[] }>(server, "GET", "/images")).images,
    start: (plan: RolloutPlan) => ask<RolloutStatus>(server, "POST", "/rollouts?start=true", plan),
    rollouts: async () => (await ask<{ rollouts: RolloutStatus[] }>(server, "GET", "/rollouts")).rollouts,
    status: (id) => rollout(id),
    pause: (id) => rollout(id, "/pause"),
    resume: (id) => rollout(id, "/resume"),
    abort: (id) => rollout(id, "/abort"),
  };
}
