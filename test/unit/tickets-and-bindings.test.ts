// How many tickets are asked for and given (RFC 9149), and channel bindings (RFC 9266, RFC 5929).
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  type ClientOptions,
  clientConfig,
  ConfigError,
  dangerousRawPsk,
  memoryClientSessions,
  type ServerOptions,
  ticketKeys,
} from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { serverEndPoint } from "@sallyport/x509";
import { converse, establishedPair, makePair, type PairOptions } from "../support/pair.ts";
import { extensionsTls12, ScriptedClientTls12 } from "../support/scripted-tls12.ts";
import { now, seededRandom, trusting } from "../support/seeded.ts";

describe("tickets", () => {
  const server: Partial<ServerOptions> = { sessions: ticketKeys({ random: seededRandom("tickets"), now }) };
  const come = (pair: ReturnType<typeof makePair>): number =>
    pair.client.events.filter(({ kind }) => kind === "new-session").length;
  const meet = (tickets: ClientOptions["tickets"], sessions = memoryClientSessions(), options: PairOptions = {}) => {
    const pair = makePair({
      seed: String(Math.random()),
      ...options,
      server: { ...server, ...options.server },
      client: { sessions, ...(tickets && { tickets }) },
    });
    converse(pair);
    return { come: come(pair), kind: pair.client.established.info.handshakeKind };
  };

  test.each<[ClientOptions["tickets"], number, number]>([
    [undefined, 2, 1],
    [{ new: 1, resumed: 0 }, 1, 0],
    [{ new: 4, resumed: 3 }, 4, 3],
    [{ new: 16, resumed: 16 }, 8, 8],
  ])(
    "%j: as many as the client asks for, behind a new session and behind a resumed one, within bounds",
    (asked, fresh, resumed) => {
      const sessions = memoryClientSessions();
      expect(meet(asked, sessions)).toEqual({ come: fresh, kind: "full" });
      expect(meet(asked, sessions)).toEqual({ come: resumed, kind: "resumed" });
      expect(meet(asked, memoryClientSessions(), { retry: true })).toEqual({ come: fresh, kind: "full-after-retry" });
      const psk = dangerousRawPsk({ identity: Uint8Array.of(1), key: seededRandom("key")(32), hash: "sha256" });
      expect(meet(asked, memoryClientSessions(), { psks: [psk] })).toEqual({ come: fresh, kind: "psk" });
    },
  );

  test("none is none, also for what is seen of it", () => {
    expect(meet({ new: 0, resumed: 0 }).come).toBe(0);
    expect(meet({ new: 3, resumed: 0 }, memoryClientSessions(), { server: { sessions: undefined as never } }).come).toBe(0);
  });

  test.each<[object, string]>([
    [{ tickets: { new: 17, resumed: 1 } }, "not-a-count tickets.new"],
    [{ tickets: { new: 1, resumed: -1 } }, "not-a-count tickets.resumed"],
    [{ tickets: { new: 1.5, resumed: 1 } }, "not-a-count tickets.new"],
    [{ tickets: { new: 1 } }, "not-a-count tickets.resumed"],
    [{ tickets: 2 }, "wrong-type tickets"],
    [{ tickets: { new: 1, resumed: 1, old: 1 } }, "unknown-option tickets.old"],
    [{ tickets: { new: 1, resumed: 1 }, sessions: undefined }, "missing-option sessions"],
    [{ tickets: { new: 1, resumed: 1 }, versions: ["tls1.2"] }, "other-version tickets"],
  ])("%j is refused", (options, problem) => {
    try {
      clientConfig({ provider: node, now, verifier: trusting, sessions: memoryClientSessions(), ...options } as ClientOptions);
      expect.unreachable();
    } catch (thrown) {
      expect(thrown instanceof ConfigError && thrown.problems.map(({ kind, path }) => `${kind} ${path}`)).toEqual([problem]);
    }
  });
});

describe("tls-exporter", () => {
  test.each(["tls1.3", "tls1.2"] as const)("%s: 32 bytes that both ends have, and no other connection", (version) => {
    const seen = new Set<string>();
    for (const seed of ["one", "two"]) {
      const { both } = establishedPair({ version, seed });
      const [client, server] = both.map((connection) => {
        const binding = connection.channelBinding();
        return binding.kind === "exported" ? Buffer.from(binding.keyingMaterial).toString("hex") : binding.kind;
      });
      expect(client).toMatch(/^[0-9a-f]{64}$/);
      expect(server).toBe(client);
      seen.add(String(client));
    }
    expect(seen.size).toBe(2);
  });

  test("TLS 1.2 without extended master secret has none", () => {
    const { connection } = new ScriptedClientTls12().leaveOut(extensionsTls12.extendedMasterSecret).to("CONNECTED").machine;
    expect(connection?.channelBinding()).toEqual({ kind: "unavailable", reason: "no-extended-master-secret" });
  });
});

describe("tls-server-end-point", () => {
  interface EndPoint {
    readonly signature: string;
    readonly certificate: string;
    readonly binding: string | null;
  }
  const endPoints: readonly EndPoint[] = JSON.parse(
    readFileSync(new URL("../vectors/data/end-points.json", import.meta.url), "utf8"),
  );

  // Made by `openssl req -x509` and `openssl dgst`.
  test.each(endPoints.map((endPoint) => [endPoint.signature, endPoint] as const))(
    "of a certificate signed by %s",
    (_, { certificate, binding }) => {
      const hashed = serverEndPoint(Uint8Array.from(Buffer.from(certificate, "base64")), node);
      expect(hashed === undefined ? null : Buffer.from(hashed).toString("hex")).toBe(binding);
    },
  );
  test("is undefined where the provider lacks the hash", () => {
    const { certificate = "" } = endPoints.find(({ signature }) => signature === "ecdsa-with-SHA512") ?? {};
    const provider = { hashes: node.hashes.filter(({ name }) => name !== "sha512") };
    expect(serverEndPoint(Uint8Array.from(Buffer.from(certificate, "base64")), provider)).toBeUndefined();
  });
});
