// What an established connection does in either version and role, call by call.
import { describe, expect, test } from "vitest";
import {
  type AbortCause,
  Acceptor,
  type ClientOptions,
  type ClientStage,
  Connection,
  Connector,
  dangerousAssertVerified,
  type ErrorAndAlert,
  type HashImplementation,
  type ServerOptions,
  type SyncVerifier,
} from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import type { Agreement } from "../../packages/core/src/connection/connection.ts";
import { ExporterTls12, ExporterTls13 } from "../../packages/core/src/connection/exporters.ts";
import { Link } from "../../packages/core/src/connection/link.ts";
import { defaultLimits } from "../../packages/core/src/config/limits.ts";
import { join, message, record, repeat } from "../support/octets.ts";
import { establishedPair, joined, makeConfigs, type PairOptions } from "../support/pair.ts";
import { content, ScriptedClient, type ScriptedPeer, ScriptedServer, types } from "../support/scripted-peer.ts";
import { extensionsTls12, ScriptedClientTls12, ScriptedServerTls12, typesTls12 } from "../support/scripted-tls12.ts";
import { beforeSeals } from "../support/faulty.ts";
import { seededNode } from "../support/seeded.ts";
import { parseRecords } from "../support/wiretap.ts";

type Version = "tls1.2" | "tls1.3";
type Role = "client" | "server";
const ways: readonly (readonly [version: Version, role: Role])[] = [
  ["tls1.3", "client"],
  ["tls1.3", "server"],
  ["tls1.2", "client"],
  ["tls1.2", "server"],
];
const bytes = (words: string): Uint8Array => Uint8Array.from(Buffer.from(words));
const nothing = { output: new Uint8Array(0), data: [], events: [] };

/** Under test, and its peer. */
function two(version: Version, role: Role, options: PairOptions = {}): readonly [Connection, Connection] {
  const all: Partial<ServerOptions> & Partial<ClientOptions> = { versions: [version], dangerousExtractSecrets: true };
  const pair = establishedPair({ server: { ...all, ...options.server }, client: { ...all, ...options.client } });
  const [client, server] = pair.both;
  // What came behind the handshake has been seen.
  pair.client.received(client.receive(pair.server.take()));
  return role === "client" ? [client, server] : [server, client];
}
/** A machine that is connected, and who speaks to it. */
function scripted(version: Version, role: Role): { readonly peer: ScriptedPeer; readonly connection: Connection } {
  const config = { dangerousExtractSecrets: true };
  const peers: Readonly<Record<Version, Readonly<Record<Role, () => ScriptedPeer>>>> = {
    "tls1.3": {
      client: () => new ScriptedServer({ config }).to("CONNECTED"),
      server: () => new ScriptedClient({ config }).to("CONNECTED"),
    },
    "tls1.2": {
      client: () => new ScriptedServerTls12({ config }).to("CONNECTED"),
      server: () => new ScriptedClientTls12(config).to("CONNECTED"),
    },
  };
  const peer = peers[version][role]();
  const { connection } = peer.machine;
  if (connection === undefined) throw new Error("not connected");
  return { peer, connection };
}
const written = (result: { readonly output?: Uint8Array }): number[] =>
  parseRecords(result.output ?? new Uint8Array(0)).records.map(({ type }) => type);

describe.each(ways)("%s, the %s:", (version, role) => {
  const has13 = version === "tls1.3";

  test("the peer's close_notify takes our side along in TLS 1.2 alone (RFC 5246 §7.2.1), and nothing is read behind it", () => {
    const [own, peer] = two(version, role);
    const closed = own.receive(peer.close().output);
    expect(closed).toMatchObject({ kind: "closed", writable: has13, data: [], events: [] });
    expect(written(closed)).toEqual(has13 ? [] : [content.alert]);
    for (const again of [own.receive(bytes("garbage")), own.receiveEnd()])
      expect(again).toEqual({ kind: "closed", writable: has13, ...nothing });
    const target = new Uint8Array(100);
    if (has13) {
      expect(joined(peer.receive(own.send(bytes("still")).output).data)).toEqual(bytes("still"));
      expect(own.sendInto(bytes("too"), target)).toMatchObject({ kind: "sent", taken: 3 });
    } else {
      for (const ended of [own.send(bytes("late")), own.sendInto(bytes("late"), target)])
        expect(ended).toEqual({ kind: "ended", output: new Uint8Array(0) });
      expect(own.close()).toEqual({ kind: "sent", output: new Uint8Array(0) });
    }
  });

  test("who has closed first may not write any more, and hears the peer out", () => {
    const [own, peer] = two(version, role);
    const farewell = own.close().output;
    for (const call of [() => own.send(bytes("x")), () => own.sendInto(bytes("x"), new Uint8Array(99))])
      expect(call).toThrow(expect.objectContaining({ code: "closed" }));
    if (has13) expect(() => own.updateKeys()).toThrow(expect.objectContaining({ code: "closed" }));
    const last = peer.send(bytes("last words")).output;
    expect(joined(own.receive(last).data)).toEqual(bytes("last words"));
    const answer = peer.receive(farewell);
    const closed = own.receive(has13 ? peer.close().output : answer.output);
    expect(closed).toEqual({ kind: "closed", writable: has13, ...nothing });
    expect(() => own.send(bytes("x"))).toThrow(expect.objectContaining({ code: "closed" }));
  });

  test.each(["strict", "lenient"] as const)(
    "%s: the transport's end is one between records alone, and where the config says so",
    (truncation) => {
      for (const inside of [false, true]) {
        const [own, peer] = two(version, role, { [role]: { truncation } });
        const { output } = peer.send(bytes("whole, and then a part"));
        own.receive(inside ? output.subarray(0, 10) : output);
        const ended = own.receiveEnd();
        if (truncation === "lenient" && !inside) {
          expect(ended).toMatchObject({ kind: "closed", writable: true });
          expect(own.receiveEnd()).toEqual({ kind: "closed", writable: true, ...nothing });
        } else {
          expect(ended).toMatchObject({
            kind: "failed",
            error: { kind: "truncated", context: { insideRecord: inside } },
            alert: { kind: "none", due: undefined, reason: "the peer has ended" },
          });
        }
      }
    },
  );

  test.each<AbortCause>(["cancelled", "reset", { alert: "access_denied", reason: "no" }])(
    "behind a failure every call gives it, and nothing else: %j",
    (cause) => {
      for (const closes of [false, true]) {
        const [own, peer] = two(version, role);
        if (closes) own.receive(peer.close().output);
        const failure = own.abort(cause);
        const calls: readonly (() => unknown)[] = [
          () => own.receive(bytes("x")),
          () => own.receiveEnd(),
          () => own.send(bytes("x")),
          () => own.sendInto(bytes("x"), new Uint8Array(99)),
          () => own.close(),
          () => own.updateKeys(),
          () => own.updateKeys({ requestPeer: true }),
          () => own.exportKeyingMaterial("EXPORTER-x", undefined, 1),
          () => own.channelBinding(),
          () => own.extractSecrets(),
          () => own.abort("cancelled"),
          () => own.reader.receive(bytes("x")),
          () => own.reader.receiveEnd(),
          () => own.writer.send(bytes("x")),
        ];
        for (const call of calls) {
          const again = call() as ErrorAndAlert;
          expect(again).toMatchObject({ kind: "failed", error: failure.error, alert: failure.alert });
          expect(again).toMatchObject(nothing);
          expect([again.error === failure.error, again.data, again.events]).toEqual([true, [], []]);
        }
      }
    },
  );

  test("a failure carries what was authenticated before it, once", () => {
    const [own, peer] = two(version, role);
    const sent = peer.send(bytes("before")).output;
    const broken = peer.send(bytes("after")).output.map((byte, at, { length }) => (at === length - 1 ? byte ^ 1 : byte));
    const failed = own.receive(joined([sent, broken]));
    expect(failed).toMatchObject({ kind: "failed", error: { kind: "bad-record-mac" }, alert: { description: "bad_record_mac" } });
    expect(joined(failed.data)).toEqual(bytes("before"));
    expect(written(failed)).toEqual([has13 ? content.data : content.alert]);
    expect(own.receive(bytes("x"))).toMatchObject(nothing);
  });

  test("empty data makes no record and no data, and a window that is too small takes none", () => {
    const [own, peer] = two(version, role);
    expect(own.send(new Uint8Array(0))).toEqual({ kind: "sent", output: new Uint8Array(0) });
    for (const [data, size] of [
      [bytes("x"), 0],
      [bytes("x"), 63],
      [new Uint8Array(0), 63],
      [new Uint8Array(0), 64],
      [new Uint8Array(0), 20_000],
    ] as const) {
      const target = new Uint8Array(size);
      expect(own.sendInto(data, target)).toEqual({ kind: "sent", taken: 0, written: 0 });
      expect(target.every((byte) => byte === 0)).toBe(true);
    }
    const target = new Uint8Array(64);
    const { taken, written: length } = own.sendInto(bytes("x".repeat(100)), target) as { taken: number; written: number };
    expect(taken).toBeGreaterThan(0);
    expect(peer.receive(target.subarray(0, length)).data.map((each) => each.length)).toEqual([taken]);
  });

  test("only TLS 1.3 has key updates (§4.7.3), and asks for the peer's where it is told to", () => {
    const [own, peer] = two(version, role);
    if (!has13) {
      expect(() => own.updateKeys()).toThrow(expect.objectContaining({ code: "not-supported-here" }));
      expect(joined(peer.receive(own.send(bytes("goes on")).output).data)).toEqual(bytes("goes on"));
      return;
    }
    for (const options of [undefined, {}, { requestPeer: false }, { requestPeer: 1 as unknown as boolean }]) {
      const heard = peer.receive(own.updateKeys(options).output);
      expect(heard.events).toEqual([{ kind: "keys-updated", direction: "read", requested: false }]);
      expect(written(heard)).toEqual([]);
    }
    expect(own.extractSecrets().kind).toBe("extracted");
  });

  test("what is no Uint8Array is the caller's mistake, and changes nothing", () => {
    const [own, peer] = two(version, role);
    const misuse = expect.objectContaining({ name: "ApiMisuse", code: "bad-argument" });
    for (const wrong of ["text", 7, null, undefined, [1], new ArrayBuffer(2)].map((value) => value as never)) {
      expect(() => own.receive(wrong)).toThrow(misuse);
      expect(() => own.send(wrong)).toThrow(misuse);
      expect(() => own.sendInto(wrong, new Uint8Array(99))).toThrow(misuse);
      expect(() => own.sendInto(bytes("x"), wrong)).toThrow(misuse);
      if (wrong !== undefined) expect(() => own.exportKeyingMaterial("EXPORTER-x", wrong, 9)).toThrow(misuse);
      expect(() => own.exportKeyingMaterial(wrong === "text" ? (7 as never) : wrong, undefined, 9)).toThrow(misuse);
    }
    expect(joined(peer.receive(own.send(bytes("all is well")).output).data)).toEqual(bytes("all is well"));
  });

  test("TLS's own labels are nobody's in TLS 1.2 (RFC 5705 §4); any other gives as many bytes as were asked for", () => {
    const [own, peer] = two(version, role);
    const own12 = ["client finished", "server finished", "master secret", "extended master secret", "key expansion"];
    for (const label of own12) {
      const call = () => own.exportKeyingMaterial(label, undefined, 9);
      if (has13) expect(call()).toMatchObject({ kind: "exported" });
      else expect(call).toThrow(expect.objectContaining({ name: "ApiMisuse", code: "bad-argument" }));
    }
    for (const length of [1, 32, 255 * 32]) {
      const [here, there] = [own, peer].map((each) => each.exportKeyingMaterial("EXPORTER-x", undefined, length));
      expect(here).toEqual(there);
      expect(here).toMatchObject({ kind: "exported", keyingMaterial: { length } });
    }
    expect(() => own.exportKeyingMaterial("EXPORTER-x", undefined, 255 * 32 + 1)).toThrow(
      expect.objectContaining({ code: "bad-argument" }),
    );
  });

  test("elsewhere it goes on as it was: a warning is one in TLS 1.2 alone, and it may be extracted once more", () => {
    const { peer, connection } = scripted(version, role);
    const extracted = connection.extractSecrets();
    if (extracted.kind !== "extracted") throw new Error(extracted.kind);
    const again = Connection.resume(extracted.secrets, node).extractSecrets();
    if (again.kind !== "extracted") throw new Error(again.kind);
    expect(again.secrets).toEqual(extracted.secrets);
    const resumed = Connection.resume(again.secrets, node);
    const heard = resumed.receive(peer.sealed(content.alert, [1, 41]));
    if (has13) expect(heard).toMatchObject({ kind: "failed", error: { kind: "alert-received" } });
    else expect(heard).toMatchObject({ kind: "open", events: [{ kind: "warning-alert", description: { id: 41 } }] });
  });

  test("an error tells whether our Finished was sent: behind it the peer may be established", () => {
    const begun: ScriptedPeer =
      role === "client"
        ? has13
          ? new ScriptedServer().to("WAIT_EE")
          : new ScriptedServerTls12().to("WAIT_SKE")
        : has13
          ? new ScriptedClient({ shares: [] }).to("RETRIED")
          : new ScriptedClientTls12().to("WAIT_CKE");
    expect(begun.alert(2, 40).machine.failure?.error.finishedSent).toBe(false);
    expect(scripted(version, role).peer.alert(2, 40).machine.failure?.error.finishedSent).toBe(true);
  });

  test("a message that is none of the data path's is told with those that are", () => {
    const { peer } = scripted(version, role);
    const ticket = message(types.newSessionTicket, [0, 0, 14, 16, 0, 0, 0, 0, 1, 0, 0, 1, 7, 0, 0]);
    const expected = !has13 ? ["application_data"] : role === "client" ? ["key_update", "new_session_ticket"] : ["key_update"];
    peer.say(role === "server" && has13 ? ticket : message(types.finished, repeat(12)));
    expect(peer.machine.failure).toMatchObject({
      error: { kind: "unexpected-message", context: { expected } },
      alert: { description: "unexpected_message" },
    });
  });

  test("a change_cipher_spec comes too late (RFC 9846 §5; RFC 5246 §7.1)", () => {
    const { peer } = scripted(version, role);
    if (has13) peer.bytes(record(content.changeCipherSpec, [1]));
    else peer.record(content.changeCipherSpec, [1]);
    expect(peer.machine.failure).toMatchObject({
      error: { kind: "unexpected-record" },
      alert: { description: "unexpected_message" },
    });
  });
});

test.each(["client", "server"] as const)("keys that cannot be made are announced to nobody: the %s", (role) => {
  let broken = false;
  const plain = seededNode(role);
  const hashes = plain.hashes.map(
    (hash): HashImplementation => ({
      ...hash,
      hmac: (key, data) => {
        if (broken) throw new Error("the hash broke");
        return hash.hmac(key, data);
      },
    }),
  );
  const [own, peer] = two("tls1.3", role, { [role]: { provider: { ...plain, hashes } } });
  broken = true;
  const failed = own.updateKeys();
  expect([failed.kind, written(failed)]).toEqual(["failed", [content.data]]);
  expect(peer.receive(failed.output ?? nothing.output)).toMatchObject({
    kind: "failed",
    error: { kind: "alert-received", context: { authenticated: true, description: { name: "internal_error" } } },
    events: [],
  });
});

test.each(["client", "server"] as const)("behind the peer's end nobody is told of keys: the %s", (role) => {
  for (const end of [
    (own: Connection, peer: Connection) => own.receive(peer.close().output),
    (own: Connection) => own.receiveEnd(),
  ]) {
    const [own, peer] = two("tls1.3", role, { [role]: { truncation: "lenient" } });
    expect(end(own, peer).kind).toBe("closed");
    expect(written(own.updateKeys())).toEqual([content.data]);
    expect(own.receive(bytes("x"))).toMatchObject({ kind: "closed", events: [] });
    const extracted = own.extractSecrets();
    if (extracted.kind !== "extracted") throw new Error(extracted.kind);
    const resumed = Connection.resume(extracted.secrets, seededNode("elsewhere"));
    expect(written(resumed.updateKeys())).toEqual([content.data]);
    expect(resumed.receive(bytes("x"))).toMatchObject({ kind: "closed", events: [] });
  }
});

describe.each(ways)("%s, the %s, whose alert is none:", (version, role) => {
  const none = { kind: "none", due: undefined };
  test("the peer's own fatal alert gets no answer", () => {
    const { peer } = scripted(version, role);
    const before = peer.heard.length;
    const { machine } = peer.alert(2, 40);
    expect(machine.failure?.error).toMatchObject({ kind: "alert-received", context: { level: "fatal", authenticated: true } });
    expect(machine.failure?.alert).toEqual({ ...none, reason: "the peer sent a fatal alert" });
    expect(peer.heard.length).toBe(before);
  });
  test("a warning that is none of TLS 1.3's, and a level that is none, get one", () => {
    for (const [level, description, says] of [
      [1, 41, version === "tls1.3" ? "decode_error" : undefined],
      [3, 41, "illegal_parameter"],
    ] as const) {
      const { machine } = scripted(version, role).peer.alert(level, description);
      if (says === undefined) expect(machine.failure).toBeUndefined();
      else expect(machine.failure?.alert).toEqual({ kind: "alert", level: "fatal", description: says });
    }
  });
  test("a transport that is gone takes none, whatever was said before", () => {
    const [own] = two(version, role);
    expect(own.abort("reset")).toMatchObject({ alert: { ...none, reason: "the transport is gone" }, output: nothing.output });
    const [closed] = two(version, role);
    closed.close();
    expect(closed.abort({ alert: "access_denied", reason: "no" })).toMatchObject({
      alert: { kind: "none", due: "access_denied", reason: "own write side closed" },
      output: nothing.output,
    });
  });
  test("a transport that ends is told as that, also by who has closed before", () => {
    const [own] = two(version, role);
    own.close();
    expect(own.receiveEnd()).toMatchObject({ error: { kind: "truncated" }, alert: { ...none, reason: "the peer has ended" } });
  });
  test("where nothing can be sealed any more, none is, and the error says what was thrown", () => {
    let broken = false;
    const thrown = new Error("the sealer broke");
    const provider = beforeSeals(seededNode(role), () => {
      if (broken) throw thrown;
    });
    const [own] = two(version, role, { [role]: { provider } });
    broken = true;
    expect(own.send(bytes("x"))).toMatchObject({
      kind: "failed",
      error: { kind: "local-fault", context: { step: "send" }, cause: thrown },
      alert: { kind: "none", due: "internal_error", reason: "the alert could not be sealed" },
      output: nothing.output,
    });
  });
  test("in the handshake: the peer has closed, or has ended", () => {
    const peer = version === "tls1.3" ? new ScriptedClient().to("WAIT_FINISHED") : new ScriptedClientTls12().to("WAIT_CKE");
    peer.alert(1, 0);
    expect(peer.machine.failure).toMatchObject({
      error: { kind: "closed-early" },
      alert: { ...none, reason: "the peer has ended" },
    });
    const gone = new ScriptedServer().end();
    expect(gone.machine.failure).toMatchObject({
      error: { kind: "truncated" },
      alert: { ...none, reason: "the peer has ended" },
    });
  });
});

describe.each(ways)("%s, the %s:", (version, role) => {
  test("what an aborting caller gives as the cause is the error's; no alert that is a warning is taken", () => {
    const cause = new Error("the database is away");
    const [own] = two(version, role);
    for (const alert of ["close_notify", "user_canceled", "no_renegotiation", "toString", 40]) {
      expect(() => own.abort({ alert: alert as never, reason: "no" })).toThrow(expect.objectContaining({ code: "bad-argument" }));
    }
    expect(own.abort({ alert: "internal_error", reason: "no", cause }).error.cause).toBe(cause);
    const [other] = two(version, role);
    expect(other.abort("cancelled").error.cause).toBeUndefined();
  });

  test("what is no cause of an abort is the caller's mistake, and spends nothing", () => {
    const [own] = two(version, role);
    for (const wrong of [undefined, null, 1, "text", {}, [], { alert: "access_denied" }, { alert: "access_denied", reason: 1 }]) {
      expect(() => own.abort(wrong as never)).toThrow(expect.objectContaining({ name: "ApiMisuse", code: "bad-argument" }));
    }
    const failure = own.abort("timeout");
    expect(failure.alert).toEqual({ kind: "alert", level: "warning", description: "close_notify" });
    expect(parseRecords(failure.output).records.length).toBe(1);
    expect(failure.abort("cancelled")).toMatchObject({ error: failure.error, alert: failure.alert, ...nothing });
  });

  test("in the handshake an abort is user_canceled and close_notify, and internal_error once Finished was said", () => {
    const aborted = (peer: ScriptedPeer): readonly (readonly number[])[] => {
      peer.listen(peer.machine.call((at) => at.abort("cancelled")));
      return peer.alerts.map(({ bytes }) => [...bytes]);
    };
    const canceled = [
      [1, 90],
      [1, 0],
    ];
    if (role === "client") {
      const peer = version === "tls1.3" ? new ScriptedServer().to("WAIT_CERT_CR") : new ScriptedServerTls12().to("WAIT_SKE");
      expect(aborted(peer)).toEqual(canceled);
      if (version === "tls1.2") expect(aborted(new ScriptedServerTls12().to("WAIT_CCS"))).toEqual([[2, 80]]);
    } else if (version === "tls1.3") {
      expect(aborted(new ScriptedClient({ shares: [] }).to("RETRIED"))).toEqual(canceled);
      expect(aborted(new ScriptedClient().to("WAIT_FINISHED"))).toEqual([[2, 80]]);
    } else {
      expect(aborted(new ScriptedClientTls12().to("WAIT_CKE"))).toEqual(canceled);
    }
  });

  test("behind a failure nothing is read, and nobody is told of anything", () => {
    const told: unknown[] = [];
    const [own, peer] = two(version, role, { [role]: { trace: (event: unknown) => void told.push(event) } });
    own.abort("cancelled");
    told.length = 0;
    own.receive(peer.send(bytes("x")).output);
    own.receive(record(content.handshake, message(types.keyUpdate, [0])));
    own.receive(record(content.handshake, message(typesTls12.helloRequest)));
    own.send(bytes("x"));
    expect(told).toEqual([]);
  });

  test("of what comes behind the end nothing is kept, here or elsewhere", () => {
    const [own, peer] = two(version, role);
    own.receive(peer.close().output);
    own.receive(bytes("garbage"));
    const extracted = own.extractSecrets();
    if (extracted.kind !== "extracted") throw new Error(extracted.kind);
    expect(extracted.secrets.unread).toEqual(new Uint8Array(0));
  });

  test("where both have ended it stays so elsewhere, and who writes makes a mistake, or is told in TLS 1.2", () => {
    const [own, peer] = two(version, role);
    own.receive(peer.close().output);
    own.close();
    const extracted = own.extractSecrets();
    if (extracted.kind !== "extracted") throw new Error(extracted.kind);
    const resumed = Connection.resume(extracted.secrets, seededNode("elsewhere"));
    const call = () => resumed.send(bytes("x"));
    if (version === "tls1.3") expect(call).toThrow(expect.objectContaining({ code: "closed" }));
    else expect(call()).toEqual({ kind: "ended", output: nothing.output });
  });

  test("an empty record is no data, and does not break a row of messages", () => {
    const { peer, connection } = scripted(version, role);
    peer.record(content.data, []);
    expect(peer.machine.data).toEqual([]);
    expect(connection.receive(new Uint8Array(0))).toEqual({ kind: "open", ...nothing });
    if (version === "tls1.2") return;
    for (let count = 0; count < 33 && peer.machine.failure === undefined; count++) {
      peer.updateKeys();
      if (count % 2 === 0 && count < 32) peer.record(content.data, []);
    }
    expect(peer.machine.failure?.error).toMatchObject({ kind: "limit-exceeded", context: { limit: "postHandshakeInARow" } });
  });

  test("a message with more in it than it has is malformed, or illegal (§4.7.3; RFC 5246 §7.4.1.1)", () => {
    const { peer } = scripted(version, role);
    if (version === "tls1.3") {
      peer.record(content.handshake, message(types.keyUpdate, [2]));
      expect(peer.machine.failure).toMatchObject({
        error: { kind: "illegal-parameter", context: { field: "request_update", received: "2" } },
        alert: { description: "illegal_parameter" },
      });
    } else if (role === "client") {
      peer.say(message(typesTls12.helloRequest, [0]));
      expect(peer.machine.failure).toMatchObject({
        error: { kind: "malformed-message" },
        alert: { description: "decode_error" },
      });
    } else {
      peer.say(message(typesTls12.helloRequest));
      expect(peer.machine.failure).toMatchObject({ error: { kind: "unexpected-message" } });
    }
  });
});

describe("a key of TLS 1.2 that is worn out can't be replaced (RFC 9846 §5.5)", () => {
  const recordsPerKey = 6;
  // Finished was the first record, and an alert may be the last.
  const forData = recordsPerKey - 2;
  const worn = (role: Role) => two("tls1.2", role, { [role]: { limits: { recordsPerKey } } });
  const exhausted = {
    kind: "failed",
    error: { kind: "key-exhausted", context: { records: recordsPerKey - 1 } },
    alert: { description: "internal_error" },
  };

  test.each(["client", "server"] as const)(
    "the %s's seals as many records as it may, and says so before it seals one more",
    (role) => {
      const [own, peer] = worn(role);
      for (let count = 0; count < forData; count++) expect(peer.receive(own.send(bytes("x")).output).data.length).toBe(1);
      expect(own.send(new Uint8Array(0))).toEqual({ kind: "sent", output: nothing.output });
      expect(own.sendInto(new Uint8Array(0), new Uint8Array(99))).toEqual({ kind: "sent", taken: 0, written: 0 });
      const failed = own.send(bytes("one more"));
      expect(failed).toMatchObject(exhausted);
      expect(written(failed)).toEqual([content.alert]);
      expect(peer.receive(failed.output)).toMatchObject({ kind: "failed", error: { kind: "alert-received" } });
    },
  );

  test("what needs more records than are left is refused whole by send; sendInto takes what fits", () => {
    const [own] = worn("client");
    expect(own.send(new Uint8Array(forData * 16384)).kind).toBe("sent");
    const [other] = worn("client");
    const refused = other.send(new Uint8Array(forData * 16384 + 1));
    expect(refused).toMatchObject(exhausted);
    expect(written(refused)).toEqual([content.alert]);
    const [into] = worn("client");
    into.send(new Uint8Array((forData - 1) * 16384));
    expect(into.sendInto(new Uint8Array(40_000), new Uint8Array(60_000))).toMatchObject({ kind: "sent", taken: 16384 });
    expect(into.sendInto(bytes("x"), new Uint8Array(99))).toMatchObject(exhausted);
  });
});

test("in TLS 1.3 a key that is worn out is replaced by data alone, and not by none", () => {
  const [own] = two("tls1.3", "client", { client: { limits: { recordsPerKey: 4 } } });
  for (let count = 0; count < 3; count++) expect(written(own.send(bytes("x")))).toEqual([content.data]);
  expect(own.sendInto(new Uint8Array(0), new Uint8Array(99))).toEqual({ kind: "sent", taken: 0, written: 0 });
  const sent = own.send(bytes("x"));
  expect(written(sent)).toEqual([content.data, content.data]);
  // Nobody is asked for an answer.
  expect(own.receive(new Uint8Array(0)).events).toEqual([{ kind: "keys-updated", direction: "write", requested: false }]);
});

test.each(ways)("%s, the %s: no record has more in it than its peer asked for", (version, role) => {
  const [own, peer] = two(version, role, { [role === "client" ? "server" : "client"]: { maxRecordSize: 100 } });
  const { records } = parseRecords(own.send(new Uint8Array(1000)).output);
  expect(records.length).toBe(10);
  expect(own.info.maxRecordSize.send).toBe(100);
  expect(peer.info.maxRecordSize.receive).toBe(100);
  const limited = peer.send(new Uint8Array(1000)).output;
  expect(own.receive(limited).data.map(({ length }) => length)).toEqual(Array.from({ length: 10 }, () => 100));
});

describe("the handshake's side of it", () => {
  test("what fails behind Finished in the same chunk is the connection's failure; its alert is the stage's output", () => {
    const client = new ScriptedClient().to("WAIT_FINISHED");
    const finished = client.sealed(content.handshake, client.finished());
    const garbage = record(content.data, repeat(40));
    client.useApplicationKeys();
    client.bytes(join(finished, garbage));
    expect(client.machine.connection).toBeDefined();
    expect(client.machine.failure).toMatchObject({
      error: { kind: "bad-record-mac" },
      alert: { description: "bad_record_mac" },
    });
    expect(client.alerts.map(({ bytes }) => [...bytes])).toEqual([[2, 20]]);
  });

  test("the first record of a client says TLS 1.0, and all of a server's TLS 1.2 (RFC 9846 §5.1)", () => {
    const { client, server } = establishedPair();
    const versions = ({ output }: { readonly output: Uint8Array }): number[] => {
      const found: number[] = [];
      for (let at = 0; at < output.length; at += 5 + (output[at + 3] ?? 0) * 256 + (output[at + 4] ?? 0))
        found.push((output[at + 1] ?? 0) * 256 + (output[at + 2] ?? 0));
      return found;
    };
    const [first, ...others] = versions(client);
    expect([first, new Set(others), new Set(versions(server))]).toEqual([0x0301, new Set([0x0303]), new Set([0x0303])]);
    // Whatever it is that comes first.
    expect(versions(new Acceptor().start().receive(Uint8Array.of(22, 3, 1, 0, 0)))).toEqual([0x0303]);
  });

  test.each([undefined, 64, 300])("a hello that nobody answers is told with the segments that it took: records of %s", (size) => {
    for (let count = 1; count < 300; count += 13) {
      const alpn = Array.from({ length: count }, (_, at) => `protocol ${at}`);
      const { client } = makeConfigs({ client: { alpn, ...(size && { clientHelloRecordSize: size }) } });
      const first = new Connector(client.config, "localhost").start();
      const { length } = first.output;
      const { records } = parseRecords(first.output);
      expect(first.abort("timeout").error).toMatchObject({
        kind: "no-answer-to-client-hello",
        context: { bytes: length - 5 * records.length, records: records.length, segments: Math.ceil(length / 1460) },
      });
    }
  });

  test("who is silent is told apart from who is canceled, from who has said a byte, and from a client", () => {
    const { client } = makeConfigs();
    const abort = (cause: AbortCause, heard?: Uint8Array): unknown => {
      const first = new Connector(client.config, "localhost").start();
      if (first.kind !== "needs-input") throw new Error(first.kind);
      return (heard === undefined ? first : first.receive(heard)).abort(cause).error.kind;
    };
    expect(abort("timeout")).toBe("no-answer-to-client-hello");
    expect(abort("cancelled")).toBe("aborted");
    expect(abort("reset")).toBe("aborted");
    expect(abort("timeout", Uint8Array.of(22))).toBe("aborted");
    expect(new Acceptor().start().abort("timeout").error.kind).toBe("aborted");
    const [own] = two("tls1.3", "client");
    expect(own.abort("timeout").error.kind).toBe("aborted");
  });

  test("a client that has said nothing has nobody to tell; one that has closed inside the handshake is told that it ended", () => {
    const sessions = { takeAsync: () => Promise.resolve(undefined), putAsync: () => Promise.resolve() };
    const first = new Connector(makeConfigs({ client: { sessions } }).client.config, "localhost").start();
    expect(first.kind).toBe("needs-session");
    expect(first.abort("cancelled")).toMatchObject({
      alert: { kind: "none", due: "user_canceled", reason: "nothing was sent yet" },
      output: nothing.output,
    });
    // Half-RTT: a server may have closed before.
    const client = new ScriptedClient({ config: { halfRtt: true } }).to("WAIT_FINISHED");
    client.listen(
      client.machine.call((at) => {
        if (!("halfRtt" in at) || at.halfRtt === undefined) throw new Error("no writer");
        return at.halfRtt.writer.close();
      }),
    );
    expect(client.alert(1, 0).machine.failure).toMatchObject({
      error: { kind: "closed-early" },
      alert: { kind: "none", due: undefined, reason: "the peer has ended" },
    });
  });

  test("no stage of a connection that was extracted aborts it any more", () => {
    const { client } = establishedPair({ client: { dangerousExtractSecrets: true } });
    expect(client.established.extractSecrets().kind).toBe("extracted");
    for (const stage of client.stages) {
      expect(() => stage.abort("timeout")).toThrow(expect.objectContaining({ name: "ApiMisuse", code: "closed" }));
    }
  });

  test("an answerer that aborts the connection from inside ends it, whatever it answers", () => {
    for (const answers of ["trusts", "throws"]) {
      const stages: ClientStage[] = [];
      const verifier: SyncVerifier = {
        schemes: ["ed25519"],
        label: "aborts",
        verify: (presented) => {
          stages[0]?.abort({ alert: "access_denied", reason: "from inside" });
          if (answers === "throws") throw new Error("behind it");
          return dangerousAssertVerified(presented);
        },
      };
      const { client, server } = makeConfigs({ client: { verifier } });
      const first = new Connector(client.config, "localhost").start();
      const accepted = new Acceptor().start().receive(first.output);
      if (first.kind !== "needs-input" || accepted.kind !== "accepted") throw new Error(accepted.kind);
      stages.push(first);
      const { output } = accepted.choose(server.config);
      expect(first.receive(output)).toMatchObject({
        kind: "failed",
        error: { kind: "aborted", context: { by: { reason: "from inside" } } },
        alert: { description: "access_denied" },
        output: nothing.output,
      });
    }
  });
});

describe.each(["client", "server"] as const)("tls1.2, the %s:", (role) => {
  const wish = ({ peer }: ReturnType<typeof scripted>): ReturnType<ScriptedPeer["say"]> =>
    role === "client" ? peer.say(message(typesTls12.helloRequest)) : peer.say((peer as ScriptedClientTls12).encodedHello()); // the client is scripted

  test("a renegotiation is refused politely once (RFC 5246 §7.2.2), and then for good", () => {
    const both = scripted("tls1.2", role);
    const { machine } = wish(both);
    expect(machine.failure).toBeUndefined();
    expect(machine.events).toEqual([{ kind: "renegotiation-refused" }]);
    expect(both.peer.alerts.map(({ bytes }) => [...bytes])).toEqual([[1, 100]]);
    wish(both);
    expect(machine.failure).toMatchObject({ error: { kind: "renegotiation" }, alert: { description: "no_renegotiation" } });
  });

  test("who has closed refuses it without a word", () => {
    const both = scripted("tls1.2", role);
    const { machine } = both.peer;
    both.peer.listen(machine.call((at) => (at as Connection).close())); // connected
    const before = both.peer.heard.length;
    wish(both);
    expect(machine.failure).toBeUndefined();
    expect(machine.events).toEqual([{ kind: "renegotiation-refused" }]);
    expect(both.peer.heard.length).toBe(before);
  });

  test("without extended master secret nothing is exported, here and elsewhere (RFC 7627 §5.4)", () => {
    const config = { dangerousExtractSecrets: true };
    const peer =
      role === "server"
        ? new ScriptedClientTls12(config).leaveOut(extensionsTls12.extendedMasterSecret)
        : new ScriptedServerTls12({ config }).to("WAIT_SH");
    if (peer instanceof ScriptedServerTls12) {
      const extensions = peer.answers().filter(({ type }) => type !== extensionsTls12.extendedMasterSecret);
      peer.say(peer.serverHello({ extensions })).skipTo("WAIT_CERT").to("CONNECTED");
    } else peer.to("CONNECTED");
    const { connection } = peer.machine;
    const unavailable = { kind: "unavailable", reason: "no-extended-master-secret" };
    expect(connection?.exportKeyingMaterial("EXPORTER-x", undefined, 255 * 32)).toEqual(unavailable);
    const extracted = connection?.extractSecrets();
    if (extracted?.kind !== "extracted") throw new Error(extracted?.kind);
    expect(extracted.secrets.exporter).toBeUndefined();
    expect(Connection.resume(extracted.secrets, node).channelBinding()).toEqual(unavailable);
  });
});

describe("a connection's secrets", () => {
  const hash = node.hashes.find(({ name }) => name === "sha256");
  const suite = node.suites.find(({ name }) => name === "TLS_AES_128_GCM_SHA256");
  if (hash === undefined || suite === undefined) throw new Error("node has both");

  test("are wiped with its exporter", () => {
    const randoms = { client: repeat(32, 1), server: repeat(32, 2) };
    for (const exporter of [new ExporterTls13(hash, repeat(32, 9)), new ExporterTls12(hash, repeat(48, 9), randoms)]) {
      expect(exporter.maxLength).toBe(255 * 32);
      expect(exporter.secret().some((byte) => byte !== 0)).toBe(true);
      exporter.wipe();
      expect(exporter.secret().every((byte) => byte === 0)).toBe(true);
    }
  });

  test.each([
    ["fails", (connection: Connection) => connection.abort("reset")],
    ["is cancelled", (connection: Connection) => connection.abort("cancelled")],
  ])("are forgotten when it %s: the exporter's, and the tickets'", (_, end) => {
    const wiped: string[] = [];
    const [own] = two("tls1.3", "client");
    const agreement: Agreement = {
      info: own.info,
      suite,
      limits: defaultLimits,
      truncation: "strict",
      mayExtract: false,
      exporter: {
        maxLength: 1,
        export: () => repeat(1),
        secret: () => repeat(32),
        wipe: () => void wiped.push("exporter"),
      },
      tickets: { take: () => undefined, wipe: () => void wiped.push("tickets") },
    };
    // It is internal, and so no part of what is declared.
    const { make } = Connection as unknown as { make(link: Link, agreement: Agreement): Connection };
    const connection = make(new Link("client", defaultLimits, undefined), agreement);
    end(connection);
    end(connection);
    expect(wiped).toEqual(["exporter", "tickets"]);
  });
});

describe.each([
  ["TLS_AES_128_GCM_SHA256", 32],
  ["TLS_AES_256_GCM_SHA384", 48],
  ["TLS_CHACHA20_POLY1305_SHA256", 32],
  ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 32],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", 48],
  ["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", 32],
] as const)("%s:", (suite, hashLength) => {
  const version = suite.startsWith("TLS_ECDHE") ? "tls1.2" : "tls1.3";
  test.each(["client", "server"] as const)("data, exporters and secrets go both ways, here and elsewhere: the %s's", (role) => {
    const options = { suites: [suite] } as const;
    let [own, peer] = two(version, role, { client: options, server: options });
    const long = bytes("0123456789".repeat(1700));
    for (let turn = 0; turn < 2; turn++) {
      expect(own.info.suite).toBe(suite);
      expect(joined(peer.receive(own.send(long).output).data)).toEqual(long);
      const target = new Uint8Array(20_000);
      const sent = own.sendInto(long, target);
      if (sent.kind !== "sent") throw new Error(sent.kind);
      expect(joined(peer.receive(target.subarray(0, sent.written)).data)).toEqual(long);
      const most = 255 * hashLength;
      expect(own.exportKeyingMaterial("EXPORTER-x", undefined, most)).toEqual(
        peer.exportKeyingMaterial("EXPORTER-x", undefined, most),
      );
      expect(() => own.exportKeyingMaterial("EXPORTER-x", undefined, most + 1)).toThrow(
        expect.objectContaining({ code: "bad-argument" }),
      );
      const extracted = own.extractSecrets();
      if (extracted.kind !== "extracted") throw new Error(extracted.kind);
      own = Connection.resume(extracted.secrets, seededNode("elsewhere"));
      [own, peer] = [peer, own];
    }
  });
});

// RFC 9846 §5.4: the type is the last byte that is not zero.
test("a record of nothing but padding, however much of it, has no content type, and is told so", () => {
  for (const zeros of [0, 1, 20, 2 ** 14]) {
    for (const peer of [new ScriptedClient().to("CONNECTED"), new ScriptedServer().to("CONNECTED")]) {
      const { machine } = peer.record(0, [], zeros);
      expect(machine.failure?.error).toMatchObject({ kind: "unexpected-record", context: { received: "only zeros" } });
    }
  }
});
