// The least that protects records: a loop over the library's own cipher, with header and nonce ready, and nothing else done.
import { type CipherGCMTypes, createCipheriv, createDecipheriv, createSecretKey } from "node:crypto";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import sodium from "libsodium-wrappers";
import type { ProviderName } from "./sides.ts";

const tagLength = 16;

/** For `rates`: seals a batch of records with a content type into a window, and gives what opens it again. */
export function bareCipher(name: ProviderName, size: number, cipher: CipherGCMTypes = "aes-128-gcm"): (batch: number) => () => void {
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

function withNoble(size: number): (batch: number) => () => void {
  const key = new Uint8Array(32).fill(1);
  const nonce = new Uint8Array(12);
  const header = new Uint8Array(5);
  const data = new Uint8Array(size + 1).fill(7);
  const stride = data.length + tagLength;
  const window = new Uint8Array(64 * 1024 + 1024);
  return (batch) => {
    for (let record = 0; record < batch; record++) {
      chacha20poly1305(key, nonce, header).encrypt(data, window.subarray(record * stride, (record + 1) * stride));
    }
    return () => {
      for (let record = 0; record < batch; record++) {
        const sealed = window.subarray(record * stride, (record + 1) * stride);
        chacha20poly1305(key, nonce, header).decrypt(sealed);
      }
    };
  };
}

function withSodium(size: number): (batch: number) => () => void {
  const key = new Uint8Array(32).fill(1);
  const nonce = new Uint8Array(12);
  const header = new Uint8Array(5);
  const data = new Uint8Array(size + 1).fill(7);
  const stride = data.length + tagLength;
  const window = new Uint8Array(64 * 1024 + 1024);
  return (batch) => {
    for (let record = 0; record < batch; record++) {
      window.set(sodium.crypto_aead_chacha20poly1305_ietf_encrypt(data, header, null, nonce, key), record * stride);
    }
    return () => {
      for (let record = 0; record < batch; record++) {
        const sealed = window.subarray(record * stride, (record + 1) * stride);
        sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, header, nonce, key);
      }
    };
  };
}
