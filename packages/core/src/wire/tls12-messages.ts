// The messages that only TLS 1.2 has, or has in another shape (RFC 5246 §7.4, RFC 8422 §5.4, §5.7).
import { type Bytes, concat, empty } from "./bytes.ts";
import { readAuthorities } from "./extensions.ts";
import { bodyOf, frame } from "./handshake.ts";
import type { Reader } from "./reader.ts";
import type { CertificateType } from "./registry.ts";
import type { Writer } from "./writer.ts";

/** HelloRequest and ServerHelloDone have no body. */
export function decodeEmpty(raw: Uint8Array, type: "hello_request" | "server_hello_done"): void {
  bodyOf(raw, type).end();
}
export function encodeServerHelloDone(): Bytes {
  return frame("server_hello_done", () => {});
}

/** DER, leaf first; or a raw public key alone, which has no list around it (RFC 7250 §3). */
export function decodeCertificateTls12(raw: Uint8Array, type: CertificateType): Bytes[] {
  const body = bodyOf(raw, "certificate");
  const chain =
    type === "x509" ? body.list(3, "certificate_list", 0, (list) => list.opaque(3, "ASN.1Cert", 1)) : readRawPublicKey(body);
  body.end();
  return chain;
}
/** A client without one says so as it would without a certificate (RFC 5246 §7.4.6). */
function readRawPublicKey(body: Reader): Bytes[] {
  const key = body.opaque(3, "ASN.1_subjectPublicKeyInfo");
  return key.length === 0 ? [] : [key];
}
export function encodeCertificateTls12(chain: readonly Uint8Array[], type: CertificateType): Bytes {
  return frame("certificate", (writer) => {
    if (type === "x509") writer.list(3, chain, (_, certificate) => writer.opaque(3, certificate));
    else writer.opaque(3, chain[0] ?? empty);
  });
}

export interface ServerKeyExchange {
  readonly curveType: number;
  readonly group: number;
  readonly share: Bytes;
  readonly scheme: number;
  readonly signature: Bytes;
  /** ServerECDHParams as they stood there: what is signed. */
  readonly params: Bytes;
}

/** curve_type named_curve (RFC 8422 §5.4). */
export const namedCurve = 3;

/** Another curve_type than named_curve has another shape: then nothing behind it is read, and it is the state's to refuse. */
export function decodeServerKeyExchange(raw: Uint8Array): ServerKeyExchange | { readonly curveType: number } {
  const body = bodyOf(raw, "server_key_exchange");
  const curveType = body.u8("curve_type");
  if (curveType !== namedCurve) return { curveType };
  const group = body.u16("namedcurve");
  const share = body.opaque(1, "public", 1);
  const params = serverParams(group, share);
  const scheme = body.u16("algorithm");
  const signature = body.opaque(2, "signature");
  body.end();
  return { curveType, group, share, scheme, signature, params };
}
export function encodeServerKeyExchange(params: Uint8Array, scheme: number, signature: Uint8Array): Bytes {
  return frame("server_key_exchange", (writer) => writer.bytes(params).u16(scheme).opaque(2, signature));
}
export function serverParams(group: number, share: Uint8Array): Bytes {
  return concat([Uint8Array.of(namedCurve, group >> 8, group & 255, share.length), share]);
}
/** What the server signs (RFC 8422 §5.4). */
export function signedParams(clientRandom: Uint8Array, serverRandom: Uint8Array, params: Uint8Array): Bytes {
  return concat([clientRandom, serverRandom, params]);
}

export function decodeClientKeyExchange(raw: Uint8Array): Bytes {
  const body = bodyOf(raw, "client_key_exchange");
  const share = body.opaque(1, "ecdh_Yc", 1);
  body.end();
  return share;
}
export function encodeClientKeyExchange(share: Uint8Array): Bytes {
  return frame("client_key_exchange", (writer: Writer) => writer.opaque(1, share));
}

/** NewSessionTicket of RFC 5077 §3.3. */
export interface TicketTls12 {
  /** Seconds; 0: the server does not say. */
  readonly lifetimeHint: number;
  /** Empty: the server gives none after all. */
  readonly ticket: Bytes;
}
export function decodeTicketTls12(raw: Uint8Array): TicketTls12 {
  const body = bodyOf(raw, "new_session_ticket");
  const lifetimeHint = body.u32("ticket_lifetime_hint");
  const ticket = body.opaque(2, "ticket");
  body.end();
  return { lifetimeHint, ticket };
}
export function encodeTicketTls12({ lifetimeHint, ticket }: TicketTls12): Bytes {
  return frame("new_session_ticket", (writer) => writer.u32(lifetimeHint).opaque(2, ticket));
}

/** ClientCertificateType (RFC 5246 §7.4.4; RFC 8422 §5.5). */
export const clientCertificateTypes = { rsa_sign: 1, ecdsa_sign: 64 } as const;

export interface CertificateRequestTls12 {
  readonly certificateTypes: readonly number[];
  readonly signatureSchemes: readonly number[];
  readonly authorities: readonly Bytes[];
}
export function decodeCertificateRequestTls12(raw: Uint8Array): CertificateRequestTls12 {
  const body = bodyOf(raw, "certificate_request");
  const certificateTypes = body.list(1, "certificate_types", 1, (list) => list.u8("certificate_type"));
  const signatureSchemes = body.list(2, "supported_signature_algorithms", 2, (list) => list.u16("signature_scheme"));
  const authorities = readAuthorities(body, 0);
  body.end();
  return { certificateTypes, signatureSchemes, authorities };
}
export function encodeCertificateRequestTls12({
  certificateTypes,
  signatureSchemes,
  authorities,
}: CertificateRequestTls12): Bytes {
  return frame("certificate_request", (writer) => {
    writer.list(1, certificateTypes, (_, type) => writer.u8(type));
    writer.list(2, signatureSchemes, (_, scheme) => writer.u16(scheme));
    writer.list(2, authorities, (_, name) => writer.opaque(2, name));
  });
}
