import { type AsyncSigner, type Bytes, ConfigError } from "@sallyport/core";
import { type Operation, operations } from "./operations.ts";
import { signer } from "./signer.ts";

/**
 * A signer from a private key in a file. RSA signs by RSA-PSS, and by PKCS #1 v1.5 for TLS 1.2. The key is imported so that no
 * script can take it out again; wipe or drop your own copy.
 *
 * @param privateKey PKCS#8, DER or PEM (`PRIVATE KEY`), not encrypted.
 * @throws ConfigError (as a rejection) if the key can't be read, or if this runtime's WebCrypto doesn't have its algorithm.
 *
 * @example
 * const ours = await importSigner(await readTextFile("key.pem"));
 */
export async function importSigner(privateKey: Uint8Array | string): Promise<AsyncSigner> {
  const pkcs8 = typeof privateKey === "string" ? readPem(privateKey) : Uint8Array.from(privateKey);
  const imported = operationsFor(pkcs8);
  try {
    const publicKey = await publicHalf(pkcs8, imported[0]);
    const keys = imported.map(({ algorithm }) => crypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]));
    return signer(await Promise.all(keys), publicKey);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const { name } = imported[0].algorithm;
    return refuse(`is refused by this runtime's WebCrypto as ${name} (${String(cause)})`, "check the key, or the runtime");
  } finally {
    pkcs8.fill(0);
  }
}

/** WebCrypto has no way from a private key to its public one but through a JWK. */
async function publicHalf(pkcs8: Bytes, { algorithm }: Operation): Promise<Bytes> {
  const extractable = await crypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]);
  const { kty, crv, n, e, x, y } = await crypto.subtle.exportKey("jwk", extractable);
  const open = Object.fromEntries(Object.entries({ kty, crv, n, e, x, y }).filter(([, value]) => value !== undefined));
  const publicKey = await crypto.subtle.importKey("jwk", open, algorithm, true, ["verify"]);
  return new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
}

type Some<Item> = readonly [Item, ...Item[]];

/** By the key's AlgorithmIdentifier, which WebCrypto wants to be told before it reads it itself. */
function operationsFor(pkcs8: Uint8Array): Some<Operation> {
  const found = algorithms.find(({ identifier }) => holds(pkcs8, identifier));
  const [first, ...others] = operations.filter(({ algorithm }) => found?.fits(algorithm) === true);
  if (first !== undefined) return [first, ...others];
  return refuse("is no PKCS#8 of a key that signs here", `take RSA, ECDSA on a NIST curve, or Ed25519; convert it: ${toPkcs8}`);
}

interface KnownAlgorithm {
  readonly identifier: string;
  fits(algorithm: Operation["algorithm"]): boolean;
}

const algorithms: readonly KnownAlgorithm[] = [
  { identifier: "300d06092a864886f70d0101010500", fits: ({ name }) => name.startsWith("RS") },
  { identifier: "301306072a8648ce3d020106082a8648ce3d030107", fits: ({ namedCurve }) => namedCurve === "P-256" },
  { identifier: "301006072a8648ce3d020106052b81040022", fits: ({ namedCurve }) => namedCurve === "P-384" },
  { identifier: "301006072a8648ce3d020106052b81040023", fits: ({ namedCurve }) => namedCurve === "P-521" },
  { identifier: "300506032b6570", fits: ({ name }) => name === "Ed25519" },
];

/** RFC 5958 §2: SEQUENCE { version INTEGER (0 or 1), AlgorithmIdentifier, … }; what WebCrypto reads in full is not read here. */
function holds(pkcs8: Uint8Array, identifier: string): boolean {
  const start = Array.from(pkcs8.subarray(0, 32), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return new RegExp(`^30(?:[0-7].|81..|82....)0201(?:00|01)${identifier}`).test(start);
}

const toPkcs8 = "openssl pkcs8 -topk8 -nodes -in key.pem";

/** The first private key of a file. */
function readPem(text: string): Bytes {
  const block = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----(.*?)-----END \1-----/s.exec(text);
  if (block === null) return refuse("has no PEM block of a private key", `write it as PKCS#8: ${toPkcs8}`);
  const [, label, body = ""] = block;
  if (label !== "PRIVATE KEY") return refuse(`is a PEM block "${label}", which WebCrypto can't read`, `convert it: ${toPkcs8}`);
  try {
    return Uint8Array.from(atob(body), (digit) => digit.charCodeAt(0));
  } catch {
    return refuse("is no base64", "look for a cut or damaged line");
  }
}

function refuse(problem: string, remedy: string): never {
  throw new ConfigError([{ kind: "bad-private-key", path: "privateKey", problem, remedy }]);
}
