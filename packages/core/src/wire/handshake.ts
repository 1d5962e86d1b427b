// Framing of handshake messages (RFC 9846 §4).
import type { Bytes } from "./bytes.ts";
import { handshakeTypeNames } from "./iana.ts";
import { Reader } from "./reader.ts";
import { type Writer, write } from "./writer.ts";

export const handshakeTypes = {
  hello_request: 0,
  client_hello: 1,
  server_hello: 2,
  new_session_ticket: 4,
  end_of_early_data: 5,
  encrypted_extensions: 8,
  certificate: 11,
  server_key_exchange: 12,
  certificate_request: 13,
  server_hello_done: 14,
  certificate_verify: 15,
  client_key_exchange: 16,
  finished: 20,
  certificate_status: 22,
  key_update: 24,
  compressed_certificate: 25,
  message_hash: 254,
} as const;
export type HandshakeType = keyof typeof handshakeTypes;

/** A whole message as it stood on the wire: what transcripts hash. */
export interface HandshakeMessage {
  readonly type: number;
  /** Its 4-byte header included; memory of its own. */
  readonly raw: Bytes;
}

export function messageName(type: number): string {
  return handshakeTypeNames.get(type) ?? `handshake message ${type}`;
}

export function frame(type: HandshakeType, body: (writer: Writer) => void): Bytes {
  return write((writer) => writer.u8(handshakeTypes[type]).vector(3, body));
}

/** A reader of the body, whose offsets count from the message's first byte. The header is checked. */
export function bodyOf(raw: Uint8Array, type: HandshakeType): Reader {
  const reader = new Reader(raw, type);
  if (reader.u8("msg_type") !== handshakeTypes[type]) reader.malformed("msg_type", 0);
  const body = reader.vector(3, "length");
  reader.end();
  return body;
}
