// The established connection, alerts that come, alerts that are due, and how they are protected.
import {
  Acceptor,
  type Bytes,
  type Connection,
  type CryptoProvider,
  type Group,
  serverConfig,
  type SyncGroup,
} from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { hexOf } from "../../support/hex.ts";
import { changed, extension, join, message, type Octets, record, repeat, text, u16, u32, v16, v8 } from "../../support/octets.ts";
import {
  content,
  extensions,
  groups,
  type Outcome,
  ownCredential,
  ScriptedClient,
  type ScriptedPeer,
  ScriptedServer,
  types,
} from "../../support/scripted-peer.ts";
import {
  all,
  anywhere,
  connected,
  each,
  Expected,
  expectEqual,
  found,
  heardFinished,
  inHandshake,
  type Stimuli,
  told,
} from "../outcome.ts";
import { resumingServer } from "../sessions.ts";

/** Those that take no tickets read them all the same. */
const client = (): ScriptedServer[] => [new ScriptedServer().to("CONNECTED"), resumingServer().to("CONNECTED")];
const keyUpdate = (...body: readonly number[]): Bytes => message(types.keyUpdate, body);
const ticket = (change: { lifetime?: number; ticket?: Octets; extensions?: readonly Octets[] } = {}): Bytes =>
  message(
    types.newSessionTicket,
    u32(change.lifetime ?? 7200),
    u32(1),
    v8([1]),
    v16(change.ticket ?? text("ticket")),
    v16(...(change.extensions ?? [])),
  );
const ticketExtension = (type: number, ...body: readonly Octets[]): Octets => join(u16(type), v16(...body));
const tickets = (...messages: readonly Bytes[]): readonly ScriptedPeer[] =>
  each(messages, client, (peer, each) => peer.record(content.handshake, each));

/** A call on the machine's connection, whose output the peer hears. */
function call(peer: ScriptedPeer, run: (connection: Connection) => { readonly kind: string; readonly output?: Bytes }): void {
  peer.listen(
    peer.machine.call((at) => {
      if (!("exportKeyingMaterial" in at)) throw new Error("not connected");
      return run(at);
    }),
  );
}
const abort = (peer: ScriptedPeer, cause: "cancelled" | { readonly alert: "general_error"; readonly reason: string }): void =>
  peer.listen(peer.machine.call((at) => at.abort(cause)));
const times = (count: number, run: () => void): void => {
  for (let at = 0; at < count; at++) run();
};

const broken = (what: string) => (): never => {
  throw new Expected(what);
};
/** Providers of which one part breaks, after the config was made. */
const faults: Readonly<Record<string, (from: { broken: boolean }) => Partial<CryptoProvider>>> = {
  random: (from) => ({ random: (length) => (from.broken ? broken("no randomness")() : node.random(length)) }),
  "key exchange": () => ({
    groups: node.groups.map((group) =>
      isSync(group) ? { ...group, complete: broken("no secret"), respond: broken("no secret") } : group,
    ),
  }),
  hashes: (from) => ({
    hashes: node.hashes.map((hash) => ({ ...hash, create: () => (from.broken ? broken("no hash")() : hash.create()) })),
  }),
  derivation: (from) => ({
    hashes: node.hashes.map((hash) => ({
      ...hash,
      hmac: (key, data) => (from.broken ? broken("no hmac")() : hash.hmac(key, data)),
    })),
  }),
};
function withFault<Peer extends ScriptedPeer>(make: (provider: CryptoProvider) => Peer, name: string): Peer {
  const from = { broken: false };
  const peer = make({ ...node, ...faults[name]?.(from) });
  from.broken = true;
  return peer;
}
function isSync(group: Group): group is SyncGroup {
  return "start" in group;
}
const brokenSigner = {
  credentials: [{ ...ownCredential, signer: { ...ownCredential.signer, sign: broken("no signature") } }] as const,
};

function protectionOf(peers: readonly ScriptedPeer[], name: (under: string | undefined) => string): Outcome[] {
  return peers.map((peer) => {
    expectEqual(peer.alerts.length, 1, "alerts");
    return found(peer, name(peer.alerts[0]?.under));
  });
}

export const connections: Stimuli = {
  "KU-002": () => each([2, 255], connected, (peer, request) => peer.record(content.handshake, keyUpdate(request))),
  "KU-003": () => each([[], [0, 0]], connected, (peer, body) => peer.record(content.handshake, keyUpdate(...body))),
  "KU-004": () => all(connected(), (peer) => peer.record(content.handshake, keyUpdate(0)).record(content.data, text("old"))),
  "KU-005": () =>
    all(connected(), (peer) => {
      peer.updateKeys(1);
      expectEqual(hexOf(peer.heard.at(-1)?.bytes ?? repeat(0)), "1800000100", "the answer");
      call(peer, (connection) => connection.updateKeys({ requestPeer: true }));
      expectEqual(hexOf(peer.heard.at(-1)?.bytes ?? repeat(0)), "1800000101", "the machine's own request");
      peer.updateKeys(0);
    }),
  "KU-006": () => {
    const updates = (count: number): ScriptedPeer[] =>
      each([count], connected, (peer) => times(count, () => void (peer.machine.failure ?? peer.updateKeys())));
    for (const peer of updates(32)) peer.proceed();
    for (const peer of each([1], connected, (peer) => times(100, () => void peer.updateKeys().record(content.data, [1]))))
      peer.proceed();
    return updates(33);
  },

  "NST-003": () => tickets(ticket({ lifetime: 604_801 }), ticket({ lifetime: 2 ** 32 - 1 })),
  "NST-004": () => tickets(ticket({ ticket: [] })),
  "NST-005": () => {
    const peers = tickets(ticket({ lifetime: 0 }));
    for (const { machine } of peers) expectEqual(machine.events.length, 0, "the sessions");
    return peers;
  },
  "NST-006": () => tickets(ticket({ extensions: [ticketExtension(0xfa5a, [1])] })),
  "NST-007": () =>
    tickets(
      ...[[], [1, 2, 3], [1, 2, 3, 4, 5]].map((body) => ticket({ extensions: [ticketExtension(extensions.earlyData, body)] })),
    ),
  "NST-008": () =>
    tickets(
      ticket({ extensions: [ticketExtension(extensions.earlyData, u32(1)), ticketExtension(extensions.earlyData, u32(1))] }),
      ticket({ extensions: [ticketExtension(0xfa5a), ticketExtension(0xfa5a)] }),
    ),

  "ALT-001": () =>
    all(connected(), (peer) => {
      peer.record(content.data, text("last")).alert(1, 0);
      expectEqual(peer.machine.closed, true, "closed");
      expectEqual(peer.machine.data.length, 1, "data before it");
    }),
  "ALT-003": () =>
    each([content.data, content.handshake, content.alert, 99], connected, (peer, type) => {
      peer.alert(1, 0).record(type, [1]);
      expectEqual(peer.machine.data.length, 0, "data behind it");
    }),
  "ALT-004": () => [
    ...all(connected(), (peer) => peer.alert(1, 90).alert(1, 0)),
    ...all(
      inHandshake().filter(({ where }) => where !== "START"),
      (peer) => peer.alert(1, 90),
    ),
  ],
  "ALT-005": () => each([77, 255], anywhere, (peer, description) => peer.alert(1, description)),
  "ALT-006": () => each([10, 40, 80, 100], anywhere, (peer, description) => peer.alert(1, description)),
  "ALT-007": () => each([40, 48, 80, 255], anywhere, (peer, description) => peer.alert(2, description)),
  "ALT-010": () => each([0, 3, 255], anywhere, (peer, level) => peer.alert(level, 40)),
  "ALT-011": () =>
    all(connected(), (peer) => {
      peer.end();
      expectEqual(peer.machine.failure?.error.kind, "truncated", "what is reported");
    }),
  "ALT-012": () =>
    all(connected(), (peer) => call(peer, (connection) => connection.close())).map((peer) => found(peer, told(peer))),
  "ALT-013": () =>
    all(
      inHandshake().filter((peer) => !heardFinished(peer)),
      (peer) => abort(peer, "cancelled"),
    ),
  "ALT-014": () =>
    [
      ...Object.keys(faults).map((name) => withFault((provider) => new ScriptedClient({ config: { provider } }), name)),
      ...["key exchange", "hashes", "derivation"].map((name) =>
        withFault((provider) => new ScriptedServer({ config: { provider } }), name),
      ),
      new ScriptedClient({ config: brokenSigner }),
      new ScriptedServer({
        config: { verifier: { schemes: ["ecdsa_secp256r1_sha256"], label: "broken", verify: broken("no verdict") } },
      }),
      new ScriptedServer({
        config: {
          provider: { ...node, verifications: node.verifications.map(({ scheme }) => ({ scheme, verify: broken("no check") })) },
        },
      }),
    ].map(untilItFails),
  "ALT-015": () =>
    [
      ...all(inHandshake(), (peer) => peer.record(content.handshake, message(99))),
      ...all(connected(), (peer) => peer.record(content.handshake, message(99))),
    ].map((peer) => found(peer, peer.alerts[0]?.bytes[0] === 2 ? "fatal" : "warning")),
  "ALT-016": () => {
    const wrong = [
      { compression: [1] },
      { suites: [0xc02b] },
      { suites: [] },
      { sessionId: repeat(40) },
      { extensions: undefined },
    ];
    return wrong.map((change) => {
      const peer = new ScriptedClient().with(change);
      const output = peer.machine.receive(record(content.handshake, peer.encodedHello()));
      expectEqual(hexOf(output.subarray(0, 6)), "150303000202", "the record");
      expectEqual(output.length, 7, "its length");
      return found(peer, "plaintext");
    });
  },
  "ALT-017": () =>
    protectionOf(
      all([new ScriptedClient().to("WAIT_FINISHED"), new ScriptedClient({ shares: [] }).to("WAIT_FINISHED")], (peer) =>
        peer.say(changed(peer.finished(), -1)),
      ),
      (under) => (under === "application" ? "server application traffic key" : `${under}`),
    ),
  "ALT-018": () => {
    const states = ["WAIT_EE", "WAIT_CERT_CR", "WAIT_CERT", "WAIT_CV", "WAIT_FINISHED"] as const;
    const peers = states.map((state) => new ScriptedServer().to(state));
    return protectionOf(
      all(peers, (peer) => peer.record(content.handshake, message(99))),
      (under) => (under === "handshake" ? "client handshake traffic key" : `${under}`),
    );
  },
  "ALT-019": () =>
    protectionOf(
      all([new ScriptedServer(), new ScriptedServer().to("WAIT_SH_AGAIN")], (peer) =>
        peer.say(peer.serverHello({ compression: 1 })),
      ),
      (under) => `${under}`,
    ),
  // That nothing comes behind it and the error repeats is tried on every row.
  "ALT-021": () =>
    all(anywhere(), (peer) => {
      peer.record(content.handshake, message(99));
      const before = peer.heard.length;
      const { failure, connection } = peer.machine;
      for (const repeated of [
        failure?.abort("cancelled"),
        connection?.send(text("x")),
        connection?.receive(repeat(9)),
        connection?.close(),
      ]) {
        if (repeated === undefined) continue;
        expectEqual(repeated.kind, "failed", "the answer");
        expectEqual(repeated.kind === "failed" ? repeated.error : undefined, failure?.error, "the error");
        expectEqual(repeated.kind === "failed" ? repeated.output.length : -1, 0, "bytes");
      }
      peer.bytes(repeat(64));
      expectEqual(peer.heard.length, before, "records");
    }).map((peer) => found(peer, "close")),
  // Without a config there is nothing but the door.
  "ALT-022": () => {
    const peer = new ScriptedClient();
    const hello = peer.encodedHello();
    const cases: readonly (readonly [Bytes, string])[] = [
      [record(content.handshake, changed(hello, 38, 0xff)), "32"],
      [record(content.handshake, message(types.finished)), "0a"],
      [text("GET / HTTP/1.0\r\n"), "0a"],
      [record(content.handshake, hello, 0x0203), "46"],
    ];
    return cases.map(([bytes, alert]) => {
      const stage = new Acceptor().start().receive(bytes);
      expectEqual(stage.kind, "failed", "the stage");
      expectEqual(hexOf(stage.output), `150303000202${alert}`, "the alert");
      const names: Readonly<Record<string, string>> = {
        "32": "decode_error",
        "0a": "unexpected_message",
        "46": "protocol_version",
      };
      return { machine: "server", where: "START", told: names[alert] ?? "" };
    });
  },
  "ALT-023": () => {
    const config = serverConfig({
      provider: node,
      now: Date.now,
      versions: ["tls1.3"],
      credentials: [ownCredential],
      alpn: ["h2"],
    });
    const cases = [
      [new ScriptedClient().with({ legacyVersion: 0x0302, extensions: undefined }), 70, "protocol_version"],
      [new ScriptedClient().with({ suites: [0xc02b] }), 40, "handshake_failure"],
      [new ScriptedClient().extend(extension(extensions.alpn, v16(v8(text("x"))))), 120, "no_application_protocol"],
      [
        new ScriptedClient().with(({ extensions: offered = [] }) => ({
          extensions: offered.filter(({ type }) => type !== extensions.keyShare),
        })),
        109,
        "missing_extension",
      ],
    ] as const;
    return cases.map(([peer, alert, name]) => {
      const stage = new Acceptor().start().receive(record(content.handshake, peer.encodedHello()));
      if (stage.kind !== "accepted") throw new Error(`${stage.kind} instead of accepted`);
      expectEqual(hexOf(stage.choose(config).output), hexOf(record(content.alert, [2, alert])), "the alert");
      return { machine: "server", where: "accepted", told: name };
    });
  },
  "ALT-024": () => {
    const names = [
      ["access_denied", 49],
      ["unrecognized_name", 112],
      ["handshake_failure", 40],
      ["internal_error", 80],
    ] as const;
    return names.map(([name, alert]) => {
      const peer = new ScriptedClient();
      const stage = new Acceptor().start().receive(record(content.handshake, peer.encodedHello()));
      if (stage.kind !== "accepted") throw new Error(`${stage.kind} instead of accepted`);
      expectEqual(hexOf(stage.reject(name).output), hexOf(record(content.alert, [2, alert])), "the alert");
      return { machine: "server", where: "accepted", told: name };
    });
  },
  "ALT-025": () => {
    const server = new ScriptedClient({ config: brokenSigner });
    server.say(server.encodedHello());
    const order = server.heard.map(({ kind, bytes }) => (kind === "handshake" ? bytes[0] : kind)).join();
    expectEqual(
      order,
      `${types.serverHello},change_cipher_spec,${types.encryptedExtensions},${types.certificate},alert`,
      "what the server wrote",
    );
    expectEqual(told(server), "internal_error", "the alert");
    // The client's second hello, and behind it in the same step what is wrong with ServerHello.
    const client = new ScriptedServer({ retryFor: groups.secp256r1 });
    const request = client.retryRequest();
    const heard = client.heard.length;
    client.bytes(join(record(content.handshake, request), record(content.handshake, request)));
    const answer = client.heard
      .slice(heard)
      .map(({ kind, bytes }) => (kind === "handshake" ? bytes[0] : kind))
      .join();
    expectEqual(answer, `change_cipher_spec,${types.clientHello},alert`, "what the client wrote");
    return [found(server, "order kept"), found(client, "order kept")];
  },
  "ALT-026": () => all(anywhere(), (peer) => abort(peer, { alert: "general_error", reason: "none of your business" })),
  "ALT-027": () =>
    all(
      inHandshake().filter(({ where }) => where !== "START"),
      (peer) => peer.alert(1, 0),
    ),
  "ALT-028": () =>
    [
      ...each(
        [
          [99, [1]],
          [content.handshake, message(99)],
        ] as const,
        connected,
        (peer, [type, bytes]) => {
          call(peer, (connection) => connection.close());
          const before = peer.heard.length;
          peer.record(type, bytes);
          expectEqual(peer.heard.length, before, "records behind close_notify");
          expectEqual(peer.machine.failure?.alert.kind, "none", "the alert");
        },
      ),
      ...all(connected(), (peer) => {
        call(peer, (connection) => connection.close());
        const before = peer.heard.length;
        peer.updateKeys(1).record(content.data, text("still read"));
        expectEqual(peer.heard.length, before, "records behind close_notify");
        expectEqual(peer.machine.data.length, 1, "data under the next keys");
      }),
    ].map((peer) => found(peer, "close")),
  "ALT-029": () =>
    all(connected(), (peer) => {
      peer.record(content.handshake, message(99));
      const before = peer.heard.length;
      const { connection } = peer.machine;
      for (const after of [connection?.close(), connection?.send(text("x")), connection?.updateKeys()])
        peer.listen(after?.output ?? repeat(0));
      expectEqual(peer.heard.length, before, "records behind the alert");
    }).map((peer) => found(peer, "close")),
  "ALT-030": () => {
    const warn = (count: number): ScriptedPeer[] =>
      each(
        [count],
        () => anywhere().filter(({ where }) => where !== "START"),
        (peer) => times(count, () => void peer.alert(1, 90)),
      );
    for (const peer of warn(4)) peer.proceed();
    return warn(5);
  },
};

/** Goes on until the machine fails. */
function untilItFails(peer: ScriptedPeer): ScriptedPeer {
  try {
    peer.proceed();
  } catch (thrown) {
    if (peer.machine.failure === undefined) throw thrown;
  }
  return peer;
}
