/** Drives `thimble serve` by its management API. */
import { ask, withoutSecrets } from "./ask.ts";
import {
  type AbortOptions,
  type Management,
  ManagementError,
  type RolloutPlan,
  type RolloutStatus,
} from "./management.ts";
import { actionsIn, imageIn, imagesIn, rolloutIn, rolloutsIn } from "./shapes.ts";

export interface ServerAddress {
  /** Such as http://127.0.0.1:8080. */
  readonly url: string;
  readonly token: string;
}

type Get = (method: string, path: string, body?: Uint8Array | object) => Promise<unknown>;

/** Takes one device's order of a rollout back. */
async function cancelOrder(get: Get, rollout: number, device: string, force: boolean): Promise<void> {
  const path = `/devices/${encodeURIComponent(device)}/actions`;
  for (let after = 0; ; ) {
    const actions = actionsIn(await get("GET", `${path}?after=${after}`));
    const last = actions.at(-1);
    if (!last)
      throw new ManagementError(
        `device "${device}": expected an open order of rollout ${rollout}, found none`,
      );
    const open = actions.find((each) => each.rollout === rollout && each.state !== "closed");
    if (open) return void (await get("DELETE", `${path}/${open.id}?force=${force}`));
    after = last.id;
  }
}

export function thimbleManagement({ url, token }: ServerAddress): Management {
  const get: Get = (method, path, body) =>
    ask(url, {
      method,
      path: `rest/v1${path}`,
      headers: { authorization: `Bearer ${token}` },
      ...(body && { body }),
    });
  /** An answer of the shape that it has to have. */
  const read = async <T>(shape: (value: unknown) => T, answer: Promise<unknown>): Promise<T> => {
    const value = await answer;
    try {
      return shape(value);
    } catch (error) {
      throw new ManagementError(`${withoutSecrets(url)}: ${(error as Error).message}`);
    }
  };
  const rollout = (id: number, command = ""): Promise<RolloutStatus> =>
    read(rolloutIn, get(command === "" ? "GET" : "POST", `/rollouts/${id}${command}`));
  return {
    publish: (image, owner) => {
      const query = owner === undefined ? "" : `?owner=${encodeURIComponent(owner)}`;
      return read(imageIn, get("POST", `/images${query}`, image));
    },
    images: () => read(imagesIn, get("GET", "/images")),
    deleteImage: async (id) => void (await get("DELETE", `/images/${id}`)),
    start: (plan: RolloutPlan) => read(rolloutIn, get("POST", "/rollouts?start=true", plan)),
    rollouts: () => read(rolloutsIn, get("GET", "/rollouts")),
    status: (id) => rollout(id),
    pause: (id) => rollout(id, "/pause"),
    resume: (id) => rollout(id, "/resume"),
    async abort(id, { force = false, device }: AbortOptions = {}) {
      if (device === undefined) return rollout(id, `/abort${force ? "?force=true" : ""}`);
      await cancelOrder(get, id, device, force);
      return rollout(id);
    },
  };
}
