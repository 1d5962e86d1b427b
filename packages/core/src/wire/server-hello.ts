// ServerHello and HelloRetryRequest: one message, told apart by its random (RFC 9846 §4.2.3, §4.2.4).
import { type Bytes, equal } from "./bytes.ts";
import { readChosenType } from "./certificate-types.ts";
import {
  type BodyReaders,
  type Extension,
  type KeyShareEntry,
  readExtensions,
  readKeyShareEntry,
  readProtocol,
  writeExtensions,
} from "./extensions.ts";
import { bodyOf, frame } from "./handshake.ts";
import { readTimestamps } from "./staples.ts";

export interface ServerHelloFields {
  readonly legacyVersion: number;
  readonly random: Uint8Array;
  readonly legacySessionIdEcho: Uint8Array;
  readonly cipherSuite: number;
  readonly legacyCompressionMethod: number;
  /** undefined: the hello ends before the block (TLS 1.2 and older). */
  readonly extensions: readonly Extension[] | undefined;
}

export interface ServerHello extends ServerHelloFields {
  readonly legacySessionIdEcho: Bytes;
  readonly isRetryRequest: boolean;
  readonly selectedVersion: number | undefined;
  /** ServerHello's share. */
  readonly keyShare: KeyShareEntry | undefined;
  /** HelloRetryRequest's wish. */
  readonly selectedGroup: number | undefined;
  readonly cookie: Bytes | undefined;
  /** Index of the identity that the server took. */
  readonly selectedIdentity: number | undefined;
  /** TLS 1.2. */
  readonly alpn: string | undefined;
  readonly pointFormats: readonly number[] | undefined;
  readonly extendedMasterSecret: boolean;
  /** NewSessionTicket follows (RFC 5077 §3.2). */
  readonly announcesTicket: boolean;
  readonly renegotiatedConnection: Bytes | undefined;
  readonly recordSizeLimit: number | undefined;
  readonly clientCertificateType: number | undefined;
  readonly serverCertificateType: number | undefined;
  /** CertificateStatus may follow (RFC 6066 §8). */
  readonly announcesStatus: boolean;
  readonly timestamps: readonly Bytes[];
}

export function decodeServerHello(raw: Uint8Array): ServerHello {
  const body = bodyOf(raw, "server_hello");
  const legacyVersion = body.u16("legacy_version");
  const random = body.copy(32, "random");
  const isRetryRequest = equal(random, helloRetryRequestRandom);
  const hello: Draft = {
    legacyVersion,
    random,
    legacySessionIdEcho: body.opaque(1, "legacy_session_id_echo", 0, 32),
    cipherSuite: body.u16("cipher_suite"),
    legacyCompressionMethod: body.u8("legacy_compression_method"),
    extensions: undefined,
    isRetryRequest,
    selectedVersion: undefined,
    keyShare: undefined,
    selectedGroup: undefined,
    cookie: undefined,
    selectedIdentity: undefined,
    alpn: undefined,
    pointFormats: undefined,
    extendedMasterSecret: false,
    announcesTicket: false,
    renegotiatedConnection: undefined,
    recordSizeLimit: undefined,
    clientCertificateType: undefined,
    serverCertificateType: undefined,
    announcesStatus: false,
    timestamps: [],
  };
  const message = isRetryRequest ? "hello_retry_request" : "server_hello";
  if (body.remaining > 0) hello.extensions = readExtensions(body.vector(2, "extensions").as(message), bodies, hello);
  body.end();
  return hello;
}

type Draft = { -readonly [Field in keyof ServerHello]: ServerHello[Field] };

const bodies: BodyReaders<Draft> = {
  supported_versions: (extension, hello) => {
    hello.selectedVersion = extension.u16("selected_version");
  },
  key_share: (extension, hello) => {
    if (hello.isRetryRequest) hello.selectedGroup = extension.u16("selected_group");
    else hello.keyShare = readKeyShareEntry(extension);
  },
  cookie: (extension, hello) => {
    hello.cookie = extension.opaque(2, "cookie", 1);
  },
  pre_shared_key: (extension, hello) => {
    hello.selectedIdentity = extension.u16("selected_identity");
  },
  server_name: () => {},
  application_layer_protocol_negotiation: (extension, hello) => {
    hello.alpn = readProtocol(extension);
  },
  ec_point_formats: (extension, hello) => {
    hello.pointFormats = extension.list(1, "ec_point_format_list", 1, (list) => list.u8("ec_point_format"));
  },
  client_certificate_type: (extension, hello) => {
    hello.clientCertificateType = readChosenType(extension);
  },
  server_certificate_type: (extension, hello) => {
    hello.serverCertificateType = readChosenType(extension);
  },
  record_size_limit: (extension, hello) => {
    hello.recordSizeLimit = extension.u16("record_size_limit");
  },
  status_request: (_, hello) => {
    hello.announcesStatus = true;
  },
  signed_certificate_timestamp: (extension, hello) => {
    hello.timestamps = readTimestamps(extension);
  },
  extended_master_secret: (_, hello) => {
    hello.extendedMasterSecret = true;
  },
  session_ticket: (_, hello) => {
    hello.announcesTicket = true;
  },
  renegotiation_info: (extension, hello) => {
    hello.renegotiatedConnection = extension.opaque(1, "renegotiated_connection");
  },
};

export function encodeServerHello(fields: ServerHelloFields): Bytes {
  return frame("server_hello", (writer) => {
    writer.u16(fields.legacyVersion).bytes(fields.random).opaque(1, fields.legacySessionIdEcho);
    writer.u16(fields.cipherSuite).u8(fields.legacyCompressionMethod);
    if (fields.extensions !== undefined) writeExtensions(writer, fields.extensions);
  });
}

/** SHA-256 of "HelloRetryRequest". */
export const helloRetryRequestRandom: Uint8Array = new Uint8Array([
  0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a,
  0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
]);

/** What a server that could do better writes at the end of its random (§4.2.3): "DOWNGRD" and which version it fell to. */
export function isDowngradeSentinel(random: Uint8Array): boolean {
  const end = random.subarray(24);
  return downgradeSentinel.every((byte, at) => byte === end[at] || (at === 7 && end[at] === 0));
}
/** Fallen to TLS 1.2; for older versions its last byte is 0. */
export const downgradeSentinel: Uint8Array = Uint8Array.of(0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 1);
