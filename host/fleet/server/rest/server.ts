import { version } from "../../../root.ts";
import { audit, checkName, onlyMembers } from "../context.ts";
import { number, text } from "../database.ts";
import { Refused, shown } from "../message.ts";
import { addToken, ROLES } from "../tokens.ts";
import {
  API,
  afterOf,
  type Call,
  iso,
  jsonOf,
  limitOf,
  MANAGE,
  PAGE,
  READ,
  type RestRoute,
} from "./route.ts";

function describeServer({ context }: Call): unknown {
  const count = (table: string): number =>
    number(context.store.get(`SELECT count(*) AS n FROM ${table}`)!, "n");
  return {
    name: "thimble",
    version,
    pollSeconds: context.poll,
    devices: count("devices"),
    images: count("images WHERE deleted IS NULL"),
    rollouts: count("rollouts"),
  };
}

function listAudit({ context, query }: Call): unknown {
  const rows = context.store.all("SELECT * FROM audit WHERE id > ? ORDER BY id LIMIT ?", [
    afterOf(query),
    limitOf(query),
  ]);
  return {
    entries: rows.map((row) => ({
      id: number(row, "id"),
      at: iso(number(row, "at")),
      who: text(row, "who"),
      address: text(row, "address"),
      what: text(row, "what"),
      subject: text(row, "subject"),
      detail: text(row, "detail"),
    })),
  };
}

function makeToken(call: Call): unknown {
  const { context, actor } = call;
  const body = jsonOf(call);
  onlyMembers(body, ["name", "role"]);
  const name = checkName("name", body["name"]);
  const role = ROLES.find((each) => each === body["role"]);
  if (!role) throw new Refused(400, `role: expected ${ROLES.join(" or ")}, found ${shown(body["role"])}`);
  return context.store.transaction(() => {
    audit(context, actor, "add token", name, role);
    return { name, role, token: addToken(context, name, role) };
  });
}

function removeToken({ context, actor, parameters }: Call): unknown {
  const { store } = context;
  const name = parameters["token"]!;
  store.transaction(() => {
    const { changes } = store.run("DELETE FROM tokens WHERE name = ?", [name]);
    if (changes === 0) throw new Refused(404, `token: expected one of the server, found "${name}"`);
    // Nobody could ever make another one.
    if (!store.get("SELECT name FROM tokens WHERE role = 'manage' LIMIT 1"))
      throw new Refused(409, "token: expected another one with the role manage to be left, found none");
    audit(context, actor, "remove token", name);
  });
  return undefined;
}

const listTokens = ({ context }: Call): unknown => ({
  tokens: context.store.all("SELECT name, role, created FROM tokens ORDER BY name").map((row) => ({
    name: text(row, "name"),
    role: text(row, "role"),
    created: iso(number(row, "created")),
  })),
});

/** Routes about the server itself: its state, its audit log, its tokens. */
export const SERVER_ROUTES: readonly RestRoute[] = [
  {
    method: "GET",
    path: `${API}/server`,
    roles: READ,
    summary: "What this server is and holds",
    gives: "Server",
    status: 200,
    answer: describeServer,
  },
  {
    method: "GET",
    path: `${API}/audit`,
    roles: READ,
    summary: "Who did what, and when",
    query: PAGE,
    gives: "Audit",
    status: 200,
    answer: listAudit,
  },
  {
    method: "GET",
    path: `${API}/tokens`,
    roles: MANAGE,
    summary: "Names and roles of all tokens",
    gives: "Tokens",
    status: 200,
    answer: listTokens,
  },
  {
    method: "POST",
    path: `${API}/tokens`,
    roles: MANAGE,
    summary: "Make a token; it is shown once",
    takes: "NewToken",
    gives: "Token",
    status: 200,
    answer: makeToken,
  },
  {
    method: "DELETE",
    path: `${API}/tokens/{token}`,
    roles: MANAGE,
    summary: "Withdraw a token",
    status: 204,
    answer: removeToken,
  },
];
