// What a server of TLS 1.3 says of itself: what it was asked for, and nothing else.
import { describe, expect, test } from "vitest";
import { dangerousRawPsk, type SyncVerifier } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { decodeSession } from "../../packages/core/src/session/state.ts";
import { decodeNewSessionTicket, type NewSessionTicket } from "../../packages/core/src/wire/post-handshake.ts";
import { showing } from "../alerts/outcome.ts";
import { external, sessions, ticketsOf } from "../alerts/sessions.ts";
import { type Extension, extension, repeat } from "../support/octets.ts";
import { converse, makePair } from "../support/pair.ts";
import { extensions, ScriptedClient, types } from "../support/scripted-peer.ts";
import { asyncServerSessions, keptSessions, trusting } from "../support/seeded.ts";
import { Two } from "../support/two.ts";

const said = ({ heard }: ScriptedClient, type: number): readonly Uint8Array[] =>
  heard.filter(({ kind, bytes }) => kind === "handshake" && bytes[0] === type).map(({ bytes }) => bytes);
/** Types in a list of extensions, in its order. */
function typesIn(list: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 2; at < list.length; at += 4 + (list[at + 2] ?? 0) * 256 + (list[at + 3] ?? 0)) {
    found.push((list[at] ?? 0) * 256 + (list[at + 1] ?? 0));
  }
  return found;
}
const ticketRequest = extension(58, [2, 1]);

describe("EncryptedExtensions", () => {
  const answers = (client: ScriptedClient): number[] =>
    said(client.to("CONNECTED"), types.encryptedExtensions).flatMap((message) => typesIn(message.subarray(4)));

  test("answer a server name, and where none was said there is none", () => {
    expect(answers(new ScriptedClient())).toContain(extensions.serverName);
    const nameless = new ScriptedClient().with(({ extensions: all = [] }) => ({
      extensions: all.filter(({ type }) => type !== extensions.serverName),
    }));
    expect(answers(nameless)).not.toContain(extensions.serverName);
  });

  test("answer a wish for tickets where there are sessions (RFC 9149 §3)", () => {
    expect(answers(new ScriptedClient({ config: { sessions } }).extend(ticketRequest))).toContain(58);
    expect(answers(new ScriptedClient().extend(ticketRequest))).not.toContain(58);
    expect(answers(new ScriptedClient({ config: { sessions } }))).not.toContain(58);
  });
});

describe("a CertificateRequest", () => {
  const requested = (verifier: Partial<SyncVerifier>, ...added: readonly Extension[]): number[] => {
    const all: SyncVerifier = { ...trusting, ...verifier };
    const config = { clientAuthentication: { mode: "optional", verifier: all } } as const;
    const client = new ScriptedClient({ ...showing, config }).extend(...added).to("WAIT_CERT");
    const [request = repeat(0)] = said(client, types.certificateRequest);
    // Behind an empty context.
    return typesIn(request.subarray(5));
  };
  const [signatures, ofCertificates] = [extensions.signatureAlgorithms, extensions.certificateSchemes];

  test("says what certificates may be signed with, where that is not what we are shown proofs with (§4.3.3)", () => {
    expect(requested({ schemes: ["ed25519"] })).toEqual([signatures, ofCertificates]);
    const proofs = node.verifications.map(({ scheme }) => scheme).filter((scheme) => !scheme.startsWith("rsa_pkcs1"));
    expect(requested({ schemes: proofs })).toEqual([signatures]);
    // Nobody signs a raw key.
    const rawKeys = extension(19, [1, 2]);
    expect(requested({ types: ["raw-public-key"], schemes: [] }, rawKeys)).toEqual([signatures]);
  });

  test("says filters of certificates where there are any (§4.3.5)", () => {
    expect(requested({})).not.toContain(extensions.oidFilters);
    expect(requested({ oidFilters: [] })).not.toContain(extensions.oidFilters);
    const filter = { oid: Uint8Array.of(6, 3, 0x55, 0x1d, 0x25), values: repeat(0) };
    expect(requested({ oidFilters: [filter] })).toContain(extensions.oidFilters);
  });
});

describe("tickets", () => {
  const given = (client: ScriptedClient): readonly NewSessionTicket[] =>
    said(client.to("CONNECTED"), types.newSessionTicket).map((message) => decodeNewSessionTicket(Uint8Array.from(message)));

  test("are for who can use them: the client says that it takes up sessions with a key exchange (§4.3.9)", () => {
    expect(given(new ScriptedClient({ config: { sessions } }))).toHaveLength(2);
    for (const modes of [undefined, [0], [7]]) {
      const client = new ScriptedClient({ config: { sessions } }).with(({ extensions: all = [] }) => ({
        extensions: [
          ...all.filter(({ type }) => type !== extensions.pskModes),
          ...(modes === undefined ? [] : [extension(extensions.pskModes, [modes.length, ...modes])]),
        ],
      }));
      expect(given(client)).toHaveLength(0);
    }
  });

  test("say nothing of early data where none are taken", () => {
    for (const ticket of given(new ScriptedClient({ config: { sessions } }))) expect(ticket.extensions).toEqual([]);
  });

  test("are half as long as a hello may be, at most: they come back in one", () => {
    const sessionData = (): Uint8Array => repeat(500, 1);
    const [one] = given(new ScriptedClient({ config: { sessions, sessionData } }));
    const length = one?.ticket.length ?? 0;
    const under = (clientHello: number): number =>
      given(new ScriptedClient({ config: { sessions, sessionData, limits: { clientHello } } })).length;
    expect([under(2 * length), under(2 * length - 1)]).toEqual([2, 0]);
  });

  test("of a session that was taken up tell when its full handshake was", () => {
    const store = keptSessions();
    const states: Uint8Array[] = [];
    const two = new Two({
      sessions: { ...store, put: (id, session) => void (states.push(session.state), store.put(id, session)) },
    });
    const began = two.time;
    for (let meeting = 0; meeting < 3; meeting++) {
      two.meet();
      two.time += 60_000;
    }
    const told = states.map((state) => decodeSession(Uint8Array.from(state)));
    expect(told.length).toBe(4);
    expect(told.map(({ fullHandshakeMs }) => fullHandshakeMs - began)).toEqual([0, 0, 0, 0]);
    expect(told.map(({ issuedMs }) => issuedMs - began)).toEqual([0, 0, 60_000, 120_000]);
  });
});

const psks = [dangerousRawPsk({ identity: Uint8Array.of(1), key: repeat(32, 3), hash: "sha256" })];

describe("a store of sessions", () => {
  test.each([
    ["nothing is offered", {}],
    ["external PSKs alone are offered", { psks }],
  ])("is not asked where %s", (_, options) => {
    const shown: string[] = [];
    const pair = makePair({
      ...options,
      server: { sessions: asyncServerSessions(keptSessions()) },
      watch: ({ kind }, role) => void (role === "server" && shown.push(kind)),
    });
    converse(pair);
    expect(pair.server.established.info.handshakeKind).toBe("psks" in options ? "psk" : "full");
    expect(shown).not.toContain("needs-session");
  });

  test("is not believed for longer than six hours behind a full handshake, whatever the client says", () => {
    const two = new Two({ sessions: keptSessions() });
    two.meet();
    const late = two.meet({ now: () => two.time + 6 * 3_600_000 + 1 });
    expect(late.server.established.info.handshakeKind).toBe("full");
  });
});

test("of a session and an external PSK the first in the client's order is taken", () => {
  const config = { sessions, psks: [dangerousRawPsk({ identity: external.ticket, key: external.secret, hash: "sha256" })] };
  const [ticket] = ticketsOf(config);
  if (ticket === undefined) throw new Error("a server gives tickets");
  for (const [offered, kind] of [
    [[external, ticket], "psk"],
    [[ticket, external], "resumed"],
  ] as const) {
    const client = new ScriptedClient({ config, sessions: offered }).to("CONNECTED");
    expect([client.selected, client.machine.connection?.info.handshakeKind]).toEqual([0, kind]);
  }
});
