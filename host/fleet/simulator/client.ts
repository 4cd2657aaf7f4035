/** The update client of a simulated device: one request at a time, over a network that takes its time. */
import type { Answer } from "./ddi.ts";
import type { Delivery, Handler, Network } from "./network.ts";
import type { Power } from "./power.ts";
import type { Clock } from "./simulated_device.ts";

export interface Client {
  /** The device has started. */
  start(): void;
  /** When something is to be asked or answered, in seconds of the clock. */
  due(): number;
  /** Asks at once, unless an answer is on its way. */
  hurry(): void;
  /** Takes an answer that has arrived by now. */
  receive(): void;
  /** Asks what is due; a promise where the answer comes in real time. */
  ask(): Promise<void> | undefined;
}

interface Setup {
  readonly clock: Clock;
  readonly counts: { requests: number };
  readonly power: Power;
  readonly link: Network;
  readonly handler: Handler;
}

export function clientOf({ clock, counts, power, link, handler }: Setup): Client {
  /** An answer to a run of the device that has ended is nobody's. */
  let delivery: { readonly at: number; readonly answer: Answer; readonly to: Power["running"] } | undefined;
  let askAt = 0;

  const pending = () => (delivery?.to === power.running ? delivery : undefined);

  /** Awaits an answer for the run of the device that has asked. */
  const expectFor =
    (to: Power["running"]) =>
    ({ answer, seconds }: Delivery): void => {
      delivery = { at: clock.now + seconds, answer, to };
    };

  return {
    start() {
      delivery = undefined;
      askAt = clock.now;
    },
    due: () => pending()?.at ?? (power.running?.client ? askAt : Number.POSITIVE_INFINITY),
    hurry() {
      if (!pending()) askAt = clock.now;
    },
    receive() {
      const arrived = pending();
      if (!arrived || clock.now < arrived.at) return;
      delivery = undefined;
      power.powered(() => {
        power.running!.client!.answer(Math.floor(clock.now), arrived.answer);
        for (const service of power.running!.services) service.switch();
      });
      askAt = clock.now;
    },
    ask() {
      if (!power.running?.client || pending() || clock.now < askAt) return undefined;
      const now = Math.floor(clock.now);
      const next = power.powered(() => power.running!.client!.next(now));
      if (next === undefined) return undefined;
      if (typeof next === "number") {
        askAt = now + next;
        return undefined;
      }
      counts.requests++;
      const expect = expectFor(power.running);
      const delivered = link.exchange(next, handler);
      if (delivered instanceof Promise) return delivered.then(expect);
      expect(delivered);
      return undefined;
    },
  };
}
