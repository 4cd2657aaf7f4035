/**
 * Operations on an update server of any kind: `thimble publish` and `thimble rollout` know only
 * this. `host/fleet/server/thimble_management.ts` speaks to `thimble serve`, `host/fleet/server/hawkbit.ts` to a hawkBit.
 */

/** One stage of a rollout: how many of the devices that were found. `rest` is all that are in no stage before. */
export type StageSize = { readonly count: number } | { readonly percent: number } | { readonly rest: true };

export interface RolloutPlan {
  /** Unique on the server; chosen by it where absent. */
  readonly name?: string;
  /** The number of a published image. */
  readonly image: number;
  /** Which devices: terms KEY=VALUE, all of which have to hold; absent or empty for all. See `host/fleet/server/query.ts`. */
  readonly query?: string;
  readonly stages: readonly StageSize[];
  /** Per cent of a stage that have to succeed before the next one starts. */
  readonly success: number;
  /** Per cent of a stage whose failure stops the rollout. */
  readonly errors: number;
  /** Devices that run an older version, or one that nobody knows, are left out. */
  readonly minVersion?: string;
  /** How often a device that failed is asked again. */
  readonly retries: number;
  /** Devices that run a newer version, or are to install one, go back to this. They are left out otherwise. */
  readonly allowDowngrade?: boolean;
  /** The first stage runs the image beside the one in service before any device installs it. */
  readonly shadow?: ShadowPlan;
  /** Stages behind the first one start by labels that come later, and what they say stops a rollout. */
  readonly accuracy?: AccuracyPlan;
}

export interface AccuracyPlan {
  /** Per cent of the image's decisions that have to be right. */
  readonly percent: number;
  /** Labels before a later stage starts. */
  readonly least: number;
}

export interface ShadowPlan {
  /** Per cent of decisions that have to be those of the version in service. */
  readonly agreement: number;
  /** Inferences of all devices before it is judged. */
  readonly least: number;
}

export interface ShadowStatus extends ShadowPlan {
  /** Whether devices still wait for it. */
  readonly running: boolean;
  readonly compared: number;
  readonly agreed: number;
  readonly failed: number;
}

export const ROLLOUT_STATES = ["ready", "running", "paused", "stopped", "aborted", "finished"] as const;
export type RolloutState = (typeof ROLLOUT_STATES)[number];

export const DEVICE_STATES = ["waiting", "running", "succeeded", "failed", "skipped", "cancelled"] as const;
/** How a device stands to a rollout. */
export type DeviceState = (typeof DEVICE_STATES)[number];

export interface StageStatus {
  readonly started: boolean;
  readonly devices: number;
  /** Devices by their state. */
  readonly counts: Readonly<Record<DeviceState, number>>;
}

/** A reason that devices gave, and how many did. */
export interface Refusal {
  readonly reason: string;
  readonly devices: number;
}

export interface RolloutStatus {
  readonly id: number;
  readonly name: string;
  readonly image: number;
  /** Model id and version of the image. */
  readonly model: string;
  readonly version: string;
  readonly state: RolloutState;
  /** Why it was stopped; empty otherwise. */
  readonly reason: string;
  readonly allowDowngrade?: boolean;
  readonly shadow?: ShadowStatus;
  readonly accuracy?: AccuracyPlan & { readonly labelled: number; readonly right: number };
  readonly stages: readonly StageStatus[];
  /** Most frequent first. */
  readonly refusals: readonly Refusal[];
}

export interface PublishedImage {
  readonly id: number;
  readonly model: string;
  readonly version: string;
  readonly sha256: string;
  readonly bytes: number;
  /** The state of its file, where the server says it. */
  readonly file?: "good" | "missing" | "damaged";
}

export interface AbortOptions {
  /** Closes also what devices have not given up yet, without their word. */
  readonly force?: boolean;
  /** The id of one device: only its order is taken back. */
  readonly device?: string;
}

/** All throw ManagementError where the server refuses or cannot be reached. */
export interface Management {
  /** An image that is published twice is one image. A hawkBit keeps no owner. */
  publish(image: Uint8Array, owner?: string): Promise<PublishedImage>;
  images(): Promise<readonly PublishedImage[]>;
  /** Deletes an image that no rollout brings to devices. */
  deleteImage(id: number): Promise<void>;
  /** Creates a rollout and starts its first stage. */
  start(plan: RolloutPlan): Promise<RolloutStatus>;
  rollouts(): Promise<readonly RolloutStatus[]>;
  status(id: number): Promise<RolloutStatus>;
  pause(id: number): Promise<RolloutStatus>;
  resume(id: number): Promise<RolloutStatus>;
  /** Takes back what devices have not begun to try. */
  abort(id: number, options?: AbortOptions): Promise<RolloutStatus>;
}

/** One line: what the server was asked, and what it said. */
export class ManagementError extends Error {
  override readonly name = "ManagementError";
}
