// Browsers meet a server whose CA they don't know: what they say, alert by alert, is told by the server's
// own events.
import { createHash } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { json } from "node:stream/consumers";
import { type ClientHello, type ProtocolVersion, type Registered, TlsError } from "@sallyport/core";
import { signer } from "@sallyport/crypto-node";
import { createServer } from "@sallyport/node";
import { credential } from "@sallyport/x509";
import { afterAll, describe, expect, test } from "vitest";
import { type Browser, browsers } from "../support/browsers.ts";
import { listen, server } from "../support/endpoints.ts";
import { makePki } from "../support/pki.ts";

const pki = await makePki();

const open: { close(): unknown }[] = [];
function closing<T extends { close(): unknown }>(thing: T): T {
  open.push(thing);
  return thing;
}
const lines: string[] = [];
afterAll(() => {
  for (const thing of open.splice(0)) thing.close();
  console.log(lines.join("\n"));
});

describe.each(browsers.map((browser) => [browser.name, browser] as const))("%s", (name, browser) => {
  const absent = browser.command === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;

  test("tells a self-signed server by an alert that it doesn't trust it, in TLS 1.2 as well, and tries again", async ({
    skip,
  }) => {
    skip(absent, `${name} is not installed`);
    const left: Left[] = [];
    const [newer, older] = await Promise.all([selfSigned("tls1.3", left), selfSigned("tls1.2", left)]);
    await visiting(browser, [newer, older, newer], async (answers) => {
      expect(answers).toEqual(["TypeError", "TypeError"]);
      const before = left.length;
      await expect.poll(() => left.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(before + 2); // the page itself, tried twice
    });
    lines.push(`${name} and a self-signed server:`, ...left.map((each, at) => `  ${at + 1}. ${Object.values(each).join(", ")}`));

    const alert = name === "Chromium" ? "certificate_unknown" : "bad_certificate";
    expect(new Set(left.map((each) => each.alert))).toEqual(new Set([alert]));
    // Under keys in TLS 1.3. In TLS 1.2 Chromium doesn't finish the handshake, and Firefox ends it first.
    const facts = (version: ProtocolVersion): ReadonlySet<string> =>
      new Set(left.filter((each) => each.version === version).map(({ when, how }) => `${when}, ${how}`));
    expect(facts("tls1.3")).toEqual(new Set(["handshake, under keys"]));
    expect(facts("tls1.2")).toEqual(new Set([name === "Chromium" ? "handshake, in clear" : "connection, under keys"]));
    // More connections than there were requests, and all of one client: retries, as a server recognises them.
    expect(left.length).toBeGreaterThan(3);
    expect(new Set(left.map(({ client }) => client)).size).toBe(1);
  }, 175_000);
});

/** A page of its own asks the first two servers, one behind the other, tells what came of it, and goes to the third as a user would. */
async function visiting(
  browser: Browser,
  [first, second, third]: readonly [number, number, number],
  meanwhile: (answers: unknown) => Promise<void>,
): Promise<void> {
  const ask = (port: number): string =>
    `await fetch("https://localhost:${port}/").then((all) => all.text()).catch(({ name }) => name)`;
  const script = `(async () => {
    const answers = [${ask(first)}, ${ask(second)}];
    await fetch("/", { method: "POST", body: JSON.stringify(answers) });
    location = "https://localhost:${third}/";
  })()`;
  const web = closing(createHttpServer());
  const posted = new Promise<unknown>((resolve) => {
    web.on("request", async (request, response) => {
      if (request.method === "POST") resolve(await json(request));
      response.setHeader("content-type", "text/html");
      response.end(request.method === "POST" ? "" : `<!doctype html><script>${script}</script>`);
    });
  });
  const opened = browser.open(`http://localhost:${await listen(web)}/`, 170_000);
  try {
    await meanwhile(await posted);
  } finally {
    await opened.close();
  }
}

/** One connection that ended badly. */
interface Left {
  readonly version: ProtocolVersion;
  readonly alert: string;
  readonly how: "under keys" | "in clear";
  /** Before our handshake was complete, or behind it. */
  readonly when: "handshake" | "connection";
  readonly client: string;
}

async function selfSigned(version: ProtocolVersion, left: Left[]): Promise<number> {
  const { chainPem, keyPem } = await pki.leaf({ issuer: "self" });
  const credentials = [credential({ chain: chainPem, signer: signer(keyPem) })] as const;
  const tls = closing(createServer({ accept: server({ versions: [version], credentials, alpn: ["http/1.1"] }) }));
  const note = (when: Left["when"], error: Error, hello: ClientHello | undefined): void => {
    const told = error instanceof TlsError && error.kind === "alert-received" ? error.context : undefined;
    const alert = told?.description.name ?? error.message;
    left.push({ version, alert, how: told?.authenticated ? "under keys" : "in clear", when, client: fingerprint(hello) });
  };
  tls.on("tlsClientError", (error) => note("handshake", error, error.clientHello));
  tls.on("secureConnection", (socket) => socket.on("error", (error) => note("connection", error, socket.clientHello)).resume());
  return listen(tls);
}

/** The same for each try of one browser: what it offers, but for what it draws anew each time (GREASE, and the order of extensions). */
function fingerprint(hello: ClientHello | undefined): string {
  const steady = (given: readonly Registered[] = []): readonly number[] =>
    given
      .map(({ id }) => id)
      .filter((id) => (id & 0x0f0f) !== 0x0a0a)
      .sort((one, other) => one - other);
  const offered = [steady(hello?.cipherSuites), steady(hello?.extensions.map(({ type }) => type)), steady(hello?.groups)];
  return createHash("sha256").update(JSON.stringify(offered)).digest("hex").slice(0, 8);
}
