import { ApiMisuse, type Bytes, type SyncGroup } from "@sallyport/core";
import type { Sodium } from "./sodium.ts";

const length = 32;

/** The private half is the scalar's bytes. */
export function x25519(sodium: Sodium, random: (length: number) => Bytes): SyncGroup {
  const start = (): { share: Bytes; key: Bytes } => {
    const key = random(length);
    return { share: own(sodium.crypto_scalarmult_base(key)), key };
  };
  const complete = (key: unknown, peerShare: Uint8Array): Bytes | undefined => {
    if (!(key instanceof Uint8Array)) throw new ApiMisuse("bad-argument", "this is no private key of x25519");
    if (peerShare.length !== length) return undefined;
    try {
      return own(sodium.crypto_scalarmult(key, peerShare));
    } catch {
      return undefined; // a secret of zeros (RFC 9846 §7.4.2)
    }
  };
  return {
    name: "x25519",
    shareLength: { client: length, server: length },
    start,
    complete,
    respond: (peerShare) => {
      const { share, key } = start();
      const secret = complete(key, peerShare);
      key.fill(0);
      return secret && { share, secret };
    },
  };
}

/** The library promises no more than bytes: of any buffer. */
function own(given: Uint8Array): Bytes {
  return given.buffer instanceof ArrayBuffer && given.byteLength === given.buffer.byteLength
    ? new Uint8Array(given.buffer)
    : Uint8Array.from(given);
}
