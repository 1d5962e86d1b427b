// EncryptedExtensions (RFC 9846 §4.4.1).
import type { Bytes } from "./bytes.ts";
import { readChosenType } from "./certificate-types.ts";
import { type Extension, readExtensions, readProtocol, writeExtensions } from "./extensions.ts";
import { bodyOf, frame } from "./handshake.ts";

export interface EncryptedExtensions {
  readonly extensions: readonly Extension[];
  readonly alpn: string | undefined;
  readonly acceptsEarlyData: boolean;
  readonly recordSizeLimit: number | undefined;
  readonly clientCertificateType: number | undefined;
  readonly serverCertificateType: number | undefined;
}

export function decodeEncryptedExtensions(raw: Uint8Array): EncryptedExtensions {
  const body = bodyOf(raw, "encrypted_extensions");
  let alpn: string | undefined;
  let acceptsEarlyData = false;
  let recordSizeLimit: number | undefined;
  let clientCertificateType: number | undefined;
  let serverCertificateType: number | undefined;
  const extensions = readExtensions(body.vector(2, "extensions"), {
    server_name: () => {},
    supported_groups: (extension) => { extension.list(2, "named_group_list", 2, (list) => list.u16("named_group")); },
    application_layer_protocol_negotiation: (extension) => { alpn = readProtocol(extension); },
    early_data: () => { acceptsEarlyData = true; },
    client_certificate_type: (extension) => { clientCertificateType = readChosenType(extension); },
    server_certificate_type: (extension) => { serverCertificateType = readChosenType(extension); },
    // A hint, which tells nobody what to do.
    ticket_request: (extension) => { extension.u8("expected_count"); },
    record_size_limit: (extension) => { recordSizeLimit = extension.u16("record_size_limit"); },
  });
  body.end();
  return { extensions, alpn, acceptsEarlyData, recordSizeLimit, clientCertificateType, serverCertificateType };
}

export function encodeEncryptedExtensions(extensions: readonly Extension[]): Bytes {
  return frame("encrypted_extensions", (writer) => writeExtensions(writer, extensions));
}
