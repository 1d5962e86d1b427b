// Finished, EndOfEarlyData, NewSessionTicket, KeyUpdate (RFC 9846 §4.5.3, §4.6, §4.7.1, §4.7.3).
import type { Bytes } from "./bytes.ts";
import { type BodyReaders, type Extension, readExtensions, writeExtensions } from "./extensions.ts";
import { bodyOf, frame } from "./handshake.ts";

/** Whatever its length: one that is too short or long does not match, and is decrypt_error like any other. */
export function decodeFinished(raw: Uint8Array): Bytes {
  const body = bodyOf(raw, "finished");
  return body.copy(body.remaining, "verify_data");
}

export function encodeFinished(verifyData: Uint8Array): Bytes {
  return frame("finished", (writer) => writer.bytes(verifyData));
}

/** It has no body. */
export function decodeEndOfEarlyData(raw: Uint8Array): void {
  bodyOf(raw, "end_of_early_data").end();
}
export function encodeEndOfEarlyData(): Bytes {
  return frame("end_of_early_data", () => {});
}

export interface NewSessionTicket {
  /** Seconds. */
  readonly lifetime: number;
  readonly ageAdd: number;
  readonly nonce: Bytes;
  readonly ticket: Bytes;
  readonly extensions: readonly Extension[];
  /** Bytes; undefined: no early data with this ticket. */
  readonly maxEarlyData: number | undefined;
}

export function decodeNewSessionTicket(raw: Uint8Array): NewSessionTicket {
  const body = bodyOf(raw, "new_session_ticket");
  const lifetime = body.u32("ticket_lifetime");
  const ageAdd = body.u32("ticket_age_add");
  const nonce = body.opaque(1, "ticket_nonce");
  const ticket = body.opaque(2, "ticket", 1);
  const allowed: Allowed = { maxEarlyData: undefined };
  const extensions = readExtensions(body.vector(2, "extensions"), ticketBodies, allowed);
  body.end();
  return { lifetime, ageAdd, nonce, ticket, extensions, maxEarlyData: allowed.maxEarlyData };
}

interface Allowed {
  maxEarlyData: NewSessionTicket["maxEarlyData"];
}
const ticketBodies: BodyReaders<Allowed> = {
  early_data: (extension, allowed) => {
    allowed.maxEarlyData = extension.u32("max_early_data_size");
  },
};

export function encodeNewSessionTicket(ticket: Omit<NewSessionTicket, "maxEarlyData">): Bytes {
  return frame("new_session_ticket", (writer) => {
    writer.u32(ticket.lifetime).u32(ticket.ageAdd).opaque(1, ticket.nonce).opaque(2, ticket.ticket);
    writeExtensions(writer, ticket.extensions);
  });
}

/** The raw byte: 0 is update_not_requested, 1 update_requested, and the rest is the state's to refuse. */
export function decodeKeyUpdate(raw: Uint8Array): number {
  const body = bodyOf(raw, "key_update");
  const request = body.u8("request_update");
  body.end();
  return request;
}

export function encodeKeyUpdate(requested: boolean): Bytes {
  return frame("key_update", (writer) => writer.u8(requested ? 1 : 0));
}
