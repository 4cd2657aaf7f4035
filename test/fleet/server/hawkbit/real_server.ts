/**
 * A real Eclipse hawkBit on this machine, for tests: its parts come from Maven Central once, its database is in memory.
 * The ready-made jar `hawkbit-update-server` is not to be had everywhere, its parts are: server/ puts them together.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { buildOnce, findProgram, runProcess } from "../../../../host/firmware/toolchain.ts";
import type { Availability } from "../../../../host/module/engine.ts";
import { root } from "../../../../host/root.ts";

const INSTALL = "apt-get install maven openjdk-17-jdk-headless, and a way to Maven Central";
const source = join(root, "test", "fleet", "server", "hawkbit", "server");
const pom = readFileSync(join(source, "pom.xml"));
const main = join("src", "thimble", "UpdateServer.java");
const hash = createHash("sha256")
  .update(pom)
  .update(readFileSync(join(source, main)))
  .digest("hex");
const folder = join(root, "build", "hawkbit", hash.slice(0, 16));

async function call(command: readonly string[], cwd: string): Promise<void> {
  const { status, stdout, stderr } = await runProcess(command, undefined, { cwd });
  if (status === 0) return;
  const line = `${stdout}\n${stderr}`.split("\n").find((each) => each.includes("ERROR")) ?? stderr;
  throw new Error(`${command[0]}: ${line.slice(0, 200)}`);
}

/** About 50 MB, once. */
async function download(fresh: string): Promise<void> {
  cpSync(source, fresh, { recursive: true });
  const plugin = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies";
  await call(
    ["mvn", "-B", "-q", plugin, "-DincludeScope=runtime", `-DoutputDirectory=${join(fresh, "lib")}`],
    fresh,
  );
  mkdirSync(join(fresh, "classes"));
  // Its Spring reads class files up to those of Java 15.
  await call(["javac", "--release", "11", "-cp", "lib/*", "-d", "classes", main], fresh);
}

/** Whether hawkBit can run here; downloads it where it has not been yet. */
export async function hawkbitAvailability(): Promise<Availability> {
  const missing = ["java", "javac", "mvn"].find((name) => findProgram(name) === undefined);
  if (missing !== undefined && !existsSync(join(folder, "classes")))
    return { available: false, reason: `no ${missing}`, install: INSTALL };
  try {
    await buildOnce(folder, "classes", download);
    return { available: true, version: /<version>([^<]+)</.exec(pom.toString())?.[1] ?? "" };
  } catch (error) {
    return { available: false, reason: (error as Error).message, install: INSTALL };
  }
}

export interface Hawkbit {
  readonly url: string;
  readonly authorization: string;
  /** What --token takes. */
  readonly token: string;
  stop(): void;
}

const PASSWORD = "of-this-test-only";

const settings = (data: string): string[] => [
  "--server.address=127.0.0.1",
  // The system's choice, which the log then tells.
  "--server.port=0",
  "--spring.main.banner-mode=off",
  "--spring.main.allow-bean-definition-overriding=true",
  "--spring.security.user.name=admin",
  `--spring.security.user.password={noop}${PASSWORD}`,
  "--hawkbit.server.ddi.security.authentication.targettoken.enabled=true",
  `--hawkbit.artifact.repository.path=${data}`,
  // As a fleet in one process has one address, hawkBit's guard against too many requests of one would see only it.
  "--hawkbit.server.security.dos.maxRead=100000",
  "--hawkbit.server.security.dos.maxWrite=100000",
  // Milliseconds between looks at rollouts; 2000 where a person waits.
  "--hawkbit.rollout.scheduler.fixedDelay=200",
];

/** Resolves with the port once the server says that it listens. */
function portOf(child: ChildProcessWithoutNullStreams): Promise<number> {
  return new Promise((resolve, reject) => {
    let log = "";
    child.stdout.on("data", (piece: Buffer) => {
      log = (log + piece.toString()).slice(-20_000);
      const [, port] = /Jetty started on port\(s\) (\d+)[\s\S]*Started UpdateServer/.exec(log) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
    child.on("error", reject);
    child.on("exit", () => {
      const lines = log.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("\tat "));
      reject(new Error(`hawkBit ended before it listened: ${lines.slice(-5).join(" ").slice(0, 500)}`));
    });
  });
}

/** An empty server; seconds to start. */
export async function startHawkbit(): Promise<Hawkbit> {
  const data = mkdtempSync(join(tmpdir(), "thimble-hawkbit-"));
  const quick = ["-Xmx400m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];
  // Its Spring makes classes as Java 8 allowed it.
  const open = ["--add-opens", "java.base/java.lang=ALL-UNNAMED"];
  const classPath = [join(folder, "classes"), join(folder, "lib", "*")].join(delimiter);
  const child = spawn(
    "java",
    [...quick, ...open, "-cp", classPath, "thimble.UpdateServer", ...settings(data)],
    {
      cwd: data,
    },
  );
  const stop = (): void => {
    child.kill("SIGKILL");
    rmSync(data, { recursive: true, force: true });
  };
  try {
    const url = `http://127.0.0.1:${await portOf(child)}`;
    const token = `admin:${PASSWORD}`;
    return { url, token, authorization: `Basic ${Buffer.from(token).toString("base64")}`, stop };
  } catch (error) {
    stop();
    throw error;
  }
}
