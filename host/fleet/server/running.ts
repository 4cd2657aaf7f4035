/** Which version of a model a device runs, and whether an image is for it. */
import type { Context } from "./context.ts";
import { number, type Row, text } from "./database.ts";
import { type DeviceRow, deviceRow } from "./devices.ts";
import { imageOf } from "./images.ts";
import { compareVersions, isOlder } from "./version.ts";

/** The version that a device's attributes name: `version.MODEL`, or `version` of a device with one model. */
const saidVersion = ({ attributes = {} }: DeviceRow, model: string): string | undefined =>
  attributes[`version.${model}`] ?? attributes["version"];

/** The version that a device confirmed, or another that it has reported since. */
export function runningVersion({ store }: Context, device: DeviceRow, model: string): string | undefined {
  const said = saidVersion(device, model);
  const installed = store.get(
    `SELECT version, overruled FROM installed JOIN images ON images.id = image
       WHERE device = ? AND installed.model = ?`,
    [device.id, model],
  );
  if (!installed || (number(installed, "overruled") === 1 && said !== undefined)) return said;
  return text(installed, "version");
}

/** All models whose version on a device is known, by name. */
export function runningVersions(context: Context, device: DeviceRow): Record<string, string> {
  const confirmed = context.store.all("SELECT model FROM installed WHERE device = ?", [device.id]);
  const said = Object.keys(device.attributes ?? {}).flatMap((key) => /^version\.(.+)$/.exec(key)?.[1] ?? []);
  const models = [...new Set([...confirmed.map((row) => text(row, "model")), ...said])].sort();
  return Object.fromEntries(models.map((model) => [model, runningVersion(context, device, model)!]));
}

/** A newer image of the model that the device has been ordered to install; one that waits with its rollout is none. */
function newerOrder({ store }: Context, device: number, model: string, version: string): string | undefined {
  const open = store.all(
    `SELECT images.version FROM actions JOIN images ON images.id = actions.image
       JOIN rollouts ON rollouts.id = actions.rollout
       WHERE device = ? AND actions.state = 'open' AND images.model = ?
         AND (rollouts.state = 'running' OR execution <> '')`,
    [device, model],
  );
  return open.map((row) => text(row, "version")).find((other) => isOlder(version, other) === true);
}

/** Why a device is left out of a rollout; undefined where it is not. */
export function leftOut(context: Context, rollout: Row, deviceId: number): string | undefined {
  const device = deviceRow(context.store.get("SELECT * FROM devices WHERE id = ?", [deviceId])!);
  const { model, version } = imageOf(context, number(rollout, "image"));
  const found = runningVersion(context, device, model);
  const order = found === undefined ? undefined : compareVersions(found, version);
  if (found === version || order === 0) return `runs ${found} already`;
  if (number(rollout, "allow_downgrade") === 0) {
    if (order !== undefined && order > 0) return `runs ${found}, which is newer than ${version}`;
    const newer = newerOrder(context, deviceId, model, version);
    if (newer !== undefined) return `${newer} is on its way, which is newer than ${version}`;
  }
  const least = rollout["min_version"];
  if (typeof least !== "string") return undefined;
  if (found === undefined) return `expected at least version ${least}, found none that is known`;
  return isOlder(found, least) === false ? undefined : `expected at least version ${least}, found ${found}`;
}
