/** Shapes of a management API's answers: something else that answers with JSON is not taken for one. */
import {
  DEVICE_STATES,
  ManagementError,
  type PublishedImage,
  ROLLOUT_STATES,
  type RolloutStatus,
} from "./management.ts";

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isFlag: Check = (value) => typeof value === "boolean";
const oneOf =
  (words: readonly string[]): Check =>
  (value) =>
    words.some((word) => word === value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

/** The member that is wrong, by its way; undefined where all are right. */
function wrongMember(value: unknown, members: Readonly<Record<string, Check>>): string | undefined {
  if (value === null) return "null";
  if (typeof value !== "object") return `a ${typeof value}`;
  const object = value as Readonly<Record<string, unknown>>;
  const wrong = Object.keys(members).find((name) => !members[name]!(object[name]));
  return wrong === undefined ? undefined : `an answer in which "${wrong}" is missing or of another type`;
}

const objectOf =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) =>
    wrongMember(value, members) === undefined;

const IMAGE = { id: isCount, model: isText, version: isText, sha256: isText, bytes: isCount };
const ROLLOUT = {
  id: isCount,
  name: isText,
  image: isCount,
  model: isText,
  version: isText,
  state: oneOf(ROLLOUT_STATES),
  reason: isText,
  stages: listOf(
    objectOf({
      started: isFlag,
      devices: isCount,
      counts: objectOf(Object.fromEntries(DEVICE_STATES.map((state) => [state, isCount]))),
    }),
  ),
  refusals: listOf(objectOf({ reason: isText, devices: isCount })),
};
const ACTION = { id: isCount, rollout: isCount, state: isText };

export interface OpenAction {
  readonly id: number;
  readonly rollout: number;
  readonly state: string;
}

function checked<T>(what: string, value: unknown, members: Readonly<Record<string, Check>>): T {
  const wrong = wrongMember(value, members);
  if (wrong === undefined) return value as T;
  throw new ManagementError(`expected ${what} of an update server, found ${wrong}`);
}

function checkedList<T>(
  what: string,
  value: unknown,
  name: string,
  members: Readonly<Record<string, Check>>,
): T[] {
  const { [name]: list } = checked<Readonly<Record<string, unknown[]>>>(what, value, {
    [name]: Array.isArray,
  });
  return list!.map((each) => checked<T>(what, each, members));
}

/** Each throws ManagementError where the value is something else. */
export const imageIn = (value: unknown): PublishedImage => checked("an image", value, IMAGE);
export const imagesIn = (value: unknown): PublishedImage[] => checkedList("images", value, "images", IMAGE);
export const rolloutIn = (value: unknown): RolloutStatus => checked("a rollout", value, ROLLOUT);
export const rolloutsIn = (value: unknown): RolloutStatus[] =>
  checkedList("rollouts", value, "rollouts", ROLLOUT);
export const actionsIn = (value: unknown): OpenAction[] => checkedList("actions", value, "actions", ACTION);
