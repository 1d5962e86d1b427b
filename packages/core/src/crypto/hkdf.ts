// HKDF (RFC 5869) and its labels (RFC 9846 §7.1), over a provider's whole HMAC.
import { type Bytes, concat, latin1, wipe } from "../wire/bytes.ts";
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
  const out = new Uint8Array(length);
  let block: Uint8Array = new Uint8Array(0);
  for (let at = 0, counter = 1; at < length; at += hash.length, counter++) {
    const next = hmac(hash, secret, concat([block, info, Uint8Array.of(counter)]));
    out.set(next.subarray(0, Math.min(hash.length, length - at)), at);
    wipe(block);
    block = next;
  }
  wipe(block);
  return out;
}

export function expandLabel(
  hash: HashImplementation, secret: Uint8Array, label: string, context: Uint8Array, length: number,
): Bytes {
  return expand(hash, secret, hkdfLabel(length, latin1(`tls13 ${label}`), context), length);
}

/** Label and context are ours, and short. */
function hkdfLabel(length: number, label: Bytes, context: Uint8Array): Bytes {
  return concat([Uint8Array.of(length >> 8, length & 255, label.length), label, Uint8Array.of(context.length), context]);
}
