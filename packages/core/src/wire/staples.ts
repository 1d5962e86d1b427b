// What comes stapled to a certificate: an OCSP response (RFC 6066 §8) and signed certificate timestamps (RFC 6962 §3.3.1).
import { type Bytes, empty } from "./bytes.ts";
import { type Extension, extension } from "./extensions.ts";
import { bodyOf, frame } from "./handshake.ts";
import type { Reader } from "./reader.ts";
import type { ExtensionName } from "./registry.ts";
import type { Writer } from "./writer.ts";

export type StapleKind = "ocsp" | "sct";

/** By which extension each is asked for, and answered. */
export const stapleExtensions: Readonly<Record<StapleKind, ExtensionName>> = {
  ocsp: "status_request",
  sct: "signed_certificate_timestamp",
};

export const stapleKinds: readonly StapleKind[] = ["ocsp", "sct"];

const ocsp = 1;

/** A client's wish, in ClientHello. Whom it would trust to answer is not said. */
export function stapleRequest(kind: StapleKind): Extension {
  const any = (writer: Writer): unknown => writer.u8(ocsp).opaque(2, empty).opaque(2, empty);
  return kind === "ocsp" ? extension("status_request", any) : extension("signed_certificate_timestamp");
}

/** Whether it is OCSP that is asked for; what is asked for otherwise has another shape. */
export function readStatusRequest(body: Reader): boolean {
  if (body.u8("status_type") !== ocsp) {
    body.view(body.remaining, "request");
    return false;
  }
  body.list(2, "responder_id_list", 0, (list) => list.opaque(2, "responder_id", 1));
  body.opaque(2, "request_extensions");
  return true;
}

/** CertificateStatus: TLS 1.3's extension of an entry (RFC 9846 §4.5.1.1), and the inside of TLS 1.2's message. */
export function readCertificateStatus(body: Reader): Bytes {
  const start = body.offset;
  if (body.u8("status_type") !== ocsp) body.malformed("status_type", start);
  return body.opaque(3, "ocsp_response", 1);
}
function writeCertificateStatus(writer: Writer, response: Uint8Array): void {
  writer.u8(ocsp).opaque(3, response);
}

export function decodeCertificateStatus(raw: Uint8Array): Bytes {
  const body = bodyOf(raw, "certificate_status");
  const response = readCertificateStatus(body);
  body.end();
  return response;
}
export function encodeCertificateStatus(response: Uint8Array): Bytes {
  return frame("certificate_status", (writer) => writeCertificateStatus(writer, response));
}

/** SignedCertificateTimestampList. */
export function readTimestamps(body: Reader): Bytes[] {
  return body.list(2, "sct_list", 1, (list) => list.opaque(2, "serialized_sct", 1));
}

export function ocspStaple(response: Uint8Array): Extension {
  return extension("status_request", (writer) => writeCertificateStatus(writer, response));
}
export function timestampsStaple(timestamps: readonly Uint8Array[]): Extension {
  return extension("signed_certificate_timestamp", (writer) =>
    writer.list(2, timestamps, (_, timestamp) => writer.opaque(2, timestamp)),
  );
}
