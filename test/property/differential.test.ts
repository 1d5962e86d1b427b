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
import { extensionsIn } from "../../packages/arbitraries/src/hello.ts";
import { extensionTypes } from "../../packages/arbitraries/src/numbers.ts";
import { type Extension, sameBytes } from "../../packages/arbitraries/src/octets.ts";
import { cases, play } from "../fuzz/cases.ts";
import { server as config, tlsServer } from "../support/endpoints.ts";

describe("noble and node:crypto", () => {
  property.prop([cases], { numRuns: 4 })("give the same answer to the same peer", (one) => {
    const verdict = (provider: "node" | "noble"): object => {
      const {
        machine: { failure, connection, state, data },
        account: { reach, peer },
      } = play(provider, one);
      // Not what lies on the way: a signature has a byte more or less, so that a cut falls elsewhere.
      return {
        reach,
        alerts: peer.alerts,
        error: failure?.error.kind,
        told: failure?.alert,
        state,
        kind: connection?.info.handshakeKind,
        data,
      };
    };
    expect(verdict("noble")).toEqual(verdict("node"));
  });
});

/** Of a hello, and of both answers to it. */
interface Difference {
  readonly script: PeerScript;
  /** The extension that is not what a plain client says there, by its number. */
  readonly touched: number | undefined;
  readonly ours: string;
  readonly theirs: string;
}
const {
  server_name,
  max_fragment_length,
  ec_point_formats,
  encrypt_then_mac,
  extended_master_secret,
  renegotiation_info,
  psk_key_exchange_modes,
} = extensionTypes;
/** What OpenSSL has no use for here: in TLS 1.3 what is of TLS 1.2, and what it was not told to speak. */
const notDecoded: ReadonlySet<number> = new Set([
  ec_point_formats,
  extended_master_secret,
  renegotiation_info,
  extensionTypes.signed_certificate_timestamp,
  extensionTypes.client_certificate_type,
  extensionTypes.server_certificate_type,
  extensionTypes.compress_certificate,
  extensionTypes.record_size_limit,
  extensionTypes.cookie,
  extensionTypes.oid_filters,
  extensionTypes.ticket_request,
]);
const x448 = 0x001e;

/** Why one takes what the other refuses. */
const explained: readonly { readonly because: string; readonly fits: (difference: Difference) => boolean }[] = [
  {
    because: "a server_name that is none is illegal_parameter (RFC 6066 §3); OpenSSL answers whatever it says",
    fits: ({
      touched,
      ours,
      theirs,
      script: {
        hello: { serverName },
      },
    }) => refusedBy(ours, theirs) && (touched === server_name || serverName === "" || serverName?.includes("\0") === true),
  },
  {
    because:
      "a server_name of another type is passed over (RFC 6066 §3: its bytes are a vector); OpenSSL takes none but host_name",
    fits: ({ touched, ours, theirs }) => refusedBy(theirs, ours) && touched === server_name,
  },
  {
    because:
      "what is known is decoded, used or not (RFC 9846 §6.2: decode_error); OpenSSL decodes no extension that it has no use for",
    fits: ({ touched, ours, theirs }) => refusedBy(ours, theirs) && touched !== undefined && notDecoded.has(touched),
  },
  {
    because: "psk_key_exchange_modes is decoded in a hello of TLS 1.2 too; OpenSSL looks at it in TLS 1.3 alone",
    fits: ({ ours, theirs, script: { hello } }) =>
      ours === "refused" && theirs === "tls1.2" && (hello.more.includes(psk_key_exchange_modes) || hello.pskModes?.length === 0),
  },
  {
    because: "max_fragment_length and encrypt_then_mac are not ours, and their bodies not looked at (RFC 6066 §4, RFC 7366)",
    fits: ({ touched, ours, theirs }) =>
      refusedBy(theirs, ours) && (touched === max_fragment_length || touched === encrypt_then_mac),
  },
  {
    because: "OpenSSL asks for a share of x448, which the scripted client offered and can't make",
    fits: ({ ours, theirs, script: { hello } }) =>
      refusedBy(theirs, ours) && hello.groups?.includes(x448) === true && hello.shares?.includes(x448) !== true,
  },
];
function refusedBy(one: string, other: string): boolean {
  return one === "refused" && other !== "refused";
}

describe("a mutated ClientHello", () => {
  const serve = (socket: NodeJS.ReadWriteStream): void =>
    void socket
      .on("error", () => {})
      .on("end", () => socket.end())
      .resume();
  const ourConfig = config({ alpn: ["h2", "http/1.1"], servesAnyName: true });
  const ours = createServer({ accept: () => ourConfig }, serve).on("tlsClientError", () => {});
  const atOnce = createServer({ accept: ourConfig }, serve).on("tlsClientError", () => {});
  const theirs = createNodeTls(
    { ...tlsServer, minVersion: "TLSv1.2", ALPNProtocols: ["h2", "http/1.1"] },
    serve as (socket: TLSSocket) => void,
  );
  beforeAll(async () => {
    for (const server of [ours, atOnce, theirs.on("tlsClientError", () => {})]) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    }
  });
  afterAll(() => {
    for (const server of [ours, atOnce, theirs]) server.close();
  });

  const scripts = fc
    .sample(
      fc.oneof(
        anyHellos().map((hello) => plainPeer("client", { hello })),
        faults(["message", "extension"]).map((fault) => plainPeer("client", { faults: [{ ...fault, at: 0 }] })),
      ),
      { numRuns: 30, seed: 8446 },
    )
    .map((script) => ({ ...script, talk: [{ kind: "close" }] as const }));

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
      const difference = { script, touched: own.touched, ours: own.kind, theirs: other.kind };
      if (own.kind === other.kind || explained.some(({ fits }) => fits(difference))) continue;
      surprises.push(`${own.text}\nnode:tls:\n${other.text}`);
    }
    expect(surprises).toEqual([]);
  });
});

async function verdictOf(
  server: { address(): unknown },
  script: PeerScript,
): Promise<{
  readonly kind: string;
  readonly alerts: readonly number[];
  readonly text: string;
  readonly touched: number | undefined;
}> {
  const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true }).on(
    "error",
    () => {},
  );
  await once(socket, "connect");
  const peer = new ClientPeer(script, { provider: node });
  const account = await converseOver(peer, socket, {
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    patience: () => sleep(1500),
  });
  socket.destroy();
  const kind = peer.helloHeard ? (peer.spoken.some(({ epoch }) => epoch === "handshake") ? "tls1.3" : "tls1.2") : "refused";
  return {
    kind,
    alerts: peer.alerts,
    text: describeAccount(account),
    touched: script.faults.length === 0 ? undefined : touchedIn(peer),
  };
}

const plain = extensionsOf(new ClientPeer(plainPeer("client"), { provider: node }));
/** The first extension of its hello that is another than a plain one's, or has other bytes; a share is another one each time. */
function touchedIn(peer: ClientPeer): number | undefined {
  const isSame = (one: Extension, other: Extension | undefined): boolean =>
    one.type === other?.type &&
    (one.type === extensionTypes.key_share ? one.body.length === other.body.length : sameBytes(one.body, other.body));
  return extensionsOf(peer).find((each, at) => !isSame(each, plain[at]))?.type;
}
function extensionsOf(peer: ClientPeer): readonly Extension[] {
  if (peer.spoken.length === 0) peer.speak();
  const [hello] = peer.spoken;
  return hello === undefined ? [] : (extensionsIn(hello.content, "tls1.3")?.extensions ?? []);
}
