// Certificate, CertificateRequest, CertificateVerify (RFC 9846 §4.5.1, §4.4.2, §4.5.2).
import { type Bytes, concat, latin1 } from "./bytes.ts";
import { readCompressions } from "./compressed-certificate.ts";
import { type BodyReaders, type Extension, readAuthorities, readExtensions, writeExtensions } from "./extensions.ts";
import { bodyOf, frame } from "./handshake.ts";
import { type OidFilter, readOidFilters } from "./oid-filters.ts";
import type { StapleKind } from "./staples.ts";

export interface CertificateEntry {
  /** DER. */
  readonly data: Bytes;
  readonly extensions: readonly Extension[];
}
export interface CertificateMessage {
  readonly context: Bytes;
  readonly entries: readonly CertificateEntry[];
}

export function decodeCertificate(raw: Uint8Array): CertificateMessage {
  const body = bodyOf(raw, "certificate");
  const context = body.opaque(1, "certificate_request_context");
  const entries = body.list(3, "certificate_list", 0, (list) => ({
    data: list.opaque(3, "cert_data", 1),
    extensions: readExtensions(list.vector(2, "extensions"), {}, undefined),
  }));
  body.end();
  return { context, entries };
}

export function encodeCertificate(
  context: Uint8Array,
  entries: readonly { data: Uint8Array; extensions: readonly Extension[] }[],
): Bytes {
  return frame("certificate", (writer) => {
    writer.opaque(1, context);
    writer.list(3, entries, (_, { data, extensions }) => writeExtensions(writer.opaque(3, data), extensions));
  });
}

export interface CertificateRequestMessage {
  readonly context: Bytes;
  readonly extensions: readonly Extension[];
  readonly signatureSchemes: readonly number[] | undefined;
  readonly authorities: readonly Bytes[];
  readonly staples: readonly StapleKind[];
  readonly oidFilters: readonly OidFilter[];
  /** By number (RFC 8879 §3). */
  readonly compressions: readonly number[];
}

export function decodeCertificateRequest(raw: Uint8Array): CertificateRequestMessage {
  const body = bodyOf(raw, "certificate_request");
  const message: Draft = {
    context: body.opaque(1, "certificate_request_context"),
    extensions: [],
    signatureSchemes: undefined,
    authorities: [],
    staples: [],
    oidFilters: [],
    compressions: [],
  };
  message.extensions = readExtensions(body.vector(2, "extensions"), bodies, message);
  body.end();
  return message;
}

type Draft = { -readonly [Field in keyof CertificateRequestMessage]: CertificateRequestMessage[Field] };

const bodies: BodyReaders<Draft> = {
  signature_algorithms: (extension, message) => {
    message.signatureSchemes = extension.list(2, "supported_signature_algorithms", 2, (list) => list.u16("signature_scheme"));
  },
  oid_filters: (extension, message) => {
    message.oidFilters = readOidFilters(extension);
  },
  certificate_authorities: (extension, message) => {
    message.authorities = readAuthorities(extension);
  },
  compress_certificate: (extension, message) => {
    message.compressions = readCompressions(extension);
  },
  // Empty here (RFC 9846 §4.5.1.1).
  status_request: (_, message) => {
    message.staples = [...message.staples, "ocsp"];
  },
  signed_certificate_timestamp: (_, message) => {
    message.staples = [...message.staples, "sct"];
  },
};

export function encodeCertificateRequest(context: Uint8Array, extensions: readonly Extension[]): Bytes {
  return frame("certificate_request", (writer) => writeExtensions(writer.opaque(1, context), extensions));
}

export interface CertificateVerifyMessage {
  readonly scheme: number;
  readonly signature: Bytes;
}

export function decodeCertificateVerify(raw: Uint8Array): CertificateVerifyMessage {
  const body = bodyOf(raw, "certificate_verify");
  const message = { scheme: body.u16("algorithm"), signature: body.opaque(2, "signature") };
  body.end();
  return message;
}

export function encodeCertificateVerify(scheme: number, signature: Uint8Array): Bytes {
  return frame("certificate_verify", (writer) => writer.u16(scheme).opaque(2, signature));
}

/** What is signed: 64 spaces, who signs, a zero, the transcript up to Certificate (§4.5.2). */
export function signedContent(signer: "client" | "server", transcriptHash: Uint8Array): Bytes {
  return concat([
    new Uint8Array(64).fill(0x20),
    latin1(`TLS 1.3, ${signer} CertificateVerify`),
    Uint8Array.of(0),
    transcriptHash,
  ]);
}
