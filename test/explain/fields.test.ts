// The fields that are shown are those that core's decoders read: there is one reading of a message, and this holds the two to it.
import { fc, test } from "@fast-check/vitest";
import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { TlsError } from "@sallyport/core";
import {
  decodeCertificate,
  decodeCertificateRequest,
  decodeCertificateVerify,
} from "../../packages/core/src/wire/certificate-message.ts";
import { decodeClientHello } from "../../packages/core/src/wire/client-hello.ts";
import { decodeCompressedCertificate } from "../../packages/core/src/wire/compressed-certificate.ts";
import { decodeEncryptedExtensions } from "../../packages/core/src/wire/encrypted-extensions.ts";
import {
  decodeEndOfEarlyData,
  decodeFinished,
  decodeKeyUpdate,
  decodeNewSessionTicket,
} from "../../packages/core/src/wire/post-handshake.ts";
import { decodeServerHello } from "../../packages/core/src/wire/server-hello.ts";
import { decodeCertificateStatus } from "../../packages/core/src/wire/staples.ts";
import {
  decodeCertificateRequestTls12,
  decodeCertificateTls12,
  decodeEmpty,
  decodeTicketTls12,
} from "../../packages/core/src/wire/tls12-messages.ts";
import type { Field } from "../../packages/explain/src/fields/field.ts";
import { messageFields, type Version } from "../../packages/explain/src/fields/messages.ts";

interface Kind {
  readonly name: string;
  readonly type: number;
  readonly version: Version;
  decode(raw: Uint8Array<ArrayBuffer>): unknown;
  /** Whole messages of this kind, in hex. */
  readonly samples: readonly string[];
}

const recorded: readonly { readonly hex: string }[] = JSON.parse(
  readFileSync(new URL("../vectors/data/clienthellos.json", import.meta.url), "utf8"),
);
const random = "11".repeat(32);
/** Hex behind its length of so many bytes. */
const vector = (prefix: number, body: string): string => `${(body.length / 2).toString(16).padStart(2 * prefix, "0")}${body}`;
const extension = (type: string, body: string): string => `${type}${vector(2, body)}`;
const message = (type: number, body: string): string => `${type.toString(16).padStart(2, "0")}${vector(3, body)}`;
const block = (extensions: readonly string[]): string => vector(2, extensions.join(""));
const serverHello = (extensions: readonly string[], itsRandom = random): string =>
  message(2, `0303${itsRandom}00130100${block(extensions)}`);
const retry = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";

const kinds: readonly Kind[] = [
  {
    name: "client_hello",
    type: 1,
    version: undefined,
    decode: decodeClientHello,
    samples: recorded
      .map(({ hex }) => hex.slice(10))
      .concat(
        message(
          1,
          `0303${random}00000213010100${block([
            extension("0029", `${vector(2, `${vector(2, "aa")}00000001`)}${vector(2, vector(1, random))}`),
            extension("002c", "0002aabb"),
            extension("001c", "4001"),
            extension("002f", vector(2, vector(2, "30"))),
            extension("003a", "0102"),
            extension("0013", "0102"),
            extension("0014", "020200"),
            extension("001b", "020002"),
          ])}`,
        ),
      ),
  },
  {
    name: "server_hello",
    type: 2,
    version: "tls1.3",
    decode: decodeServerHello,
    samples: [
      serverHello([extension("002b", "0304"), extension("0033", `001d0020${random}`), extension("0029", "0000")]),
      serverHello([extension("002b", "0304"), extension("0033", "0017"), extension("002c", "0001aa")], retry),
      serverHello([
        extension("ff01", "00"),
        extension("0010", "0003026832"),
        extension("0017", ""),
        extension("0023", ""),
        extension("000b", "0100"),
        extension("0012", "00030001aa"),
        extension("001c", "4001"),
        extension("0013", "02"),
        extension("0005", ""),
      ]),
      message(2, `0303${random}00c02b00`),
    ],
  },
  {
    name: "encrypted_extensions",
    type: 8,
    version: "tls1.3",
    decode: decodeEncryptedExtensions,
    samples: [
      message(
        8,
        block([
          extension("0000", ""),
          extension("000a", "0002001d"),
          extension("0010", "0003026832"),
          extension("002a", ""),
          extension("003a", "01"),
          extension("0014", "02"),
        ]),
      ),
    ],
  },
  {
    name: "certificate",
    type: 11,
    version: "tls1.3",
    decode: decodeCertificate,
    samples: [
      message(11, `00${vector(3, `${vector(3, "300105")}${block([extension("0005", "aabb")])}${vector(3, "300106")}0000`)}`),
      message(11, "00000000"),
    ],
  },
  {
    name: "certificate of TLS 1.2",
    type: 11,
    version: "tls1.2",
    decode: (raw) => decodeCertificateTls12(raw, "x509"),
    samples: [message(11, "000006000003300105"), message(11, "000000")],
  },
  {
    name: "certificate_request",
    type: 13,
    version: "tls1.3",
    decode: decodeCertificateRequest,
    samples: [
      message(
        13,
        `00${block([extension("000d", "00020403"), extension("002f", vector(2, vector(2, "30"))), extension("0030", vector(2, `${vector(1, "0603551d0f")}${vector(2, "aabbcc")}`)), extension("001b", "020002"), extension("0005", ""), extension("0012", "")])}`,
      ),
    ],
  },
  {
    name: "certificate_request of TLS 1.2",
    type: 13,
    version: "tls1.2",
    decode: decodeCertificateRequestTls12,
    samples: [
      message(13, `0140${vector(2, "0403")}${vector(2, vector(2, "30"))}`),
      message(13, `020140${vector(2, "0403")}0000`),
    ],
  },
  {
    name: "certificate_verify",
    type: 15,
    version: "tls1.3",
    decode: decodeCertificateVerify,
    samples: [message(15, "04030003aabbcc")],
  },
  {
    name: "new_session_ticket",
    type: 4,
    version: "tls1.3",
    decode: decodeNewSessionTicket,
    samples: [message(4, `0000000a0000000b01000002aabb${block([extension("002a", "00004000")])}`)],
  },
  {
    name: "new_session_ticket of TLS 1.2",
    type: 4,
    version: "tls1.2",
    decode: decodeTicketTls12,
    samples: [message(4, "0000000a0002aabb")],
  },
  {
    name: "compressed_certificate",
    type: 25,
    version: "tls1.3",
    decode: decodeCompressedCertificate,
    samples: [message(25, "0002000100000002aabb")],
  },
  {
    name: "certificate_status",
    type: 22,
    version: "tls1.2",
    decode: decodeCertificateStatus,
    samples: [message(22, "01000002aabb")],
  },
  { name: "key_update", type: 24, version: "tls1.3", decode: decodeKeyUpdate, samples: [message(24, "01")] },
  { name: "finished", type: 20, version: "tls1.3", decode: decodeFinished, samples: [message(20, random)] },
  { name: "end_of_early_data", type: 5, version: "tls1.3", decode: decodeEndOfEarlyData, samples: [message(5, "")] },
  {
    name: "server_hello_done",
    type: 14,
    version: "tls1.2",
    decode: (raw) => decodeEmpty(raw, "server_hello_done"),
    samples: [message(14, "")],
  },
];

/** A sample with a few bytes changed, and perhaps cut. */
const mangled = (samples: readonly string[]): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc
    .tuple(
      fc.constantFrom(...samples),
      fc.array(fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 2, 3, 255), fc.nat({ max: 255 }))), { maxLength: 3 }),
      fc.option(fc.nat(), { freq: 4 }),
    )
    .map(([hex, changes, cut]) => {
      const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
      // The header stays: another type would be another message.
      for (const [at, value] of changes) if (bytes.length > 4) bytes[4 + (at % (bytes.length - 4))] = value;
      return cut === null ? bytes : bytes.slice(0, cut % (bytes.length + 1));
    });

describe.each(kinds.map((kind) => [kind.name, kind] as const))("%s", (_, { decode, samples, type, version }) => {
  test("each sample is read by core, and has no broken field", () => {
    for (const hex of samples) {
      const raw = Uint8Array.from(Buffer.from(hex, "hex"));
      expect(raw[0]).toBe(type);
      expect(
        verdictOf(() => decode(raw)),
        hex,
      ).toBe("read");
      expect(leavesOf(messageFields(raw, version)).filter(({ isBroken }) => isBroken)).toEqual([]);
    }
  });

  test.prop([mangled(samples)], { numRuns: 400 })(
    "whatever is done to it, fields are broken just where core can't decode it",
    (raw) => {
      const verdict = verdictOf(() => decode(raw));
      const broken = leavesOf(messageFields(raw, version)).some(({ isBroken }) => isBroken);
      // What is well-formed and wrong all the same (an extension twice, a value that may not be) is no matter of shape.
      if (verdict !== "wrong") expect(broken).toBe(verdict === "malformed");
    },
  );

  test.prop([mangled(samples)], { numRuns: 200 })(
    "fields tile the message: each byte has its innermost field, and just one",
    (raw) => {
      expectTiled(messageFields(raw, version), 0, raw.length);
    },
  );
});

test.prop([fc.uint8Array({ maxLength: 300 }), fc.constantFrom<Version>("tls1.3", "tls1.2", undefined)], { numRuns: 500 })(
  "any bytes are tiled, by their type or whole",
  (raw, version) => {
    expectTiled(messageFields(raw, version), 0, raw.length);
  },
);

test.prop([mangled(kinds[0]?.samples ?? [])], { numRuns: 200 })("a hello's lists say what core's hello says", (raw) => {
  let hello: ReturnType<typeof decodeClientHello>;
  try {
    hello = decodeClientHello(raw);
  } catch {
    return;
  }
  const leaves = leavesOf(messageFields(raw, undefined));
  const numbers = (name: string): number[] =>
    leaves.filter((field) => field.name === name).map(({ start, end }) => Buffer.from(raw).readUIntBE(start, end - start));
  expect(numbers("cipher_suite")).toEqual(hello.cipherSuites.map(({ id }) => id));
  expect(numbers("extension_type")).toEqual(hello.extensions.map(({ type }) => type.id));
  expect(numbers("named_group")).toEqual((hello.groups ?? []).map(({ id }) => id));
  expect(numbers("group")).toEqual(hello.keyShareGroups.map(({ id }) => id));
  expect(numbers("psk_key_exchange_mode")).toEqual(hello.pskModes ?? []);
  expect(numbers("legacy_version")).toEqual([hello.legacyVersion]);
});

test("a message of a hundred thousand small things is opened to a bound, and its bytes are all there", () => {
  const suites = 65_534;
  const body = `0303${random}00${suites.toString(16)}${"1301".repeat(suites / 2)}0100`;
  const raw = Buffer.from(message(1, body), "hex");
  const fields = messageFields(raw, undefined);
  expectTiled(fields, 0, raw.length);
  expect(leavesOf(fields).length).toBeLessThan(21_000);
});

function verdictOf(decode: () => unknown): "read" | "malformed" | "wrong" {
  try {
    decode();
    return "read";
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    return error.kind === "malformed-message" ? "malformed" : "wrong";
  }
}

function leavesOf(fields: readonly Field[]): readonly Field[] {
  return fields.flatMap((field) => (field.fields.length === 0 ? [field] : leavesOf(field.fields)));
}

function expectTiled(fields: readonly Field[], start: number, end: number): void {
  let at = start;
  for (const field of fields) {
    if (field.start !== at) throw new Error(`${field.name} begins at ${field.start}, and what is before it ended at ${at}`);
    at = field.end;
    if (field.fields.length > 0) expectTiled(field.fields, field.start, field.end);
  }
  if (at !== end) throw new Error(`the fields end at ${at}, and what they are in at ${end}`);
}
