// No two connections have a secret in common, or anything random; and what must be sealed is not on the wire. Equal is what the
// protocol derives of nothing but an external PSK, a session's PSK where it is used, and a ticket's key where it is opened.
import { fc, test } from "@fast-check/vitest";
import {
  type CryptoProvider,
  dangerousRawPsk,
  type ExternalPsk,
  importedPsk,
  memoryClientSessions,
  ticketKeys,
} from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { describe, expect } from "vitest";
import { converse, makeClient, makeConfigs, makeServer, oldSingleUse, type Pair, type PairOptions } from "../support/pair.ts";
import { hex, type Known, type SecretWatch, watchSecrets } from "../support/secret-watch.ts";
import { keptSessions, now, seededCredential, seededRandom } from "../support/seeded.ts";
import { contentType, parseRecords } from "../support/wiretap.ts";

const lasting = seededRandom("secrets that last");
const [pskKey, importedKey] = [lasting(32), lasting(32)];
const psks: readonly ExternalPsk[] = [
  dangerousRawPsk({ identity: Uint8Array.of(1, 2, 3), key: pskKey, hash: "sha256" }),
  importedPsk({ identity: Uint8Array.of(4, 5), key: importedKey }),
];
const keys = ticketKeys({ random: lasting, now });

const kinds = fc.record({
  version: fc.constantFrom("tls1.3" as const, "tls1.2" as const),
  retry: fc.boolean(),
  clientAuth: fc.boolean(),
  sessions: fc.constantFrom("none" as const, "sealed" as const, "stored" as const),
  psk: fc.boolean(),
  early: fc.boolean(),
});
type Kind = typeof kinds extends fc.Arbitrary<infer Value> ? Value : never;

/** One connection, from hello to close, with data, new keys and exporters. */
interface Met extends Known {
  readonly pair: Pair;
  readonly kind: string;
  readonly said: readonly Uint8Array[];
}

function meetOften(
  { version, retry, clientAuth, sessions, psk, early }: Kind,
  times: number,
  watch: SecretWatch,
  provider: CryptoProvider = node,
): Met[] {
  const random = (): Uint8Array => node.random(40);
  const options: PairOptions = {
    version,
    retry,
    clientAuth: clientAuth && !psk,
    provider: (seed) => watch.provider(seed.endsWith("client") ? "client" : "server", provider),
    ...(psk && version === "tls1.3" && { psks }),
    client: sessions === "none" ? {} : { sessions: memoryClientSessions(), earlyData: early },
    server:
      sessions === "none"
        ? {}
        : {
            sessions: sessions === "sealed" ? keys : keptSessions(),
            ...(early && version === "tls1.3" && { earlyData: { maxBytes: 2000, singleUse: oldSingleUse() } }),
          },
  };
  // What configs derive belongs to no connection.
  watch.connection();
  const configs = makeConfigs(options);
  return Array.from({ length: times }, () => {
    const known = watch.connection();
    const said = [random(), random(), random()];
    const [ahead = random(), ...later] = said;
    const pair: Pair = {
      client: makeClient(configs.client, early ? { early: [ahead] } : {}),
      server: makeServer(configs.server, options),
    };
    converse(pair);
    for (const side of [pair.client, pair.server]) {
      const { established } = side;
      for (const bytes of later) side.send(bytes);
      if (version === "tls1.3") side.sent(established.updateKeys());
      for (const bytes of later) side.send(bytes);
      established.exportKeyingMaterial("EXPORTER-one", undefined, 32);
      established.exportKeyingMaterial("EXPORTER-two", Uint8Array.of(1), 32);
      converse(pair);
    }
    pair.client.sent(pair.client.established.close());
    converse(pair);
    return { ...known, pair, said, kind: pair.client.established.info.handshakeKind };
  });
}

/** What two of them have in common, and must not. */
function commonOf(met: readonly Known[]): string[] {
  const common: string[] = [];
  const first = new Map<string, { readonly at: number; readonly names: readonly string[] }>();
  const note = (value: string, at: number, names: readonly string[], isAllowed: (before: readonly string[]) => boolean): void => {
    const before = first.get(value);
    if (before === undefined) first.set(value, { at, names });
    else if (before.at !== at && !isAllowed(before.names))
      common.push(`${before.names.join("/")} of connection ${before.at} is ${names.join("/")} of connection ${at}`);
    // A PSK is used once: whoever comes third has it from the second.
    else if (before.at !== at) first.set(value, { at, names });
  };
  for (const [at, { secrets, publics }] of met.entries()) {
    for (const [value, names] of secrets) {
      const [own = "", ...others] = names;
      note(
        value,
        at,
        [...names],
        ([before]) => (own === before && own === "a ticket's") || (own === "psk" && before === "resumption"),
      );
      // The Finished keys and Finished, the binders and Hellos of TLS 1.2's PRF have no label that stands alone.
      if (others.length > 0 && !names.has("an HMAC"))
        common.push(`connection ${at} has one secret for ${[...names].join(" and ")}`);
    }
    for (const value of publics) note(value, at, ["what is random"], () => false);
  }
  return common;
}

const everything: Known[] = [];
const watch = watchSecrets([pskKey, importedKey, keys.current.secret]);

describe("any connections, of any kind, with sessions and PSKs that they have of each other", () => {
  test.prop([kinds], { numRuns: 40 })("have no secret and nothing random in common", (kind) => {
    const met = meetOften(kind, 4, watch);
    everything.push(...met);
    // So that nothing passes for want of sessions; TLS 1.2 gives none where one was taken up.
    const has = kind.sessions !== "none";
    const isTls13 = kind.version === "tls1.3";
    expect(met.map(({ kind: each }) => !each.startsWith("full"))).toEqual(
      isTls13 ? [kind.psk, kind.psk || has, kind.psk || has, kind.psk || has] : [false, has, false, has],
    );
    for (const { secrets } of met) expect(secrets.size).toBeGreaterThan(10);
    expect(commonOf(everything)).toEqual([]);
  });

  test.prop([kinds], { numRuns: 40 })("seal with keys of their own in each direction", (kind) => {
    for (const { sealedWith } of meetOften(kind, 2, watch)) {
      const by = (role: string): string[] =>
        [...sealedWith].filter((use) => use.startsWith(role)).map((use) => use.slice(role.length));
      expect(by("client").filter((key) => by("server").includes(key))).toEqual([]);
      expect(by("client").length).toBeGreaterThan(0);
    }
  });

  test.prop([kinds], { numRuns: 40 })("let nothing be seen, once there are keys, but that something is said", (kind) => {
    for (const { pair, secrets, said } of meetOften(kind, 2, watch)) {
      const wire = hex(pair.client.output) + hex(pair.server.output);
      for (const [value, names] of secrets)
        if (!names.has("an HMAC")) expect(wire.includes(value), `${[...names].join()} is on the wire`).toBe(false);
      for (const bytes of said) expect(wire.includes(hex(bytes)), "data is on the wire").toBe(false);
      if (kind.version === "tls1.3")
        for (const name of ["server", "client"])
          for (const der of seededCredential(name).chain)
            expect(wire.includes(hex(der)), "a certificate is on the wire").toBe(false);
      for (const side of [pair.client, pair.server]) expect(clearBehindKeys(side.output, side.role, kind.version)).toEqual([]);
    }
  });
});

describe("what this finds", () => {
  const plain: Kind = { version: "tls1.3", retry: false, clientAuth: false, sessions: "none", psk: false, early: false };
  test("random bytes that come again", () => {
    expect(
      commonOf(meetOften(plain, 2, watchSecrets([]), { ...node, random: (length) => new Uint8Array(length).fill(7) })),
    ).not.toEqual([]);
  });
  test("a key pair that is used again", () => {
    const [group] = node.groups.filter((each) => each.name === "x25519" && "start" in each);
    if (group === undefined || !("start" in group)) throw new Error("node:crypto has X25519");
    const pair = group.start();
    const found = commonOf(meetOften(plain, 2, watchSecrets([]), { ...node, groups: [{ ...group, start: () => pair }] }));
    expect(found).toEqual(["what is random of connection 0 is what is random of connection 1"]);
  });
  test("a PSK whose early secret counts as a connection's own", () => {
    expect(commonOf(meetOften({ ...plain, psk: true }, 2, watchSecrets([])))).not.toEqual([]);
  });
});

/** Records that are not sealed, behind the message that gave keys. */
function clearBehindKeys(output: Uint8Array, role: "client" | "server", version: "tls1.3" | "tls1.2"): string[] {
  const { records } = parseRecords(output);
  if (version === "tls1.2") {
    const change = records.findIndex(({ type }) => type === contentType.changeCipherSpec);
    // An alert has two bytes, and a Finished sixteen.
    return records
      .slice(change + 1)
      .filter(({ type, fragment }) => fragment.length < 16 + 2 || type === contentType.changeCipherSpec)
      .map(({ type }) => `content type ${type}`);
  }
  const hello = records.findLastIndex(({ type }) => type === contentType.handshake);
  const mayBeClear = ({ type, fragment }: { readonly type: number; readonly fragment: Uint8Array }): boolean =>
    type === contentType.changeCipherSpec && hex(fragment) === "01";
  // No more than hellos: one, or two behind HelloRetryRequest.
  const hellos = records
    .slice(0, hello + 1)
    .filter(({ type, fragment }) => type === contentType.handshake && fragment[0] !== (role === "client" ? 1 : 2));
  return [
    ...hellos,
    ...records.slice(hello + 1).filter((each) => each.type !== contentType.applicationData && !mayBeClear(each)),
  ].map(({ type }) => `content type ${type}`);
}
