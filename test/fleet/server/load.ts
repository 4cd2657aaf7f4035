/**
 * Hostile load on `thimble serve` in a process of its own, beside honest devices: connections that drip, connections
 * that hold bodies without a token, floods with wrong tokens, floods of pages, registrations without end. All of it
 * from one address, which is the hardest case: nothing tells the honest devices from the others but their tokens.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";

export interface Target {
  readonly port: number;
  readonly pid: number;
  readonly folder: string;
  readonly gateway: string;
}

export interface LoadPlan {
  readonly devices: number;
  /** How often each device polls at least, and the seconds between. */
  readonly rounds: number;
  readonly poll: number;
  /** Devices go on polling for as long. */
  readonly seconds: number;
  readonly dripping: number;
  readonly bodies: number;
  /** Connections that send one request after the other as fast as they are answered. */
  readonly floods: number;
}

export interface LoadReport {
  readonly polls: number;
  readonly served: number;
  /** Honest requests that were not served, by what came instead. */
  readonly unserved: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  readonly medianMs: number;
  readonly mostRss: number;
  readonly mostDescriptors: number;
  readonly mostLogBytes: number;
  /** What the hostile ones got: status, or what became of the connection. */
  readonly hostile: Readonly<Record<string, number>>;
}

const HOST = "127.0.0.1";

const count = (table: Record<string, number>, what: string): void => {
  table[what] = (table[what] ?? 0) + 1;
};

const bytesOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** Resident memory of a process, and how many files and sockets it has open. */
function measure({ pid, folder }: Target): { rss: number; descriptors: number; log: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    rss: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    log: bytesOf(join(folder, "state.db-wal")),
  };
}

/** Keeps a socket open; when it is closed, another takes its place. */
function keep(
  { port }: Target,
  begin: (socket: Socket) => void,
  hostile: Record<string, number>,
  isOver: () => boolean,
): void {
  const socket = connect(port, HOST);
  socket.on("connect", () => begin(socket));
  socket.on("error", () => {});
  socket.on("data", (data: Buffer) => count(hostile, data.toString("latin1", 9, 12)));
  socket.on("close", () => {
    count(hostile, "closed");
    if (!isOver()) setTimeout(() => keep({ port } as Target, begin, hostile, isOver), 20);
  });
}

/** A head that never ends, a byte now and then. */
function drip(socket: Socket): void {
  socket.write("GET /DEFAULT/controller/v1/x HTTP/1.1\r\nHost: x\r\nX: ");
  const timer = setInterval(() => (socket.writable ? socket.write("a") : clearInterval(timer)), 2000);
  socket.on("close", () => clearInterval(timer));
}

const PIECE = Buffer.alloc(1 << 16, 97);

/** A body of 16 MiB, without a token, as fast as it is taken. */
function pour(socket: Socket): void {
  socket.write("POST /rest/v1/images HTTP/1.1\r\nHost: x\r\nContent-Length: 16777216\r\n\r\n");
  const more = (): void => {
    while (socket.writable && socket.write(PIECE));
    socket.once("drain", more);
  };
  more();
}

/** Requests one behind the other: bad tokens, pages, what is not there, devices that never were. */
const FLOOD = [
  "GET /rest/v1/devices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\n\r\n",
  "GET /DEFAULT/controller/v1/d1 HTTP/1.1\r\nHost: x\r\nAuthorization: TargetToken wrong\r\n\r\n",
  "GET /DEFAULT/controller/v1/d1 HTTP/1.1\r\nHost: x\r\nAuthorization: GatewayToken wrong\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n",
  "nonsense\r\n\r\n",
];

function flood(socket: Socket): void {
  let i = Math.abs(socket.localPort ?? 0);
  const next = (): void => void (socket.writable && socket.write(FLOOD[i++ % FLOOD.length]!));
  socket.on("data", next);
  next();
}

/** Somebody with the gateway's token who registers devices without end. */
async function registerWithoutEnd(
  target: Target,
  hostile: Record<string, number>,
  isOver: () => boolean,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; !isOver(); i++) count(hostile, `register ${await poll(target, `liar-${i}`, agent)}`);
  agent.destroy();
}

/** One poll: its status, or the code of what went wrong. */
function poll({ port, gateway }: Target, name: string, agent: Agent | false): Promise<string> {
  return new Promise((resolve) => {
    const asked = request(
      {
        port,
        host: HOST,
        path: `/DEFAULT/controller/v1/${name}`,
        headers: { authorization: `GatewayToken ${gateway}` },
        agent,
        timeout: 60_000,
      },
      (reply) => {
        reply.resume();
        reply.on("end", () => resolve(`${reply.statusCode}`));
        reply.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      },
    );
    asked.on("timeout", () => asked.destroy(Object.assign(new Error("timeout"), { code: "TIMEOUT" })));
    asked.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.end();
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What came of the honest devices; `registered` is called when all have been there once, as a fleet has that is old. */
export async function runHonest(
  target: Target,
  plan: LoadPlan,
  registered: () => void,
): Promise<Omit<LoadReport, "hostile">> {
  const unserved: Record<string, number> = {};
  const times: number[] = [];
  const most = { rss: 0, descriptors: 0, log: 0 };
  let [polls, served] = [0, 0];
  for (let i = 0; i < plan.devices; i++) await poll(target, `honest-${i}`, false);
  registered();
  const until = Date.now() + plan.seconds * 1000;
  const honest = async (i: number): Promise<void> => {
    await pause(((plan.poll * 1000) / plan.devices) * i);
    for (let round = 0; round < plan.rounds || Date.now() < until; round++) {
      const since = performance.now();
      const status = await poll(target, `honest-${i}`, false);
      times.push(performance.now() - since);
      polls++;
      if (status === "200") served++;
      else count(unserved, status);
      await pause(plan.poll * 1000);
    }
  };
  const watch = setInterval(() => {
    const now = measure(target);
    for (const key of ["rss", "descriptors", "log"] as const) most[key] = Math.max(most[key], now[key]);
  }, 500);
  await Promise.all(Array.from({ length: plan.devices }, (_, i) => honest(i)));
  clearInterval(watch);
  times.sort((a, b) => a - b);
  return {
    polls,
    served,
    unserved,
    slowestMs: Math.round(times.at(-1) ?? 0),
    medianMs: Math.round(times[times.length >> 1] ?? 0),
    mostRss: most.rss,
    mostDescriptors: most.descriptors,
    mostLogBytes: most.log,
  };
}

/** Puts hostile load on a server until the promise is fulfilled; what the hostile ones got. */
export async function runHostile(
  target: Target,
  plan: LoadPlan,
  end: Promise<unknown>,
): Promise<LoadReport["hostile"]> {
  const hostile: Record<string, number> = {};
  let over = false;
  const isOver = (): boolean => over;
  for (let i = 0; i < plan.dripping; i++) keep(target, drip, hostile, isOver);
  for (let i = 0; i < plan.bodies; i++) keep(target, pour, hostile, isOver);
  for (let i = 0; i < plan.floods; i++) keep(target, flood, hostile, isOver);
  const registering = registerWithoutEnd(target, hostile, isOver);
  await end;
  over = true;
  await registering;
  return hostile;
}
