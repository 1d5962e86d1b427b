// The page of `sallyport inspect` in real browsers: paste, drop, the keyboard alone, an accessibility checker, hostile input.
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDemo } from "../support/demo.ts";
import { drivenBrowsers } from "../support/driven-browsers.ts";
import { run, type Running } from "../support/processes.ts";
import { root } from "../support/sources.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const recorded: readonly { readonly id: string; readonly hex: string }[] = JSON.parse(
  readFileSync(new URL("../vectors/data/clienthellos.json", import.meta.url), "utf8"),
);
const helloOf = (id: string): string => recorded.find((each) => each.id === id)?.hex ?? "";
const failed = `client: ${helloOf("stm32-secp224r1")}\n\nserver: 15030300020228\n`;
const home = mkdtempSync(join(tmpdir(), "sallyport-inspect-"));

let server: Running;
let address = "";
beforeAll(async () => {
  await run(process.execPath, ["packages/inspect/build.mjs"], "", { cwd: root });
  server = startDemo(["inspect"], { timeoutMs: 900_000 });
  address = (await server.saw(/Open (http:\/\/localhost:\d+\/) /, 60_000))[1] ?? "";
}, 90_000);
afterAll(async () => {
  await server?.stop();
  rmSync(home, { recursive: true, force: true });
});

describe.each(drivenBrowsers.map((browser) => [browser.name, browser] as const))("%s", (name, driven) => {
  const absent = driven.command === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
  let browser: Browser;
  let page: Page;
  /** What the page asked any network for, itself left out, and what it complained of. */
  const asked: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    if (absent) return;
    browser = await driven.launch();
    page = await browser.newPage();
    page.on(
      "request",
      (request) => void (request.url() !== address && !request.url().startsWith("data:") && asked.push(request.url())),
    );
    page.on("pageerror", (error) => void complaints.push(error.message));
    page.on("dialog", (dialog) => {
      complaints.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(address, { timeout: 120_000 });
  }, 360_000);
  afterAll(() => browser?.close());

  const clear = async (): Promise<void> => {
    await page.click("#clear");
    await expect.poll(() => page.textContent("#status"), { timeout: 20_000 }).toBe("");
  };
  const put = async (text: string): Promise<void> => {
    await clear();
    await page.fill("#text", text);
  };
  const status = async (pattern: RegExp): Promise<string> => {
    await expect.poll(() => page.textContent("#status"), { timeout: 20_000 }).toMatch(pattern);
    return (await page.textContent("#status")) ?? "";
  };
  const focused = (): Promise<string> =>
    page.evaluate(
      () =>
        `${document.activeElement?.getAttribute("role") ?? document.activeElement?.tagName.toLowerCase()} ${document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent?.trim().replace(/\s+/g, " ") ?? ""}`,
    );

  test("hex that is pasted becomes a diagram, with the reason, the remedy and what each kind of server says", async ({
    skip,
  }) => {
    skip(absent, `${name} is not installed`);
    await put(failed);
    expect(await status(/secp224r1/)).toMatch(/Alert handshake_failure \(40\)\. 2 steps are shown\./);
    expect(await page.locator("[role=tab]").allTextContents()).toEqual([
      "client: client_hello in clear, 116 bytes",
      "server: handshake_failure alert, 7 bytes",
    ]);
    const told = (await page.textContent("#result")) ?? "";
    expect(told).toContain("MBEDTLS_ECP_DP_SECP256R1_ENABLED");
    expect(await page.locator(".refuses").count()).toBeGreaterThanOrEqual(6);
  });

  test("a field that is pointed at has its bytes marked, and a byte leads to its field", async ({ skip }) => {
    skip(absent, `${name} is not installed`);
    await put(failed);
    await status(/secp224r1/);
    await page.hover(".row:has(> .name:text-is('legacy_version'))");
    expect(await page.locator(".octets .marked").allTextContents()).toEqual(["03", "03"]);
    expect(await page.textContent("#where")).toBe("legacy_version: bytes 9 to 10: 03 03");
    await page.click(".octets [data-at='46']");
    expect(await focused()).toBe("treeitem cipher_suite TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 (0xc02b)");
    expect(await page.locator(".octets .marked").allTextContents()).toEqual(["c0", "2b"]);
  });

  test("a capture that is dropped is read as one connection, and says its name", async ({ skip }) => {
    skip(absent, `${name} is not installed`);
    await clear();
    await page.evaluate(
      (bytes) => {
        const files = new DataTransfer();
        files.items.add(new File([Uint8Array.from(bytes)], "failed.pcap"));
        document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
      },
      [...capture(helloOf("stm32-secp224r1"), "15030300020228")],
    );
    await status(/secp224r1/);
    expect(await page.textContent("#chosen")).toContain("failed.pcap");
    expect(await page.locator("[role=tab]").count()).toBe(2);
    await page.click("#chosen button");
    await expect.poll(() => page.textContent("#status")).toBe("");
  });

  test("the keyboard alone goes from the text to a field's bytes", async ({ skip }) => {
    skip(absent, `${name} is not installed`);
    await page.reload();
    const tabTo = async (wanted: RegExp): Promise<void> => {
      for (let tries = 0; tries < 12; tries++) {
        await page.keyboard.press("Tab");
        if (wanted.test(await focused())) return;
      }
      throw new Error(`the Tab key doesn't reach ${wanted}, but ${await focused()}`);
    };
    await tabTo(/^a To the result/);
    await tabTo(/^textarea/);
    await page.keyboard.type("16030300020228 15030300020228");
    await page.keyboard.press("Control+Enter");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("server: 15030300020228");
    await page.keyboard.press("Control+Enter");
    await tabTo(/^tab .*handshake_failure/);
    await tabTo(/^treeitem record/);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    expect(await focused()).toBe("treeitem content_type alert (21)");
    await page.keyboard.press("End");
    expect(await focused()).toBe("treeitem description handshake_failure (40)");
    expect(await page.textContent("#where")).toBe("description: byte 6: 28");
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowLeft");
    expect(await page.getAttribute("[role=treeitem]", "aria-expanded")).toBe("false");
    expect(await page.evaluate(() => document.activeElement?.matches(":focus-visible"))).toBe(true);
  });

  test("the arrow keys go through the steps, and one tab is in the order of focus", async ({ skip }) => {
    skip(absent, `${name} is not installed`);
    await put(failed);
    await status(/secp224r1/);
    await page.focus("#tab-0");
    await page.keyboard.press("ArrowDown");
    expect(await page.getAttribute("#tab-1", "aria-selected")).toBe("true");
    expect(await page.locator("[role=tab][tabindex='0']").count()).toBe(1);
    expect(await page.textContent("#step h3")).toBe("handshake_failure");
  });

  test.each([
    ["empty", ""],
    ["failed", failed],
    ["broken", `1603010030010000ff0303${"00".repeat(40)}`],
    ["a log", "wolfSSL error occurred, error = -313"],
  ])("an accessibility checker finds nothing wrong: %s", async (_, text) => {
    if (absent) return expect(driven.command).toBeUndefined();
    for (const colorScheme of ["light", "dark"] as const) {
      if (name === "Chromium") await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await put(text);
      if (text !== "") await status(/./);
      await page.evaluate(axe);
      const violations = await page.evaluate(async () => {
        const { axe: checker } = window as unknown as {
          axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
        };
        return (await checker.run()).violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`,
        );
      });
      expect(violations, colorScheme).toEqual([]);
    }
  });

  test("markup in a server's name is text, in a log too, and nothing runs", async ({ skip }) => {
    skip(absent, `${name} is not installed`);
    const hostile = '<img src=x onerror="owned=1"><script>owned=1</script>\u001b[2J';
    await put(helloTo(hostile));
    await status(/./);
    expect(await page.textContent("#result")).toContain("<script>owned=1</script>");
    expect(await page.locator("#result img, #result script").count()).toBe(0);
    await put(`wolfSSL error occurred, error = -313 ${hostile}`);
    await status(/./);
    expect(await page.evaluate(() => "owned" in window)).toBe(false);
    expect(await page.locator("#result img, #result script").count()).toBe(0);
  });

  test("too much is refused in words, and the page goes on", async ({ skip }) => {
    skip(absent, `${name} is not installed`);
    await clear();
    await page.evaluate(() => {
      const files = new DataTransfer();
      files.items.add(new File([new Uint8Array((16 << 20) + 1)], "huge.pcap"));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
    });
    await status(/huge\.pcap is too large: at most 16 MiB are read/);
    await page.evaluate(() => {
      const area = document.querySelector("textarea");
      if (area === null) throw new TypeError("no textarea");
      area.value = "16".repeat(3 << 20);
      area.dispatchEvent(new Event("input"));
    });
    await status(/too long/);
    await put(failed);
    await status(/secp224r1/);
  });

  test("binary noise, and a message of tens of thousands of fields, are shown to a bound", async ({ skip }) => {
    skip(absent, `${name} is not installed`);
    await clear();
    await page.evaluate(() => {
      const files = new DataTransfer();
      files.items.add(new File([Uint8Array.from({ length: 100_000 }, (_, at) => (at * 7919) & 255)], "noise.bin"));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
    });
    await status(/./);
    await clear();
    await page.evaluate(() => {
      const suites = 15_000;
      const vector = (prefix: number, hex: string): string => `${(hex.length / 2).toString(16).padStart(2 * prefix, "0")}${hex}`;
      const message = `01${vector(3, `0303${"11".repeat(32)}00${vector(2, "1301".repeat(suites / 2))}0100`)}`;
      const area = document.querySelector("textarea");
      if (area === null) throw new TypeError("no textarea");
      area.value = `160301${vector(2, message)}`;
      area.dispatchEvent(new Event("input"));
    });
    await status(/1 step is shown/);
    expect(await page.evaluate(() => document.querySelectorAll("*").length)).toBeLessThan(20_000);
  });

  test("no request left the page, and it complained of nothing", ({ skip }) => {
    skip(absent, `${name} is not installed`);
    expect(asked).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("written to a folder it is one file, which works without a server", async ({ skip }) => {
    skip(absent, `${name} is not installed`);
    const writing = startDemo(["inspect", "--out", join(home, name)]);
    await writing.ended;
    const own = await browser.newPage();
    await own.goto(pathToFileURL(join(home, name, "index.html")).href);
    await own.fill("#text", failed);
    await expect.poll(() => own.textContent("#status"), { timeout: 20_000 }).toContain("secp224r1");
    await own.close();
  });
});

/** A ClientHello that asks for that name. */
function helloTo(serverName: string): string {
  const vector = (prefix: number, hex: string): string => `${(hex.length / 2).toString(16).padStart(2 * prefix, "0")}${hex}`;
  const names = vector(2, `00${vector(2, Buffer.from(serverName).toString("hex"))}`);
  const body = `0303${"11".repeat(32)}00${vector(2, "c02b")}0100${vector(2, `0000${vector(2, names)}`)}`;
  return `160301${vector(2, `01${vector(3, body)}`)}`;
}

/** A pcap of one connection, a segment a side. */
function capture(client: string, server_: string): Buffer {
  const segment = (from: number, to: number, payload: Buffer): Buffer => {
    const packet = Buffer.alloc(40 + payload.length);
    packet[0] = 0x45;
    packet.writeUInt16BE(packet.length, 2);
    packet[9] = 6;
    packet.set([10, 0, 0, from === 443 ? 2 : 1, 10, 0, 0, from === 443 ? 1 : 2], 12);
    packet.writeUInt16BE(from, 20);
    packet.writeUInt16BE(to, 22);
    packet.writeUInt32BE(1, 24);
    packet[32] = 0x50;
    packet[33] = 16;
    packet.set(payload, 40);
    const header = Buffer.alloc(16);
    header.writeUInt32LE(packet.length, 8);
    header.writeUInt32LE(packet.length, 12);
    return Buffer.concat([header, packet]);
  };
  const start = Buffer.alloc(24);
  start.writeUInt32LE(0xa1b2c3d4, 0);
  start.writeUInt32LE(101, 20); // packets of IP without a frame
  return Buffer.concat([
    start,
    segment(50_000, 443, Buffer.from(client, "hex")),
    segment(443, 50_000, Buffer.from(server_, "hex")),
  ]);
}
