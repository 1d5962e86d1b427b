// What the README advises for a private CA, by browsers that took the advice: the CA is trusted, connections are kept, sessions resumed.
import { createServer as createHttpServer } from "node:http";
import { json } from "node:stream/consumers";
import { ticketKeys } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { createServer, type TlsSocket } from "@sallyport/node";
import { credential } from "@sallyport/x509";
import { afterEach, describe, expect, test } from "vitest";
import { browsers, hasCertutil } from "../support/browsers.ts";
import { listen, server } from "../support/endpoints.ts";
import { makePki } from "../support/pki.ts";
import { shows } from "./shows.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});
const pki = await makePki();

/** Asks on connections that are kept, and then four times on one that the server ends behind its answer. */
const page = `<!doctype html><script>(async () => {
  const ask = (path) => fetch(path, { cache: "no-store" }).then((answer) => answer.text());
  const answers = [await ask("/kept"), await ask("/kept"), await ask("/kept")];
  for (let time = 0; time < 4; time++) {
    answers.push(await ask("/ended"));
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  await fetch("/told", { method: "POST", body: JSON.stringify(answers) });
})()</script>`;

describe.each(browsers.map((browser) => [browser.name, browser] as const))("%s", (name, browser) => {
  test.for(["tls1.3", "tls1.2"] as const)(
    "that trusts the CA keeps its connection, and resumes its session on the next (%s)",
    { timeout: 120_000 },
    async (version, { skip }) => {
      const absent = browser.command === undefined || !hasCertutil;
      skip(absent && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined, `${name} and certutil are not installed`);
      const leaf = await pki.leaf();
      const failures: string[] = [];
      const http = createHttpServer();
      const told = new Promise<unknown>((resolve) => {
        http.on("request", async (request, response) => {
          if (request.method === "POST") resolve(await json(request));
          const { info, remotePort } = request.socket as unknown as TlsSocket;
          response.setHeader("content-type", "text/html");
          if (request.url === "/ended") response.setHeader("connection", "close");
          response.end(request.url === "/" ? page : JSON.stringify([info?.handshakeKind, remotePort]));
        });
      });
      const config = server({
        versions: [version],
        alpn: ["http/1.1"],
        sessions: ticketKeys({ random: (length) => node.random(length), now: Date.now }),
        credentials: [credential({ chain: leaf.chainPem, signer: signer(leaf.keyPem) })],
      });
      const tls = createServer({ accept: config }, (socket) => void http.emit("connection", socket));
      tls.on("tlsClientError", ({ message }) => void failures.push(message));
      open.push(tls);
      const opened = browser.open(`https://localhost:${await listen(tls)}/`, 110_000, pki.ca.pem);
      open.push(opened);
      const answers = ((await told) as string[]).map((text) => JSON.parse(text) as [kind: string, port: number]);
      // It may open two at first, before it has a session, and takes what it has.
      const kept = new Set(answers.slice(0, 3).map(([, port]) => port));
      expect(kept.size).toBeLessThan(3);
      expect(answers.at(-1)?.[0]).toMatch(/^resumed/);
      expect(kept).not.toContain(answers.at(-1)?.[1]);
      // A browser may open a connection that it then doesn't use: that is no refusal.
      expect(failures.filter((message) => /certificate|unknown_ca/.test(message))).toEqual([]);
      if (version !== "tls1.3") return;
      for (const feature of ["full", "resumption", "alpn"] as const)
        shows({ peer: name.toLowerCase(), role: "server", version, feature });
    },
  );
});
