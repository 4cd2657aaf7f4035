/** A client of MQTT 3.1.1 that takes messages of one subscription: one is acknowledged once it was dealt with, not before. */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { generate, type IPublishPacket, type Packet, parser } from "mqtt-packet";

export interface MqttOptions {
  /** mqtt://USER:PASSWORD@HOST:PORT, or mqtts:// for TLS. */
  readonly url: string;
  /** The broker keeps what comes for this name while it is away. */
  readonly clientId: string;
  readonly topics: readonly string[];
  /** Deals with a message; the broker keeps it for later where this throws. */
  readonly take: (topic: string, body: Uint8Array) => void;
  readonly log: (line: string) => void;
  /** Told once the subscription stands, after each connection. */
  readonly ready?: () => void;
}

export interface MqttClient {
  /** With QoS 0 where there is a connection; the broker keeps a retained one for whoever subscribes later. */
  publish(topic: string, body: Uint8Array | string, retain: boolean): void;
  close(): void;
}

const KEEPALIVE_S = 30;
const [FIRST_WAIT_MS, LONGEST_WAIT_MS] = [1000, 60_000];
const PORTS = { "mqtt:": 1883, "mqtts:": 8883 } as const;
/** Bytes of a packet: a message of any length that a server takes, and its topic. */
const MOST_BYTES = 1 << 20;

function open(url: URL, connected: () => void): Socket {
  const protocol = url.protocol as keyof typeof PORTS;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? PORTS[protocol] : Number(url.port);
  return protocol === "mqtts:"
    ? connectTls({ host, port, servername: host }, connected)
    : connectTcp({ host, port }, connected);
}

interface Session {
  readonly socket: Socket;
  send(packet: Packet): void;
}

/** One connection, from its first packet to its end. */
function session(options: MqttOptions, ended: (why: string) => void): Session {
  const url = new URL(options.url);
  const stream = parser({ protocolVersion: 4 });
  const send = (packet: Packet): void => void socket.write(generate(packet));
  let why = "the connection was closed";
  const end = (reason: string): void => {
    why = reason;
    socket.destroy();
  };
  const socket = open(url, () =>
    send({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: false,
      clientId: options.clientId,
      keepalive: KEEPALIVE_S,
      ...(url.username !== "" && {
        username: decodeURIComponent(url.username),
        password: Buffer.from(decodeURIComponent(url.password)),
      }),
    } as Packet),
  );
  const received = (packet: IPublishPacket): void => {
    options.take(packet.topic, Buffer.from(packet.payload));
    if (packet.qos === 1) send({ cmd: "puback", messageId: packet.messageId! });
  };
  stream.on("packet", (packet: Packet) => {
    try {
      if (packet.cmd === "connack" && packet.returnCode !== 0) end(`refused with code ${packet.returnCode}`);
      else if (packet.cmd === "connack") {
        const subscriptions = options.topics.map((topic) => ({ topic, qos: 1 as const }));
        send({ cmd: "subscribe", messageId: 1, subscriptions } as Packet);
      } else if (packet.cmd === "suback") {
        if (packet.granted.some((each) => Number(each) > 1)) end("the subscription was refused");
        else options.ready?.();
      } else if (packet.cmd === "publish") received(packet);
    } catch (error) {
      end((error as Error).message);
    }
  });
  stream.on("error", (error: Error) => end(error.message));
  let waiting = 0;
  socket.on("data", (bytes) => {
    // The parser keeps whatever it has not understood yet.
    waiting = stream.parse(bytes);
    if (waiting > MOST_BYTES) end("a packet is too long");
  });
  socket.setTimeout(2 * KEEPALIVE_S * 1000, () => end("it is silent"));
  const ping = setInterval(() => send({ cmd: "pingreq" }), (KEEPALIVE_S * 1000) / 2);
  socket.on("error", (error: NodeJS.ErrnoException) => {
    why = error.code ?? error.message;
  });
  socket.on("close", () => {
    clearInterval(ping);
    ended(why);
  });
  return { socket, send };
}

/** Connects, and again whenever the connection ends. */
export function mqttClient(options: MqttOptions): MqttClient {
  let current: Session | undefined;
  let timer: NodeJS.Timeout | undefined;
  let [wait, isClosed] = [FIRST_WAIT_MS, false];
  const start = (): void => {
    current = session({ ...options, ready }, (why) => {
      current = undefined;
      if (isClosed) return;
      options.log(`mqtt: ${why}; again in ${wait / 1000} s`);
      timer = setTimeout(start, wait);
      wait = Math.min(2 * wait, LONGEST_WAIT_MS);
    });
  };
  const ready = (): void => {
    wait = FIRST_WAIT_MS;
    options.ready?.();
  };
  start();
  return {
    publish(topic, body, retain) {
      current?.send({ cmd: "publish", topic, payload: Buffer.from(body), qos: 0, retain, dup: false });
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      current?.send({ cmd: "disconnect" } as Packet);
      current?.socket.end();
    },
  };
}
