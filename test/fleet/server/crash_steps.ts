/**
 * A day in the life of a server, as steps that each end with an acknowledgement, and what has to be found for each
 * that was acknowledged, whenever the process was killed after it.
 */
import assert from "node:assert/strict";
import type { RolloutStatus } from "../../../host/fleet/server/management.ts";
import type { UpdateServer } from "../../../host/fleet/server/server.ts";

export interface Tokens {
  readonly manage: string;
  readonly gateway: string;
}

type Ask = <T>(method: string, path: string, body?: unknown) => { status: number; value: T; headers: object };

/** Requests with the right token for the path. */
export function asker(server: UpdateServer, { manage, gateway }: Tokens): Ask {
  return <T>(method: string, path: string, body?: unknown) => {
    const authorization = path.startsWith("/rest/") ? `Bearer ${manage}` : `GatewayToken ${gateway}`;
    const {
      status,
      headers,
      body: bytes,
    } = server.handle({
      method,
      url: path,
      headers: { authorization },
      ...(body !== undefined && { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
    });
    const text = Buffer.from(bytes).toString("latin1");
    const isJson = `${headers["content-type"]}`.includes("json");
    return { status, headers, value: (isJson ? JSON.parse(text) : bytes) as T };
  };
}

interface Step {
  readonly name: string;
  readonly run: (ask: Ask, images: readonly Uint8Array[]) => { readonly status: number };
  readonly check: (ask: Ask, images: readonly Uint8Array[]) => void;
}

const DEVICES = ["one", "two", "three"];
const controller = (name: string): string => `/DEFAULT/controller/v1/${name}`;

/** The path of the only open action of a device, as a poll tells it. */
function actionPath(ask: Ask, name: string): string {
  const { value } = ask<{ _links: { deploymentBase: { href: string } } }>("GET", controller(name));
  return new URL(value._links.deploymentBase.href).pathname;
}

interface Deployment {
  readonly deployment: {
    readonly chunks: readonly {
      readonly artifacts: readonly { readonly _links: { readonly download: { readonly href: string } } }[];
    }[];
  };
}

function report(ask: Ask, name: string, finished: string): { readonly status: number } {
  const path = actionPath(ask, name);
  const { deployment } = ask<Deployment>("GET", path).value;
  ask("GET", new URL(deployment.chunks[0]!.artifacts[0]!._links.download.href).pathname);
  const status = { execution: "closed", result: { finished }, details: [`${name} says ${finished}`] };
  return ask("POST", `${path}/feedback`, { id: path.split("/").pop(), status });
}

const rollout = (ask: Ask, id: number): RolloutStatus =>
  ask<RolloutStatus>("GET", `/rest/v1/rollouts/${id}`).value;

function hasState(id: number, states: readonly string[]): Step["check"] {
  return (ask) => assert.ok(states.includes(rollout(ask, id).state), `${rollout(ask, id).state}: ${states}`);
}

const publish = (i: number): Step => ({
  name: `publish ${i}`,
  run: (ask, images) => ask("POST", "/rest/v1/images", images[i]),
  check(ask, images) {
    assert.equal(ask<{ bytes: number }>("GET", `/rest/v1/images/${i + 1}`).value.bytes, images[i]!.length);
    assert.equal(ask("POST", "/rest/v1/images", images[i]).status, 200);
  },
});

const register = (name: string): Step => ({
  name: `register ${name}`,
  run: (ask) => ask("GET", controller(name)),
  check: (ask) => assert.equal(ask("GET", `/rest/v1/devices/${name}`).status, 200),
});

const configure = (name: string): Step => ({
  name: `configure ${name}`,
  run: (ask) => ask("PUT", `${controller(name)}/configData`, { data: { board: name } }),
  check(ask) {
    const { value } = ask<{ attributes: object }>("GET", `/rest/v1/devices/${name}`);
    assert.deepEqual(value.attributes, { board: name });
  },
});

const feedback = (id: number, name: string, finished: string): Step => ({
  name: `${name} reports ${finished} of ${id}`,
  run: (ask) => report(ask, name, finished),
  check(ask) {
    const { actions } = ask<{
      actions: { rollout: number; state: string; feedback: { details: string[] }[] }[];
    }>("GET", `/rest/v1/devices/${name}/actions`).value;
    const action = actions.find((each) => each.rollout === id && each.feedback.length > 0)!;
    assert.equal(action.state, "closed");
    assert.deepEqual(action.feedback.at(-1)!.details, [`${name} says ${finished}`]);
  },
});

const start = (id: number, image: number, stages: readonly object[]): Step => ({
  name: `start ${id}`,
  run: (ask) => ask("POST", "/rest/v1/rollouts?start=true", { image, stages, name: `r${id}`, errors: 100 }),
  check: hasState(id, ["running", "paused", "finished", "aborted"]),
});

export const STEPS: readonly Step[] = [
  publish(0),
  ...DEVICES.flatMap((name) => [register(name), configure(name)]),
  start(1, 1, [{ rest: true }]),
  ...DEVICES.map((name) => feedback(1, name, "success")),
  publish(1),
  start(2, 2, [{ rest: true }]),
  feedback(2, "one", "failure"),
  {
    name: "pause",
    run: (ask) => ask("POST", "/rest/v1/rollouts/2/pause"),
    check: hasState(2, ["paused", "aborted"]),
  },
  {
    name: "abort",
    run: (ask) => ask("POST", "/rest/v1/rollouts/2/abort"),
    check: hasState(2, ["aborted"]),
  },
  {
    name: "add token",
    run: (ask) => ask("POST", "/rest/v1/tokens", { name: "reader", role: "read" }),
    check(ask) {
      const { tokens } = ask<{ tokens: { name: string }[] }>("GET", "/rest/v1/tokens").value;
      assert.ok(tokens.some(({ name }) => name === "reader"));
    },
  },
];

/** What holds at any time: counts of stages are those of devices, and no device has two open orders of one rollout. */
export function checkConsistent(ask: Ask): void {
  const { rollouts } = ask<{ rollouts: RolloutStatus[] }>("GET", "/rest/v1/rollouts").value;
  for (const { id, stages } of rollouts) {
    const { devices } = ask<{ devices: { stage: number; state: string }[] }>(
      "GET",
      `/rest/v1/rollouts/${id}/devices`,
    ).value;
    stages.forEach(({ counts }, i) => {
      for (const [state, count] of Object.entries(counts)) {
        const found = devices.filter((each) => each.stage === i + 1 && each.state === state);
        assert.equal(found.length, count, `rollout ${id}, stage ${i + 1}, ${state}`);
      }
    });
  }
}
