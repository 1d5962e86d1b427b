// Every handshake message by its codec.
import type { Bytes } from "@sallyport/core";
import {
  decodeCertificate,
  decodeCertificateRequest,
  decodeCertificateVerify,
  encodeCertificate,
  encodeCertificateRequest,
  encodeCertificateVerify,
} from "../../packages/core/src/wire/certificate-message.ts";
import { decodeClientHello, encodeClientHello } from "../../packages/core/src/wire/client-hello.ts";
import { decodeCompressedCertificate, encodeCompressedCertificate } from "../../packages/core/src/wire/compressed-certificate.ts";
import { decodeEncryptedExtensions, encodeEncryptedExtensions } from "../../packages/core/src/wire/encrypted-extensions.ts";
import { bodyOf, frame, type HandshakeType, handshakeTypes } from "../../packages/core/src/wire/handshake.ts";
import {
  decodeFinished,
  decodeKeyUpdate,
  decodeNewSessionTicket,
  encodeFinished,
  encodeKeyUpdate,
  encodeNewSessionTicket,
} from "../../packages/core/src/wire/post-handshake.ts";
import { decodeServerHello, encodeServerHello } from "../../packages/core/src/wire/server-hello.ts";
import {
  decodeCertificateTls12,
  decodeClientKeyExchange,
  decodeEmpty,
  decodeServerKeyExchange,
  encodeCertificateTls12,
  encodeClientKeyExchange,
  encodeServerHelloDone,
  encodeServerKeyExchange,
} from "../../packages/core/src/wire/tls12-messages.ts";
import { decodeCertificateStatus, encodeCertificateStatus } from "../../packages/core/src/wire/staples.ts";

type MessageTls12 = "hello_request" | "certificate_status" | "server_key_exchange" | "server_hello_done" | "client_key_exchange";

/** Decodes a message, and writes what was decoded. @throws TlsError */
export const rewrite: Readonly<Record<Exclude<HandshakeType, "message_hash" | MessageTls12>, (raw: Bytes) => Bytes>> = {
  client_hello: (raw) => {
    const { cipherSuites, extensions, ...hello } = decodeClientHello(raw);
    const block = extensions.length === 0 && endsBeforeExtensions(raw) ? undefined : extensions;
    return encodeClientHello({ ...hello, cipherSuites: cipherSuites.map(({ id }) => id), extensions: block });
  },
  server_hello: (raw) => encodeServerHello(decodeServerHello(raw)),
  new_session_ticket: (raw) => encodeNewSessionTicket(decodeNewSessionTicket(raw)),
  end_of_early_data: (raw) => {
    bodyOf(raw, "end_of_early_data").end();
    return frame("end_of_early_data", () => {});
  },
  encrypted_extensions: (raw) => encodeEncryptedExtensions(decodeEncryptedExtensions(raw).extensions),
  certificate: (raw) => {
    const { context, entries } = decodeCertificate(raw);
    return encodeCertificate(context, entries);
  },
  certificate_request: (raw) => {
    const { context, extensions } = decodeCertificateRequest(raw);
    return encodeCertificateRequest(context, extensions);
  },
  certificate_verify: (raw) => {
    const { scheme, signature } = decodeCertificateVerify(raw);
    return encodeCertificateVerify(scheme, signature);
  },
  finished: (raw) => encodeFinished(decodeFinished(raw)),
  key_update: (raw) => encodeKeyUpdate(decodeKeyUpdate(raw) === 1),
  compressed_certificate: (raw) => encodeCompressedCertificate(decodeCompressedCertificate(raw)),
};

/** Those that only TLS 1.2 has, or has in another shape. */
export const rewriteTls12: Readonly<Record<MessageTls12 | "certificate", (raw: Bytes) => Bytes>> = {
  hello_request: (raw) => {
    decodeEmpty(raw, "hello_request");
    return frame("hello_request", () => {});
  },
  certificate: (raw) => encodeCertificateTls12(decodeCertificateTls12(raw, "x509"), "x509"),
  server_key_exchange: (raw) => {
    const decoded = decodeServerKeyExchange(raw);
    if (!("params" in decoded)) throw new Error(`curve_type ${decoded.curveType} has a shape of its own`);
    return encodeServerKeyExchange(decoded.params, decoded.scheme, decoded.signature);
  },
  server_hello_done: (raw) => {
    decodeEmpty(raw, "server_hello_done");
    return encodeServerHelloDone();
  },
  client_key_exchange: (raw) => encodeClientKeyExchange(decodeClientKeyExchange(raw)),
  certificate_status: (raw) => encodeCertificateStatus(decodeCertificateStatus(raw)),
};

export type CodedMessage = keyof typeof rewrite;

export function nameOf(message: Uint8Array): CodedMessage {
  for (const name of Object.keys(rewrite) as CodedMessage[]) if (handshakeTypes[name] === message[0]) return name;
  throw new Error(`no codec for message type ${message[0]}`);
}

/** Messages that lie back to back. */
export function messagesIn(bytes: Uint8Array): Bytes[] {
  const messages: Bytes[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [, high = 0, middle = 0, low = 0] = bytes.subarray(at, at + 4);
    const end = at + 4 + high * 65536 + middle * 256 + low;
    if (end > bytes.length) throw new Error("a message that is not whole");
    messages.push(Uint8Array.from(bytes.subarray(at, end)));
    at = end;
  }
  return messages;
}

/** A hello of TLS 1.2 and older may do without the block. */
function endsBeforeExtensions(raw: Bytes): boolean {
  let at = 4 + 2 + 32;
  at += 1 + (raw[at] ?? 0);
  at += 2 + (raw[at] ?? 0) * 256 + (raw[at + 1] ?? 0);
  at += 1 + (raw[at] ?? 0);
  return at === raw.length;
}
