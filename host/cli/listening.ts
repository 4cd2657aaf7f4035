/** Life and errors of commands that listen. */
import { UsageError } from "./options.ts";

/** Resolves when the process is asked to end. */
export const untilAsked = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });

/** An address that can't be listened on, in words of ours: `options` are those that say host and port. */
export function listenError(
  error: unknown,
  address: { readonly host: string; readonly port: number },
  options: { readonly host: string; readonly port: string } = { host: "--host", port: "--port" },
): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const { host, port } = address;
  if (code === "EADDRINUSE")
    return new UsageError(`${options.port}: expected a free port, found ${port} in use`);
  if (code === "EACCES")
    return new UsageError(`${options.port}: expected one that this user may listen on, found ${port}`);
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EINVAL")
    return new UsageError(`${options.host}: expected an address of this machine, found "${host}"`);
  return error;
}
