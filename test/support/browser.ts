/** A real browser for pages that we write: Chromium, where the machine has one. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Chromium's program: CHROMIUM, or where distributions put it. */
export const chromiumPath: string | undefined =
  process.env["CHROMIUM"] ?? PLACES.find((path) => existsSync(path));

/** For `test`: the reason to skip it, or false. */
export const skipBrowser: string | false =
  chromiumPath === undefined
    ? "no Chromium was found; install: apt-get install chromium, or set CHROMIUM to its program"
    : false;

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface View {
  readonly width: number;
  readonly height?: number;
  readonly scheme?: "light" | "dark";
}

/** What a page said and asked for while it was open. */
export interface Visit {
  readonly page: Page;
  /** Messages of the console and errors that nobody caught. */
  readonly complaints: string[];
  readonly requests: string[];
}

export interface Browser {
  /** Opens a file of this machine in a window of its own. */
  open(file: string, view: View): Promise<Visit>;
  /** The same with a URL. */
  visit(url: string, view: View): Promise<Visit>;
  close(): Promise<void>;
}

/** Starts Chromium with a profile that is new and removed again by `close`. */
export async function startBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "thimble-browser-"));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath!,
    headless: true,
    args: ARGUMENTS,
  });
  async function visit(url: string, { width, height = 900, scheme = "light" }: View): Promise<Visit> {
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(`${error}`));
    page.on("request", (request) => requests.push(request.url()));
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto(url);
    return { page, complaints, requests };
  }
  return {
    visit,
    open: (file, view) => visit(`file://${file}`, view),
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
