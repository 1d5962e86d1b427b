import { createPrivateKey, createPublicKey, KeyObject, sign } from "node:crypto";
import { ApiMisuse, type Bytes, ConfigError, readPublicKey, type SyncSigner, schemesOf } from "@sallyport/core";
import { owned } from "./bytes.ts";
import { hasMlDsa } from "./import-key.ts";
import { hashOf, keyFor } from "./verifications.ts";

/**
 * A signer for an ECDSA (P-256, P-384, P-521), Ed25519 or RSA key (2048 to 8192 bits; RSA-PSS first, PKCS #1 v1.5 for TLS 1.2);
 * and for ML-DSA where the runtime has it (Node.js 24).
 *
 * @param privateKey a KeyObject, or PEM in any unencrypted form that node:crypto reads. For an encrypted one:
 * `signer(createPrivateKey({ key, passphrase }))`.
 * @throws ConfigError if the key can't be read, or if no scheme of TLS signs with it.
 */
export function signer(privateKey: KeyObject | string): SyncSigner {
  const key = read(privateKey);
  const publicKey = owned(createPublicKey(key).export({ type: "spki", format: "der" }));
  const parts = readPublicKey(publicKey);
  const schemes = parts === undefined ? [] : schemesOf(parts);
  if (schemes.length === 0) {
    const remedy = "take ECDSA on P-256, P-384 or P-521, Ed25519, ML-DSA, or RSA with 2048 to 8192 bits and SHA-2";
    return refuse(`is of a kind (${describe(key)}) that no signature scheme fits`, remedy);
  }
  return {
    schemes,
    publicKey,
    sign: (scheme, message): Bytes => {
      if (!schemes.includes(scheme)) throw new ApiMisuse("bad-argument", `this key signs ${schemes.join(", ")}, not ${scheme}`);
      return owned(sign(hashOf(scheme), message, keyFor(scheme, key)));
    },
  };
}

function read(privateKey: KeyObject | string): KeyObject {
  if (privateKey instanceof KeyObject) {
    if (privateKey.type === "private") return privateKey;
    return refuse(`is a ${privateKey.type} key`, "give the private one");
  }
  try {
    return createPrivateKey(privateKey);
  } catch (cause) {
    if (!hasMlDsa() && isMlDsa(privateKey)) {
      return refuse(
        "is for ML-DSA, which this runtime has not",
        "take Node.js 24 or later, or signer of @sallyport/crypto-noble",
      );
    }
    const problem = cause instanceof Error ? cause.message : String(cause);
    return refuse(`can't be read (${problem})`, "give an unencrypted PEM, or createPrivateKey({ key, passphrase })");
  }
}

/** RFC 9881 §2: three object identifiers that differ in their last byte, near the beginning of a PKCS#8. */
function isMlDsa(pem: string): boolean {
  const [, body = ""] = /-----BEGIN PRIVATE KEY-----([^-]*)/.exec(pem) ?? [];
  return /^30(?:[0-7].|82....)020100300b060960864801650304031[123]/.test(Buffer.from(body, "base64").toString("hex", 0, 32));
}

function describe(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  return [key.asymmetricKeyType, modulusLength ?? namedCurve].filter((part) => part !== undefined).join(" ");
}

function refuse(problem: string, remedy: string): never {
  throw new ConfigError([{ kind: "bad-private-key", path: "privateKey", problem, remedy }]);
}
