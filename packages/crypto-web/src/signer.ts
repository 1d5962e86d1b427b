import { ApiMisuse, type AsyncSigner, ConfigError, readPublicKey, type SignatureScheme, schemesOf } from "@sallyport/core";
import { toDer } from "./ecdsa-signature.ts";
import { type Operation, operations } from "./operations.ts";

/**
 * A signer for keys that WebCrypto holds: made by `generateKey`, kept in IndexedDB, not extractable.
 *
 * @param privateKeys one key, usable for `sign`. WebCrypto ties an RSA key to one padding and hash, so that an RSA key that is to
 * sign by several schemes is given several times: as a list, in order of preference.
 * @param publicKey its DER SubjectPublicKeyInfo: `new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey))`. Copied.
 * @throws ConfigError if a key can't sign for TLS, or if its algorithm isn't the public key's.
 *
 * @example
 * const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
 * const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
 * const ours = signer(pair.privateKey, spki);
 */
export function signer(privateKeys: CryptoKey | readonly CryptoKey[], publicKey: Uint8Array): AsyncSigner {
  const given = "algorithm" in privateKeys ? [privateKeys] : privateKeys;
  const fitting = fittingSchemes(publicKey);
  const keys = new Map<SignatureScheme, SigningKey>();
  for (const key of given) {
    const operation = operationOf(key, fitting);
    keys.set(operation.scheme, { key, operation });
  }
  if (keys.size === 0) refuse("privateKeys", "is empty", "give at least one CryptoKey");
  const schemes = [...keys.keys()];
  return {
    schemes,
    publicKey: Uint8Array.from(publicKey),
    signAsync: async (scheme, message, signal) => {
      const chosen = keys.get(scheme);
      if (chosen === undefined) throw new ApiMisuse("bad-argument", `this key signs ${schemes.join(", ")}, not ${scheme}`);
      signal.throwIfAborted();
      const { key, operation } = chosen;
      const signature = new Uint8Array(await crypto.subtle.sign(operation.parameters, key, message));
      return operation.parameters.name === "ECDSA" ? toDer(signature) : signature;
    },
  };
}

interface SigningKey {
  readonly key: CryptoKey;
  readonly operation: Operation;
}

function fittingSchemes(publicKey: Uint8Array): readonly SignatureScheme[] {
  const parts = readPublicKey(publicKey);
  if (parts !== undefined) return schemesOf(parts);
  return refuse("publicKey", "is no SubjectPublicKeyInfo that a signature scheme fits", 'take what exportKey("spki", …) gives');
}

function operationOf(key: CryptoKey, fitting: readonly SignatureScheme[]): Operation {
  if (key.type !== "private" || !key.usages.includes("sign")) {
    return refuse("privateKeys", `has a ${key.type} key that is not for signing`, 'give the private one, with the usage "sign"');
  }
  const operation = operations.find(({ algorithm }) => sameAlgorithm(key.algorithm, algorithm));
  if (operation !== undefined && fitting.includes(operation.scheme)) return operation;
  const problem = `has a key for ${key.algorithm.name}, which is not the algorithm of the public key, or not one of TLS`;
  return refuse("privateKeys", problem, "give both halves of one key; RSA-PSS or ECDSA with SHA-2, or Ed25519");
}

function sameAlgorithm(
  theirs: KeyAlgorithm & { readonly namedCurve?: string; readonly hash?: { readonly name: string } },
  ours: Operation["algorithm"],
): boolean {
  return theirs.name === ours.name && theirs.namedCurve === ours.namedCurve && theirs.hash?.name === ours.hash;
}

function refuse(path: string, problem: string, remedy: string): never {
  throw new ConfigError([{ kind: "bad-private-key", path, problem, remedy }]);
}
