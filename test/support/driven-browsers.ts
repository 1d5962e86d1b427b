// Debian's Chromium and Firefox, driven from here.
import { type Browser, chromium, firefox } from "playwright-core";
import { versionOf } from "./processes.ts";

export interface DrivenBrowser {
  readonly name: "Chromium" | "Firefox";
  /** undefined: it is not installed. */
  readonly command: string | undefined;
  launch(): Promise<Browser>;
}

const found = (names: readonly string[]): string | undefined => names.find((name) => versionOf(name, "--version") !== undefined);
const chromiumCommand = found(["chromium", "chromium-browser", "google-chrome"]);
const firefoxCommand = found(["firefox-esr", "firefox"]);
const pathOf = (command: string | undefined): string => `/usr/bin/${command}`;

/** A machine that does much else at the same time takes minutes. */
const launchMs = 200_000;

export const drivenBrowsers: readonly DrivenBrowser[] = [
  {
    name: "Chromium",
    command: chromiumCommand,
    // Containers have no user namespaces for its sandbox; it sees nothing but our own pages.
    launch: () => chromium.launch({ executablePath: pathOf(chromiumCommand), args: ["--no-sandbox"], timeout: launchMs }),
  },
  {
    name: "Firefox",
    command: firefoxCommand,
    // A Firefox as it is released, by WebDriver BiDi. Playwright from 1.59 on asks it for commands that it doesn't have yet.
    launch: () => firefox.launch({ executablePath: pathOf(firefoxCommand), channel: "moz-firefox", timeout: launchMs }),
  },
];
