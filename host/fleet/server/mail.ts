/** Sends alerts by SMTP. */
import { createTransport } from "nodemailer";
import type { Mail } from "./alert_messages.ts";
import type { MailReceiver } from "./alert_rules.ts";

const TIMEOUT_MS = 10_000;
const DEFAULT_PORTS = { "smtp:": 587, "smtps:": 465 } as const;

/** The machine itself: nothing passes a network in clear. */
const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/i.test(host);

function connectionOf(address: string) {
  const url = new URL(address);
  const protocol = url.protocol as keyof typeof DEFAULT_PORTS;
  const [user, pass] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? DEFAULT_PORTS[protocol] : Number(url.port),
    secure: protocol === "smtps:",
    ...(user !== "" && { auth: { user, pass }, requireTLS: !isLoopback(url.hostname) }),
  };
}

/**
 * Sends what `messageOf` made for a receiver of e-mail. The status of SMTP, or 0 where no server answered; `id` is part of the
 * Message-ID, so that a message which is sent again is the same one.
 */
export async function sendMail({ url, from }: MailReceiver, body: string, id: string): Promise<number> {
  const { to, subject, text } = JSON.parse(body) as Mail;
  const limits = {
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
  };
  const transport = createTransport({ ...connectionOf(url), ...limits });
  try {
    await transport.sendMail({
      from,
      to,
      subject,
      text,
      messageId: `<${id}@thimble.invalid>`,
      headers: { "Auto-Submitted": "auto-generated" },
      // Texts of devices and models are texts, never files or addresses to fetch.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    return 250;
  } catch (error) {
    const { responseCode } = error as { responseCode?: number };
    return responseCode ?? 0;
  } finally {
    transport.close();
  }
}
