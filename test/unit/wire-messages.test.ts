import { readFileSync } from "node:fs";
import { fc, test } from "@fast-check/vitest";
import { type Bytes, TlsError } from "@sallyport/core";
import { describe, expect } from "vitest";
import {
  decodeCertificate,
  decodeCertificateRequest,
  decodeCertificateVerify,
  encodeCertificate,
  encodeCertificateRequest,
  encodeCertificateVerify,
} from "../../packages/core/src/wire/certificate-message.ts";
import { decodeClientHello, encodeClientHello, messageHash } from "../../packages/core/src/wire/client-hello.ts";
import { encodeCompressedCertificate } from "../../packages/core/src/wire/compressed-certificate.ts";
import { decodeEncryptedExtensions, encodeEncryptedExtensions } from "../../packages/core/src/wire/encrypted-extensions.ts";
import {
  type Extension,
  extension,
  writeKeyShareEntry,
  writeProtocols,
  writeServerName,
} from "../../packages/core/src/wire/extensions.ts";
import { handshakeTypes } from "../../packages/core/src/wire/handshake.ts";
import {
  decodeFinished,
  decodeKeyUpdate,
  decodeNewSessionTicket,
  encodeFinished,
  encodeKeyUpdate,
  encodeNewSessionTicket,
} from "../../packages/core/src/wire/post-handshake.ts";
import { extensionIds, registered } from "../../packages/core/src/wire/registry.ts";
import { decodeServerHello, encodeServerHello, helloRetryRequestRandom } from "../../packages/core/src/wire/server-hello.ts";
import {
  decodeCertificateRequestTls12,
  decodeServerKeyExchange,
  encodeCertificateTls12,
  encodeClientKeyExchange,
  encodeServerHelloDone,
  encodeServerKeyExchange,
  serverParams,
} from "../../packages/core/src/wire/tls12-messages.ts";
import { encodeCertificateStatus } from "../../packages/core/src/wire/staples.ts";
import { bytesOf, hexOf } from "../support/hex.ts";
import { type CodedMessage, nameOf, rewrite, rewriteTls12 } from "../support/messages.ts";
import { block, join, message, type Octets, u16, v16, v24, v8 } from "../support/octets.ts";
import { recordedHandshakes } from "../support/rfc8448.ts";

const bytes = (minLength: number, maxLength: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Uint8Array.from(array));
const number = (bits: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** bits - 1 });
const list = <Item>(item: fc.Arbitrary<Item>, minLength = 1): fc.Arbitrary<Item[]> => fc.array(item, { minLength, maxLength: 5 });
const name = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 20,
});
const entry = fc.record({ group: number(16), keyExchange: bytes(1, 70) });

/** Extensions that nobody knows, each once. */
const unknownExtensions = fc.uniqueArray(
  fc
    .record({ id: fc.integer({ min: 0xe000, max: 0xfdff }), data: bytes(0, 20) })
    .map(({ id, data }) => ({ type: registered("extension", id), data })),
  { maxLength: 3, selector: ({ type }) => type.id },
);
/** Those before, between the unknown ones, in any order. */
const among = (...known: readonly fc.Arbitrary<Extension | undefined>[]): fc.Arbitrary<Extension[]> =>
  fc
    .tuple(fc.tuple(...known), unknownExtensions)
    .map(([some, unknown]) => [...some.filter((each) => each !== undefined), ...unknown])
    .chain((all) => fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }));
const maybe = (made: fc.Arbitrary<Extension>): fc.Arbitrary<Extension | undefined> => fc.option(made, { nil: undefined });
const u16s = (which: "supported_groups" | "signature_algorithms" | "signature_algorithms_cert"): fc.Arbitrary<Extension> =>
  list(number(16)).map((values) => extension(which, (writer) => writer.list(2, values, (_, value) => writer.u16(value))));
const authorities = list(bytes(1, 30)).map((names) =>
  extension("certificate_authorities", (writer) => writer.list(2, names, (_, each) => writer.opaque(2, each))),
);

const clientHello = fc
  .record({
    legacyVersion: number(16),
    random: bytes(32, 32),
    legacySessionId: bytes(0, 32),
    cipherSuites: list(number(16)),
    compressionMethods: list(number(8)),
    extensions: fc.option(
      among(
        maybe(name.map((host) => extension("server_name", (writer) => writeServerName(writer, host)))),
        maybe(u16s("supported_groups")),
        maybe(u16s("signature_algorithms")),
        maybe(u16s("signature_algorithms_cert")),
        maybe(
          list(name).map((names) =>
            extension("application_layer_protocol_negotiation", (writer) => writeProtocols(writer, names)),
          ),
        ),
        maybe(
          list(number(16)).map((versions) =>
            extension("supported_versions", (writer) => writer.list(1, versions, (_, each) => writer.u16(each))),
          ),
        ),
        maybe(
          list(entry, 0).map((shares) =>
            extension("key_share", (writer) => writer.list(2, shares, (_, each) => writeKeyShareEntry(writer, each))),
          ),
        ),
        maybe(bytes(1, 40).map((cookie) => extension("cookie", (writer) => writer.opaque(2, cookie)))),
        maybe(
          list(number(8)).map((modes) =>
            extension("psk_key_exchange_modes", (writer) => writer.list(1, modes, (_, each) => writer.u8(each))),
          ),
        ),
        maybe(authorities),
        maybe(fc.constant(extension("early_data"))),
        maybe(fc.constant(extension("extended_master_secret"))),
        maybe(
          list(fc.record({ identity: bytes(1, 40), age: number(32), binder: bytes(1, 48) })).map((psks) =>
            extension("pre_shared_key", (writer) => {
              writer.list(2, psks, (_, { identity, age }) => writer.opaque(2, identity).u32(age));
              writer.list(2, psks, (_, { binder }) => writer.opaque(1, binder));
            }),
          ),
        ),
      ),
      { nil: undefined },
    ),
  })
  .map(encodeClientHello);

const selectedVersion = number(16).map((version) => extension("supported_versions", (writer) => writer.u16(version)));
const hello = (random: fc.Arbitrary<Uint8Array>, ...known: readonly fc.Arbitrary<Extension>[]): fc.Arbitrary<Bytes> =>
  fc
    .record({
      legacyVersion: number(16),
      random,
      legacySessionIdEcho: bytes(0, 32),
      cipherSuite: number(16),
      legacyCompressionMethod: number(8),
      extensions: fc.option(among(maybe(selectedVersion), ...known.map(maybe)), { nil: undefined }),
    })
    .map(encodeServerHello);
const serverHello = hello(
  bytes(32, 32),
  entry.map((share) => extension("key_share", (writer) => writeKeyShareEntry(writer, share))),
);
const retryRequest = hello(
  fc.constant(helloRetryRequestRandom),
  number(16).map((group) => extension("key_share", (writer) => writer.u16(group))),
  bytes(1, 40).map((cookie) => extension("cookie", (writer) => writer.opaque(2, cookie))),
);

const messages: Readonly<Record<string, fc.Arbitrary<Bytes>>> = {
  client_hello: clientHello,
  server_hello: serverHello,
  hello_retry_request: retryRequest,
  encrypted_extensions: among(
    maybe(fc.constant(extension("server_name"))),
    maybe(u16s("supported_groups")),
    maybe(
      name.map((protocol) => extension("application_layer_protocol_negotiation", (writer) => writeProtocols(writer, [protocol]))),
    ),
    maybe(fc.constant(extension("early_data"))),
  ).map(encodeEncryptedExtensions),
  certificate_request: fc
    .tuple(bytes(0, 20), among(maybe(u16s("signature_algorithms")), maybe(authorities)))
    .map(([context, extensions]) => encodeCertificateRequest(context, extensions)),
  certificate: fc
    .tuple(bytes(0, 20), list(fc.record({ data: bytes(1, 60), extensions: unknownExtensions }), 0))
    .map(([context, entries]) => encodeCertificate(context, entries)),
  certificate_verify: fc.tuple(number(16), bytes(0, 80)).map(([scheme, signature]) => encodeCertificateVerify(scheme, signature)),
  finished: bytes(0, 64).map(encodeFinished),
  new_session_ticket: fc
    .record({
      lifetime: number(32),
      ageAdd: number(32),
      nonce: bytes(0, 20),
      ticket: bytes(1, 80),
      extensions: among(maybe(number(32).map((size) => extension("early_data", (writer) => writer.u32(size))))),
    })
    .map(encodeNewSessionTicket),
  key_update: fc.boolean().map(encodeKeyUpdate),
  end_of_early_data: fc.constant(message(handshakeTypes.end_of_early_data)),
  compressed_certificate: fc
    .record({ algorithm: number(16), uncompressedLength: number(24), compressed: bytes(1, 80) })
    .map(encodeCompressedCertificate),
};

describe.each(Object.entries(messages))("%s", (which, raw) => {
  test.prop([raw])("decodes, and encodes to itself", (encoded) => {
    expect(hexOf(rewrite[nameOf(encoded)](encoded))).toBe(hexOf(encoded));
  });

  test.prop([raw], { numRuns: 20 })("is refused if it ends anywhere else, whatever its length says", (encoded) => {
    const body = encoded.subarray(4);
    for (let length = 0; length < body.length; length++) {
      expectMalformed(encoded.slice(0, 4 + length));
      const shorter = message(encoded[0] ?? 0, body.subarray(0, length));
      if (which !== "finished" && !isWholeWithoutExtensions(shorter)) expectMalformed(shorter);
    }
  });

  test.prop([raw, number(8)])("is refused with a byte more, inside its length or behind it", (encoded, more) => {
    expectMalformed(join(encoded, [more]));
    if (which !== "finished") expectMalformed(message(encoded[0] ?? 0, encoded.subarray(4), [more]));
  });

  test.prop([raw, fc.nat(), fc.integer({ min: 1, max: 255 })])(
    "with another byte is refused, or says just that byte",
    (encoded, where, by) => {
      const at = where % encoded.length;
      const other = encoded.map((byte, index) => (index === at ? byte ^ by : byte)) as Bytes;
      const error = refusal(() => {
        // KeyUpdate's byte is the state's to judge; what is written is 0 or 1.
        if (which !== "key_update" || at < 4) expect(hexOf(rewrite[typeAsked(encoded)](other))).toBe(hexOf(other));
      });
      if (error !== undefined) expect(["malformed-message", "duplicate-extension"]).toContain(error.kind);
    },
  );
});

const messagesTls12: Readonly<Record<keyof typeof rewriteTls12, fc.Arbitrary<Bytes>>> = {
  hello_request: fc.constant(message(handshakeTypes.hello_request)),
  certificate: list(bytes(1, 60), 0).map((chain) => encodeCertificateTls12(chain, "x509")),
  server_key_exchange: fc
    .tuple(number(16), bytes(1, 133), number(16), bytes(0, 80))
    .map(([group, share, scheme, signature]) => encodeServerKeyExchange(serverParams(group, share), scheme, signature)),
  server_hello_done: fc.constant(encodeServerHelloDone()),
  client_key_exchange: bytes(1, 133).map(encodeClientKeyExchange),
  certificate_status: bytes(1, 60).map(encodeCertificateStatus),
};

describe.each(Object.entries(messagesTls12))("%s of TLS 1.2", (which, raw) => {
  const decode = rewriteTls12[which as keyof typeof rewriteTls12];

  test.prop([raw])("decodes, and encodes to itself", (encoded) => {
    expect(hexOf(decode(encoded))).toBe(hexOf(encoded));
  });

  test.prop([raw, number(8)], { numRuns: 20 })(
    "is refused if it ends anywhere else, whatever its length says",
    (encoded, more) => {
      const body = encoded.subarray(4);
      for (let length = 0; length < body.length; length++) {
        expect(refusal(() => decode(encoded.slice(0, 4 + length)))).toMatchObject({ kind: "malformed-message" });
        expect(refusal(() => decode(message(encoded[0] ?? 0, body.subarray(0, length))))).toMatchObject({
          kind: "malformed-message",
        });
      }
      expect(refusal(() => decode(join(encoded, [more])))).toMatchObject({ kind: "malformed-message" });
      expect(refusal(() => decode(message(encoded[0] ?? 0, body, [more])))).toMatchObject({ kind: "malformed-message" });
    },
  );
});

test.prop([bytes(1, 6), list(number(16)), list(bytes(1, 30), 0)])(
  "a CertificateRequest of TLS 1.2 is read to its last byte, and no further",
  (certificateTypes, signatureSchemes, authorities) => {
    const encoded = message(
      handshakeTypes.certificate_request,
      v8(certificateTypes),
      v16(u16(...signatureSchemes)),
      v16(...authorities.map((name) => v16(name))),
    );
    expect(decodeCertificateRequestTls12(encoded)).toEqual({
      certificateTypes: [...certificateTypes],
      signatureSchemes,
      authorities,
    });
    for (let length = 0; length < encoded.length - 4; length++) {
      const shorter = message(handshakeTypes.certificate_request, encoded.subarray(4, 4 + length));
      expect(refusal(() => decodeCertificateRequestTls12(shorter))).toMatchObject({ kind: "malformed-message" });
    }
    const longer = message(handshakeTypes.certificate_request, encoded.subarray(4), [0]);
    expect(refusal(() => decodeCertificateRequestTls12(longer))).toMatchObject({ kind: "malformed-message" });
  },
);

test("a ServerKeyExchange with parameters of its own is not read behind its curve_type", () => {
  for (const curveType of [0, 1, 2, 4, 255])
    expect(decodeServerKeyExchange(message(12, [curveType], new Uint8Array(9)))).toEqual({ curveType });
});

test.prop([clientHello])("what a ClientHello decodes to is what was written", (encoded) => {
  const decoded = decodeClientHello(encoded);
  const has = (type: keyof typeof extensionIds): boolean =>
    decoded.extensions.some((each) => each.type.id === extensionIds[type]);
  expect(decoded.raw).toBe(encoded);
  expect(decoded.offersPsk).toBe(has("pre_shared_key"));
  expect(decoded.offersEarlyData).toBe(has("early_data"));
  expect(decoded.groups !== undefined).toBe(has("supported_groups"));
  expect(decoded.keyShares !== undefined).toBe(has("key_share"));
  expect(decoded.keyShareGroups.map(({ id }) => id)).toEqual((decoded.keyShares ?? []).map(({ group }) => group));
  expect(decoded.signatureSchemes !== undefined).toBe(has("signature_algorithms"));
  expect(decoded.certificateAuthorities !== undefined).toBe(has("certificate_authorities"));
  expect(decoded.versions.length).toBeGreaterThan(0);
});

test.prop([retryRequest, serverHello])(
  "a HelloRetryRequest is told from a ServerHello by its random alone",
  (request, answer) => {
    expect(decodeServerHello(request).isRetryRequest).toBe(true);
    expect(decodeServerHello(answer).isRetryRequest).toBe(false);
  },
);

describe("an extension that stands twice", () => {
  const twice = [
    { type: 0xfa5a, body: Uint8Array.of(1) },
    { type: 0x1a1a, body: new Uint8Array(0) },
    { type: 0xfa5a, body: Uint8Array.of(2) },
  ];
  const carriers: Readonly<Record<string, Bytes>> = {
    client_hello: message(1, u16(0x0303), new Uint8Array(32), v8(), v16(u16(0x1301)), v8([0]), block(twice)),
    server_hello: message(2, u16(0x0303), new Uint8Array(32), v8(), u16(0x1301), [0], block(twice)),
    hello_retry_request: message(2, u16(0x0303), helloRetryRequestRandom, v8(), u16(0x1301), [0], block(twice)),
    encrypted_extensions: message(8, block(twice)),
    certificate: message(11, v8(), v24(join(v24([1]), block(twice)))),
    certificate_request: message(13, v8(), block(twice)),
    new_session_ticket: message(4, new Uint8Array(8), v8(), v16([1]), block(twice)),
  };
  test.each(Object.entries(carriers))("is refused in %s", (which, encoded) => {
    const error = refusal(() => rewrite[nameOf(encoded)](encoded));
    expect(error).toMatchObject({ kind: "duplicate-extension", context: { message: which, extension: { id: 0xfa5a } } });
  });
});

describe("bounds", () => {
  const random = new Uint8Array(32);
  const suites = v16(u16(0x1301));
  const helloWith = (type: number, body: Octets): Bytes =>
    message(1, u16(0x0303), random, v8(), suites, v8([0]), v16(u16(type), v16(body)));
  const cases: readonly (readonly [field: string, Bytes])[] = [
    ["random", message(1, u16(0x0303), random.subarray(1))],
    ["legacy_session_id", message(1, u16(0x0303), random, v8(new Uint8Array(33)), suites, v8([0]))],
    ["cipher_suites", message(1, u16(0x0303), random, v8(), v16(), v8([0]))],
    ["cipher_suite", message(1, u16(0x0303), random, v8(), v16([0x13, 1, 0x13]), v8([0]))],
    ["legacy_compression_methods", message(1, u16(0x0303), random, v8(), suites, v8())],
    ["server_name_list", helloWith(0, v16())],
    ["host_name", helloWith(0, v16([0], v16()))],
    ["named_group_list", helloWith(10, v16())],
    ["named_group", helloWith(10, v16([0, 29, 0]))],
    ["ec_point_format_list", helloWith(11, v8())],
    ["supported_signature_algorithms", helloWith(13, v16())],
    ["protocol_name_list", helloWith(16, v16())],
    ["protocol_name", helloWith(16, v16(v8(), v8()))],
    ["identities", helloWith(41, join(v16(), v16(v8([1]))))],
    ["binders", helloWith(41, join(v16(v16([1]), u16(0), u16(0)), v16()))],
    ["versions", helloWith(43, v8())],
    ["cookie", helloWith(44, v16())],
    ["ke_modes", helloWith(45, v8())],
    ["authorities", helloWith(47, v16())],
    ["distinguished_name", helloWith(47, v16(v16(), [0]))],
    ["key_exchange", helloWith(51, v16(u16(29), v16()))],
    ["bytes behind its end", helloWith(42, [0])],
    ["legacy_session_id_echo", message(2, u16(0x0303), random, v8(new Uint8Array(33)), u16(0x1301), [0])],
    ["cert_data", message(11, v8(), v24(v24(), u16(0)))],
    ["ticket", message(4, new Uint8Array(8), v8(), v16(), u16(0))],
    ["max_early_data_size", message(4, new Uint8Array(8), v8(), v16([1]), v16(u16(42), v16([0, 0, 0])))],
  ];
  test.each(cases)("%s is refused by its name, at its place", (field, encoded) => {
    const error = refusal(() => rewrite[nameOf(encoded)](encoded));
    expect(error?.context).toMatchObject({ field });
    expectMalformed(encoded);
  });

  test("a header that says another type is refused", () => {
    for (const [which, decode] of Object.entries(rewrite)) {
      expect(refusal(() => decode(message(99, [0])))).toMatchObject({
        kind: "malformed-message",
        context: { message: which, offset: 0 },
      });
    }
  });
});

test("every recorded ClientHello is what its decoding encodes to", () => {
  const hellos = JSON.parse(readFileSync(new URL("../vectors/data/clienthellos.json", import.meta.url), "utf8")) as readonly {
    hex: string;
  }[];
  for (const { hex } of hellos) {
    const encoded = bytesOf(hex).slice(5);
    expect(hexOf(rewrite.client_hello(encoded))).toBe(hexOf(encoded));
  }
});

test("every change of a byte of RFC 8448's ClientHellos is refused, or says just that byte", () => {
  for (const encoded of recordedHandshakes.flatMap((trace) => trace.all("clienthello")).filter((hello) => hello.length < 300)) {
    for (let at = 0; at < encoded.length; at++) {
      for (const by of [1, 0x80, 0xff]) {
        const other = encoded.map((byte, index) => (index === at ? byte ^ by : byte)) as Bytes;
        refusal(() => expect(hexOf(rewrite.client_hello(other))).toBe(hexOf(other)));
      }
    }
  }
});

test("the message that stands for the first ClientHello has type 254", () => {
  expect(hexOf(messageHash(Uint8Array.of(1, 2)))).toBe("fe0000020102");
});

test.prop([fc.record({ lifetime: number(32), ageAdd: number(32), nonce: bytes(0, 9), ticket: bytes(1, 9) }), number(32)])(
  "the fields of messages come back as they were",
  (fields, size) => {
    const extensions = [extension("early_data", (writer) => writer.u32(size))];
    expect(decodeNewSessionTicket(encodeNewSessionTicket({ ...fields, extensions }))).toMatchObject({
      ...fields,
      maxEarlyData: size,
    });
    expect(decodeFinished(encodeFinished(fields.nonce))).toEqual(fields.nonce);
    expect(decodeCertificateVerify(encodeCertificateVerify(0x0403, fields.ticket))).toEqual({
      scheme: 0x0403,
      signature: fields.ticket,
    });
    expect(decodeCertificate(encodeCertificate(fields.nonce, [{ data: fields.ticket, extensions: [] }]))).toEqual({
      context: fields.nonce,
      entries: [{ data: fields.ticket, extensions: [] }],
    });
    expect(decodeKeyUpdate(encodeKeyUpdate(size % 2 === 1))).toBe(size % 2);
    expect(decodeCertificateRequest(encodeCertificateRequest(fields.nonce, [])).context).toEqual(fields.nonce);
    expect(decodeEncryptedExtensions(encodeEncryptedExtensions([])).extensions).toEqual([]);
  },
);

/** What the decoder was asked for, whatever the bytes now say. */
function typeAsked(encoded: Bytes): CodedMessage {
  return nameOf(encoded);
}

function refusal(run: () => unknown): TlsError | undefined {
  try {
    run();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof TlsError) return thrown;
    throw thrown;
  }
}

function expectMalformed(encoded: Bytes): void {
  const asked = Object.entries(handshakeTypes).find(([, type]) => type === encoded[0])?.[0] as CodedMessage | undefined;
  const error = refusal(() => rewrite[asked ?? "client_hello"](encoded));
  if (error?.kind !== "malformed-message") throw new Error(`${hexOf(encoded)}: ${String(error ?? "not refused")}`);
  const { offset } = error.context;
  expect(offset >= 0 && offset <= encoded.length, `offset ${offset} of ${encoded.length}`).toBe(true);
}

/** A hello may end before its extensions (RFC 5246 §7.4.1.2). */
function isWholeWithoutExtensions(encoded: Bytes): boolean {
  const asked = nameOf(encoded);
  if (asked !== "client_hello" && asked !== "server_hello") return false;
  return refusal(() => rewrite[asked](message(encoded[0] ?? 0, encoded.subarray(4), [0, 0]))) === undefined;
}
