// What each error says of itself: whose fault it is, which alert is due, and how it reads.
import { expect, test } from "vitest";
import type { ErrorContext, ErrorKind, Registered, TlsError } from "@sallyport/core";
import { alertFor } from "../../packages/core/src/alerts.ts";
import { isSituated, situate, TlsErrorOf } from "../../packages/core/src/errors.ts";
import { decodeClientHello } from "../../packages/core/src/wire/client-hello.ts";
import { ScriptedClient } from "../support/scripted-peer.ts";

/** Whose fault, which alert is due (null: none), and the message of an error with that context. */
type Told<K extends ErrorKind> = readonly [ErrorContext[K], fault: string, due: string | null, message: string];

const clientHello = decodeClientHello(new ScriptedClient().encodedHello());
const extension: Registered = { id: 28, name: "record_size_limit" };
const unknown: Registered = { id: 0x0afe, name: undefined };
const limit = { allowed: 2, received: 3 };
const presented = {
  role: "server",
  type: "x509",
  chain: [new Uint8Array(1)],
  serverName: undefined,
  ocspResponse: undefined,
  signedCertificateTimestamps: [],
  nowMs: 0,
} as const;
const alerted = { description: { id: 80, name: "internal_error" }, authenticated: true, offered: undefined } as const;
const hello = { bytes: 1800, records: 1 };

const errors: { readonly [K in ErrorKind]: readonly [Told<K>, ...Told<K>[]] } = {
  "not-tls": [
    [{ looksLike: "http" }, "peer", "unexpected_message", "the peer speaks http on a TLS port"],
    [{ looksLike: "sslv2" }, "peer", "protocol_version", "the peer speaks sslv2 on a TLS port"],
    [{ looksLike: "unknown" }, "peer", "unexpected_message", "the peer's first bytes are not TLS"],
  ],
  "no-agreement": [
    [
      { reasons: [{ kind: "server-name-missing" }, { kind: "no-supported-groups" }], alert: "missing_extension", clientHello },
      "peer-incompatible",
      "missing_extension",
      "nothing in common with this client: server-name-missing, no-supported-groups",
    ],
  ],
  "unexpected-message": [
    [{ expected: ["one", "two"], received: "three" }, "peer", "unexpected_message", "expected one or two, received three"],
  ],
  "unexpected-record": [
    [{ expected: "alert", received: "handshake" }, "peer", "unexpected_message", "expected alert, received handshake"],
  ],
  "malformed-message": [
    [{ message: "finished", field: "body", offset: 4 }, "peer", "decode_error", "finished can't be decoded: body, at byte 4"],
  ],
  "illegal-parameter": [
    [
      { message: "server_hello", field: "random", expected: "one", received: "another" },
      "peer",
      "illegal_parameter",
      "server_hello has a wrong random: expected one, received another",
    ],
  ],
  "duplicate-extension": [
    [{ message: "certificate", extension: unknown }, "peer", "illegal_parameter", "certificate has the extension 0x0afe twice"],
    ...(["client_hello", "server_hello", "encrypted_extensions"] as const).map(
      (message): Told<"duplicate-extension"> => [
        { message, extension },
        "peer",
        "decode_error",
        `${message} has the extension record_size_limit twice`,
      ],
    ),
  ],
  "missing-extension": [
    [
      { message: "client_hello", extension: "key_share" },
      "peer",
      "missing_extension",
      "client_hello lacks the extension key_share",
    ],
  ],
  "unsolicited-extension": [
    [
      { message: "server_hello", extension },
      "peer",
      "unsupported_extension",
      "server_hello answers the extension record_size_limit, which was not asked for",
    ],
  ],
  "unsupported-version": [
    [
      { theirs: { id: 0x0301, name: "TLSv1.0" }, ours: ["tls1.3", "tls1.2"] },
      "peer-incompatible",
      "protocol_version",
      "the peer chose TLSv1.0; offered was tls1.3, tls1.2",
    ],
  ],
  "limit-exceeded": [
    [
      { limit: "handshakeMessage", ...limit },
      "peer",
      "decode_error",
      "the peer exceeds the limit handshakeMessage: 3, allowed are 2",
    ],
    [
      { limit: "warningAlerts", ...limit },
      "peer",
      "unexpected_message",
      "the peer exceeds the limit warningAlerts: 3, allowed are 2",
    ],
  ],
  "record-overflow": [
    [{ allowed: 16384, received: 16385 }, "peer", "record_overflow", "a record of 16385 bytes; allowed are 16384"],
  ],
  "bad-record-mac": [[{ sequence: 7 }, "peer", "bad_record_mac", "record 7 under the current key is not authentic"]],
  "bad-signature": [
    [{ scheme: "ed25519" }, "peer", "decrypt_error", "the peer did not prove its key: its ed25519 signature is wrong"],
  ],
  "bad-binder": [
    [{ index: 1 }, "peer", "decrypt_error", "the client does not know the secret of its PSK 1: the binder is wrong"],
  ],
  "unknown-psk": [
    [
      { offered: 2 },
      "peer-incompatible",
      "decrypt_error",
      "none of the client's PSKs (2) is known here, and there is no certificate",
    ],
  ],
  "bad-finished": [[{ from: "client" }, "peer", "decrypt_error", "the client's Finished does not match this handshake"]],
  renegotiation: [[{ asked: "client_hello" }, "peer", "no_renegotiation", "the peer insists on a renegotiation by client_hello"]],
  "not-a-first-handshake": [
    [
      { message: "client_hello" },
      "peer",
      "handshake_failure",
      "client_hello speaks of an earlier handshake in its renegotiation_info",
    ],
  ],
  "key-exhausted": [
    [{ records: 9 }, "us", "internal_error", "the key has sealed 9 records, and TLS 1.2 can't change it: begin a new connection"],
  ],
  "extended-master-secret-required": [
    [
      { message: "client_hello", by: "config" },
      "peer-incompatible",
      "handshake_failure",
      "client_hello lacks extended_master_secret, which the config requires",
    ],
    [
      { message: "server_hello", by: "session" },
      "peer-incompatible",
      "handshake_failure",
      "server_hello lacks extended_master_secret, which the session used",
    ],
  ],
  "bad-certificate": [
    [
      { problem: "no end", offset: 5, notDer: true },
      "peer",
      "decode_error",
      "the peer's certificate can't be used: no end, at byte 5",
    ],
    [
      { problem: "no key", offset: 5, notDer: false },
      "peer",
      "bad_certificate",
      "the peer's certificate can't be used: no key, at byte 5",
    ],
  ],
  "unsupported-certificate": [
    [{ problem: "its key" }, "peer-incompatible", "unsupported_certificate", "the peer's certificate is not supported: its key"],
  ],
  "bad-compression": [
    [
      { algorithm: "zlib", problem: "it is too long" },
      "peer",
      "bad_certificate",
      "the peer's certificate was compressed by zlib, and it is too long",
    ],
  ],
  "certificate-required": [
    [{ version: "tls1.3" }, "peer", "certificate_required", "the client showed no certificate, and the config requires one"],
    [{ version: "tls1.2" }, "peer", "handshake_failure", "the client showed no certificate, and the config requires one"],
  ],
  "identity-distrusted": [
    [
      { reason: { reason: "too old", alert: "certificate_expired" }, presented },
      "peer",
      "certificate_expired",
      "the peer's identity is not trusted: too old",
    ],
    [
      { reason: { reason: "who is that?" }, presented },
      "peer",
      "certificate_unknown",
      "the peer's identity is not trusted: who is that?",
    ],
  ],
  "alert-received": [
    [{ level: "fatal", ...alerted }, "peer", null, "the peer says internal_error"],
    [{ level: "warning", ...alerted }, "peer", "decode_error", "the peer says internal_error"],
    [
      { level: "unknown", description: unknown, authenticated: false, offered: undefined },
      "peer",
      "illegal_parameter",
      "the peer says 0x0afe (unauthenticated)",
    ],
  ],
  "no-answer-to-client-hello": [
    [
      { ...hello, segments: 1 },
      "transport",
      "user_canceled",
      "no answer to a ClientHello of 1800 bytes (records: 1, TCP segments: 1 or more): is a TLS server there at all?",
    ],
    [
      { ...hello, segments: 2 },
      "transport",
      "user_canceled",
      "no answer to a ClientHello of 1800 bytes (records: 1, TCP segments: 2 or more): something between may drop what needs " +
        "more than one segment; offer no hybrid in groups or keyShares, or try clientHelloRecordSize",
    ],
  ],
  "closed-early": [[{ authenticated: true }, "peer", null, "the peer said close_notify before the handshake was complete"]],
  truncated: [
    [{ insideRecord: false }, "transport", null, "the transport ended without close_notify"],
    [{ insideRecord: true }, "transport", null, "the transport ended without close_notify, inside a record"],
  ],
  aborted: [
    [{ by: "reset" }, "transport", null, "aborted: reset"],
    [{ by: "cancelled" }, "caller", "user_canceled", "aborted: cancelled"],
    [{ by: "timeout" }, "caller", "user_canceled", "aborted: timeout"],
    [{ by: { alert: "access_denied", reason: "not today" } }, "caller", "access_denied", "aborted with access_denied: not today"],
    [{ by: { alert: "internal_error", reason: "full" } }, "us", "internal_error", "aborted with internal_error: full"],
  ],
  "local-fault": [[{ step: "sign" }, "us", "internal_error", "a local step failed: sign"]],
};

const cases = (Object.keys(errors) as ErrorKind[]).flatMap((kind) =>
  errors[kind].map(([context, ...told]) => [kind, context, told] as const),
);
test.each(cases)("%s %j: whose fault it is, which alert is due, and how it reads", (kind, context, told) => {
  // Kind and context are of one entry.
  const error = new TlsErrorOf(kind, context as ErrorContext[typeof kind]) as TlsError;
  expect([error.fault, alertFor(error) ?? null, error.message]).toEqual(told);
});

test.each([
  "emptyRecordsInARow",
  "warningAlerts",
  "changeCipherSpecs",
  "postHandshakeInARow",
  "skippedEarlyData",
  "earlyData",
] as const)("too many of what may come is unexpected_message, too long a message decode_error: %s", (number) => {
  const due = (limit: ErrorContext["limit-exceeded"]["limit"]) =>
    alertFor(new TlsErrorOf("limit-exceeded", { limit, allowed: 1, received: 2 }));
  expect(due(number)).toBe("unexpected_message");
  for (const length of ["clientHello", "certificateMessage", "certificateChain", "handshakeMessage", "received"] as const)
    expect(due(length)).toBe("decode_error");
});

test("an error says the clause that it stands on, and keeps what was thrown", () => {
  const cause = new Error("a disk");
  const error = new TlsErrorOf("local-fault", { step: "sign" }, "RFC 9846 §6", cause);
  expect(error).toMatchObject({ message: "a local step failed: sign (RFC 9846 §6)", section: "RFC 9846 §6", cause });
  expect(Object.hasOwn(new TlsErrorOf("local-fault", { step: "sign" }), "cause")).toBe(false);
});

test("an error that no connection has had yet says nothing of one; one that has is known by it", () => {
  const error = new TlsErrorOf("local-fault", { step: "sign" }) as TlsError;
  const nowhere = { phase: "client-hello", finishedSent: false, serverName: undefined, label: undefined, received: undefined };
  expect(error).toMatchObject(nowhere);
  expect(isSituated(error)).toBe(false);
  const received = Uint8Array.of(1);
  const somewhere = { phase: "established", finishedSent: true, serverName: "a.example", label: "a", received } as const;
  situate(error, somewhere);
  expect(error).toMatchObject(somewhere);
  expect(isSituated(error)).toBe(true);
});
