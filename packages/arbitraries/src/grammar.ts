// The presentation language of the RFCs, so far as lengths go: a second opinion on what can be decoded. Each message and extension is
// a line of widths; what points beyond its bounds, or leaves a byte over, is malformed.
import { extensionTypes, handshakeTypes } from "./numbers.ts";

/**
 * A number: so many bytes. `[prefix, …inside]`: a vector behind one, two or three bytes of length, whose inside repeats until it is
 * full; without an inside it is opaque. `extensions`: a block of them. `rest`: anything.
 */
type Field = number | "extensions" | "rest" | readonly [1 | 2 | 3, ...Field[]];

/** `raw12`: of TLS 1.2, where a raw public key was agreed on instead of certificates (RFC 7250 §3). */
type Version = "tls13" | "tls12" | "raw12";

const messages: Readonly<Record<number, { readonly [version in Version]?: readonly Field[] }>> = {
  [handshakeTypes.client_hello]: both([2, 32, [1], [2, 2], [1, 1], "extensions"]),
  [handshakeTypes.server_hello]: both([2, 32, [1], 2, 1, "extensions"]),
  [handshakeTypes.end_of_early_data]: both([]),
  [handshakeTypes.server_hello_done]: both([]),
  [handshakeTypes.encrypted_extensions]: both(["extensions"]),
  [handshakeTypes.certificate]: { tls13: [[1], [3, [3], [2, 2, [2]]]], tls12: [[3, [3]]], raw12: [[3]] },
  [handshakeTypes.compressed_certificate]: { tls13: [2, 3, [3]] },
  [handshakeTypes.certificate_status]: { tls12: [1, [3]] },
  [handshakeTypes.certificate_request]: {
    tls13: [[1], "extensions"],
    tls12: [
      [1, 1],
      [2, 2],
      [2, [2]],
    ],
  },
  [handshakeTypes.certificate_verify]: both([2, [2]]),
  [handshakeTypes.server_key_exchange]: { tls12: [1, 2, [1], 2, [2]] },
  [handshakeTypes.client_key_exchange]: { tls12: [[1]] },
  [handshakeTypes.new_session_ticket]: { tls13: [4, 4, [1], [2], "extensions"], tls12: [4, [2]] },
  [handshakeTypes.key_update]: both([1]),
};
function both(fields: readonly Field[]): { readonly tls13: readonly Field[]; readonly tls12: readonly Field[] } {
  return { tls13: fields, tls12: fields };
}

/** Of a client's hello, where the two roles differ. */
const offered: Readonly<Record<number, readonly Field[]>> = {
  [extensionTypes.supported_groups]: [[2, 2]],
  [extensionTypes.signature_algorithms]: [[2, 2]],
  [extensionTypes.alpn]: [[2, [1]]],
  [extensionTypes.supported_versions]: [[1, 2]],
  [extensionTypes.psk_key_exchange_modes]: [[1, 1]],
  [extensionTypes.key_share]: [[2, 2, [2]]],
  [extensionTypes.pre_shared_key]: [
    [2, [2], 4],
    [2, [1]],
  ],
  [extensionTypes.extended_master_secret]: [],
  [extensionTypes.early_data]: [],
  [extensionTypes.renegotiation_info]: [[1]],
  [extensionTypes.client_certificate_type]: [[1, 1]],
  [extensionTypes.server_certificate_type]: [[1, 1]],
};

/** What has no line here is well formed. */
export function isWellFormed(message: Uint8Array, version: Version): boolean {
  const [type = -1] = message;
  const lines = messages[type];
  const fields = lines?.[version] ?? (version === "raw12" ? lines?.tls12 : undefined);
  if (fields === undefined) return true;
  const end = read(message, 4, message.length, fields, type === handshakeTypes.client_hello);
  return end === message.length;
}

/** @returns where it ended; undefined: it does not fit. */
function read(bytes: Uint8Array, from: number, to: number, fields: readonly Field[], isOffer: boolean): number | undefined {
  let at = from;
  for (const field of fields) {
    if (typeof field === "number") {
      at += field;
    } else if (field === "rest") {
      at = to;
    } else if (field === "extensions") {
      // A hello of TLS 1.2 may do without the block.
      if (at === to) return at;
      const end = vectorEnd(bytes, at, to, 2);
      if (end === undefined || !extensionsFit(bytes, at + 2, end, isOffer)) return undefined;
      at = end;
    } else {
      const [prefix, ...inside] = field;
      const end = vectorEnd(bytes, at, to, prefix);
      if (end === undefined) return undefined;
      for (let item = at + prefix; inside.length > 0 && item < end; ) {
        const next = read(bytes, item, end, inside, isOffer);
        if (next === undefined) return undefined;
        item = next;
      }
      at = end;
    }
    if (at > to) return undefined;
  }
  return at;
}
function vectorEnd(bytes: Uint8Array, at: number, to: number, prefix: number): number | undefined {
  if (at + prefix > to) return undefined;
  let length = 0;
  for (let index = 0; index < prefix; index++) length = length * 256 + (bytes[at + index] ?? 0);
  const end = at + prefix + length;
  return end > to ? undefined : end;
}
function extensionsFit(bytes: Uint8Array, from: number, to: number, isOffer: boolean): boolean {
  for (let at = from; at < to; ) {
    if (at + 4 > to) return false;
    const type = (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
    const end = vectorEnd(bytes, at + 2, to, 2);
    if (end === undefined) return false;
    const body = isOffer ? offered[type] : undefined;
    if (body !== undefined && read(bytes, at + 4, end, body, isOffer) !== end) return false;
    at = end;
  }
  return true;
}
