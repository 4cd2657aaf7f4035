/**
 * Management of a real Eclipse hawkBit, with the same words as of `thimble serve`: an image is a software module with
 * one artifact in a distribution set of its own, a stage is a deployment group. Tried against 0.3.0M7 (test/fleet/server/hawkbit).
 */
import { createHash } from "node:crypto";
import { parseImage } from "../../image/mcuboot.ts";
import { ask } from "./ask.ts";
import {
  type AbortOptions,
  type DeviceState,
  type Management,
  ManagementError,
  type PublishedImage,
  type Refusal,
  type RolloutPlan,
  type RolloutState,
  type RolloutStatus,
  type StageSize,
  type StageStatus,
} from "./management.ts";
import { shareOf } from "./stages.ts";
import { isOlder } from "./version.ts";

export interface HawkbitOptions {
  /** The server's address, without a path. */
  readonly url: string;
  /** The header's value, e.g. "Basic dXNlcjpwYXNzd29yZA==". */
  readonly authorization: string;
}

/** Fields that are read of hawkBit's documents. */
interface Page<T> {
  readonly content: readonly T[];
  readonly total: number;
}
interface SoftwareModule {
  readonly id: number;
}
interface Artifact {
  readonly size: number;
  readonly hashes: { readonly sha256: string };
}
interface DistributionSet {
  readonly id: number;
  readonly name: string;
  readonly version: string;
  readonly modules: readonly SoftwareModule[];
}
interface Rollout {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly distributionSetId: number;
}
interface Group {
  readonly id: number;
  readonly status: string;
  readonly totalTargets: number;
  readonly totalTargetsPerStatus: Readonly<Record<string, number>>;
}
interface Target {
  readonly controllerId: string;
  readonly updateStatus: string;
}
interface Action {
  readonly id: number;
  readonly status: string;
}
interface ActionStatus {
  readonly type: string;
  readonly messages: readonly (string | null)[];
}

/** One page is as much as hawkBit gives at once. */
const PAGE = 500;
/** hawkBit makes groups and starts rollouts in the background; half a minute is far more than it takes. */
const [PAUSE_MS, MAX_PAUSES] = [100, 300];

interface Api {
  call<T>(method: string, path: string, body?: object): Promise<T>;
  /** All pages of a list. */
  list<T>(path: string, query?: Readonly<Record<string, string>>): Promise<T[]>;
}

function connectTo({ url, authorization }: HawkbitOptions): Api {
  const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
    try {
      return (await ask(url, {
        method,
        path: `rest/v1/${path}`,
        headers: { authorization },
        ...(body && { body }),
      })) as T;
    } catch (error) {
      throw new ManagementError(`hawkBit: ${method} ${path}: ${(error as Error).message}`);
    }
  };
  return {
    call,
    async list<T>(path: string, query: Readonly<Record<string, string>> = {}) {
      const found: T[] = [];
      for (;;) {
        const text = new URLSearchParams({ ...query, offset: `${found.length}`, limit: `${PAGE}` });
        const { content, total } = await call<Partial<Page<T>>>("GET", `${path}?${text}`);
        if (!Array.isArray(content) || typeof total !== "number")
          throw new ManagementError(
            `hawkBit: GET ${path}: expected "content" and "total" of a list, found an answer without them`,
          );
        found.push(...content);
        if (found.length >= total || content.length === 0) return found;
      }
    },
  };
}

// Images

/** In the quotes of hawkBit's query language. */
const quote = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`;

async function findOrCreate<T>(
  api: Api,
  kind: string,
  name: string,
  version: string,
  more: object,
): Promise<T> {
  const q = `name==${quote(name)};version==${quote(version)}`;
  const [found] = await api.list<T>(kind, { q });
  if (found) return found;
  const [created] = await api.call<T[]>("POST", kind, [{ name, version, ...more }]);
  return created!;
}

/** The module's image; uploaded where it has none yet, as after a publication that was interrupted. */
async function upload(api: Api, module: number, image: Uint8Array, name: string): Promise<void> {
  const path = `softwaremodules/${module}/artifacts`;
  const sha256 = createHash("sha256").update(image).digest("hex");
  const [present] = await api.call<Artifact[]>("GET", path);
  if (present && present.hashes.sha256 !== sha256)
    throw new ManagementError(
      `${name}: expected SHA-256 ${sha256.slice(0, 16)}..., found ${present.hashes.sha256.slice(0, 16)}... on the server: a version has one image`,
    );
  if (present) return;
  const form = new FormData();
  form.set("file", new Blob([new Uint8Array(image)]), `${name.replace(/[^\w.-]/g, "_")}.img`);
  await api.call("POST", path, form);
}

async function describe(
  api: Api,
  { id, name, version, modules }: DistributionSet,
): Promise<PublishedImage[]> {
  const [artifact] = modules[0]
    ? await api.call<Artifact[]>("GET", `softwaremodules/${modules[0].id}/artifacts`)
    : [];
  if (!artifact) return [];
  return [{ id, model: name, version, sha256: artifact.hashes.sha256, bytes: artifact.size }];
}

async function publish(api: Api, image: Uint8Array): Promise<PublishedImage> {
  const { id: model, version } = parseImage(image);
  if (model === undefined) throw new ManagementError("image: expected a model id, found none");
  const application = { type: "application" };
  const { id } = await findOrCreate<SoftwareModule>(api, "softwaremodules", model, version, application);
  await upload(api, id, image, `${model}-${version}`);
  const content = { type: "app", modules: [{ id }] };
  const set = await findOrCreate<DistributionSet>(api, "distributionsets", model, version, content);
  return (await describe(api, set))[0]!;
}

// Rollouts

/** hawkBit's words for KEY=VALUE terms (host/fleet/server/query.ts); * is any text there too. */
export function hawkbitQuery(query: string): string {
  const terms = query.split(",").filter((term) => term.trim() !== "");
  if (terms.length === 0) return "controllerid==*";
  return terms
    .map((term) => {
      const [, key, value] = /^\s*([\w.-]+)\s*=\s*(.*?)\s*$/.exec(term) ?? [];
      if (key === undefined) throw new ManagementError(`query: expected KEY=VALUE, found "${term.trim()}"`);
      return `${key === "name" ? "controllerid" : `attribute.${key}`}==${quote(value!)}`;
    })
    .join(";");
}

/**
 * Per cent for hawkBit's groups, which it takes of what no group before has; ours are of all. An empty share is
 * given away to nobody: hawkBit has no empty groups, so it has no such stage.
 */
export function groupPercentages(stages: readonly StageSize[], total: number): number[] {
  let left = total;
  return stages.map((stage) => {
    const wanted = "count" in stage ? stage.count : "percent" in stage ? shareOf(stage.percent, total) : left;
    const count = Math.min(wanted, left);
    const percent = left === 0 ? 100 : (100 * count) / left;
    left -= count;
    return percent;
  });
}

function refuseWhatHawkbitCannot({ minVersion, retries }: RolloutPlan): void {
  if (minVersion !== undefined)
    throw new ManagementError(`hawkBit compares no versions: expected no minVersion, found ${minVersion}`);
  if (retries > 0)
    throw new ManagementError(`hawkBit asks no device again: expected retries 0, found ${retries}`);
}

/** hawkBit brings an older version to devices without a word: where some have a newer one, it has to be asked for. */
async function refuseDowngrade(api: Api, { image, allowDowngrade }: RolloutPlan, q: string): Promise<void> {
  if (allowDowngrade) return;
  const { name, version } = await api.call<DistributionSet>("GET", `distributionsets/${image}`);
  const sets = await api.list<DistributionSet>("distributionsets", { q: `name==${quote(name)}` });
  for (const newer of sets.filter((set) => isOlder(version, set.version) === true)) {
    const installed = `installedds.name==${quote(name)};installedds.version==${quote(newer.version)}`;
    const query = new URLSearchParams({ q: `(${q});${installed}`, limit: "1" });
    const { total } = await api.call<Page<Target>>("GET", `targets?${query}`);
    if (total > 0)
      throw new ManagementError(
        `rollout: expected devices without a newer version than ${version}, found ${total} with ${newer.version}; --allow-downgrade takes them back`,
      );
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

async function untilReady(api: Api, id: number): Promise<void> {
  for (let i = 0; i < MAX_PAUSES; i++) {
    const { status } = await api.call<Rollout>("GET", `rollouts/${id}`);
    if (status === "ready") return;
    await pause();
  }
  throw new ManagementError(
    `rollout ${id}: expected it to be ready after ${(PAUSE_MS * MAX_PAUSES) / 1000} s`,
  );
}

async function start(api: Api, plan: RolloutPlan): Promise<number> {
  refuseWhatHawkbitCannot(plan);
  const q = hawkbitQuery(plan.query ?? "");
  const { total } = await api.call<Page<Target>>("GET", `targets?${new URLSearchParams({ q, limit: "1" })}`);
  if (total === 0) throw new ManagementError(`query: expected devices, found none for ${q}`);
  await refuseDowngrade(api, plan, q);
  const conditions = {
    successCondition: { condition: "THRESHOLD", expression: String(plan.success) },
    successAction: { action: "NEXTGROUP", expression: "" },
    errorCondition: { condition: "THRESHOLD", expression: String(plan.errors) },
    errorAction: { action: "PAUSE", expression: "" },
  };
  const groups = groupPercentages(plan.stages, total).map((targetPercentage, i) => ({
    name: `stage ${i + 1}`,
    description: "",
    targetPercentage,
    ...conditions,
  }));
  const { id } = await api.call<Rollout>("POST", "rollouts", {
    name: plan.name ?? `rollout of ${plan.image} at ${new Date().toISOString()}`,
    distributionSetId: plan.image,
    targetFilterQuery: q,
    type: "forced",
    groups,
    ...conditions,
  });
  await untilReady(api, id);
  await api.call("POST", `rollouts/${id}/start`);
  return id;
}

/** hawkBit pauses a rollout by itself where too many have failed; then a group says so. */
function stateOf(status: string, groups: readonly Group[]): RolloutState {
  if (status === "running" || status === "starting") return "running";
  if (status === "finished") return "finished";
  if (status === "deleting" || status === "deleted") return "aborted";
  if (status === "paused") return groups.some((group) => group.status === "error") ? "stopped" : "paused";
  return status.startsWith("error") || status === "stopped" ? "stopped" : "ready";
}

function stageOf({ status, totalTargets, totalTargetsPerStatus }: Group): StageStatus {
  const {
    notstarted = 0,
    scheduled = 0,
    running = 0,
    finished = 0,
    error = 0,
    cancelled = 0,
  } = totalTargetsPerStatus;
  const counts: Record<DeviceState, number> = {
    waiting: notstarted + scheduled,
    running,
    succeeded: finished,
    failed: error,
    skipped: 0,
    cancelled,
  };
  return { started: !["ready", "scheduled"].includes(status), devices: totalTargets, counts };
}

const targetsOf = (api: Api, rollout: number, group: Group): Promise<Target[]> =>
  api.list<Target>(`rollouts/${rollout}/deploygroups/${group.id}/targets`);

const newestAction = async (api: Api, target: string): Promise<Action | undefined> => {
  const path = `targets/${encodeURIComponent(target)}/actions?sort=id:DESC&limit=1`;
  return (await api.call<Page<Action>>("GET", path)).content[0];
};

/** The device's words when it failed: the newest words that are not the server's own. */
async function reasonOf(api: Api, target: string): Promise<string> {
  const action = await newestAction(api, target);
  if (!action) return "";
  const path = `targets/${encodeURIComponent(target)}/actions/${action.id}/status`;
  const said = await api.list<ActionStatus>(path, { sort: "id:DESC" });
  const messages = said.filter(({ type }) => type === "error").flatMap((each) => each.messages);
  return messages.find((message) => message !== null && !message.startsWith("Update Server:")) ?? "";
}

async function refusalsOf(api: Api, rollout: number, groups: readonly Group[]): Promise<Refusal[]> {
  const counts = new Map<string, number>();
  for (const group of groups.filter(
    ({ totalTargetsPerStatus }) => (totalTargetsPerStatus["error"] ?? 0) > 0,
  )) {
    for (const { controllerId, updateStatus } of await targetsOf(api, rollout, group)) {
      if (updateStatus !== "error") continue;
      const reason = await reasonOf(api, controllerId);
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
  }
  return [...counts].map(([reason, devices]) => ({ reason, devices })).sort((a, b) => b.devices - a.devices);
}

/** The list of groups has no counts; each group for itself does. */
async function groupsOf(api: Api, rollout: number): Promise<Group[]> {
  const groups = await api.list<Group>(`rollouts/${rollout}/deploygroups`, { sort: "id:ASC" });
  return Promise.all(
    groups.map(({ id }) => api.call<Group>("GET", `rollouts/${rollout}/deploygroups/${id}`)),
  );
}

async function statusOf(api: Api, id: number): Promise<RolloutStatus> {
  const rollout = await api.call<Rollout>("GET", `rollouts/${id}`);
  const groups = await groupsOf(api, id);
  const path = `distributionsets/${rollout.distributionSetId}`;
  const { name: model, version } = await api.call<DistributionSet>("GET", path);
  const failed = groups.findIndex(({ status }) => status === "error");
  const state = stateOf(rollout.status, groups);
  return {
    id,
    name: rollout.name,
    image: rollout.distributionSetId,
    model,
    version,
    state,
    reason: state === "stopped" ? `stage ${failed + 1}: too many of its devices have failed` : "",
    stages: groups.map(stageOf),
    refusals: await refusalsOf(api, id, groups),
  };
}

/** Cancels a target's order; hawkBit quits by force only what is being cancelled. */
async function cancel(api: Api, target: string, force: boolean): Promise<void> {
  const action = await newestAction(api, target);
  if (action?.status !== "pending") return;
  const path = `targets/${encodeURIComponent(target)}/actions/${action.id}`;
  const { detailStatus } = await api.call<{ readonly detailStatus?: string }>("GET", path);
  if (detailStatus !== "canceling") await api.call("DELETE", path);
  if (force) await api.call("DELETE", `${path}?force=true`);
}

/** hawkBit goes on with what it has sent to devices when a rollout is deleted: so that is cancelled first. */
async function abort(api: Api, id: number, force: boolean): Promise<void> {
  const { status } = await api.call<Rollout>("GET", `rollouts/${id}`);
  if (status === "running") await api.call("POST", `rollouts/${id}/pause`);
  for (const group of (await groupsOf(api, id)).filter(
    ({ totalTargetsPerStatus }) => totalTargetsPerStatus["running"],
  )) {
    for (const { controllerId, updateStatus } of await targetsOf(api, id, group))
      if (updateStatus === "pending") await cancel(api, controllerId, force);
  }
  if (status !== "deleted") await api.call("DELETE", `rollouts/${id}`);
}

/** See Management. A plan with a minimum version or with retries is refused: hawkBit has neither. */
export function hawkbitManagement(options: HawkbitOptions): Management {
  const api = connectTo(options);
  return {
    publish: (image) => publish(api, image),
    async images() {
      const sets = await api.list<DistributionSet>("distributionsets", { sort: "id:ASC" });
      return (await Promise.all(sets.map((set) => describe(api, set)))).flat();
    },
    async deleteImage(id) {
      const { modules } = await api.call<DistributionSet>("GET", `distributionsets/${id}`);
      await api.call("DELETE", `distributionsets/${id}`);
      for (const module of modules) await api.call("DELETE", `softwaremodules/${module.id}`);
    },
    start: async (plan) => statusOf(api, await start(api, plan)),
    async rollouts() {
      const found = await api.list<Rollout>("rollouts", { sort: "id:ASC" });
      return Promise.all(found.map(({ id }) => statusOf(api, id)));
    },
    status: (id) => statusOf(api, id),
    async pause(id) {
      await api.call("POST", `rollouts/${id}/pause`);
      return statusOf(api, id);
    },
    async resume(id) {
      await api.call("POST", `rollouts/${id}/resume`);
      return statusOf(api, id);
    },
    async abort(id, { force = false, device }: AbortOptions = {}) {
      if (device === undefined) await abort(api, id, force);
      else await cancel(api, device, force);
      return statusOf(api, id);
    },
  };
}
