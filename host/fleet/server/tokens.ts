/** Tokens: 32 random bytes that are shown once; the database knows their SHA-256 only. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Context } from "./context.ts";
import { text } from "./database.ts";
import { LIMITS } from "./limits.ts";
import { Refused } from "./message.ts";

/** manage: everything; read: fleet data; gateway: devices may register themselves and speak to DDI. */
export const ROLES = ["manage", "read", "gateway"] as const;
export type Role = (typeof ROLES)[number];

export interface TokenHolder {
  readonly name: string;
  readonly role: Role;
}

export const newToken = (): string => randomBytes(32).toString("base64url");

export const hashToken = (token: string): Buffer => createHash("sha256").update(token).digest();

/** Whether a token is the one of a hash; takes as long for any. */
export const isTokenOf = (token: string, hash: Uint8Array): boolean =>
  token.length <= LIMITS.tokenChars && timingSafeEqual(hashToken(token), hash);

/** Makes a token and forgets it: what is returned is all there is of it. Throws Refused (409) for a name in use. */
export function addToken({ store, now }: Context, name: string, role: Role): string {
  const token = newToken();
  const { changes } = store.run("INSERT OR IGNORE INTO tokens VALUES (?, ?, ?, ?)", [
    name,
    role,
    hashToken(token),
    now(),
  ]);
  if (changes === 0) throw new Refused(409, `token: expected a name of its own, found "${name}" in use`);
  return token;
}

/** Whose token it is, among those with one of the roles. */
export function holderOf({ store }: Context, token: string, roles: readonly Role[]): TokenHolder | undefined {
  // Every one is compared, so that time does not tell which was close.
  const found = store
    .all("SELECT name, role, hash FROM tokens")
    .filter((row) => isTokenOf(token, row["hash"] as Uint8Array))
    .map((row) => ({ name: text(row, "name"), role: text(row, "role") as Role }));
  return found.find(({ role }) => roles.includes(role));
}
