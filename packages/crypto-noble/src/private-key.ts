// Private keys as they lie in files (RFC 5958, RFC 5915, RFC 8410, RFC 9881), and public keys as they are written into certificates.
import { type Bytes, ConfigError, type MlDsa } from "@sallyport/core";

export type EcCurve = "secp256r1" | "secp384r1" | "secp521r1";
export type PrivateKey =
  | { readonly kind: "ec"; readonly curve: EcCurve; readonly scalar: Uint8Array }
  | { readonly kind: "ed25519"; readonly seed: Uint8Array }
  | { readonly kind: "ml-dsa"; readonly parameters: MlDsa; readonly forms: MlDsaForms };

/** RFC 9881 §6: the seed, from which the key is made; the key itself as FIPS 204 encodes it; or both. Copies. */
export type MlDsaForms =
  | { readonly seed: Uint8Array; readonly expanded: Uint8Array | undefined }
  | { readonly seed: undefined; readonly expanded: Uint8Array };

/** @throws ConfigError */
export function readPrivateKey(source: Uint8Array | string): PrivateKey {
  if (typeof source !== "string") return readPkcs8(source);
  const { label, contents } = readPem(source);
  if (label === "PRIVATE KEY") return readPkcs8(contents);
  if (label === "EC PRIVATE KEY") return readSec1(contents, undefined);
  if (label === "RSA PRIVATE KEY") return refuseRsa();
  if (label === "ENCRYPTED PRIVATE KEY") return refuse("is encrypted", `decrypt it first: ${toPkcs8}`);
  return refuse(`is a PEM block "${label}"`, `convert it: ${toPkcs8}`);
}

/** DER is canonical: all before the key itself is constant. */
export function subjectPublicKeyInfo(algorithm: EcCurve | "ed25519" | MlDsa, key: Uint8Array): Bytes {
  const prefix = publicPrefixes[algorithm];
  const spki = new Uint8Array(prefix.length + key.length);
  spki.set(prefix);
  spki.set(key, prefix.length);
  return spki;
}

const toPkcs8 = "openssl pkcs8 -topk8 -nodes -in key.pem";

const publicPrefixes = {
  secp256r1: octets("3059301306072a8648ce3d020106082a8648ce3d030107034200"),
  secp384r1: octets("3076301006072a8648ce3d020106052b81040022036200"),
  secp521r1: octets("30819b301006072a8648ce3d020106052b8104002303818600"),
  ed25519: octets("302a300506032b6570032100"),
  mldsa44: octets("30820532300b06096086480165030403110382052100"),
  mldsa65: octets("308207b2300b0609608648016503040312038207a100"),
  mldsa87: octets("30820a32300b060960864801650304031303820a2100"),
};

const tags = { integer: 0x02, octetString: 0x04, oid: 0x06, sequence: 0x30, parameters: 0xa0, seed: 0x80 };
const algorithms = {
  ecPublicKey: "2a8648ce3d0201",
  ed25519: "2b6570",
  rsaEncryption: "2a864886f70d010101",
  rsassaPss: "2a864886f70d01010a",
};
const mlDsaOids: Readonly<Record<string, MlDsa>> = {
  "608648016503040311": "mldsa44",
  "608648016503040312": "mldsa65",
  "608648016503040313": "mldsa87",
};
const expandedLengths: Readonly<Record<MlDsa, number>> = { mldsa44: 2560, mldsa65: 4032, mldsa87: 4896 };
const curves: Readonly<Record<string, { readonly curve: EcCurve; readonly length: number }>> = {
  "2a8648ce3d030107": { curve: "secp256r1", length: 32 },
  "2b81040022": { curve: "secp384r1", length: 48 },
  "2b81040023": { curve: "secp521r1", length: 66 },
};

function readPkcs8(der: Uint8Array): PrivateKey {
  const info = new Der(der).enter(tags.sequence);
  info.take(tags.integer); // version: 1 adds attributes and the public key, of which nothing is needed
  const algorithm = info.enter(tags.sequence);
  const oid = hex(algorithm.take(tags.oid));
  const key = info.take(tags.octetString);
  if (oid === algorithms.ecPublicKey) return readSec1(key, hex(algorithm.take(tags.oid)));
  if (oid === algorithms.rsaEncryption || oid === algorithms.rsassaPss) return refuseRsa();
  const parameters = mlDsaOids[oid];
  if (parameters !== undefined) return { kind: "ml-dsa", parameters, forms: readMlDsa(key, parameters) };
  if (oid !== algorithms.ed25519) {
    return refuse("has an algorithm that does not sign here", "take a key for ECDSA, Ed25519 or ML-DSA");
  }
  const seed = new Der(key).take(tags.octetString);
  if (seed.length !== 32) return refuse("has an Ed25519 seed that is not of 32 bytes", "make a new key");
  return { kind: "ed25519", seed: Uint8Array.from(seed) };
}

/** RFC 9881 §6: CHOICE { seed [0], expandedKey OCTET STRING, both SEQUENCE }. */
function readMlDsa(der: Uint8Array, parameters: MlDsa): MlDsaForms {
  const sized = (bytes: Uint8Array, length: number, what: string): Uint8Array => {
    if (bytes.length !== length) return refuse(`has ${what} of ${bytes.length} bytes, not ${length}`, "make a new key");
    return Uint8Array.from(bytes);
  };
  const seedOf = (bytes: Uint8Array): Uint8Array => sized(bytes, 32, "a seed");
  const expandedOf = (bytes: Uint8Array): Uint8Array => sized(bytes, expandedLengths[parameters], `a key for ${parameters}`);
  const choice = new Der(der);
  if (der[0] === tags.seed) return { seed: seedOf(choice.take(tags.seed)), expanded: undefined };
  if (der[0] === tags.octetString) return { seed: undefined, expanded: expandedOf(choice.take(tags.octetString)) };
  const both = choice.enter(tags.sequence);
  return { seed: seedOf(both.take(tags.octetString)), expanded: expandedOf(both.take(tags.octetString)) };
}

/** @param named the curve's OID, where PKCS#8 has it; else it stands inside. */
function readSec1(der: Uint8Array, named: string | undefined): PrivateKey {
  const key = new Der(der).enter(tags.sequence);
  key.take(tags.integer);
  const scalar = key.take(tags.octetString);
  const oid = named ?? hex(key.enter(tags.parameters).take(tags.oid));
  const known = curves[oid];
  if (known === undefined) return refuse("is on a curve that does not sign here", "take P-256, P-384 or P-521");
  // RFC 5915 §3 wants the leading zeros; some writers leave them out.
  if (scalar.length > known.length) return refuse(`is too long for ${known.curve}`, "make a new key");
  const padded = new Uint8Array(known.length);
  padded.set(scalar, known.length - scalar.length);
  return { kind: "ec", curve: known.curve, scalar: padded };
}

function refuseRsa(): never {
  return refuse(
    "is an RSA key, whose signatures in pure JavaScript would be slow and leak by their time",
    "use signer of @sallyport/crypto-node, importSigner of @sallyport/crypto-web, or an AsyncSigner of your own",
  );
}

export function refuse(problem: string, remedy: string): never {
  throw new ConfigError([{ kind: "bad-private-key", path: "privateKey", problem, remedy }]);
}

/** The first private key of a file; what stands around it (parameters, certificates) is left alone. */
function readPem(text: string): { readonly label: string; readonly contents: Uint8Array } {
  const block = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----(.*?)-----END \1-----/s.exec(text);
  const [, label = "", body = ""] = block ?? [];
  if (block === null) return refuse("has no PEM block of a private key", `write it as PKCS#8: ${toPkcs8}`);
  if (body.includes(":")) return refuse("is encrypted", `decrypt it first: ${toPkcs8}`); // RFC 1421 headers: Proc-Type, DEK-Info
  return { label, contents: base64(body.replace(/\s+/g, "")) };
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
function base64(text: string): Uint8Array {
  const digits = text.replace(/={1,2}$/, "");
  if (text.length % 4 !== 0) return refuse("is no base64", "look for a cut line");
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const digit of digits) {
    const value = alphabet.indexOf(digit);
    if (value < 0) return refuse("is no base64", "look for a damaged line");
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = held >> bits;
  }
  return bytes;
}

/** Definite lengths in their shortest form; what is not as expected is a ConfigError. */
class Der {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  enter(tag: number): Der {
    return new Der(this.take(tag));
  }

  take(tag: number): Uint8Array {
    const start = this.#at;
    const first = this.#bytes[start + 1] ?? 0x80;
    const octets = first < 0x80 ? 0 : first - 0x80;
    let length = octets === 0 ? first : 0;
    for (let i = 0; i < octets && i < 3; i++) length = length * 256 + (this.#bytes[start + 2 + i] ?? 0);
    const from = start + 2 + octets;
    const shortest = octets === 0 ? first < 0x80 : octets < 3 && length >= (octets === 1 ? 0x80 : 0x100);
    if (this.#bytes[start] !== tag || !shortest || from + length > this.#bytes.length) {
      return refuse(`is no DER of a private key, at byte ${start} of a part`, `write it as PKCS#8: ${toPkcs8}`);
    }
    this.#at = from + length;
    return this.#bytes.subarray(from, this.#at);
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function octets(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
