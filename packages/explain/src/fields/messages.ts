// Handshake messages, alerts and the headers of records as trees of fields.
import {
  authorities,
  extensions,
  inCertificateEntry,
  inCertificateRequest,
  inClientHello,
  inEncryptedExtensions,
  inHelloRetryRequest,
  inNewSessionTicket,
  inServerHello,
} from "./extensions.ts";
import type { Field } from "./field.ts";
import { named, oneOf } from "./say.ts";
import { type Budget, octets, Walker } from "./walker.ts";

/** What a message looks like depends on the version that was chosen. */
export type Version = "tls1.3" | "tls1.2" | undefined;

/** A hello of a browser has about three hundred. */
const mostFields = 20_000;

/** Of a whole handshake message, its 4-byte header included. */
export function messageFields(message: Uint8Array, version: Version, budget: Budget = { left: mostFields }): readonly Field[] {
  const walker = new Walker(message, budget);
  const type = walker.number("msg_type", 1, named("handshake", 1));
  if (type === undefined) return walker.done();
  const body = (version === "tls1.3" ? tls13.get(type) : tls12.get(type)) ?? both.get(type);
  walker.vector("body", 3, body ?? ((inside): void => void inside.rest("bytes")));
  return walker.done();
}

export function alertFields(body: Uint8Array, budget: Budget): readonly Field[] {
  const walker = new Walker(body, budget);
  walker.number(
    "level",
    1,
    oneOf([
      [1, "warning"],
      [2, "fatal"],
    ]),
  );
  walker.number("description", 1, named("alert", 1));
  return walker.done();
}

export const contentTypes: readonly (readonly [number, string])[] = [
  [20, "change_cipher_spec"],
  [21, "alert"],
  [22, "handshake"],
  [23, "application_data"],
  [24, "heartbeat"],
];

/** Of the five bytes before a record's body. */
export function recordFields(walker: Walker): void {
  walker.number("content_type", 1, oneOf(contentTypes));
  walker.number("legacy_record_version", 2, named("version"));
  walker.number("length", 2, octets);
}

function clientHello(body: Walker): void {
  body.number("legacy_version", 2, named("version"));
  body.opaque("random", 32);
  body.opaqueVector("legacy_session_id", 1, 0, undefined, 32);
  body.list("cipher_suites", 2, 2, (list) => void list.number("cipher_suite", 2, named("suite")));
  body.list(
    "legacy_compression_methods",
    1,
    1,
    (list) =>
      void list.number(
        "compression_method",
        1,
        oneOf([
          [0, "null"],
          [1, "DEFLATE"],
        ]),
      ),
  );
  // A hello of TLS 1.2 and older may end before the block (RFC 5246 §7.4.1.2).
  if (body.left > 0) extensions(body, inClientHello);
}

function serverHello(body: Walker): void {
  body.number("legacy_version", 2, named("version"));
  let isRetry = false;
  body.opaque("random", 32, (random) => {
    isRetry = retryRandom.every((byte, at) => random[at] === byte);
    const fell = String.fromCharCode(...random.subarray(24, 31)) === "DOWNGRD";
    const note = isRetry
      ? "this value makes it a HelloRetryRequest"
      : fell
        ? "its end says that the server can do a newer version"
        : undefined;
    return { value: "32 bytes", note };
  });
  body.opaqueVector("legacy_session_id_echo", 1, 0, undefined, 32);
  body.number("cipher_suite", 2, named("suite"));
  body.number(
    "legacy_compression_method",
    1,
    oneOf([
      [0, "null"],
      [1, "DEFLATE"],
    ]),
  );
  if (body.left > 0) extensions(body, isRetry ? inHelloRetryRequest : inServerHello);
}

/** SHA-256 of "HelloRetryRequest" (RFC 9846 §4.2.3). */
export const retryRandom: Uint8Array = new Uint8Array([
  0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a,
  0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
]);

function signature(body: Walker): void {
  body.number("algorithm", 2, named("scheme"));
  body.opaqueVector("signature", 2);
}

const nothing = (): void => {};

const both: ReadonlyMap<number, (body: Walker) => void> = new Map([
  [0, nothing],
  [1, clientHello],
  [2, serverHello],
  [5, nothing],
  [8, (body: Walker): void => extensions(body, inEncryptedExtensions)],
  [14, nothing],
  [15, signature],
  [20, (body: Walker): void => void body.rest("verify_data")],
  [
    22,
    (body: Walker): void => {
      if (body.next !== undefined && body.next !== 1) return body.refuse("status_type", "no other type than ocsp (1) has a form");
      body.number("status_type", 1, oneOf([[1, "ocsp"]]));
      body.opaqueVector("ocsp_response", 3, 1);
    },
  ],
  [
    24,
    (body: Walker): void =>
      void body.number(
        "request_update",
        1,
        oneOf([
          [0, "update_not_requested"],
          [1, "update_requested"],
        ]),
      ),
  ],
  [
    25,
    (body: Walker): void => {
      body.number(
        "algorithm",
        2,
        oneOf([
          [1, "zlib"],
          [2, "brotli"],
          [3, "zstd"],
        ]),
      );
      body.number("uncompressed_length", 3, octets);
      body.opaqueVector("compressed_certificate_message", 3, 1);
    },
  ],
]);

const tls13: ReadonlyMap<number, (body: Walker) => void> = new Map([
  [
    4,
    (body: Walker): void => {
      body.number("ticket_lifetime", 4, (seconds) => `${seconds} seconds`);
      body.number("ticket_age_add", 4);
      body.opaqueVector("ticket_nonce", 1);
      body.opaqueVector("ticket", 2, 1);
      extensions(body, inNewSessionTicket);
    },
  ],
  [
    11,
    (body: Walker): void => {
      body.opaqueVector("certificate_request_context", 1);
      body.list("certificate_list", 3, 0, (list) =>
        list.group("certificate_entry", (entry) => {
          entry.opaqueVector("cert_data", 3, 1);
          extensions(entry, inCertificateEntry);
        }),
      );
    },
  ],
  [
    13,
    (body: Walker): void => {
      body.opaqueVector("certificate_request_context", 1);
      extensions(body, inCertificateRequest);
    },
  ],
]);

const tls12: ReadonlyMap<number, (body: Walker) => void> = new Map([
  [
    4,
    (body: Walker): void => {
      body.number("ticket_lifetime_hint", 4, (seconds) => `${seconds} seconds`);
      body.opaqueVector("ticket", 2);
    },
  ],
  [11, (body: Walker): void => body.list("certificate_list", 3, 0, (list) => list.opaqueVector("ASN.1Cert", 3, 1))],
  [
    12,
    (body: Walker): void => {
      // Without a named curve it is finite-field DHE or older, which has another shape.
      if (body.next !== 3) return void body.rest("params");
      body.number("curve_type", 1, oneOf([[3, "named_curve"]]));
      body.number("namedcurve", 2, named("group"));
      body.opaqueVector("public", 1, 1);
      signature(body);
    },
  ],
  [
    13,
    (body: Walker): void => {
      body.list(
        "certificate_types",
        1,
        1,
        (list) =>
          void list.number(
            "certificate_type",
            1,
            oneOf([
              [1, "rsa_sign"],
              [2, "dss_sign"],
              [64, "ecdsa_sign"],
            ]),
          ),
      );
      body.list("supported_signature_algorithms", 2, 2, (list) => void list.number("signature_scheme", 2, named("scheme")));
      authorities(body, 0);
    },
  ],
  // RSA key transport and finite-field DHE have a length of two bytes.
  [
    16,
    (body: Walker): void =>
      body.next === body.left - 1 ? body.opaqueVector("ecdh_Yc", 1, 1) : body.opaqueVector("exchange_keys", 2),
  ],
]);
