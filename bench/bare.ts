// The least that protects records: a loop over the library's own cipher, with header and nonce ready, and nothing else done.
import { type CipherGCMTypes, createCipheriv, createDecipheriv, createSecretKey } from "node:crypto";
import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import sodium from "libsodium-wrappers";
import type { ProviderName } from "./sides.ts";

const tagLength = 16;
/** It has the same methods in node:crypto, but other types (@types/node). */
export const chacha20 = "chacha20-poly1305" as CipherGCMTypes;

/**
 * For `rates`: seals a batch of records with a content type into a window, and gives what opens it again.
 * @param cipher by default the one that the provider prefers; libsodium has ChaCha20 alone
 */
export function bareCipher(
  name: ProviderName,
  size: number,
  cipher: CipherGCMTypes = name === "crypto-node" ? "aes-128-gcm" : chacha20,
): (batch: number) => () => void {
  return { "crypto-node": withNode, "crypto-noble": withNoble, "crypto-wasm": withSodium }[name](size, cipher);
}

function withNode(size: number, cipher: CipherGCMTypes): (batch: number) => () => void {
  const key = createSecretKey(new Uint8Array(cipher === "aes-128-gcm" ? 16 : 32).fill(1));
  const nonce = new Uint8Array(12);
  const header = new Uint8Array(5);
  const data = new Uint8Array(size + 1).fill(7); // the content type is sealed with the content
  const stride = data.length + tagLength;
  const window = new Uint8Array(64 * 1024 + 1024);
  const options = { authTagLength: tagLength };
  return (batch) => {
    for (let record = 0; record < batch; record++) {
      const sealer = createCipheriv(cipher, key, nonce, options);
      sealer.setAAD(header);
      const sealed = sealer.update(data);
      sealer.final();
      window.set(sealed, record * stride); // Node.js 20 can't write there itself
      window.set(sealer.getAuthTag(), record * stride + sealed.length);
    }
    return () => {
      for (let record = 0; record < batch; record++) {
        const end = (record + 1) * stride;
        const opener = createDecipheriv(cipher, key, nonce, options);
        opener.setAAD(header);
        opener.setAuthTag(window.subarray(end - tagLength, end));
        opener.update(window.subarray(record * stride, end - tagLength));
        opener.final();
      }
    };
  };
}

function withNoble(size: number, cipher: CipherGCMTypes): (batch: number) => () => void {
  if (cipher !== chacha20) {
    return through(size, cipher === "aes-128-gcm" ? 16 : 32, {
      seal: (key, nonce, header, data, target) => target.set(gcm(key, nonce, header).encrypt(data)),
      open: (key, nonce, header, sealed) => void gcm(key, nonce, header).decrypt(sealed),
    });
  }
  return through(size, 32, {
    seal: (key, nonce, header, data, target) => void chacha20poly1305(key, nonce, header).encrypt(data, target),
    open: (key, nonce, header, sealed) => void chacha20poly1305(key, nonce, header).decrypt(sealed),
  });
}

function withSodium(size: number): (batch: number) => () => void {
  return through(size, 32, {
    seal: (key, nonce, header, data, target) =>
      target.set(sodium.crypto_aead_chacha20poly1305_ietf_encrypt(data, header, null, nonce, key)),
    open: (key, nonce, header, sealed) => void sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, header, nonce, key),
  });
}

interface OneCall {
  seal(key: Uint8Array, nonce: Uint8Array, header: Uint8Array, data: Uint8Array, target: Uint8Array): void;
  open(key: Uint8Array, nonce: Uint8Array, header: Uint8Array, sealed: Uint8Array): void;
}

function through(size: number, keyLength: 16 | 32, { seal, open }: OneCall): (batch: number) => () => void {
  const key = new Uint8Array(keyLength).fill(1);
  const nonce = new Uint8Array(12);
  const header = new Uint8Array(5);
  const data = new Uint8Array(size + 1).fill(7);
  const stride = data.length + tagLength;
  const window = new Uint8Array(64 * 1024 + 1024);
  const place = (record: number): Uint8Array => window.subarray(record * stride, (record + 1) * stride);
  return (batch) => {
    for (let record = 0; record < batch; record++) seal(key, nonce, header, data, place(record));
    return () => {
      for (let record = 0; record < batch; record++) open(key, nonce, header, place(record));
    };
  };
}
