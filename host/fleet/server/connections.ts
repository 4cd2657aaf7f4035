/**
 * Connections within bounds, per peer and in all. A new one is never turned away: the one that has been of least use
 * goes, so peers that hold connections and ask nothing keep nobody out.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import { peerOf } from "./limits.ts";

export interface ConnectionBounds {
  readonly inAll: number;
  readonly perPeer: number;
}

/** Connections of one peer, each set in the order of what they did last. */
interface Peer {
  /** No whole head of a request has come from these. */
  readonly silent: Set<Socket>;
  readonly served: Set<Socket>;
}

const sizeOf = ({ silent, served }: Peer): number => silent.size + served.size;

const oldestOf = ({ silent, served }: Peer): Socket | undefined =>
  silent.values().next().value ?? served.values().next().value;

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

  const letGo = (peer: Peer | undefined): void => {
    const victim = peer && oldestOf(peer);
    if (!peer || !victim) return;
    forget(peer, victim);
    victim.destroy();
  };
  const forget = (peer: Peer, socket: Socket): void => {
    if (peer.silent.delete(socket) || peer.served.delete(socket)) count--;
  };
  server.on("connection", (socket: Socket) => {
    const name = peerOf(socket.remoteAddress ?? "");
    const peer = peers.get(name) ?? { silent: new Set<Socket>(), served: new Set<Socket>() };
    peers.set(name, peer);
    if (sizeOf(peer) >= perPeer) letGo(peer);
    else if (count >= inAll) letGo(greatestOf(peers.values()));
    peer.silent.add(socket);
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
