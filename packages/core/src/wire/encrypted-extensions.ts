// EncryptedExtensions (RFC 9846 §4.4.1).
import type { Bytes } from "./bytes.ts";
import { readChosenType } from "./certificate-types.ts";
import { type BodyReaders, type Extension, readExtensions, readProtocol, writeExtensions } from "./extensions.ts";
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
  const message: Draft = {
    extensions: [],
    alpn: undefined,
    acceptsEarlyData: false,
    recordSizeLimit: undefined,
    clientCertificateType: undefined,
    serverCertificateType: undefined,
  };
  message.extensions = readExtensions(body.vector(2, "extensions"), bodies, message);
  body.end();
  return message;
}

type Draft = { -readonly [Field in keyof EncryptedExtensions]: EncryptedExtensions[Field] };

const bodies: BodyReaders<Draft> = {
  server_name: () => {},
  supported_groups: (extension) => {
    extension.list(2, "named_group_list", 2, (list) => list.u16("named_group"));
  },
  application_layer_protocol_negotiation: (extension, message) => {
    message.alpn = readProtocol(extension);
  },
  early_data: (_, message) => {
    message.acceptsEarlyData = true;
  },
  client_certificate_type: (extension, message) => {
    message.clientCertificateType = readChosenType(extension);
  },
  server_certificate_type: (extension, message) => {
    message.serverCertificateType = readChosenType(extension);
  },
  // A hint, which tells nobody what to do.
  ticket_request: (extension) => {
    extension.u8("expected_count");
  },
  record_size_limit: (extension, message) => {
    message.recordSizeLimit = extension.u16("record_size_limit");
  },
};

export function encodeEncryptedExtensions(extensions: readonly Extension[]): Bytes {
  return frame("encrypted_extensions", (writer) => writeExtensions(writer, extensions));
}
