// Every way to fail has its explanation, and no explanation makes things worse.
import { describe, expect, test } from "vitest";
import { type AlertDescription, type ErrorContext, type ErrorKind, readClientHello, type TlsError } from "@sallyport/core";
import { explain, toText } from "@sallyport/explain";
import { TlsErrorOf } from "../../packages/core/src/errors.ts";
import { alertIds } from "../../packages/core/src/alerts.ts";
import { catalogue } from "../../packages/explain/src/causes/catalogue.ts";
import { stacks } from "../../packages/explain/src/stacks/all.ts";
import { helloOfRecord } from "../support/client-hello.ts";

const hello = helloOfRecord(
  "160303004f0100004b03032e2aec857f15dd095f22d1538260d7806728aa6748cef071ab63d0b23e553a05000014c027c023c00ac009c007c008c014c013c0" +
    "11c0120100000e000d000a00080403020304010201",
);
const value = { id: 0x1234, name: undefined };

/** One of each kind: a kind without its example does not compile. */
const examples: { readonly [K in ErrorKind]: ErrorContext[K] } = {
  "not-tls": { looksLike: "ssh" },
  "no-agreement": {
    reasons: [{ kind: "no-supported-groups" }, { kind: "server-name-missing" }],
    alert: "handshake_failure",
    clientHello: hello,
  },
  "unexpected-message": { expected: ["finished"], received: "certificate" },
  "unexpected-record": { expected: "handshake", received: "application_data" },
  "malformed-message": { message: "client_hello", field: "random", offset: 6 },
  "illegal-parameter": { message: "server_hello", field: "cipher_suite", expected: "one that was offered", received: "0x1234" },
  "duplicate-extension": { message: "client_hello", extension: value },
  "missing-extension": { message: "client_hello", extension: "key_share" },
  "unsolicited-extension": { message: "server_hello", extension: value },
  "unsupported-version": { theirs: value, ours: ["tls1.3"] },
  "limit-exceeded": { limit: "received", allowed: 1, received: 2 },
  "record-overflow": { allowed: 1, received: 2 },
  "bad-record-mac": { sequence: 1 },
  "bad-signature": { scheme: "ed25519" },
  "bad-binder": { index: 0 },
  "unknown-psk": { offered: 1 },
  "bad-finished": { from: "server" },
  renegotiation: { asked: "hello_request" },
  "not-a-first-handshake": { message: "client_hello" },
  "key-exhausted": { records: 1 },
  "extended-master-secret-required": { message: "client_hello", by: "config" },
  "bad-certificate": { problem: "no SEQUENCE", offset: 0, notDer: true },
  "unsupported-certificate": { problem: "a DSA key" },
  "bad-compression": { algorithm: "zlib", problem: "is longer than it says" },
  "certificate-required": { version: "tls1.3" },
  "identity-distrusted": {
    reason: { reason: "not one of us" },
    presented: { role: "server", type: "x509", chain: [new Uint8Array(1)] } as never,
  },
  "alert-received": { level: "fatal", description: { id: 40, name: "handshake_failure" }, authenticated: false, offered: hello },
  "no-answer-to-client-hello": { bytes: 1800, records: 1, segments: 2 },
  "closed-early": { authenticated: true },
  truncated: { insideRecord: true },
  aborted: { by: "timeout" },
  "local-fault": { step: "provider.random" },
};

const kinds = Object.keys(examples) as ErrorKind[];

test.each(kinds)("%s is explained: what it is, whose move it is, and what to do", (kind) => {
  // The kind and its example belong together, which a lookup by a union doesn't show.
  const error = new TlsErrorOf(kind, examples[kind] as never) as TlsError;
  const { causes, verdict, severity } = explain(error);
  expect(severity).toBe("failure");
  expect(causes.length).toBeGreaterThan(0);
  expect(verdict).toContain(causes[0]?.what);
  for (const { remedies, what, move } of causes) {
    expect(what).toMatch(/[.:]$|\.$/);
    expect(move).toBeTruthy();
    expect(remedies.length).toBeGreaterThan(0);
  }
  expect(toText(explain(error))).toContain("the next move is");
});

test.each(Object.entries(alertIds) as [AlertDescription, number][])("the alert %s alone is explained", (_, number) => {
  const report = explain(Uint8Array.of(2, number));
  if (number === 0) return expect(report.causes.map(({ id }) => id)).toEqual(["closed-early"]);
  expect(report.causes.length).toBeGreaterThan(0);
  expect(report.alert?.number).toBe(number);
});

test("an alert that is in no registry is explained too", () => {
  expect(explain(Uint8Array.of(2, 200)).causes.length).toBeGreaterThan(0);
});

test("a hello that can't be decoded is explained by the machine's own reader", () => {
  const raw = hello.raw.slice(0, 60);
  const read = readClientHello(raw);
  const report = explain(raw);
  if (read.kind !== "malformed") throw new TypeError("the hello was cut short");
  expect(report.causes[0]?.what.toLowerCase()).toContain(read.error.message.toLowerCase().replace("§", "section "));
});

describe("no remedy weakens", () => {
  const all = [
    ...Object.entries(catalogue).flatMap(([id, { advice, stopGap }]) => [
      ...advice.map((text) => ({ id, text, options: [] as readonly string[], lost: undefined as string | undefined })),
      ...(stopGap === undefined ? [] : [{ id, text: stopGap.advice, options: [], lost: stopGap.lost }]),
    ]),
    ...stacks.flatMap((stack) =>
      Object.entries(stack.remedies).flatMap(([id, remedies]) =>
        (remedies ?? []).map(({ advice, options, stopGap }) => ({
          id: `${stack.id} ${id}`,
          text: advice,
          options,
          lost: stopGap,
        })),
      ),
    ),
  ];
  const weakens =
    /SECLEVEL=[01]|rejectUnauthorized: false|UNAUTHORIZED=0|--insecure|(^|\s)-k\b|InsecureSkipVerify|LEGACY_SERVER_CONNECT|SSLv3|TLSv?1\.[01]\b|VERIFY_NONE|trust ?all|no hybrid|verification off|lower the level|lower the security/i;

  test("one that does is a stop-gap, and says what is lost", () => {
    expect(all.filter(({ text, options, lost }) => weakens.test([text, ...options].join(" ")) && lost === undefined)).toEqual([]);
    expect(all.filter(({ lost }) => lost !== undefined).length).toBeGreaterThan(3);
  });

  test("a stop-gap is never told first", () => {
    for (const kind of kinds) {
      const error = new TlsErrorOf(kind, examples[kind] as never) as TlsError;
      for (const { remedies } of explain(error, { stacks: stacks.map(({ id }) => id) }).causes) {
        expect(remedies[0]?.stopGap).toBeUndefined();
        const first = remedies.findIndex(({ stopGap }) => stopGap !== undefined);
        if (first >= 0) expect(remedies.slice(first).every(({ stopGap }) => stopGap !== undefined)).toBe(true);
      }
    }
  });
});
