// The same bytes to two of ours, and to us and node:tls: both take them, both refuse them, or the difference stands explained.
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer as createNodeTls, type TLSSocket } from "node:tls";
import { test as property } from "@fast-check/vitest";
import { anyHellos, ClientPeer, converseOver, describeAccount, faults, type PeerScript, plainPeer } from "@sallyport/arbitraries";
import { node } from "@sallyport/crypto-node";
import { createServer } from "@sallyport/node";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cases, play } from "../fuzz/cases.ts";
import { server as config, tlsServer } from "../support/endpoints.ts";

describe("noble and node:crypto", () => {
  property.prop([cases], { numRuns: 4 })("give the same answer to the same peer", (one) => {
    const verdict = (provider: "node" | "noble"): object => {
      const { machine, account: { reach, peer } } = play(provider, one);
      const { failure, connection, state, data, stages } = machine;
      return { reach, alerts: peer.alerts, error: failure?.error.kind, told: failure?.alert, state, kind: connection?.info.handshakeKind, data, stages };
    };
    expect(verdict("noble")).toEqual(verdict("node"));
  });
});

/** Why one takes what the other refuses: `ours` and `theirs` as `verdictOf` says it. */
const explained: readonly { readonly because: string; readonly fits: (script: PeerScript, ours: string, theirs: string) => boolean }[] = [
  { because: "a name that no certificate covers is answered by OpenSSL, whatever it is; ours was told to, too, if it is a name at all (RFC 6066 §3)", fits: ({ hello: { serverName }, faults: [fault] }, ours) => ours === "refused" && (fault !== undefined || serverName === "" || serverName?.includes("\0") === true || serverName === "1.2.3.4") },
  { because: "OpenSSL decodes no extension that it has no use for, and forgives a fault there", fits: ({ faults: [fault] }, ours) => ours === "refused" && fault?.layer === "extension" },
  { because: "max_fragment_length and encrypt_then_mac are not ours, and their bodies not looked at (RFC 6066 §4, RFC 7366)", fits: ({ faults: [fault] }, _, theirs) => theirs === "refused" && fault?.layer === "extension" && fault.act === "insert" },
  { because: "a hello without shares, or without one that fits: OpenSSL asks for one also where TLS 1.2 was as good", fits: (_, ours, theirs) => ours === "tls1.3" && theirs === "tls1.2" || ours === "tls1.2" && theirs === "tls1.3" },
];

describe("a mutated ClientHello", () => {
  const serve = (socket: NodeJS.ReadWriteStream): void => void socket.on("error", () => {}).on("end", () => socket.end()).resume();
  const ourConfig = config({ alpn: ["h2", "http/1.1"], servesAnyName: true });
  const ours = createServer({ accept: () => ourConfig }, serve).on("tlsClientError", () => {});
  const atOnce = createServer({ accept: ourConfig }, serve).on("tlsClientError", () => {});
  const theirs = createNodeTls({ ...tlsServer, minVersion: "TLSv1.2", ALPNProtocols: ["h2", "http/1.1"] }, serve as (socket: TLSSocket) => void);
  beforeAll(async () => {
    for (const server of [ours, atOnce, theirs.on("tlsClientError", () => {})]) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    }
  });
  afterAll(() => {
    for (const server of [ours, atOnce, theirs]) server.close();
  });

  const scripts = fc.sample(
    fc.oneof(
      anyHellos().map((hello) => plainPeer("client", { hello })),
      faults(["message", "extension"]).map((fault) => plainPeer("client", { faults: [{ ...fault, at: 0 }] })),
    ),
    { numRuns: 30, seed: 8446 },
  ).map((script) => ({ ...script, talk: [{ kind: "close" }] as const }));

  test("is answered alike by a server that was given a config, and by one that chooses it", async () => {
    for (const script of scripts.slice(0, 10)) {
      const [one, other] = [await verdictOf(atOnce, script), await verdictOf(ours, script)];
      expect([one.kind, one.alerts], one.text).toEqual([other.kind, other.alerts]);
    }
  });

  test("is answered as node:tls answers it, or the difference stands explained", async () => {
    const surprises: string[] = [];
    for (const script of scripts) {
      const [own, other] = [await verdictOf(ours, script), await verdictOf(theirs, script)];
      if (own.kind === other.kind || explained.some(({ fits }) => fits(script, own.kind, other.kind))) continue;
      surprises.push(`${own.text}\nnode:tls:\n${other.text}`);
    }
    expect(surprises).toEqual([]);
  });
});

async function verdictOf(server: { address(): unknown }, script: PeerScript): Promise<{ readonly kind: string; readonly alerts: readonly number[]; readonly text: string }> {
  const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => {});
  await once(socket, "connect");
  const peer = new ClientPeer(script, { provider: node });
  const account = await converseOver(peer, socket, { write: (bytes) => void socket.write(bytes), end: () => void socket.end(), patience: () => sleep(1500) });
  socket.destroy();
  const kind = peer.helloHeard ? (peer.spoken.some(({ epoch }) => epoch === "handshake") ? "tls1.3" : "tls1.2") : "refused";
  return { kind, alerts: peer.alerts, text: describeAccount(account) };
}
