// Sessions of TLS 1.2 that are offered and taken up (RFC 5246 §7.3, RFC 5077, RFC 7627 §5.3).
import { type ServerOptions, type SyncServerSessionStore, ticketKeys } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { changed, extension, record, repeat, text, v16, without } from "../../../support/octets.ts";
import { content, extensions, type ServerHelloScript } from "../../../support/scripted-peer.ts";
import {
  extensionsTls12,
  ScriptedClientTls12,
  ScriptedServerTls12,
  type ScriptedSessionTls12,
} from "../../../support/scripted-tls12.ts";
import { expectEqual, type Stimuli } from "../../outcome.ts";
import { openTicket, sealerOf, sealTicket } from "../../../../packages/core/src/session/tickets.ts";
import {
  resumingClientTls12,
  resumingServerTls12,
  sessionOfTls12,
  sessions as ownTickets,
  type Way,
  ways,
} from "../../sessions.ts";
import { announcing } from "./peers.ts";

const leftAside = (clients: readonly ScriptedClientTls12[]): readonly ScriptedClientTls12[] => {
  for (const client of clients) expectEqual(client.greet().resumes, false, "a session that is taken up");
  return clients;
};
const takenUp = (clients: readonly ScriptedClientTls12[]): readonly ScriptedClientTls12[] => {
  for (const client of clients) expectEqual(client.greet().resumes, true, "a session that is taken up");
  return clients;
};
const stranger = { master: repeat(48, 3), id: repeat(32, 3), ticket: repeat(0) };
const strangerWithTicket = { ...stranger, ticket: text("a ticket that nobody opens") };
const hourMs = 3_600_000;

/** Servers that take the session up with such a ServerHello. */
const answered = (
  change: (hello: Pick<ServerHelloScript, "extensions">, way: Way) => Partial<ServerHelloScript>,
): ScriptedServerTls12[] =>
  ways.map((way) => {
    const server = resumingServerTls12(way);
    return server.say(server.serverHello(change({ extensions: server.answers() }, way))).skipTo("WAIT_CCS");
  });

/** All that a server must not take for its own session; each config, with what the client then says. */
function offeredInVain(): ScriptedClientTls12[] {
  const otherKeys: Partial<ServerOptions> = { sessions: ticketKeys({ random: node.random, now: Date.now }) };
  return ways.flatMap((way) => {
    const known = sessionOfTls12(way);
    const wrong = (session: ScriptedSessionTls12): ScriptedSessionTls12 =>
      way === "ticket"
        ? { ...session, ticket: changed(Uint8Array.from(session.ticket), -1) }
        : { ...session, id: changed(Uint8Array.from(session.id), -1) };
    const offer = (config: Partial<ServerOptions> = {}): ScriptedClientTls12 => resumingClientTls12(way, config);
    return [
      offer().offering(way === "ticket" ? strangerWithTicket : stranger),
      offer().offering(wrong(known)),
      ...(way === "ticket"
        ? [offer(otherKeys), offer().offering({ ...known, ticket: Uint8Array.from(known.ticket).subarray(0, 20) })]
        : []),
      // Too old, or from the future.
      ...[-1, 13, 24 * 8].map((hours) => offer({ now: () => Date.now() + hours * hourMs })),
      // For another name, or none.
      offer({ servesAnyName: true }).extend(extension(extensions.serverName, v16([0], v16(text("other.example"))))),
      offer().leaveOut(extensions.serverName),
      // Of another config.
      offer({ label: "another" }),
      offer({ alpn: ["h2"] }),
      // The other way round: a ticket where states are kept, an id where they are sealed.
      resumingClientTls12(way === "ticket" ? "id" : "ticket").offering(known),
    ];
  });
}

export const sessionsTls12: Stimuli = {
  "T12-018": () => answered(() => ({ suite: 0xc02c })),
  "T12-019": () => answered(() => ({ legacyVersion: 0x0302 })),
  // The suite's number stands behind the format's byte: its AES-256 sister for the one that the client offers.
  "T12-020": () => {
    const otherSuite = (state: Uint8Array): Uint8Array<ArrayBuffer> => changed(state, 2, 0x2b ^ 0x2c);
    const states = new Map<string, Uint8Array>();
    const sessions: SyncServerSessionStore = {
      find: (id) => states.get(id.join()),
      put: (id, { state }) => void states.set(id.join(), otherSuite(state)),
    };
    const kept = sessionOfTls12("id", { sessions });
    const { ticket, ...sealed } = sessionOfTls12("ticket");
    const sealer = sealerOf(node);
    const state = sealer && openTicket(Uint8Array.from(ticket), ownTickets, sealer, Date.now());
    if (sealer === undefined || state === undefined) throw new Error("a ticket that its own key does not open");
    return leftAside([
      resumingClientTls12("id", { sessions }).offering(kept),
      resumingClientTls12("ticket").offering({
        ...sealed,
        ticket: sealTicket(otherSuite(state), ownTickets, sealer, node.random),
      }),
    ]);
  },
  "T12-021": () => [
    ...leftAside([
      new ScriptedClientTls12().extend(extension(extensionsTls12.sessionTicket, text("a ticket that nobody opens"))),
    ]),
    ...leftAside(offeredInVain()),
    // What is right is taken up, so that something was tried.
    ...takenUp(ways.map((way) => resumingClientTls12(way))),
  ],
  "EMS-001": () => ways.map((way) => resumingClientTls12(way).leaveOut(extensionsTls12.extendedMasterSecret).greet()),
  // There is none that did not: it is given neither id nor ticket, and whatever is shown instead is nobody's.
  "EMS-002": () =>
    leftAside(
      ways.map((way) => {
        const without = sessionOfTls12(way, {}, (client) => client.leaveOut(extensionsTls12.extendedMasterSecret));
        expectEqual(without.id.length + without.ticket.length, 0, "bytes to find a session by");
        return resumingClientTls12(way).offering({
          ...without,
          ...(way === "ticket" ? { ticket: text("a ticket") } : { id: repeat(32, 9) }),
        });
      }),
    ),
  // Disputed: nothing is kept and nothing offered, so what is taken up is a full handshake's ServerHello.
  "EMS-003": () =>
    ways.map((way) => {
      const puts: unknown[] = [];
      const config = { sessions: { take: () => undefined, put: (_: unknown, session: unknown) => void puts.push(session) } };
      const first = new ScriptedServerTls12({
        config,
        ...(way === "id" ? { id: repeat(32, 0x1d) } : { ticket: text("a ticket") }),
      });
      first
        .say(first.serverHello({ extensions: without(first.answers(), extensionsTls12.extendedMasterSecret) }))
        .skipTo("WAIT_CERT")
        .proceed();
      expectEqual(puts.length, 0, "sessions");
      const server = new ScriptedServerTls12({ config, id: repeat(32, 0x1d), session: first.session });
      expectEqual(server.resumes, undefined, "an offer");
      return server.say(server.serverHello()).bytes(record(content.changeCipherSpec, [1]));
    }),
  "EMS-004": () =>
    answered(({ extensions: answers = [] }) => ({ extensions: without(answers, extensionsTls12.extendedMasterSecret) })),
  "NST-010": () => {
    const server = announcing(repeat(0)).to("CONNECTED");
    expectEqual(server.machine.events.length, 0, "sessions");
    return [server];
  },
};
