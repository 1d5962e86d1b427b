// ClientHello (RFC 9846 §4.2.2; RFC 5246 §7.4.1.2 and older): decoded whole, whatever its age.
import type { Bytes } from "./bytes.ts";
import { readOfferedTypes } from "./certificate-types.ts";
import { readCompressions } from "./compressed-certificate.ts";
import {
  type BodyReaders,
  type Extension,
  type KeyShareEntry,
  type OfferedPsks,
  readAuthorities,
  readExtensions,
  readKeyShareEntry,
  readOfferedPsks,
  readProtocols,
  readServerNames,
  readTicketRequest,
  type TicketRequest,
  writeExtensions,
} from "./extensions.ts";
import { bodyOf, frame } from "./handshake.ts";
import type { Reader } from "./reader.ts";
import { type Registered, registered } from "./registry.ts";
import { readStatusRequest, type StapleKind } from "./staples.ts";

/** Decoded whole, whatever its age. Before `choose` nothing in it is proven; the client may lie about all of it. */
export interface ClientHello {
  /** The handshake message, its 4-byte header included. Kept. */
  readonly raw: Bytes;
  readonly legacyVersion: number;
  /** supported_versions, or what legacy_version stands for. */
  readonly versions: readonly Registered[];
  readonly random: Bytes;
  readonly legacySessionId: Bytes;
  readonly cipherSuites: readonly Registered[];
  readonly compressionMethods: readonly number[];
  /** In order, unknown ones too. */
  readonly extensions: readonly { readonly type: Registered; readonly data: Bytes }[];
  /** SNI, in lower case; an IP literal is ignored. */
  readonly serverName: string | undefined;
  readonly alpn: readonly string[];
  readonly groups: readonly Registered[] | undefined;
  readonly keyShareGroups: readonly Registered[];
  readonly signatureSchemes: readonly Registered[] | undefined;
  readonly certificateSignatureSchemes: readonly Registered[] | undefined;
  /** What it has to show, and what it takes, in its order of preference (RFC 7250); undefined: X.509. */
  readonly clientCertificateTypes: readonly Registered[] | undefined;
  readonly serverCertificateTypes: readonly Registered[] | undefined;
  /** DER of distinguished names (§4.3.4). */
  readonly certificateAuthorities: readonly Bytes[] | undefined;
  readonly offersPsk: boolean;
  /** Sessions and external PSKs, in order; each is as opaque as the client's word. */
  readonly pskIdentities: readonly Bytes[];
  readonly pskModes: readonly number[] | undefined;
  readonly offersEarlyData: boolean;
}

/** With what only the machines read. */
export interface DecodedClientHello extends ClientHello {
  /** As they stand in the hello: several, or with wrong characters, are the state's to judge. */
  readonly hostNames: readonly string[];
  readonly keyShares: readonly KeyShareEntry[] | undefined;
  readonly cookie: Bytes | undefined;
  readonly psks: OfferedPsks | undefined;
  readonly ticketRequest: TicketRequest | undefined;
  readonly pointFormats: readonly number[] | undefined;
  readonly extendedMasterSecret: boolean;
  /** TLS 1.2 (RFC 5077 §3.2); empty: it would like one. */
  readonly sessionTicket: Bytes | undefined;
  readonly renegotiatedConnection: Bytes | undefined;
  /** By number (RFC 8879 §3). */
  readonly certificateCompressions: readonly number[];
  /** RFC 8449 §4. */
  readonly recordSizeLimit: number | undefined;
  /** What it would have stapled to the certificate. */
  readonly staples: readonly StapleKind[];
}

/** @throws malformed-message, duplicate-extension */
export function decodeClientHello(raw: Bytes): DecodedClientHello {
  const body = bodyOf(raw, "client_hello");
  const legacyVersion = body.u16("legacy_version");
  const hello: Draft = {
    raw,
    legacyVersion,
    // RFC 9846 §4.3.1: without the extension TLS 1.2 or older is meant, even by a higher number.
    versions: [registered("version", Math.min(legacyVersion, 0x0303))],
    random: body.copy(32, "random"),
    legacySessionId: body.opaque(1, "legacy_session_id", 0, 32),
    cipherSuites: body.list(2, "cipher_suites", 2, readSuite),
    compressionMethods: body.list(1, "legacy_compression_methods", 1, (list) => list.u8("compression_method")),
    extensions: [],
    serverName: undefined,
    hostNames: [],
    alpn: [],
    groups: undefined,
    keyShareGroups: [],
    keyShares: undefined,
    signatureSchemes: undefined,
    certificateSignatureSchemes: undefined,
    clientCertificateTypes: undefined,
    serverCertificateTypes: undefined,
    certificateAuthorities: undefined,
    offersPsk: false,
    pskIdentities: [],
    offersEarlyData: false,
    cookie: undefined,
    pskModes: undefined,
    psks: undefined,
    ticketRequest: undefined,
    pointFormats: undefined,
    extendedMasterSecret: false,
    sessionTicket: undefined,
    renegotiatedConnection: undefined,
    certificateCompressions: [],
    recordSizeLimit: undefined,
    staples: [],
  };
  // A hello of TLS 1.2 and older may end before the block (RFC 5246 §7.4.1.2).
  if (body.remaining > 0) hello.extensions = readExtensions(body.vector(2, "extensions"), bodies, hello);
  body.end();
  return hello;
}

type Draft = { -readonly [Field in keyof DecodedClientHello]: DecodedClientHello[Field] };

const bodies: BodyReaders<Draft> = {
  server_name: (extension, hello) => {
    hello.hostNames = readServerNames(extension);
    const [name] = hello.hostNames;
    hello.serverName = name === undefined || isAddress(name) ? undefined : name.toLowerCase();
  },
  status_request: (extension, hello) => {
    if (readStatusRequest(extension)) hello.staples = [...hello.staples, "ocsp"];
  },
  signed_certificate_timestamp: (_, hello) => {
    hello.staples = [...hello.staples, "sct"];
  },
  supported_groups: (extension, hello) => {
    hello.groups = extension.list(2, "named_group_list", 2, (list) => registered("group", list.u16("named_group")));
  },
  ec_point_formats: (extension, hello) => {
    hello.pointFormats = extension.list(1, "ec_point_format_list", 1, (list) => list.u8("ec_point_format"));
  },
  signature_algorithms: (extension, hello) => {
    hello.signatureSchemes = readSchemes(extension);
  },
  signature_algorithms_cert: (extension, hello) => {
    hello.certificateSignatureSchemes = readSchemes(extension);
  },
  client_certificate_type: (extension, hello) => {
    hello.clientCertificateTypes = readOfferedTypes(extension);
  },
  server_certificate_type: (extension, hello) => {
    hello.serverCertificateTypes = readOfferedTypes(extension);
  },
  application_layer_protocol_negotiation: (extension, hello) => {
    hello.alpn = readProtocols(extension);
  },
  extended_master_secret: (_, hello) => {
    hello.extendedMasterSecret = true;
  },
  session_ticket: (extension, hello) => {
    hello.sessionTicket = extension.copy(extension.remaining, "ticket");
  },
  compress_certificate: (extension, hello) => {
    hello.certificateCompressions = readCompressions(extension);
  },
  record_size_limit: (extension, hello) => {
    hello.recordSizeLimit = extension.u16("record_size_limit");
  },
  pre_shared_key: (extension, hello) => {
    hello.psks = readOfferedPsks(extension);
    hello.offersPsk = true;
    hello.pskIdentities = hello.psks.identities.map(({ identity }) => identity);
  },
  early_data: (_, hello) => {
    hello.offersEarlyData = true;
  },
  supported_versions: (extension, hello) => {
    hello.versions = extension.list(1, "versions", 2, (list) => registered("version", list.u16("version")));
  },
  cookie: (extension, hello) => {
    hello.cookie = extension.opaque(2, "cookie", 1);
  },
  psk_key_exchange_modes: (extension, hello) => {
    hello.pskModes = extension.list(1, "ke_modes", 1, (list) => list.u8("psk_key_exchange_mode"));
  },
  ticket_request: (extension, hello) => {
    hello.ticketRequest = readTicketRequest(extension);
  },
  certificate_authorities: (extension, hello) => {
    hello.certificateAuthorities = readAuthorities(extension);
  },
  post_handshake_auth: () => {},
  key_share: (extension, hello) => {
    hello.keyShares = extension.list(2, "client_shares", 0, readKeyShareEntry);
    hello.keyShareGroups = hello.keyShares.map(({ group }) => registered("group", group));
  },
  renegotiation_info: (extension, hello) => {
    hello.renegotiatedConnection = extension.opaque(1, "renegotiated_connection");
  },
};

function readSuite(list: Reader): Registered {
  return registered("suite", list.u16("cipher_suite"));
}
function readSchemes(extension: Reader): Registered[] {
  return extension.list(2, "supported_signature_algorithms", 2, (list) => registered("scheme", list.u16("signature_scheme")));
}

export interface ClientHelloFields {
  readonly legacyVersion: number;
  readonly random: Uint8Array;
  readonly legacySessionId: Uint8Array;
  readonly cipherSuites: readonly number[];
  readonly compressionMethods: readonly number[];
  /** undefined: the hello ends before the block. */
  readonly extensions: readonly Extension[] | undefined;
}

export function encodeClientHello(fields: ClientHelloFields): Bytes {
  return frame("client_hello", (writer) => {
    writer.u16(fields.legacyVersion).bytes(fields.random).opaque(1, fields.legacySessionId);
    writer.list(2, fields.cipherSuites, (_, suite) => writer.u16(suite));
    writer.list(1, fields.compressionMethods, (_, method) => writer.u8(method));
    if (fields.extensions !== undefined) writeExtensions(writer, fields.extensions);
  });
}

/** The stand-in for the first ClientHello after HelloRetryRequest (§4.1). */
export function messageHash(digest: Uint8Array): Bytes {
  return frame("message_hash", (writer) => writer.bytes(digest));
}

/** An IPv4 or IPv6 literal, which RFC 6066 §3 forbids as a host name; clients send it all the same. */
export function isAddress(name: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || name.includes(":");
}

/** How many bytes the binders take at the end of a hello: what they are made over stops before them (RFC 9846 §4.3.11.2). */
export function bindersLength({ psks }: DecodedClientHello): number {
  return (psks?.binders ?? []).reduce((length, binder) => length + 1 + binder.length, 2);
}
