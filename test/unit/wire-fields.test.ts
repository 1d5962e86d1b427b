// What decoded messages say of their fields; that they decode, and encode to the same bytes, is in wire-messages.
import { describe, expect, test } from "vitest";
import { type Bytes, TlsError } from "@sallyport/core";
import { decodeClientHello, encodeClientHello } from "../../packages/core/src/wire/client-hello.ts";
import { compressionName } from "../../packages/core/src/wire/compressed-certificate.ts";
import { decodeEndOfEarlyData, encodeEndOfEarlyData } from "../../packages/core/src/wire/post-handshake.ts";
import { decodeEncryptedExtensions, encodeEncryptedExtensions } from "../../packages/core/src/wire/encrypted-extensions.ts";
import { type Extension, extension, writeProtocols, writeTicketRequest } from "../../packages/core/src/wire/extensions.ts";
import { bodyOf, frame } from "../../packages/core/src/wire/handshake.ts";
import { Reader } from "../../packages/core/src/wire/reader.ts";
import { decodeServerHello, encodeServerHello } from "../../packages/core/src/wire/server-hello.ts";
import { decodeCertificateStatus } from "../../packages/core/src/wire/staples.ts";
import { decodeCertificateTls12, encodeCertificateTls12 } from "../../packages/core/src/wire/tls12-messages.ts";
import { latin1 } from "../../packages/core/src/wire/bytes.ts";

const clientHello = (extensions: readonly Extension[] | undefined, legacyVersion = 0x0303): Bytes =>
  encodeClientHello({
    legacyVersion,
    random: new Uint8Array(32),
    legacySessionId: new Uint8Array(0),
    cipherSuites: [0x1301],
    compressionMethods: [0],
    extensions,
  });
const serverHello = (extensions: readonly Extension[] | undefined): Bytes =>
  encodeServerHello({
    legacyVersion: 0x0303,
    random: new Uint8Array(32),
    legacySessionIdEcho: new Uint8Array(0),
    cipherSuite: 0x1301,
    legacyCompressionMethod: 0,
    extensions,
  });

function expectMalformed(field: string, decode: () => unknown): void {
  try {
    decode();
  } catch (thrown) {
    if (!(thrown instanceof TlsError)) throw thrown;
    expect(thrown).toMatchObject({ kind: "malformed-message", context: { field } });
    return;
  }
  throw new Error("it was taken");
}

describe("a ClientHello", () => {
  test.each<[string, readonly Extension[] | undefined]>([
    ["without a block of extensions", undefined],
    ["with an empty one", []],
  ])("%s asks for nothing, and offers nothing", (_, extensions) => {
    expect(decodeClientHello(clientHello(extensions))).toMatchObject({
      extensions: [],
      serverName: undefined,
      alpn: [],
      offersPsk: false,
      offersEarlyData: false,
      extendedMasterSecret: false,
      clientCertificateTypes: undefined,
      serverCertificateTypes: undefined,
      staples: [],
      certificateCompressions: [],
      ticketRequest: undefined,
    });
  });

  test("asks for what its extensions say", () => {
    const types = (writer: Parameters<Parameters<typeof extension>[1] & object>[0]): unknown =>
      writer.opaque(1, Uint8Array.of(2, 0));
    const said = decodeClientHello(
      clientHello([
        extension("early_data"),
        extension("extended_master_secret"),
        extension("client_certificate_type", types),
        extension("server_certificate_type", types),
        extension("status_request", (writer) => writer.u8(1).u16(0).u16(0)),
        extension("signed_certificate_timestamp"),
        extension("ticket_request", (writer) => writeTicketRequest(writer, { new: 3, resumed: 1 })),
      ]),
    );
    expect(said).toMatchObject({
      offersEarlyData: true,
      extendedMasterSecret: true,
      clientCertificateTypes: [{ id: 2 }, { id: 0 }],
      serverCertificateTypes: [{ id: 2 }, { id: 0 }],
      staples: ["ocsp", "sct"],
      ticketRequest: { new: 3, resumed: 1 },
    });
  });

  test.each([
    [0x0301, 0x0301],
    [0x0303, 0x0303],
    [0x0304, 0x0303],
    [0x7f1c, 0x0303],
  ])("of legacy_version %i without supported_versions means %i, which is TLS 1.2 at most (RFC 9846 §4.3.1)", (legacy, meant) => {
    expect(decodeClientHello(clientHello([], legacy)).versions.map(({ id }) => id)).toEqual([meant]);
  });

  test("asks for another kind of status than OCSP in a shape that nobody reads", () => {
    const asks = extension("status_request", (writer) => writer.u8(2).bytes(Uint8Array.of(1, 2, 3)));
    expect(decodeClientHello(clientHello([asks])).staples).toEqual([]);
  });

  const named = (...names: readonly [type: number, name: string][]): ReturnType<typeof decodeClientHello> =>
    decodeClientHello(
      clientHello([
        extension("server_name", (writer) => writer.list(2, names, (_, [type, name]) => writer.u8(type).opaque(2, latin1(name)))),
      ]),
    );

  test.each([
    ["Example.COM", "example.com"],
    ["1.2.3", "1.2.3"],
    ["1.2.3.4.5", "1.2.3.4.5"],
    ["1.2.3.4.example", "1.2.3.4.example"],
    ["x1.2.3.4", "x1.2.3.4"],
    ["1.2.3.4x", "1.2.3.4x"],
    ["1.2.3.4567", "1.2.3.4567"],
    ["a.b.c.d", "a.b.c.d"],
    ["a.1.1.1", "a.1.1.1"],
  ])("that names %s asks for %s", (said, serverName) => {
    expect(named([0, said])).toMatchObject({ serverName, hostNames: [said] });
  });

  test.each(["1.2.3.4", "127.0.0.1", "255.255.255.255", "::1", "2001:db8::1"])(
    "that names the address %s asks for no name, and is seen to have said it (RFC 6066 §3)",
    (address) => {
      expect(named([0, address])).toMatchObject({ serverName: undefined, hostNames: [address] });
    },
  );

  test("may name things of other types than host_name, which nobody reads", () => {
    expect(named([1, "other"], [0, "host.test"])).toMatchObject({ serverName: "host.test", hostNames: ["host.test"] });
    expect(named([1, "other"])).toMatchObject({ serverName: undefined, hostNames: [] });
  });

  test("has a session ID of 32 bytes at most", () => {
    const withSessionId = (length: number): Bytes =>
      encodeClientHello({
        legacyVersion: 0x0303,
        random: new Uint8Array(32),
        legacySessionId: new Uint8Array(length),
        cipherSuites: [0x1301],
        compressionMethods: [0],
        extensions: undefined,
      });
    expect(decodeClientHello(withSessionId(32)).legacySessionId).toHaveLength(32);
    expectMalformed("legacy_session_id", () => decodeClientHello(withSessionId(33)));
  });
});

describe("a ServerHello", () => {
  test("announces what it has extensions for, and nothing else", () => {
    const nothing = { extendedMasterSecret: false, announcesTicket: false, announcesStatus: false, timestamps: [] };
    expect(decodeServerHello(serverHello([]))).toMatchObject(nothing);
    expect(decodeServerHello(serverHello([extension("extended_master_secret")]))).toMatchObject({
      ...nothing,
      extendedMasterSecret: true,
    });
    expect(decodeServerHello(serverHello([extension("session_ticket")]))).toMatchObject({ ...nothing, announcesTicket: true });
    expect(decodeServerHello(serverHello([extension("status_request")]))).toMatchObject({ ...nothing, announcesStatus: true });
  });

  test("may end before its extensions, and then has none; an empty block is another thing", () => {
    expect(decodeServerHello(serverHello(undefined)).extensions).toBeUndefined();
    expect(decodeServerHello(serverHello([])).extensions).toEqual([]);
  });
});

describe("EncryptedExtensions", () => {
  const decoded = (...extensions: Extension[]): ReturnType<typeof decodeEncryptedExtensions> =>
    decodeEncryptedExtensions(encodeEncryptedExtensions(extensions));

  test("accept early data where they say so", () => {
    expect(decoded().acceptsEarlyData).toBe(false);
    expect(decoded(extension("early_data")).acceptsEarlyData).toBe(true);
  });

  test("may say how many tickets to expect, in a byte (RFC 9149 §3)", () => {
    const expected = (...bytes: readonly number[]): Extension =>
      extension("ticket_request", (writer) => writer.bytes(Uint8Array.from(bytes)));
    expect(decoded(expected(2)).extensions).toHaveLength(1);
    expectMalformed("expected_count", () => decoded(expected()));
    expectMalformed("bytes behind its end", () => decoded(expected(2, 1)));
  });

  test("name one protocol, no more and no less (RFC 7301 §3.1)", () => {
    const alpn = (...names: string[]): Extension =>
      extension("application_layer_protocol_negotiation", (writer) => writeProtocols(writer, names));
    expect(decoded(alpn("h2")).alpn).toBe("h2");
    for (const names of [[], ["h2", "h3"]]) expectMalformed("protocol_name_list", () => decoded(alpn(...names)));
  });
});

describe("a message", () => {
  test("is read as what it is alone", () => {
    const finished = frame("finished", (writer) => writer.u8(1));
    expect(bodyOf(finished, "finished").u8("verify_data")).toBe(1);
    expectMalformed("msg_type", () => bodyOf(finished, "key_update"));
  });

  test("names the extension that is longer than its block, if it has a name", () => {
    const cut = (id: number): Bytes =>
      frame("encrypted_extensions", (writer) => writer.vector(2, () => writer.u16(id).u16(9).u8(0)));
    expectMalformed("server_name", () => decodeEncryptedExtensions(cut(0)));
    expectMalformed("extension_data", () => decodeEncryptedExtensions(cut(0xfefe)));
  });

  test("of another kind of status than OCSP is refused (RFC 6066 §8)", () => {
    const status = (type: number): Bytes => frame("certificate_status", (writer) => writer.u8(type).opaque(3, Uint8Array.of(7)));
    expect(decodeCertificateStatus(status(1))).toEqual(Uint8Array.of(7));
    expectMalformed("status_type", () => decodeCertificateStatus(status(2)));
  });
});

test("EndOfEarlyData is its header, and nothing else", () => {
  expect([...encodeEndOfEarlyData()]).toEqual([5, 0, 0, 0]);
  expect(() => decodeEndOfEarlyData(encodeEndOfEarlyData())).not.toThrow();
  expectMalformed("bytes behind its end", () => decodeEndOfEarlyData(Uint8Array.of(5, 0, 0, 1, 0)));
});

test("a compression is told by its name, or by a number of four digits", () => {
  expect([1, 2, 3, 0xfe].map(compressionName)).toEqual(["zlib", "brotli", "zstd", "0x00fe"]);
});

describe("TLS 1.2's Certificate", () => {
  const [one, other] = [Uint8Array.of(1, 2, 3), Uint8Array.of(4)];

  test("has a list of certificates, or a key alone (RFC 7250 §3)", () => {
    expect(decodeCertificateTls12(encodeCertificateTls12([one, other], "x509"), "x509")).toEqual([one, other]);
    expect(decodeCertificateTls12(encodeCertificateTls12([one], "raw-public-key"), "raw-public-key")).toEqual([one]);
    expect(encodeCertificateTls12([one], "raw-public-key")).toHaveLength(4 + 3 + one.length);
  });

  test("may be empty in both", () => {
    for (const type of ["x509", "raw-public-key"] as const) {
      expect(decodeCertificateTls12(encodeCertificateTls12([], type), type)).toEqual([]);
    }
  });
});

describe("a reader", () => {
  const three = (): Reader => new Reader(Uint8Array.of(1, 2, 3), "finished");

  test("gives all that there is, and not a byte more", () => {
    expect([...three().view(3, "all")]).toEqual([1, 2, 3]);
    expect([...three().copy(3, "all")]).toEqual([1, 2, 3]);
    expectMalformed("more", () => three().view(4, "more"));
    expectMalformed("more", () => three().copy(4, "more"));
  });

  test("takes a vector of just its limits", () => {
    const vector = (length: number): Reader => new Reader(Uint8Array.of(length, ...new Uint8Array(length)), "finished");
    expect(vector(2).opaque(1, "data", 2, 3)).toHaveLength(2);
    expect(vector(3).opaque(1, "data", 2, 3)).toHaveLength(3);
    expectMalformed("data", () => vector(1).opaque(1, "data", 2, 3));
    expectMalformed("data", () => vector(4).opaque(1, "data", 2, 3));
  });
});
