// Debian's browsers, headless, each run in a home of its own.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, start, versionOf } from "./processes.ts";

export interface Browser {
  readonly name: "Chromium" | "Firefox";
  /** undefined: it is not installed. */
  readonly command: string | undefined;
  /** Opens the page and stays. @param ca PEM of a CA to trust, which takes certutil */
  open(url: string, timeoutMs: number, ca?: string): OpenBrowser;
}
export interface OpenBrowser {
  readonly running: Running;
  /** Ends it, and removes its home. */
  close(): Promise<void>;
}

export const browsers: readonly Browser[] = [
  browser(
    "Chromium",
    ["chromium", "chromium-browser", "google-chrome"],
    (home) => [
      // Containers have no user namespaces for its sandbox; it sees nothing but our own pages.
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--no-default-browser-check",
      "--disable-background-networking",
      `--user-data-dir=${join(home, "data")}`,
    ],
    ".pki/nssdb",
  ),
  browser(
    "Firefox",
    ["firefox-esr", "firefox"],
    (home) => {
      const profile = join(home, "profile");
      mkdirSync(profile);
      const quiet = {
        "browser.shell.checkDefaultBrowser": false,
        "datareporting.policy.dataSubmissionEnabled": false,
        "app.normandy.enabled": false,
      };
      writeFileSync(
        join(profile, "user.js"),
        Object.entries(quiet)
          .map(([name, value]) => `user_pref("${name}", ${value});\n`)
          .join(""),
      );
      return ["--headless", "--no-remote", "--profile", profile];
    },
    "profile",
  ),
];

/** Puts a CA into the browser's own store. */
export const hasCertutil: boolean = spawnSync("certutil", ["-H"]).error === undefined;
function trust(ca: string, database: string): void {
  mkdirSync(database, { recursive: true });
  writeFileSync(join(database, "ca.pem"), ca);
  const add = ["-A", "-t", "C,,", "-n", "CA", "-i", join(database, "ca.pem")];
  for (const command of [["-N", "--empty-password"], add]) {
    const { status, stderr } = spawnSync("certutil", ["-d", `sql:${database}`, ...command], { encoding: "utf8" });
    if (status !== 0) throw new Error(`certutil: ${stderr}`);
  }
}

function browser(
  name: Browser["name"],
  commands: readonly string[],
  flagsIn: (home: string) => readonly string[],
  database: string,
): Browser {
  const command = commands.find((candidate) => versionOf(candidate, "--version") !== undefined);
  return {
    name,
    command,
    open(url, timeoutMs, ca) {
      if (command === undefined) throw new Error(`${name} is not installed`);
      const home = mkdtempSync(join(tmpdir(), `sallyport-${name.toLowerCase()}-`));
      const env = { HOME: home, XDG_DATA_HOME: join(home, ".local/share"), MOZ_DISABLE_CONTENT_SANDBOX: "1" };
      const flags = flagsIn(home);
      if (ca !== undefined) trust(ca, join(home, database));
      const running = start(command, [...flags, url], { env, timeoutMs });
      return {
        running,
        close: async () => {
          await running.stop();
          rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
        },
      };
    },
  };
}
