/**
 * Connections within bounds, per peer and in all. A new one is never turned away: the one that has been of least use
 * goes, so peers that hold connections and ask nothing keep nobody out. One that has just come stays while the event
 * loop turns twice, above the bounds if need be: what it asks may lie in the system's buffers, and a server that is busy
 * has not read it yet. That many more there are at most as the system lets wait for two turns (`backlog`, 511 each).
 */
import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import { peerOf } from "./limits.ts";

export interface ConnectionBounds {
  readonly inAll: number;
  readonly perPeer: number;
}

/** Turns of the event loop that a new connection is given. */
const TURNS = 2;

/** Connections of one peer, each set in the order of what they did last. */
interface Peer {
  /** No whole head of a request has come from these, each with the turn of the event loop in which it came. */
  readonly silent: Map<Socket, number>;
  readonly served: Set<Socket>;
}

const sizeOf = ({ silent, served }: Peer): number => silent.size + served.size;

function leastUseful({ silent, served }: Peer, turn: number): Socket | undefined {
  const [oldest, came] = silent.entries().next().value ?? [undefined, 0];
  if (oldest === undefined) return served.values().next().value;
  return turn - came > TURNS ? oldest : undefined;
}

/** The peer with most connections. */
function greatestOf(peers: Iterable<Peer>): Peer | undefined {
  let greatest: Peer | undefined;
  for (const peer of peers) if (!greatest || sizeOf(peer) > sizeOf(greatest)) greatest = peer;
  return greatest;
}

export function connections(server: Server, { inAll, perPeer }: ConnectionBounds): void {
  const peers = new Map<string, Peer>();
  const peerOfSocket = new WeakMap<Socket, Peer>();
  let count = 0;
  let turn = 0;
  let isCounting = false;

  /** Counts turns while connections come. */
  const countTurns = (): void => {
    if (isCounting) return;
    isCounting = true;
    setImmediate(() => {
      isCounting = false;
      turn++;
    });
  };
  /** False where there is none to let go of. */
  const letGo = (peer: Peer | undefined): boolean => {
    const victim = peer && leastUseful(peer, turn);
    if (!peer || !victim) return false;
    forget(peer, victim);
    victim.destroy();
    return true;
  };
  const forget = (peer: Peer, socket: Socket): void => {
    if (peer.silent.delete(socket) || peer.served.delete(socket)) count--;
  };
  server.on("connection", (socket: Socket) => {
    countTurns();
    const name = peerOf(socket.remoteAddress ?? "");
    const peer = peers.get(name) ?? { silent: new Map<Socket, number>(), served: new Set<Socket>() };
    peers.set(name, peer);
    while (sizeOf(peer) >= perPeer && letGo(peer));
    while (count >= inAll && letGo(greatestOf(peers.values())));
    peer.silent.set(socket, turn);
    peerOfSocket.set(socket, peer);
    count++;
    socket.once("close", () => {
      forget(peer, socket);
      if (sizeOf(peer) === 0 && peers.get(name) === peer) peers.delete(name);
    });
  });
  const noteRequest = ({ socket }: IncomingMessage): void => {
    const peer = peerOfSocket.get(socket);
    if (!peer || !(peer.silent.delete(socket) || peer.served.delete(socket))) return;
    peer.served.add(socket);
  };
  server.prependListener("request", noteRequest);
  server.prependListener("checkContinue", noteRequest);
}
