// A SubjectPublicKeyInfo by strict DER, and what its key may sign: one reading for all providers, so that none of them is laxer.
import { concat, empty, equal } from "../wire/bytes.ts";
import type { HashName, SignatureScheme } from "../wire/registry.ts";

/** Views of the SubjectPublicKeyInfo that it was read from. Integers are big-endian, without leading zeros. */
export type PublicKey =
  | {
      readonly kind: "ec";
      readonly curve: "secp256r1" | "secp384r1" | "secp521r1";
      /** Uncompressed, with its leading 4; whether it lies on the curve is not looked at. */
      readonly point: Uint8Array;
    }
  | { readonly kind: "ed25519"; readonly point: Uint8Array }
  | {
      readonly kind: "ml-dsa";
      readonly parameters: MlDsa;
      /** 1312, 1952 or 2592 bytes (FIPS 204, table 2); every such string is a key. */
      readonly key: Uint8Array;
    }
  | { readonly kind: "rsa"; readonly modulus: Uint8Array; readonly exponent: Uint8Array }
  | {
      readonly kind: "rsa-pss";
      readonly modulus: Uint8Array;
      readonly exponent: Uint8Array;
      /** RFC 4055 §3.1: the one hash (of MGF1 too) that the key signs with, and the least salt. Absent: any. */
      readonly restriction: { readonly hash: HashName; readonly saltLength: number } | undefined;
    };

export type MlDsa = "mldsa44" | "mldsa65" | "mldsa87";

/**
 * undefined: no strict DER, an algorithm or curve that no scheme of ours signs with, a compressed point, or an RSA key out of
 * bounds: a modulus of 2048 to 8192 bits, an odd exponent from 3 to 2^33. Bounded work, and no arithmetic on keys.
 */
export function readPublicKey(spki: Uint8Array): PublicKey | undefined {
  return readFixedLength(spki) ?? readRsa(spki);
}

/** What a key of this kind signs, in order of preference. */
export function schemesOf(key: PublicKey): readonly SignatureScheme[] {
  if (key.kind === "ec") return [ecdsaSchemes[key.curve]];
  if (key.kind === "ed25519") return ["ed25519"];
  if (key.kind === "ml-dsa") return [key.parameters];
  if (key.kind === "rsa") return rsaSchemes;
  const { restriction } = key;
  if (restriction === undefined) return pssHashes.map(({ scheme }) => scheme);
  // RFC 9846 §4.3.3: the salt is as long as the hash.
  return pssHashes
    .filter(({ hash, length }) => hash === restriction.hash && restriction.saltLength <= length)
    .map(({ scheme }) => scheme);
}

/** What its signatures are checked by. RFC 9846 §4.3.3: the ECDSA schemes of TLS 1.2 "did not constrain the signing curve". */
export function verifiableBy(key: PublicKey): readonly SignatureScheme[] {
  return key.kind === "ec" ? Object.values(ecdsaSchemes) : schemesOf(key);
}

const ecdsaSchemes = {
  secp256r1: "ecdsa_secp256r1_sha256",
  secp384r1: "ecdsa_secp384r1_sha384",
  secp521r1: "ecdsa_secp521r1_sha512",
} as const;

const rsaSchemes = [
  "rsa_pss_rsae_sha256",
  "rsa_pss_rsae_sha384",
  "rsa_pss_rsae_sha512",
  "rsa_pkcs1_sha256",
  "rsa_pkcs1_sha384",
  "rsa_pkcs1_sha512",
] as const;

const pssHashes = [
  { hash: "sha256", length: 32, scheme: "rsa_pss_pss_sha256" },
  { hash: "sha384", length: 48, scheme: "rsa_pss_pss_sha384" },
  { hash: "sha512", length: 64, scheme: "rsa_pss_pss_sha512" },
] as const;

// DER is canonical: the one encoding of a key with a fixed length is a fixed prefix and the key.
const ecPrefixes = [
  { curve: "secp256r1", length: 65, prefix: "3059301306072a8648ce3d020106082a8648ce3d030107034200" },
  { curve: "secp384r1", length: 97, prefix: "3076301006072a8648ce3d020106052b81040022036200" },
  { curve: "secp521r1", length: 133, prefix: "30819b301006072a8648ce3d020106052b8104002303818600" },
].map(({ curve, length, prefix }) => ({ curve: curve as keyof typeof ecdsaSchemes, length, prefix: octets(prefix) }));
const ed25519Prefix = octets("302a300506032b6570032100");
// RFC 9881 §2: the parameters are absent.
const mlDsaPrefixes: readonly { readonly parameters: MlDsa; readonly length: number; readonly prefix: Uint8Array }[] = [
  { parameters: "mldsa44", length: 1312, prefix: octets("30820532300b06096086480165030403110382052100") },
  { parameters: "mldsa65", length: 1952, prefix: octets("308207b2300b0609608648016503040312038207a100") },
  { parameters: "mldsa87", length: 2592, prefix: octets("30820a32300b060960864801650304031303820a2100") },
];

function readFixedLength(spki: Uint8Array): PublicKey | undefined {
  for (const { curve, length, prefix } of ecPrefixes) {
    const point = after(prefix, spki, length);
    if (point !== undefined) return point[0] === 4 ? { kind: "ec", curve, point } : undefined;
  }
  for (const { parameters, length, prefix } of mlDsaPrefixes) {
    const key = after(prefix, spki, length);
    if (key !== undefined) return { kind: "ml-dsa", parameters, key };
  }
  const point = after(ed25519Prefix, spki, 32);
  return point && { kind: "ed25519", point };
}

function after(prefix: Uint8Array, spki: Uint8Array, length: number): Uint8Array | undefined {
  if (spki.length !== prefix.length + length || !equal(spki.subarray(0, prefix.length), prefix)) return undefined;
  return spki.subarray(prefix.length);
}

const tag = { integer: 0x02, bitString: 0x03, null: 0x05, oid: 0x06, sequence: 0x30, context: 0xa0 };
const rsaEncryption = octets("2a864886f70d010101"); // RFC 8017, Appendix A.1
const rsassaPss = octets("2a864886f70d01010a");
const mgf1 = octets("2a864886f70d010108");
const hashOids: readonly { readonly hash: HashName; readonly oid: Uint8Array }[] = [
  { hash: "sha256", oid: octets("608648016503040201") },
  { hash: "sha384", oid: octets("608648016503040202") },
  { hash: "sha512", oid: octets("608648016503040203") },
];

function readRsa(spki: Uint8Array): PublicKey | undefined {
  const whole = new Der(spki);
  const info = whole.enter(tag.sequence);
  const algorithm = info.enter(tag.sequence);
  const oid = algorithm.take(tag.oid);
  const bits = info.take(tag.bitString);
  if (bits[0] !== 0) return undefined; // whole octets
  const keyBits = new Der(bits.subarray(1));
  const key = keyBits.enter(tag.sequence);
  const modulus = key.positive();
  const exponent = key.positive();
  if (![whole, info, keyBits, key].every((part) => part.finished) || !withinBounds(modulus, exponent)) return undefined;
  if (equal(oid, rsaEncryption)) {
    const noParameters = algorithm.take(tag.null).length === 0 && algorithm.finished; // RFC 3279 §2.3.1: MUST be NULL
    return noParameters ? { kind: "rsa", modulus, exponent } : undefined;
  }
  if (!equal(oid, rsassaPss)) return undefined;
  if (algorithm.finished) return { kind: "rsa-pss", modulus, exponent, restriction: undefined };
  const restriction = readPssParameters(algorithm);
  return restriction && { kind: "rsa-pss", modulus, exponent, restriction };
}

function withinBounds(modulus: Uint8Array, exponent: Uint8Array): boolean {
  const bits = 8 * modulus.length - Math.clz32(modulus[0] ?? 0) + 24;
  if (bits < 2048 || bits > 8192 || ((modulus.at(-1) ?? 0) & 1) === 0 || exponent.length > 5) return false;
  let value = 0;
  for (const byte of exponent) value = value * 256 + byte;
  return value % 2 === 1 && value >= 3 && value < 2 ** 33;
}

/** RFC 4055 §3.1. The defaults speak of SHA-1, so hash and MGF stand there; DER leaves the only trailer out. */
function readPssParameters(algorithm: Der): { readonly hash: HashName; readonly saltLength: number } | undefined {
  const parameters = algorithm.enter(tag.sequence);
  const hashField = parameters.enter(tag.context);
  const hash = readHash(hashField);
  const mgfField = parameters.enter(tag.context | 1);
  const mgf = mgfField.enter(tag.sequence);
  const isMgf1 = equal(mgf.take(tag.oid), mgf1);
  const mgfHash = readHash(mgf);
  let saltLength = 20;
  if (!parameters.finished) {
    const saltField = parameters.enter(tag.context | 2);
    const salt = saltField.take(tag.integer);
    saltLength = salt[0] ?? 0;
    if (!saltField.finished || salt.length !== 1 || saltLength === 20 || saltLength > 64) return undefined;
  }
  const finished = [algorithm, parameters, hashField, mgfField, mgf].every((part) => part.finished);
  return finished && isMgf1 && hash !== undefined && hash === mgfHash ? { hash, saltLength } : undefined;
}

/** RFC 4055 §2.1: NULL and absent parameters are both legal. */
function readHash(from: Der): HashName | undefined {
  const algorithm = from.enter(tag.sequence);
  const oid = algorithm.take(tag.oid);
  if (!algorithm.finished && algorithm.take(tag.null).length > 0) return undefined;
  return algorithm.finished ? hashOids.find((known) => equal(known.oid, oid))?.hash : undefined;
}

/** Once something is not as expected, all that is taken from it is empty, and it never counts as finished. */
class Der {
  readonly #bytes: Uint8Array;
  #at = 0;
  #sound = true;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get finished(): boolean {
    return this.#sound && this.#at === this.#bytes.length;
  }

  enter(expected: number): Der {
    const inner = new Der(this.take(expected));
    inner.#sound = this.#sound;
    return inner;
  }

  /** The contents. Lengths up to 65535, in as few octets as can be (X.690 §10.1). */
  take(expected: number): Uint8Array {
    const bytes = this.#bytes;
    const first = bytes[this.#at + 1] ?? 0x80;
    const more = first < 0x80 ? 0 : first - 0x80;
    let length = more === 0 ? first : 0;
    for (let i = 0; i < more && i < 2; i++) length = length * 256 + (bytes[this.#at + 2 + i] ?? 0);
    const start = this.#at + 2 + more;
    const shortest = more === 0 ? length < 0x80 : more === 1 ? length >= 0x80 : more === 2 && length >= 0x100;
    this.#sound &&= bytes[this.#at] === expected && shortest && start + length <= bytes.length;
    if (!this.#sound) return empty;
    this.#at = start + length;
    return bytes.subarray(start, this.#at);
  }

  /** An INTEGER above zero, without the zero that keeps it positive. */
  positive(): Uint8Array {
    const value = this.take(tag.integer);
    const [first = 0x80, second = 0] = value;
    const padded = first === 0;
    this.#sound &&= first < 0x80 && (padded ? second >= 0x80 : true);
    return this.#sound ? value.subarray(padded ? 1 : 0) : empty;
  }
}

function octets(hex: string): Uint8Array {
  return concat((hex.match(/../g) ?? []).map((pair) => Uint8Array.of(Number.parseInt(pair, 16))));
}
