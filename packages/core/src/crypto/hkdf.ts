// HKDF (RFC 5869) and its labels (RFC 9846 §7.1), over a provider's whole HMAC.
import { type Bytes, concat, latin1, wipe } from "../wire/bytes.ts";
import type { HashImplementation } from "./provider.ts";
import { expectLength } from "./results.ts";

export function extract(hash: HashImplementation, salt: Uint8Array, keyingMaterial: Uint8Array): Bytes {
  return hmac(hash, salt, keyingMaterial);
}

export function hmac(hash: HashImplementation, key: Uint8Array, data: Uint8Array): Bytes {
  return expectLength(hash.hmac(key, data), hash.length, "HMAC", hash.name);
}

/** @param info is lent. @param length bytes, at most 255 times the hash's. */
export function expand(hash: HashImplementation, secret: Uint8Array, info: Uint8Array, length: number): Bytes {
  return expandFrom(hash, secret, concat([info, Uint8Array.of(1)]), length);
}

/** What an HkdfLabel says between its length and its context: made once for each of TLS's own. */
export function label(name: string): Bytes {
  const text = `tls13 ${name}`;
  return concat([Uint8Array.of(text.length), latin1(text)]);
}

/** @param label what `label` made. @param context of at most 255 bytes. */
export function expandLabel(
  hash: HashImplementation,
  secret: Uint8Array,
  label: Uint8Array,
  context: Uint8Array,
  length: number,
): Bytes {
  const end = 2 + label.length + 1 + context.length;
  const info = new Uint8Array(end + 1);
  info[0] = length >> 8;
  info[1] = length & 255;
  info.set(label, 2);
  info[2 + label.length] = context.length;
  info.set(context, end - context.length);
  info[end] = 1;
  return expandFrom(hash, secret, info, length);
}

/** @param first info with the first block's counter behind it. */
function expandFrom(hash: HashImplementation, secret: Uint8Array, first: Uint8Array, length: number): Bytes {
  let block = hmac(hash, secret, first);
  if (length === block.length) return block; // as most are
  const out = new Uint8Array(length);
  put(block, out, 0);
  for (let at = block.length, counter = 2; at < length; at += hash.length, counter++) {
    const next = hmac(hash, secret, concat([block, first.subarray(0, -1), Uint8Array.of(counter)]));
    put(next, out, at);
    wipe(block);
    block = next;
  }
  wipe(block);
  return out;
}

/** As much of it as there is room for. */
function put(block: Uint8Array, out: Bytes, at: number): void {
  const end = Math.min(out.length, at + block.length);
  for (let to = at; to < end; to++) out[to] = block[to - at] ?? 0;
}
