import type { Bytes } from "@sallyport/core";
import { hexOf } from "../../support/hex.ts";
import {
  changed,
  type Extension,
  extension,
  join,
  type Octets,
  record,
  repeat,
  replaced,
  text,
  u16,
  u32,
  v16,
  v8,
  without,
} from "../../support/octets.ts";
import {
  content,
  extensions,
  groups,
  ScriptedClient,
  type ScriptedClientOptions,
  type ScriptedSession,
} from "../../support/scripted-peer.ts";
import { ScriptedClientTls12 } from "../../support/scripted-tls12.ts";
import { expectEqual, type Stimuli } from "../outcome.ts";
import { externalClient, resumingClient, ticketsOf } from "../sessions.ts";

type Change = (client: ScriptedClient) => unknown;

/** A client that has said a hello with this change. */
function greet(change: Change, options: ScriptedClientOptions = {}): ScriptedClient {
  const client = new ScriptedClient(options).to("START");
  change(client);
  return client.say(client.encodedHello());
}
const greetEach = (...changes: readonly Change[]): ScriptedClient[] => changes.map((change) => greet(change));
const extend =
  (type: number, ...body: readonly Octets[]): Change =>
  (client) =>
    client.extend(extension(type, ...body));
const leaveOut =
  (...types: readonly number[]): Change =>
  (client) =>
    client.with(({ extensions: offered = [] }) => ({ extensions: without(offered, ...types) }));
const append =
  (...added: readonly Extension[]): Change =>
  (client) =>
    client.with(({ extensions: offered = [] }) => ({ extensions: [...offered, ...added] }));
const prepend =
  (...added: readonly Extension[]): Change =>
  (client) =>
    client.with(({ extensions: offered = [] }) => ({ extensions: [...added, ...offered] }));
const share = (group: number, bytes: Octets): Change => extend(extensions.keyShare, v16(u16(group), v16(bytes)));
const onlyP256: Change = extend(extensions.supportedGroups, v16(u16(groups.secp256r1)));
const onlyHybrid: Change = extend(extensions.supportedGroups, v16(u16(0x11ec)));
const both =
  (...changes: readonly Change[]): Change =>
  (client) => {
    for (const change of changes) change(client);
  };
const legacyVersion =
  (version: number): Change =>
  (client) =>
    client.with({ legacyVersion: version });

const identity = join(v16(text("a ticket that nobody knows")), u32(7));
const psk = extension(extensions.preSharedKey, v16(identity), v16(v8(repeat(32))));
const serverNames = (...names: readonly Octets[]): Change => extend(extensions.serverName, v16(...names));
const hostName = (name: Octets): Octets => join([0], v16(name));

export const clientHellos: Stimuli = {
  "SRV-CH-001": () => {
    const client = new ScriptedClient({ config: { versions: ["tls1.3"] } }).to("START");
    leaveOut(extensions.supportedVersions)(client);
    const output = client.machine.receive(record(content.handshake, client.encodedHello()));
    expectEqual(hexOf(output), "15030300020246", "the server's answer");
    client.listen(output);
    return [client];
  },
  "SRV-CH-002": () =>
    greetEach(
      extend(extensions.supportedVersions, v8(u16(0x0302, 0x7a7a))),
      extend(extensions.supportedVersions, v8(u16(0x7f1c))),
    ),
  "SRV-CH-003": () => greetEach(extend(extensions.supportedVersions, v8(u16(0x1a1a, 0x0304, 0xfafa)))),
  "SRV-CH-004": () => greetEach(both(legacyVersion(0x0300), leaveOut(extensions.supportedVersions)), legacyVersion(0x0300)),
  "SRV-CH-005": () => greetEach(...[0x0301, 0x0302, 0x0304].map(legacyVersion)),
  "SRV-CH-006": () =>
    [0x0304, 0x0305, 0x03ff].map((legacyVersion) => new ScriptedClientTls12().to("START").with({ legacyVersion }).greet()),
  "SRV-CH-007": () =>
    greetEach(...[0x0301, 0x0302].map((version) => both(legacyVersion(version), leaveOut(extensions.supportedVersions)))),
  "SRV-CH-008": () => greetEach((client) => client.with({ suites: [0xc02b, 0x00ff] })),
  "SRV-CH-013": () => greetEach((client) => client.with({ suites: [] })),
  "SRV-CH-014": () => greetEach((client) => client.with({ suites: Uint8Array.of(0x13, 0x01, 0x13) })),
  "SRV-CH-015": () =>
    greetEach(
      ...[[1], [0, 1], [1, 0]].map(
        (compression): Change =>
          (client) =>
            client.with({ compression }),
      ),
    ),
  "SRV-CH-016": () => greetEach((client) => client.with({ compression: [] })),
  "SRV-CH-018": () => greetEach((client) => client.with({ sessionId: repeat(33) })),
  "SRV-CH-019": () => [greet((client) => client.with({ extensions: undefined }), { config: { versions: ["tls1.3"] } })],
  "SRV-CH-021": () =>
    greetEach(
      append(extension(extensions.supportedVersions, v8(u16(0x0304)))),
      append(extension(0xfa5a, [1]), extension(0xfa5a, [2])),
      append(extension(extensions.padding), extension(extensions.padding)),
    ),
  "SRV-CH-022": () => greetEach(leaveOut(extensions.signatureAlgorithms)),
  "SRV-CH-023": () => greetEach(leaveOut(extensions.supportedGroups, extensions.keyShare)),
  "SRV-CH-024": () => greetEach(leaveOut(extensions.keyShare)),
  "SRV-CH-025": () => greetEach(leaveOut(extensions.supportedGroups)),
  "SRV-CH-026": () => [new ScriptedClient({ shares: [] }).to("RETRIED")],
  "SRV-CH-027": () =>
    greetEach(both(extend(extensions.supportedGroups, v16(u16(0x001e, 0x0015))), extend(extensions.keyShare, v16()))),
  "SRV-CH-028": () => [
    greet(extend(extensions.supportedGroups, v16(u16(groups.x25519))), { shares: [groups.x25519, groups.secp256r1] }),
  ],
  "SRV-CH-029": () => [greet(() => {}, { shares: [groups.x25519, groups.x25519] })],
  "SRV-CH-030": () =>
    greetEach(
      share(groups.x25519, repeat(31, 9)),
      share(groups.x25519, repeat(33, 9)),
      both(onlyP256, share(groups.secp256r1, join([4], repeat(63, 9)))),
      both(onlyP256, share(groups.secp256r1, join([4], repeat(65, 9)))),
    ),
  "SRV-CH-031": () =>
    greetEach(
      both(onlyP256, share(groups.secp256r1, join([4], repeat(64, 1)))),
      both(onlyP256, share(groups.secp256r1, repeat(65, 0))),
    ),
  "SRV-CH-032": () => {
    // The base point, whose other forms are right too.
    const x = Buffer.from("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296", "hex");
    const y = Buffer.from("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5", "hex");
    return greetEach(
      ...[
        [2, ...x],
        [3, ...x],
        [6, ...x, ...y],
        [7, ...x, ...y],
      ].map((point) => both(onlyP256, share(groups.secp256r1, point))),
    );
  },
  "SRV-CH-033": () => greetEach(share(groups.x25519, repeat(32)), share(groups.x25519, join([1], repeat(31)))),
  "SRV-CH-034": () => greetEach(share(groups.x25519, [])),
  "SRV-CH-035": () => greetEach(extend(extensions.supportedGroups, v16(u16(groups.x25519, groups.x25519)))),
  "SRV-CH-036": () => greetEach(extend(extensions.supportedGroups, v16())),
  "SRV-CH-037": () => greetEach(extend(extensions.supportedVersions, v8()), extend(extensions.supportedVersions, v8([3, 4, 3]))),
  "SRV-CH-038": () =>
    greetEach(extend(extensions.signatureAlgorithms, v16()), extend(extensions.signatureAlgorithms, v16([4, 3, 8]))),
  "SRV-CH-039": () => greetEach(extend(extensions.signatureAlgorithms, v16(u16(0x0807, 0x0401)))),
  "SRV-CH-040": () => [
    ...greetEach(prepend(psk), append(psk, extension(0xfa5a))),
    ...[new ScriptedClient({ shares: [] }).extend(psk).to("RETRIED")].map((client) => {
      client.with(({ extensions: offered = [] }) => ({
        extensions: [psk, client.keyShare(groups.x25519), ...without(offered, psk.type, extensions.keyShare)],
      }));
      return client.say(client.encodedHello());
    }),
  ],
  "SRV-CH-041": () => [
    ...greetEach(both(leaveOut(extensions.pskModes), append(psk))),
    ...[resumingClient, externalClient].map((make) =>
      make()
        .with(({ extensions: offered = [] }) => ({ extensions: without(offered, extensions.pskModes) }))
        .to("WAIT_FINISHED"),
    ),
  ],
  "SRV-CH-042": () => greetEach(extend(extensions.pskModes, v8())),
  "SRV-CH-043": () => [
    ...greetEach(
      append(extension(extensions.preSharedKey, v16(identity, identity), v16(v8(repeat(32))))),
      append(extension(extensions.preSharedKey, v16(identity), v16(v8(repeat(32)), v8(repeat(32))))),
    ),
    ...offered(undefined, (right) => [...right, repeat(32)]),
    ...offered(ticketsOf(), (right) => right.slice(0, 1)),
  ],
  "SRV-CH-044": () => [
    ...greetEach(
      append(extension(extensions.preSharedKey, v16(), v16(v8(repeat(32))))),
      append(extension(extensions.preSharedKey, v16(identity), v16())),
    ),
    ...offered(undefined, () => []),
  ],
  "SRV-CH-046": () => greetEach(serverNames()),
  "SRV-CH-047": () => greetEach(serverNames(hostName(text("localhost")), hostName(text("localhost")))),
  "SRV-CH-048": () => greetEach(serverNames(hostName([]))),
  "SRV-CH-049": () => greetEach(serverNames(hostName(text("127.0.0.1"))), serverNames(hostName(text("::1")))),
  "SRV-CH-050": () => greetEach(serverNames(hostName(text("elsewhere.example")))),
  "SRV-CH-051": () => [greet(leaveOut(extensions.serverName), { config: { requiresServerName: true } })],
  "SRV-CH-052": () => greetEach(extend(extensions.alpn, v16(v8(text("spdy/3")), v8(text("ftp"))))),
  "SRV-CH-053": () => greetEach(extend(extensions.alpn, v16())),
  "SRV-CH-054": () => greetEach(extend(extensions.alpn, v16(v8(text("h2")), v8()))),
  "SRV-CH-055": () =>
    greetEach(
      both(
        (client) => client.with({ suites: [0x0a0a, 0x1301, 0xeaea] }),
        extend(extensions.supportedGroups, v16(u16(0x1a1a, groups.x25519, 0x2a2a))),
        extend(extensions.signatureAlgorithms, v16(u16(0x3a3a, 0x0403))),
        extend(extensions.supportedVersions, v8(u16(0x4a4a, 0x0304))),
        extend(extensions.alpn, v16(v8([0x5a, 0x5a]), v8(text("h2")))),
        extend(extensions.pskModes, v8([0x0b, 1])),
        (client) =>
          client.extend(
            extension(extensions.keyShare, v16(u16(0x1a1a), v16([0]), client.keyShare(groups.x25519).body.subarray(2))),
          ),
        prepend(extension(0x6a6a)),
        append(extension(0x7a7a, [0])),
      ),
    ),
  "SRV-CH-056": () => greetEach(extend(extensions.earlyData)),
  "SRV-CH-057": () => greetEach(both(extend(extensions.earlyData, [0]), append(psk))),
  "SRV-CH-058": () => greetEach(extend(extensions.postHandshakeAuth, [0])),
  "SRV-CH-060": () => greetEach(extend(extensions.cookie, v16(text("not yours")))),
  "SRV-CH-061": () => greetEach(extend(extensions.oidFilters, v16())),
  "SRV-CH-062": () => greetEach(extend(17, v16([2], v16(v16(), v16())))),
  "SRV-CH-063": () => [new ScriptedClientTls12().with({ suites: [0xc02b, 0x5600] }).greet()],
  "SRV-CH-064": () => greetEach((client) => client.with({ suites: [0x1301, 0x5600] })),
  "SRV-CH-066": () => greetEach(extend(extensions.authorities, v16())),
  "SRV-CH-068": () => greetEach((client) => client.with({ suites: [0x1304, 0x1305, 0xc02b] })),
  "SRV-CH-069": () =>
    greetEach(
      ...[0x0000, 0x0103, 0x0200].flatMap((version) => [
        legacyVersion(version),
        both(legacyVersion(version), leaveOut(extensions.supportedVersions)),
      ]),
    ),
  "SRV-CH-070": () =>
    greetEach(...["local\0host", "local\nhost", "local\x7fhost", "lök"].map((name) => serverNames(hostName(text(name))))),
  "SRV-CH-071": () => {
    // The X25519 half has its base point, which is a sound share; and zeros are a sound ML-KEM key.
    const hybrid = (key: Octets): Change => both(onlyHybrid, share(0x11ec, join(key, [9], repeat(31))));
    return greetEach(
      hybrid(join([0x01, 0x0d], repeat(1182))), // 3329, which is reduced to 0
      hybrid(join(repeat(1150), [0xf0, 0xff], repeat(32))), // 4095, the last one
      ...[0, 1183, 1185].map((length) => hybrid(repeat(length))),
      both(onlyHybrid, share(0x11ec, repeat(1216))),
    );
  },

  ...retries({
    "SRV-HRR-001": [
      (client) => client.extend(client.keyShare(groups.secp256r1)),
      (client) => client.extend(client.keyShare(groups.x25519, groups.secp256r1)),
      extend(extensions.keyShare, v16()),
    ],
    "SRV-HRR-002": [leaveOut(extensions.keyShare)],
    "SRV-HRR-006": [(client) => client.with({ suites: [0x1302] }), (client) => client.with({ suites: [0x1303, 0xc02b] })],
    "SRV-HRR-007": [
      (client) => client.with({ random: repeat(32, 1) }),
      (client) => client.with({ sessionId: repeat(0) }),
      (client) => client.with({ suites: [0x1301, 0x1302] }),
      (client) => client.with({ compression: [0, 1] }),
      (client) => client.with({ legacyVersion: 0x0302 }),
      serverNames(hostName(text("127.0.0.1"))),
    ],
    "SRV-HRR-008": [leaveOut(extensions.supportedVersions), extend(extensions.supportedVersions, v8(u16(0x0303)))],
    "SRV-HRR-010": [
      append(extension(0xfa5a)),
      both(leaveOut(0x5a5a), append(extension(0xfa5a))),
      both(leaveOut(0x5a5a), append(extension(0x5a5a, [0]))),
      leaveOut(extensions.alpn),
      extend(extensions.alpn, v16(v8(text("http/1.1")))),
      (client) => client.with(({ extensions: offered = [] }) => ({ extensions: offered.toReversed() })),
      extend(extensions.cookie, v16([1])),
      // It may change, and not come anew.
      append(psk),
    ],
    "TRQ-002": [append(extension(58, [1, 1]))],
  }),
  "SRV-HRR-003": () => [returning((second) => second.filter(({ type }) => type !== extensions.cookie))],
  "SRV-HRR-004": () =>
    [
      (cookie: Bytes) => changed(cookie, 0),
      (cookie: Bytes) => changed(cookie, -1),
      (cookie: Bytes) => cookie.subarray(1),
      (cookie: Bytes) => join(cookie, [0]),
      () => join([1]),
    ].map((alter) => returning((second, cookie) => replaced(second, extension(extensions.cookie, v16(alter(cookie)))))),
  "SRV-HRR-005": () => {
    const client = greet(both(extend(extensions.earlyData), append(psk)), { shares: [] });
    const { extensions: offered = [] } = client.hello;
    client.with({ extensions: replaced(offered, client.keyShare(groups.x25519)) });
    return [client.say(client.encodedHello())];
  },
  "SRV-HRR-009": () => {
    const client = new ScriptedClient({ shares: [] }).to("RETRIED");
    const second = client.secondHello();
    return [client.say(second).record(content.handshake, second)];
  },
  "ED-003": () => [withEarlyData().bytes(record(content.data, repeat(100)), record(content.data, repeat(100)))],
  "ED-004": () => {
    const client = withEarlyData();
    for (let sent = 0; sent <= 16 * 1024 && client.machine.failure === undefined; sent += 1005)
      client.bytes(record(content.data, repeat(1000)));
    return [client];
  },
  "ED-005": () =>
    [greet(both(extend(extensions.earlyData), append(psk)), { shares: [] }).to("RETRIED")].map((client) => {
      client.bytes(record(content.data, repeat(100)), record(content.data, repeat(100)));
      return client.with(({ extensions: offered = [] }) => ({ extensions: without(offered, extensions.earlyData) }));
    }),
  "ED-008": () => [withEarlyData().record(content.handshake, [5, 0, 0, 0])],
};

/** Clients that offer sessions with other binders than the right ones: in the first hello, and in the second alone. */
function offered(
  sessions: readonly ScriptedSession[] | undefined,
  binders: NonNullable<ScriptedClientOptions["binders"]>,
): ScriptedClient[] {
  const options = sessions === undefined ? {} : { sessions };
  let hellos = 0;
  return [
    resumingClient({ ...options, binders }).to("WAIT_FINISHED"),
    resumingClient({ ...options, shares: [], binders: (right) => (hellos++ === 0 ? right : binders(right)) }).to("WAIT_FINISHED"),
  ];
}

/** A second hello whose extensions are changed, for a server whose HelloRetryRequest had a cookie. */
function returning(change: (extensions: readonly Extension[], cookie: Bytes) => readonly Extension[]): ScriptedClient {
  const client = new ScriptedClient({ shares: [], config: { retryCookie: true } }).to("RETRIED");
  const { extensions: before = [] } = client.hello;
  const { cookie } = client.asked;
  if (cookie === undefined) throw new Error("HelloRetryRequest has no cookie");
  const right = replaced(before, client.keyShare(groups.x25519), extension(extensions.cookie, v16(cookie)));
  client.with({ extensions: change(right, cookie) });
  return client.say(client.encodedHello());
}

/** Second hellos with one change more than was asked for. */
function retries(changes: Readonly<Record<string, readonly Change[]>>): Stimuli {
  return Object.fromEntries(
    Object.entries(changes).map(([id, list]) => [
      id,
      () =>
        list.map((change) => {
          const client = new ScriptedClient({ shares: [] }).extend(extension(0x5a5a)).to("RETRIED");
          client.extend(client.keyShare(groups.x25519));
          change(client);
          return client.say(client.encodedHello());
        }),
    ]),
  );
}

/** Early data that no server here takes: its records can't be opened. */
function withEarlyData(): ScriptedClient {
  return greet(both(extend(extensions.earlyData), append(psk))).to("WAIT_FINISHED");
}
