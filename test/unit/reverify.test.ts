// A verifier that is asked again when a session is resumed: about whom the full handshake found, and at the time of today.
import { describe, expect, test } from "vitest";
import {
  type ClientOptions,
  dangerousAssertVerified,
  type PresentedIdentity,
  type ProtocolVersion,
  type ServerOptions,
  type SyncVerifier,
} from "@sallyport/core";
import { Acquaintance } from "../support/acquaintance.ts";
import { fatalAlertsOf, recordsOf } from "../support/outcome.ts";
import { makeConfigs, type PairOptions } from "../support/pair.ts";
import { asyncVerifier, keptSessions, seededCredential } from "../support/seeded.ts";
import { messagesIn } from "../support/wiretap.ts";

/** Trusts everybody until it is told otherwise, and takes down whom it was shown. */
class Judge {
  readonly shown: PresentedIdentity[] = [];
  refuses = false;
  readonly verifier: SyncVerifier = {
    label: "a judge",
    schemes: ["ed25519"],
    asksFor: ["ocsp", "sct"],
    verify: (presented) => {
      this.shown.push(presented);
      if (this.refuses) return { reason: "not any more", alert: "certificate_revoked" };
      return dangerousAssertVerified(presented, { names: [`judged ${this.shown.length} times`] });
    },
  };
}

const own = seededCredential("a client", ["client"]);
const staples = { ocspResponse: Uint8Array.of(0x30, 3, 10, 1, 0), signedCertificateTimestamps: [Uint8Array.of(7, 7)] };
const stapled = { ...seededCredential("server"), ...staples };

const versions: readonly ProtocolVersion[] = ["tls1.3", "tls1.2"];
const worlds = versions.flatMap((version) =>
  (["client", "server"] as const).flatMap((role) =>
    ([false, true] as const).flatMap((asynchronous) =>
      (["sealed", "kept"] as const).map((way) => ({ version, role, asynchronous, way })),
    ),
  ),
);

describe.each(worlds)(
  "at the $role of $version (asynchronous: $asynchronous, sessions $way)",
  ({ version, role, asynchronous, way }) => {
    function begin(reverifyOnResume = true): { readonly two: Acquaintance; readonly judge: Judge } {
      const judge = new Judge();
      const verifier = asynchronous ? asyncVerifier(judge.verifier) : judge.verifier;
      const trusting = new Judge().verifier;
      const client: Partial<ClientOptions> = { credentials: [own], verifier: role === "client" ? verifier : trusting };
      const clientAuthentication = { mode: "required", verifier: role === "server" ? verifier : trusting } as const;
      const server: Partial<ServerOptions> = {
        credentials: [stapled],
        clientAuthentication,
        ...(way === "kept" ? { sessions: keptSessions() } : {}),
      };
      const again = { [role]: { reverifyOnResume } } as {
        readonly client?: Partial<ClientOptions>;
        readonly server?: Partial<ServerOptions>;
      };
      const options: PairOptions = { client: { ...client, ...again.client }, server: { ...server, ...again.server } };
      return { two: new Acquaintance(options, [version]), judge };
    }

    test("it is shown the same chain, with what was stapled then, at the time of now; and its verdict is the connection's", () => {
      const { two, judge } = begin();
      two.meet();
      expect(judge.shown.length).toBe(1);
      two.time += 1000;
      const { pair, ...kinds } = two.meet();
      expect(kinds).toEqual({ client: "resumed", server: "resumed" });
      const [first, second] = judge.shown;
      expect(second).toEqual({ ...first, nowMs: two.time });
      if (role === "client") expect(second).toMatchObject(staples);
      expect(pair[role].established.info.peer?.names).toEqual(["judged 2 times"]);
      expect(pair[role].established.info.peer?.presented).toBe(second);
      expect(pair[role].stages.some(({ kind }) => kind === "needs-verdict")).toBe(asynchronous);
    });

    test("its refusal is its alert, and no session comes of it", () => {
      const { two, judge } = begin();
      two.meet();
      judge.refuses = true;
      const { pair } = two.meet();
      expect(pair[role].failure).toMatchObject({
        error: { kind: "identity-distrusted" },
        alert: { description: "certificate_revoked" },
      });
      expect(fatalAlertsOf(pair[role])).toEqual([{ level: 2, description: 44 }]);
      const peer = role === "client" ? pair.server : pair.client;
      expect(peer.failure?.error).toMatchObject({
        kind: "alert-received",
        context: { description: { name: "certificate_revoked" } },
      });
      expect(pair[role].events).toEqual([]);
      // A client says nothing of its own to whom it does not trust any more.
      if (role === "client") expect(messagesIn(recordsOf(pair.client)).map(([type]) => type)).toEqual([1]);
    });

    test("a verdict on somebody else, or none, is refused", () => {
      const { two } = begin();
      if (asynchronous) return;
      two.meet();
      const other: SyncVerifier = {
        label: "a judge",
        schemes: ["ed25519"],
        asksFor: ["ocsp", "sct"],
        verify: (presented) => dangerousAssertVerified({ ...presented }),
      };
      const { pair } = two.meet({
        [role]: role === "client" ? { verifier: other } : { clientAuthentication: { mode: "required", verifier: other } },
      });
      expect(pair[role].failure?.error.kind).toBe("local-fault");
    });

    test("without the option nobody is asked, and what was found is what holds", () => {
      const { two, judge } = begin(false);
      two.meet();
      judge.refuses = true;
      const { pair, ...kinds } = two.meet();
      expect(kinds).toEqual({ client: "resumed", server: "resumed" });
      expect(judge.shown.length).toBe(1);
      expect(pair[role].established.info.peer?.names).toEqual(["judged 1 times"]);
    });
  },
);

test("a session goes on from the last verdict: who was judged today is remembered as of today", () => {
  const judge = new Judge();
  const two = new Acquaintance({ client: { verifier: judge.verifier, reverifyOnResume: true } }, ["tls1.3"]);
  for (let meeting = 0; meeting < 3; meeting++) {
    two.time += 1000;
    two.meet();
  }
  expect(judge.shown.map(({ nowMs }) => nowMs)).toEqual([two.time - 2000, two.time - 1000, two.time]);
  const { pair } = two.meet({ client: { reverifyOnResume: false } });
  expect(pair.client.established.info.peer?.presented.nowMs).toBe(two.time);
});

test("a server that asks nobody who he is has nobody to ask again about, and its config says so", () => {
  expect(() => makeConfigs({ server: { reverifyOnResume: true } })).toThrow(
    expect.objectContaining({
      name: "ConfigError",
      problems: [expect.objectContaining({ kind: "nobody-to-judge", path: "reverifyOnResume" })],
    }),
  );
});

test("a client without a certificate, where one is optional, is nobody to judge", () => {
  const judge = new Judge();
  const clientAuthentication = { mode: "optional", verifier: judge.verifier } as const;
  for (const version of versions) {
    const two = new Acquaintance({ server: { clientAuthentication, reverifyOnResume: true } }, [version]);
    two.meet();
    expect(two.meet()).toMatchObject({ client: "resumed", server: "resumed" });
  }
  expect(judge.shown).toEqual([]);
});

describe("with early data", () => {
  const early = [Uint8Array.of(1, 2, 3)];
  function begin(asynchronous: boolean): { readonly two: Acquaintance; readonly judge: Judge } {
    const judge = new Judge();
    const verifier = asynchronous ? asyncVerifier(judge.verifier) : judge.verifier;
    const earlyData = { maxBytes: 1000, singleUse: { use: () => "fresh" as const } };
    const server = { clientAuthentication: { mode: "required", verifier } as const, reverifyOnResume: true, earlyData };
    return { two: new Acquaintance({ early, server, client: { credentials: [own], earlyData: true } }), judge };
  }

  test.each([false, true])("nothing of it reaches an application before the verdict (asynchronous: %s)", (asynchronous) => {
    const { two, judge } = begin(asynchronous);
    two.meet();
    const { pair, server } = two.meet();
    expect([server, judge.shown.length, pair.server.early]).toEqual(["resumed", 2, early]);
    const kinds = pair.server.stages.map(({ kind }) => kind);
    if (asynchronous) expect(kinds.indexOf("needs-verdict")).toBeLessThan(kinds.indexOf("early-data"));
    judge.refuses = true;
    const again = two.meet();
    expect([again.pair.server.early, again.pair.server.failure?.error.kind]).toEqual([[], "identity-distrusted"]);
  });

  describe.each([false, true])("of a client (asynchronous: %s)", (asynchronous) => {
    const begin = (freshness: "fresh" | "seen" = "fresh"): { readonly two: Acquaintance; readonly judge: Judge } => {
      const judge = new Judge();
      const verifier = asynchronous ? asyncVerifier(judge.verifier) : judge.verifier;
      const server = { credentials: [stapled] as const, earlyData: { maxBytes: 1000, singleUse: { use: () => freshness } } };
      return { two: new Acquaintance({ early, server, client: { verifier, reverifyOnResume: true, earlyData: true } }), judge };
    };

    test("none is sent before the verdict, which is behind the ClientHello, on whom the session was made with; it is the connection's", () => {
      const { two, judge } = begin();
      two.meet();
      two.time += 1000;
      const { pair, client } = two.meet();
      expect([client, pair.server.early, pair.client.established.info.peer?.names]).toEqual([
        "resumed",
        early,
        ["judged 2 times"],
      ]);
      expect(judge.shown.length).toBe(2);
      expect(judge.shown[1]).toEqual({ ...judge.shown[0], nowMs: two.time });
      const kinds = pair.client.stages.map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === "needs-verdict").length).toBe(asynchronous ? 1 : 0);
      if (asynchronous) expect(kinds[0]).toBe("needs-verdict");
      expect(messagesIn(recordsOf(pair.client))[0]?.[0]).toBe(1);
    });

    test("a refusal ends the connection with the verifier's alert, and nothing of it was sent", () => {
      const { two, judge } = begin();
      two.meet();
      judge.refuses = true;
      const { pair } = two.meet();
      expect(judge.shown.length).toBe(2);
      expect(pair.client.failure).toMatchObject({
        error: { kind: "identity-distrusted" },
        alert: { description: "certificate_revoked" },
      });
      expect([pair.server.early, pair.server.failure?.error.kind]).toEqual([[], "alert-received"]);
    });

    test("where the server does not take it, there is a verdict behind Finished as for any resumption", () => {
      const { two, judge } = begin("seen");
      two.meet();
      const { pair, client } = two.meet();
      expect([client, pair.client.established.info.peer?.names, judge.shown.length]).toEqual(["resumed", ["judged 3 times"], 3]);
      expect(pair.server.early).toEqual([]);
    });

    test("of a session that allows none nobody is asked before", () => {
      const { two, judge } = begin();
      const none = { server: { earlyData: undefined } } as unknown as PairOptions;
      two.meet(none);
      expect(two.meet(none).client).toBe("resumed");
      expect(judge.shown.length).toBe(2);
    });
  });
});
