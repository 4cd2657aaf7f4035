/**
 * Runs in the page: asks the management API with the reader's token and shows what it says. No other file is there,
 * so it imports nothing but types. What devices say reaches the page as text only.
 */
import type { DeviceState, RolloutState, RolloutStatus } from "./management.ts";

interface Device {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly installed: Readonly<Record<string, string>>;
  readonly seen: string | null;
}

interface Member {
  readonly name: string;
  readonly stage: number;
  readonly state: DeviceState;
  readonly attempts: number;
  readonly reason: string;
}

interface Image {
  readonly id: number;
  readonly model: string;
  readonly version: string;
  readonly bytes: number;
  readonly file: "good" | "missing" | "damaged";
}

interface Finding {
  readonly kind: string;
  readonly subject: string;
  readonly text: string;
  readonly since: string;
}

interface Model {
  readonly hash: string;
  readonly model: string;
  readonly version: string;
  readonly state: "well" | "unwell" | "not watched";
  readonly last: string;
  readonly devices: number;
  readonly unwellDevices: number;
  readonly silentDevices: number;
  readonly accuracy: {
    readonly labelled: number;
    readonly percent: number | null;
    readonly low: number | null;
    readonly high: number | null;
  };
  readonly rollout: { readonly name: string; readonly created: string } | null;
  readonly findings: readonly (Finding & { readonly devices: number })[];
}

interface ModelHealth extends Model {
  readonly inferences: number;
  readonly channels: readonly {
    readonly name: string;
    readonly unit: string;
    readonly calibration: readonly number[];
    readonly counts: readonly number[];
  }[];
  readonly unwell: readonly (Finding & { readonly device: string })[];
  readonly silent: readonly { readonly device: string; readonly last: string }[];
}

interface Server {
  readonly pollSeconds: number;
  readonly devices: number;
}

const INTERVAL = 5000;
const SHOWN_DEVICES = 200;
const STATES = ["succeeded", "running", "failed", "cancelled", "skipped", "waiting"] as const;
const STORED_TOKEN = "thimble-token";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

type Child = Node | string;

function make(tag: string, className: string, ...children: readonly Child[]): HTMLElement {
  const node = document.createElement(tag);
  if (className !== "") node.className = className;
  node.append(...children);
  return node;
}

let token = sessionStorage.getItem(STORED_TOKEN) ?? "";
let timer: ReturnType<typeof setTimeout> | undefined;

async function ask<T>(method: string, path: string): Promise<T> {
  const response = await fetch(`/rest/v1${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  const value = (await response.json()) as T & { readonly title?: string };
  if (response.status === 401) logOut();
  if (!response.ok) throw new Error(value.title ?? response.statusText);
  return value;
}

function logOut(): void {
  token = "";
  sessionStorage.removeItem(STORED_TOKEN);
  element("login").hidden = false;
  element("fleet").hidden = true;
}

function complain(text: string): void {
  const place = element("problem");
  place.textContent = text;
  place.hidden = text === "";
}

function table(header: readonly string[], rows: readonly (readonly Child[])[]): HTMLElement {
  const head = make("thead", "", make("tr", "", ...header.map((text) => make("th", "", text))));
  const body = make(
    "tbody",
    "",
    ...rows.map((row) => make("tr", "", ...row.map((cell) => make("td", "", cell)))),
  );
  return make("table", "", head, body);
}

const pairs = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key} ${value}`)
    .join(", ");

// Rollouts

function stageBar(stage: RolloutStatus["stages"][number], number: number): HTMLElement {
  const track = make("span", "track");
  for (const state of STATES) {
    const count = stage.counts[state];
    if (count === 0) continue;
    const segment = make("span", `segment ${state}`);
    segment.style.width = `${(100 * count) / stage.devices}%`;
    segment.title = `${count} ${state}`;
    track.append(segment);
  }
  const value = `${stage.counts.succeeded} of ${stage.devices}`;
  const label = `Stage ${number}${stage.started ? "" : ", waits"}`;
  return make("li", "", make("span", "label", label), track, make("span", "value", value));
}

const COMMANDS: Readonly<Record<RolloutState, readonly string[]>> = {
  ready: ["start", "abort"],
  running: ["pause", "abort"],
  paused: ["resume", "abort"],
  stopped: [],
  aborted: [],
  finished: [],
};

function button(text: string, what: () => Promise<unknown>): HTMLElement {
  const node = make("button", "", text) as HTMLButtonElement;
  node.type = "button";
  node.addEventListener("click", () => {
    node.disabled = true;
    void what().then(refresh, (error: Error) => {
      complain(error.message);
      node.disabled = false;
    });
  });
  return node;
}

function members(rollout: number): HTMLElement {
  const place = make("div", "scroll");
  const load = async (): Promise<void> => {
    const path = `/rollouts/${rollout}/devices?limit=${SHOWN_DEVICES}&state=failed`;
    const { devices } = await ask<{ devices: Member[] }>("GET", path);
    const rows = devices.map(({ name, stage, attempts, reason }) => [
      name,
      `${stage}`,
      `${attempts}`,
      reason,
    ]);
    place.replaceChildren(table(["Device", "Stage", "Attempts", "Reason"], rows));
  };
  const details = make(
    "details",
    "",
    make("summary", "", "Devices that failed"),
    place,
  ) as HTMLDetailsElement;
  details.id = `failed-${rollout}`;
  details.addEventListener("toggle", () => {
    if (details.open) load().catch((error: Error) => complain(error.message));
  });
  return details;
}

function rolloutArticle(rollout: RolloutStatus): HTMLElement {
  const { id, name, model, version, state, reason, stages, refusals } = rollout;
  const title = make("h3", "", `${name}: ${model} ${version} `, make("span", "state", state));
  const bars = make("ul", "bars", ...stages.map((stage, i) => stageBar(stage, i + 1)));
  const counts = STATES.map((each) => ({
    each,
    count: stages.reduce((sum, stage) => sum + stage.counts[each], 0),
  })).filter(({ count }) => count > 0);
  const legend = make(
    "ul",
    "legend",
    ...counts.map(({ each, count }) => make("li", "", make("span", `swatch ${each}`), `${count} ${each}`)),
  );
  const reasons = refusals.map((refusal) => [`${refusal.devices}`, refusal.reason]);
  return make(
    "article",
    "",
    title,
    ...(reason === "" ? [] : [make("p", "warning", reason)]),
    bars,
    legend,
    ...(reasons.length === 0 ? [] : [table(["Devices", "Why they refused"], reasons)]),
    ...(counts.some(({ each }) => each === "failed") ? [members(id)] : []),
    make(
      "div",
      "actions",
      ...COMMANDS[state].map((text) => button(text, () => ask("POST", `/rollouts/${id}/${text}`))),
    ),
  );
}

// Models

/** Shares of the values below, in eight bins, and above; missing ones are told beside. */
function histogram(counts: readonly number[], what: string): HTMLElement {
  const values = counts.slice(0, -1);
  const sum = Math.max(
    values.reduce((a, b) => a + b, 0),
    1,
  );
  const most = Math.max(...values, 1);
  const bars = values.map((count) => {
    const bar = make("span", "");
    bar.style.height = `${(100 * count) / most}%`;
    bar.title = `${((100 * count) / sum).toFixed(1)} %`;
    return bar;
  });
  const figure = make("div", "histogram", ...bars);
  figure.setAttribute("role", "img");
  const shares = values.map((count) => ((100 * count) / sum).toFixed(0)).join(", ");
  figure.setAttribute("aria-label", `${what}: shares in percent, from below to above: ${shares}`);
  return figure;
}

function closer({ hash, model, version }: Model): HTMLElement {
  const place = make("div", "scroll");
  const load = async (): Promise<void> => {
    const health = await ask<ModelHealth>("GET", `/models/${hash}`);
    const devices = health.unwell.map(({ device, subject, kind, text, since }) => [
      device,
      `${kind} ${subject}`,
      text,
      when(since),
    ]);
    const silent = health.silent.map(({ device, last }) => [device, "silence", "tells nothing", when(last)]);
    const channels = health.channels.map(({ name, unit, calibration, counts }) => [
      unit === "" ? name : `${name} (${unit})`,
      histogram(calibration, `${name} in calibration`),
      histogram(counts, `${name} now`),
      `${counts.at(-1)}`,
    ]);
    place.replaceChildren(
      table(["Device", "What", "How", "Since"], [...devices, ...silent]),
      table(["Value", "Calibration", "Last day", "Missing"], channels),
    );
  };
  const summary = make("summary", "", `Devices and values of ${model || hash.slice(0, 12)} ${version}`);
  const details = make("details", "", summary, place) as HTMLDetailsElement;
  details.id = `model-${hash}`;
  details.addEventListener("toggle", () => {
    if (details.open) load().catch((error: Error) => complain(error.message));
  });
  return details;
}

/** The accuracy by labels that came later, where there are any. */
function accuracyLine({ accuracy: { labelled, percent, low, high } }: Model): HTMLElement[] {
  if (percent === null || low === null || high === null) return [];
  const [share, from, to] = [percent, low, high].map((value) => value.toFixed(1));
  return [make("p", "note", `${share} % of ${labelled} labelled decisions were right (${from} to ${to} %)`)];
}

function modelArticle(model: Model): HTMLElement {
  const { hash, version, state, devices, unwellDevices, silentDevices, rollout, findings } = model;
  const name = model.model === "" ? `${hash.slice(0, 12)}..., which was not published here` : model.model;
  const title = make(
    "h3",
    "",
    `${name} ${version} `,
    make("span", `state ${state.replace(" ", "-")}`, state),
  );
  const after = rollout ? `, after the rollout ${rollout.name} of ${when(rollout.created)}` : "";
  const counts = `${unwellDevices} of ${devices} devices unwell, ${silentDevices} silent; told last ${when(model.last)}${after}`;
  const where = (count: number): string =>
    count === 0 ? "over the fleet" : count === 1 ? "on 1 device" : `on ${count} devices`;
  const lines = findings.map(({ kind, subject, text, since, devices: count }) =>
    make(
      "li",
      "",
      `${subject === "" ? kind : `${kind} of ${subject}`}: ${text} (${where(count)}). Since ${when(since)}.`,
    ),
  );
  return make(
    "article",
    "",
    title,
    make("p", "note", counts),
    ...accuracyLine(model),
    ...(lines.length === 0 ? [] : [make("ul", "findings", ...lines)]),
    closer(model),
  );
}

function showModels(models: readonly Model[]): void {
  const nothing = make(
    "p",
    "note",
    "No device has told of a model yet: thimble build --monitor makes one that does.",
  );
  keepOpen(element("models"), models.length === 0 ? [nothing] : models.map(modelArticle));
}

/** Parts that the reader has opened stay open. */
function keepOpen(place: HTMLElement, children: readonly HTMLElement[]): void {
  const open = [...place.querySelectorAll<HTMLDetailsElement>("details[open]")].map(({ id }) => id);
  place.replaceChildren(...children);
  for (const id of open) {
    const details = document.getElementById(id) as HTMLDetailsElement | null;
    if (details) details.open = true;
  }
}

// The fleet

function tile(name: string, figure: string): HTMLElement {
  return make("div", "", make("dt", "", name), make("dd", "figure", figure));
}

/** When it was, by the reader's clock and in the reader's words. */
const when = (seen: string | null): string => (seen === null ? "never" : new Date(seen).toLocaleString());

function showFleet(server: Server, devices: readonly Device[], rollouts: readonly RolloutStatus[]): void {
  const running = rollouts.filter(({ state }) => state === "running").length;
  const stopped = rollouts.filter(({ state }) => state === "stopped").length;
  element("tiles").replaceChildren(
    tile("Devices", `${server.devices}`),
    tile("Rollouts running", `${running}`),
    tile("Rollouts stopped", `${stopped}`),
    tile("Devices ask every", `${server.pollSeconds} s`),
  );
  const rows = devices.map(({ name, attributes, installed, seen }) => [
    name,
    pairs(installed),
    pairs(attributes),
    when(seen),
  ]);
  element("devices").replaceChildren(table(["Device", "Installed", "Attributes", "Seen"], rows));
}

/** Every image, and what is wrong with the files of some. */
function showImages(images: readonly Image[]): void {
  const nothing = make("p", "note", "No images yet: thimble publish brings one.");
  const bad = images.filter(({ file }) => file !== "good");
  const warnings = bad.map(({ model, version, file }) =>
    make(
      "p",
      "warning",
      `The file of ${model} ${version} is ${file}: it is sent to nobody. Publish it again.`,
    ),
  );
  const rows = images.map(({ id, model, version, bytes, file }) => [
    `${id}`,
    model,
    version,
    `${bytes}`,
    file,
  ]);
  const list = images.length === 0 ? nothing : table(["Image", "Model", "Version", "Bytes", "File"], rows);
  element("images").replaceChildren(...warnings, list);
}

function showRollouts(rollouts: readonly RolloutStatus[]): void {
  const nothing = make("p", "note", "No rollouts yet: thimble rollout start begins one.");
  keepOpen(element("rollouts"), rollouts.length === 0 ? [nothing] : rollouts.map(rolloutArticle));
}

async function load(): Promise<void> {
  const query = encodeURIComponent(element<HTMLInputElement>("query").value);
  const [server, { devices }, { rollouts }, { images }, { models }] = await Promise.all([
    ask<Server>("GET", "/server"),
    ask<{ devices: Device[] }>("GET", `/devices?limit=${SHOWN_DEVICES}&query=${query}`),
    ask<{ rollouts: RolloutStatus[] }>("GET", "/rollouts"),
    ask<{ images: Image[] }>("GET", "/images"),
    ask<{ models: Model[] }>("GET", "/models"),
  ]);
  element("login").hidden = true;
  element("fleet").hidden = false;
  showFleet(server, devices, rollouts);
  showRollouts(rollouts);
  showImages(images);
  showModels(models);
}

async function refresh(): Promise<void> {
  clearTimeout(timer);
  try {
    await load();
    complain("");
  } catch (error) {
    complain((error as Error).message);
  }
  if (token !== "") timer = setTimeout(() => void refresh(), INTERVAL);
}

element("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = element<HTMLInputElement>("token");
  token = field.value.trim();
  field.value = "";
  sessionStorage.setItem(STORED_TOKEN, token);
  void refresh();
});
element("query-form").addEventListener("submit", (event) => {
  event.preventDefault();
  void refresh();
});
if (token !== "") void refresh();
