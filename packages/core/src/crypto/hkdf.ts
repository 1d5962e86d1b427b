// HKDF (RFC 5869) and its labels (RFC 9846 §7.1), over a provider's whole HMAC.
import { type Bytes, concat, wipe } from "../wire/bytes.ts";
import type { HashImplementation } from "./provider.ts";
import { expectLength } from "./results.ts";

export function extract(hash: HashImplementation, salt: Uint8Array, keyingMaterial: Uint8Array): Bytes {
  return hmac(hash, salt, keyingMaterial);
}

export function hmac(hash: HashImplementation, key: Uint8Array, data: Uint8Array): Bytes {
  return expectLength(hash.hmac(key, data), hash.length, `${hash.name} HMAC`);
}

/** @param length bytes, at most 255 times the hash's. */
export function expand(hash: HashImplementation, secret: Uint8Array, info: Uint8Array, length: number): Bytes {
  let block = hmac(hash, secret, concat([info, Uint8Array.of(1)]));
  if (length === block.length) return block; // as most are
  const out = new Uint8Array(length);
  out.set(block.subarray(0, length));
  for (let at = block.length, counter = 2; at < length; at += hash.length, counter++) {
    const next = hmac(hash, secret, concat([block, info, Uint8Array.of(counter)]));
    out.set(next.subarray(0, length - at), at);
    wipe(block);
    block = next;
  }
  wipe(block);
  return out;
}

export function expandLabel(
  hash: HashImplementation, secret: Uint8Array, label: string, context: Uint8Array, length: number,
): Bytes {
  return expand(hash, secret, hkdfLabel(length, `tls13 ${label}`, context), length);
}

/** Label and context are ours, and short. */
function hkdfLabel(length: number, label: string, context: Uint8Array): Bytes {
  const info = new Uint8Array(4 + label.length + context.length);
  info[0] = length >> 8;
  info[1] = length & 255;
  info[2] = label.length;
  for (let at = 0; at < label.length; at++) info[3 + at] = label.charCodeAt(at); // ASCII
  info[3 + label.length] = context.length;
  info.set(context, 4 + label.length);
  return info;
}
