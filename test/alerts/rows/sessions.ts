// Sessions that are offered and taken up (RFC 9846 §4.3.11).
import { changed, extension, type Octets, repeat, replaced, text, u16, v8, without } from "../../support/octets.ts";
import {
  content,
  extensions,
  ScriptedClient,
  type ScriptedClientOptions,
  ScriptedServer,
  type ScriptedServerOptions,
  type ScriptedSession,
  type ServerHelloScript,
} from "../../support/scripted-peer.ts";
import { each, expectEqual, type Stimuli } from "../outcome.ts";
import { external, externalClient, externalServer, resumingClient, resumingServer, sessions, ticketsOf } from "../sessions.ts";
import { messages } from "./framing.ts";

/** Clients that have offered it: directly, and in answer to a HelloRetryRequest. */
const offered = (options: ScriptedClientOptions): ScriptedClient[] => [
  resumingClient(options).to("WAIT_FINISHED"),
  resumingClient({ ...options, shares: [] }).to("WAIT_FINISHED"),
];
/** The same of a PSK from elsewhere. */
const offeredFromElsewhere = (options: ScriptedClientOptions = {}): ScriptedClient[] => [
  externalClient(options).to("WAIT_FINISHED"),
  externalClient({ ...options, shares: [] }).to("WAIT_FINISHED"),
];
/** Nobody took it up. */
const leftAside = (clients: readonly ScriptedClient[]): readonly ScriptedClient[] => {
  for (const { machine, selected } of clients)
    if (machine.failure === undefined) expectEqual(selected, undefined, "the session taken up");
  return clients;
};
const unknown: ScriptedSession = { ticket: text("a ticket that nobody knows"), ageAdd: 7, secret: repeat(32) };

type Change = (hello: ServerHelloScript) => Partial<ServerHelloScript>;
/** Servers that answered the offer of their session so. */
const answered = (change: Change, options: ScriptedServerOptions = {}): ScriptedServer => {
  const server = resumingServer(options).to(options.retryFor === undefined ? "WAIT_SH" : "WAIT_SH_AGAIN");
  return server.say(server.serverHello(change));
};
const fromElsewhere = (change: Change, options: Omit<ScriptedServerOptions, "config"> = {}): ScriptedServer => {
  const server = externalServer(options).to(options.retryFor === undefined ? "WAIT_SH" : "WAIT_SH_AGAIN");
  return server.say(server.serverHello(change));
};
const answering =
  (type: number, body: Octets): Change =>
  ({ extensions: answers = [] }) => ({ extensions: replaced(answers, extension(type, body)) });

export const resumptions: Stimuli = {
  "SRV-CH-045": () =>
    [offered, offeredFromElsewhere].flatMap((offer) => offer({ binders: ([right = repeat(0)]) => [right.subarray(0, 31)] })),
  "PSK-001": () => [
    ...[0, -1].flatMap((at) => offered({ binders: ([right = repeat(0)]) => [changed(right, at)] })),
    ...offered({ binders: () => [repeat(32)] }),
    ...offered({ binders: ([right = repeat(0)]) => [Uint8Array.of(...right, 0)] }),
    // Each is right, for the other.
    ...offered({ sessions: ticketsOf(), binders: (right) => right.toReversed() }),
    // That of the first hello, in the second.
    ...[resumingClient({ shares: [], binders: onceMade() }).to("WAIT_FINISHED")],
    // Of a PSK from elsewhere: changed, under another label, under another key.
    ...[0, -1].flatMap((at) => offeredFromElsewhere({ binders: ([right = repeat(0)]) => [changed(right, at)] })),
    ...["res binder", "imp binder"].flatMap((binder) => offeredFromElsewhere({ sessions: [{ ...external, binder }] })),
    ...offeredFromElsewhere({ sessions: [{ ...external, secret: repeat(32, 1) }] }),
    externalClient({ shares: [], binders: onceMade() }).to("WAIT_FINISHED"),
  ],
  "PSK-002": () => {
    const [known] = ticketsOf();
    if (known === undefined) throw new Error("no ticket");
    const behind = offered({ sessions: [unknown, known], binders: ([, right = repeat(0)]) => [repeat(32), right] });
    for (const { selected } of behind) expectEqual(selected, 1, "the session taken up");
    return [
      ...behind,
      ...leftAside([
        ...offered({ sessions: [unknown], binders: () => [repeat(32)] }),
        ...offered({ sessions: [{ ...known, ticket: changed(known.ticket, -1) }] }),
        ...offered({ sessions: [unknown, unknown, unknown, unknown, known] }),
        new ScriptedClient({ sessions: [unknown], binders: () => [repeat(1)] }).to("WAIT_FINISHED"),
        // Not by a key exchange that we speak: psk_ke alone.
        resumingClient()
          .extend(extension(extensions.pskModes, v8([0])))
          .to("WAIT_FINISHED"),
      ]),
    ];
  },
  "PSK-003": () => {
    const unknown = [{ ...external, ticket: text("a key of nobody's") }];
    const keyExchangeLess = extension(extensions.pskModes, v8([0]));
    return [
      ...offeredFromElsewhere({ sessions: unknown }),
      // It may be a session; it is none.
      ...[[], undefined].map((shares) =>
        externalClient({ sessions: unknown, ...(shares && { shares }) }, { sessions }).to("WAIT_FINISHED"),
      ),
      ...offeredFromElsewhere({ sessions: [] }),
      externalClient().extend(keyExchangeLess).to("WAIT_FINISHED"),
    ];
  },
  "PSK-004": () => {
    const states = new Map<string, Uint8Array>();
    const nameOf = (id: Uint8Array): string => Buffer.from(id).toString("hex");
    const store = {
      find: (id: Uint8Array) => states.get(nameOf(id)),
      put: (id: Uint8Array, { state }: { readonly state: Uint8Array }) => void states.set(nameOf(id), state),
    };
    const stored = ticketsOf({ sessions: store });
    const again = (): ScriptedClient[] => offered({ config: { sessions: store }, sessions: stored });
    for (const { selected } of again()) expectEqual(selected, 0, "the session taken up");
    // The suite's number stands behind the format's byte: TLS_AES_256_GCM_SHA384 for TLS_AES_128_GCM_SHA256.
    for (const [name, state] of states) states.set(name, changed(state, 2, 0x1301 ^ 0x1302));
    const dayMs = 24 * 3600 * 1000;
    return leftAside([
      ...again(),
      ...[1, 8, -1].flatMap((days) => offered({ config: { now: () => Date.now() + days * dayMs } })),
    ]);
  },
  // Who it is, is known; whether he may come in, is the application's: it says so by the alert.
  "PSK-005": () =>
    [resumingClient().to("CONNECTED")].map((client) => {
      client.listen(client.machine.call((at) => at.abort({ alert: "access_denied", reason: "not any more" })));
      return client;
    }),
  "PSK-006": () =>
    [1, 2, 0xffff]
      .flatMap((index) =>
        [undefined, 0x0017].map((retryFor) =>
          answered(answering(extensions.preSharedKey, u16(index)), retryFor === undefined ? {} : { retryFor }),
        ),
      )
      .concat([1, 0xffff].map((index) => fromElsewhere(answering(extensions.preSharedKey, u16(index))))),
  "PSK-007": () => [answered(() => ({ suite: 0x1302 }))],
  "PSK-008": () => {
    const shareless: Change = ({ extensions: answers = [] }) => ({ extensions: without(answers, extensions.keyShare) });
    return [{}, { retryFor: 0x0017 }].flatMap((options) => [answered(shareless, options), fromElsewhere(shareless, options)]);
  },
  "PSK-009": () => {
    const never = new ScriptedServer();
    // Its hash is not the session's, so that the second hello leaves the session out.
    const notAnyMore = resumingServer({ retryFor: 0x0017 });
    notAnyMore.retry(notAnyMore.retryRequest({ suite: 0x1302 })).skipTo("WAIT_SH_AGAIN");
    return [never, notAnyMore].map((server) =>
      server.say(
        server.serverHello((hello) => ({
          suite: server === never ? 0x1301 : 0x1302,
          ...answering(extensions.preSharedKey, u16(0))(hello),
        })),
      ),
    );
  },
  "PSK-012": () =>
    each(
      ["certificate_request", "certificate", "certificate_verify"],
      () => [resumingServer, externalServer].map((make) => make().to("WAIT_FINISHED")),
      (server, name) => server.record(content.handshake, messages[name]?.() ?? []),
    ),
  "CLI-CR-002": () =>
    [resumingServer().to("WAIT_FINISHED"), externalServer().to("WAIT_FINISHED")].map((server) =>
      server.say(server.certificateRequest()),
    ),
  "SRV-HRR-011": () =>
    [resumingClient, externalClient].map((make) => make({ shares: [] }).to("RETRIED").offer().to("WAIT_FINISHED")),
  "SRV-HRR-012": () => {
    const other = { ...external, ticket: text("another key") };
    return [
      externalClient({ shares: [], sessions: [external, other] })
        .to("RETRIED")
        .offer(other)
        .to("WAIT_FINISHED"),
      externalClient({ shares: [] }).to("RETRIED").offer(other).to("WAIT_FINISHED"),
    ];
  },
};

/** The binder that was made first, each time. */
function onceMade(): NonNullable<ScriptedClientOptions["binders"]> {
  let first: readonly Octets[] | undefined;
  return (right) => {
    first ??= right;
    return first;
  };
}
