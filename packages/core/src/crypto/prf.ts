// The PRF of TLS 1.2 and what is made with it (RFC 5246 §5, §6.3, §7.4.9, §8.1; RFC 7627 §4; RFC 5705 §4).
import { type Bytes, concat, latin1, wipe } from "../wire/bytes.ts";
import { write } from "../wire/writer.ts";
import { hmac } from "./hkdf.ts";
import type { HashImplementation, SuiteImplementation } from "./provider.ts";

/** @param hash the suite's. @param length bytes. */
export function prf(hash: HashImplementation, secret: Uint8Array, label: string, seed: Uint8Array, length: number): Bytes {
  const start = concat([latin1(label), seed]);
  const out = new Uint8Array(length);
  let link = hmac(hash, secret, start);
  for (let at = 0; at < length; at += hash.length) {
    const block = hmac(hash, secret, concat([link, start]));
    out.set(block.subarray(0, Math.min(hash.length, length - at)), at);
    wipe(block);
    const last = link;
    if (at + hash.length < length) link = hmac(hash, secret, last);
    wipe(last);
  }
  return out;
}

export interface Randoms {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

const masterSecretLength = 48;

/**
 * From (EC)DHE's secret, which is wiped. @param sessionHash RFC 7627 §4: of the messages up to ClientKeyExchange; undefined: not
 * agreed.
 */
export function masterSecret(
  hash: HashImplementation,
  premaster: Uint8Array,
  sessionHash: Uint8Array | undefined,
  randoms: Randoms,
): Bytes {
  const secret =
    sessionHash === undefined
      ? prf(hash, premaster, "master secret", concat([randoms.client, randoms.server]), masterSecretLength)
      : prf(hash, premaster, "extended master secret", sessionHash, masterSecretLength);
  wipe(premaster);
  return secret;
}

export interface KeyBlock {
  readonly clientKey: Bytes;
  readonly serverKey: Bytes;
  readonly clientIv: Bytes;
  readonly serverIv: Bytes;
}

/** @param ivLength 4 for AES-GCM (RFC 5288 §3), 12 for ChaCha20-Poly1305 (RFC 7905 §2). */
export function keyBlock(
  hash: HashImplementation,
  master: Uint8Array,
  randoms: Randoms,
  { keyLength }: SuiteImplementation,
  ivLength: number,
): KeyBlock {
  const block = prf(hash, master, "key expansion", concat([randoms.server, randoms.client]), 2 * (keyLength + ivLength));
  let at = 0;
  const next = (length: number): Bytes => {
    at += length;
    return block.slice(at - length, at);
  };
  const keys = { clientKey: next(keyLength), serverKey: next(keyLength), clientIv: next(ivLength), serverIv: next(ivLength) };
  wipe(block);
  return keys;
}

export function finishedVerifyDataTls12(
  hash: HashImplementation,
  master: Uint8Array,
  from: "client" | "server",
  transcriptHash: Uint8Array,
): Bytes {
  return prf(hash, master, `${from} finished`, transcriptHash, 12);
}

/** @param context undefined: none, which differs from an empty one. */
export function exportKeyingMaterialTls12(
  hash: HashImplementation,
  master: Uint8Array,
  randoms: Randoms,
  label: string,
  context: Uint8Array | undefined,
  length: number,
): Bytes {
  const seed = write((writer) => {
    writer.bytes(randoms.client).bytes(randoms.server);
    if (context !== undefined) writer.opaque(2, context);
  });
  return prf(hash, master, label, seed, length);
}
