// Public keys and signature algorithms (RFC 3279, 4055, 5480, 8410, 9881), and the TLS signature scheme by which the provider
// knows them. TLS pairs each curve with one hash; so does CA/B BR §7.1.3.2.
import type { SignatureScheme } from "@sallyport/core";
import { equal } from "./bytes.ts";
import {
  bitString,
  constructed,
  type DerElement,
  DerError,
  DerReader,
  enter,
  integer,
  oid,
  opaque,
  smallInteger,
  tags,
} from "./der.ts";

export interface AlgorithmIdentifier {
  readonly oid: string;
  /** DER of the parameters; undefined: absent. */
  readonly parameters: Uint8Array | undefined;
  readonly raw: Uint8Array;
}

export type PublicKey = {
  /** DER SubjectPublicKeyInfo. */
  readonly raw: Uint8Array;
  readonly algorithm: AlgorithmIdentifier;
  /** What the BIT STRING holds: by its hash an OCSP response names the key. */
  readonly octets: Uint8Array;
} & KeyFacts;
type KeyFacts =
  | { readonly kind: "rsa" | "rsa-pss"; readonly bits: number; readonly exponent: Uint8Array; readonly pss: PssHash | undefined }
  | { readonly kind: "ec"; readonly curve: Curve }
  | { readonly kind: "ed25519" | MlDsa }
  /** No kind that TLS here can use; `problem` says what it is. */
  | { readonly kind: "unsupported"; readonly problem: string };
export type Curve = "secp256r1" | "secp384r1" | "secp521r1";
type MlDsa = "mldsa44" | "mldsa65" | "mldsa87";
type PssHash = "sha256" | "sha384" | "sha512";

/** @throws DerError */
export function algorithmIdentifier(reader: DerReader, what: string): AlgorithmIdentifier {
  const element = reader.read(tags.sequence, what);
  const inner = enter(element);
  const id = oid(inner.read(tags.oid, what), what);
  const parameters = inner.atEnd ? undefined : opaque(inner.any(what), what).raw;
  inner.end(what);
  return { oid: id, parameters, raw: element.raw };
}

/** @throws DerError */
export function publicKey(reader: DerReader): PublicKey {
  const element = reader.read(tags.sequence, "subjectPublicKeyInfo");
  const inner = enter(element);
  const algorithm = algorithmIdentifier(inner, "algorithm");
  const keyElement = inner.read(tags.bitString, "subjectPublicKey");
  const key = bitString(keyElement, "subjectPublicKey");
  inner.end("subjectPublicKeyInfo");
  return { raw: element.raw, algorithm, octets: key, ...keyFacts(algorithm, key, keyElement) };
}

/** How the issuer's `key` made this signature; undefined: by no scheme that there is. */
export function signatureScheme(algorithm: AlgorithmIdentifier, key: PublicKey): SignatureScheme | undefined {
  switch (key.kind) {
    case "ec": {
      const pair = curves[key.curve];
      return algorithm.oid === pair.signature && algorithm.parameters === undefined ? pair.scheme : undefined;
    }
    case "rsa":
      return algorithm.oid === ids.rsaPss
        ? pssScheme(algorithm, "rsae")
        : isNull(algorithm)
          ? pkcs1.get(algorithm.oid)
          : undefined;
    case "rsa-pss": {
      const scheme = algorithm.oid === ids.rsaPss ? pssScheme(algorithm, "pss") : undefined;
      return key.pss === undefined || scheme === `rsa_pss_pss_${key.pss}` ? scheme : undefined;
    }
    case "ed25519":
    case "mldsa44":
    case "mldsa65":
    case "mldsa87":
      return algorithm.oid === key.algorithm.oid && algorithm.parameters === undefined ? key.kind : undefined;
    case "unsupported":
      return undefined;
  }
}

/** The hash of a signature that nobody may trust any more (RFC 9846 §4.5.1.3); undefined: it has none of these. */
export function brokenHash(algorithm: AlgorithmIdentifier): "MD2" | "MD4" | "MD5" | "SHA-1" | undefined {
  const known = broken.get(algorithm.oid);
  if (known !== undefined) return known;
  // RFC 4055 §3.1: parameters that are absent, or without a hash, mean SHA-1.
  return algorithm.oid === ids.rsaPss && pssParameters(algorithm.parameters)?.hash.name === "sha1" ? "SHA-1" : undefined;
}

/** What tls-server-end-point hashes a certificate by (RFC 5929 §4.1); undefined: its signature has no hash of its own. */
export function signatureHash(algorithm: AlgorithmIdentifier): PssHash | undefined {
  const broken = brokenHash(algorithm);
  // MD2 and MD4 are as the two that the RFC names.
  if (broken !== undefined) return "sha256";
  if (algorithm.oid === ids.rsaPss) {
    const name = pssParameters(algorithm.parameters)?.hash.name;
    return name === "sha1" ? "sha256" : name;
  }
  const scheme = pkcs1.get(algorithm.oid) ?? Object.values(curves).find(({ signature }) => signature === algorithm.oid)?.scheme;
  return pssHashes.find((name) => scheme?.endsWith(name));
}
const pssHashes: readonly PssHash[] = ["sha256", "sha384", "sha512"];

export function keyText(key: PublicKey): string {
  switch (key.kind) {
    case "rsa":
    case "rsa-pss":
      return `RSA key of ${key.bits} bits`;
    case "ec":
      return `EC key on ${key.curve}`;
    case "unsupported":
      return key.problem;
    default:
      return `${key.kind} key`;
  }
}

const ids = {
  rsa: "1.2.840.113549.1.1.1",
  rsaPss: "1.2.840.113549.1.1.10",
  mgf1: "1.2.840.113549.1.1.8",
  ec: "1.2.840.10045.2.1",
  ed25519: "1.3.101.112",
} as const;

const curves = {
  secp256r1: { id: "1.2.840.10045.3.1.7", point: 65, signature: "1.2.840.10045.4.3.2", scheme: "ecdsa_secp256r1_sha256" },
  secp384r1: { id: "1.3.132.0.34", point: 97, signature: "1.2.840.10045.4.3.3", scheme: "ecdsa_secp384r1_sha384" },
  secp521r1: { id: "1.3.132.0.35", point: 133, signature: "1.2.840.10045.4.3.4", scheme: "ecdsa_secp521r1_sha512" },
} as const;
const curveNames: readonly Curve[] = ["secp256r1", "secp384r1", "secp521r1"];

const pkcs1: ReadonlyMap<string, SignatureScheme> = new Map([
  ["1.2.840.113549.1.1.11", "rsa_pkcs1_sha256"],
  ["1.2.840.113549.1.1.12", "rsa_pkcs1_sha384"],
  ["1.2.840.113549.1.1.13", "rsa_pkcs1_sha512"],
]);

const mlDsa: ReadonlyMap<string, { readonly kind: MlDsa; readonly octets: number }> = new Map([
  ["2.16.840.1.101.3.4.3.17", { kind: "mldsa44", octets: 1312 }],
  ["2.16.840.1.101.3.4.3.18", { kind: "mldsa65", octets: 1952 }],
  ["2.16.840.1.101.3.4.3.19", { kind: "mldsa87", octets: 2592 }],
]);

const broken: ReadonlyMap<string, "MD2" | "MD4" | "MD5" | "SHA-1"> = new Map([
  ["1.2.840.113549.1.1.2", "MD2"],
  ["1.2.840.113549.1.1.3", "MD4"],
  ["1.2.840.113549.1.1.4", "MD5"],
  ["1.2.840.113549.1.1.5", "SHA-1"],
  ["1.3.14.3.2.29", "SHA-1"],
  ["1.2.840.10045.4.1", "SHA-1"],
  ["1.2.840.10040.4.3", "SHA-1"],
]);

interface HashFacts {
  readonly name: PssHash | "sha1";
  readonly octets: number;
}
const sha1: HashFacts = { name: "sha1", octets: 20 };
const hashes: ReadonlyMap<string, HashFacts> = new Map<string, HashFacts>([
  ["1.3.14.3.2.26", sha1],
  ["2.16.840.1.101.3.4.2.1", { name: "sha256", octets: 32 }],
  ["2.16.840.1.101.3.4.2.2", { name: "sha384", octets: 48 }],
  ["2.16.840.1.101.3.4.2.3", { name: "sha512", octets: 64 }],
]);

const nullParameters: Uint8Array = Uint8Array.of(tags.null, 0);
const isNull = ({ parameters }: AlgorithmIdentifier): boolean => parameters !== undefined && equal(parameters, nullParameters);

function keyFacts(algorithm: AlgorithmIdentifier, key: Uint8Array, element: DerElement): KeyFacts {
  const { parameters } = algorithm;
  const unsupported = (problem: string): KeyFacts => ({ kind: "unsupported", problem });
  switch (algorithm.oid) {
    case ids.rsa:
      return isNull(algorithm)
        ? { kind: "rsa", ...rsaFacts(key, element), pss: undefined }
        : unsupported("RSA key with parameters");
    case ids.rsaPss: {
      if (parameters === undefined) return { kind: "rsa-pss", ...rsaFacts(key, element), pss: undefined };
      const restriction = pssParameters(parameters);
      // RFC 4055 §3.1: a key's salt length is the least that it signs with; TLS has the hash's.
      const isUsable =
        restriction !== undefined && restriction.hash.name !== "sha1" && restriction.saltLength <= restriction.hash.octets;
      return isUsable
        ? { kind: "rsa-pss", ...rsaFacts(key, element), pss: restriction.hash.name }
        : unsupported("RSA-PSS key restricted to what TLS has not");
    }
    case ids.ec: {
      const named = parameters?.[0] === tags.oid ? oid(new DerReader(parameters).any("curve"), "curve") : undefined;
      if (named === undefined) return unsupported("EC key without a named curve"); // RFC 5480 §2.1.1
      const curve = curveNames.find((name) => curves[name].id === named);
      if (curve === undefined) return unsupported(`EC key on the curve ${named}`);
      if (key.length !== curves[curve].point || key[0] !== 4)
        return unsupported(`EC key on ${curve} that is no uncompressed point`);
      return { kind: "ec", curve };
    }
    case ids.ed25519:
      return parameters === undefined && key.length === 32 ? { kind: "ed25519" } : unsupported("Ed25519 key that is none");
    default: {
      const lattice = mlDsa.get(algorithm.oid);
      if (lattice === undefined) return unsupported(`key of the algorithm ${algorithm.oid}`);
      if (parameters !== undefined || key.length !== lattice.octets) return unsupported(`${lattice.kind} key that is none`);
      return { kind: lattice.kind };
    }
  }
}

function rsaFacts(key: Uint8Array, element: DerElement): { readonly bits: number; readonly exponent: Uint8Array } {
  const reader = new DerReader(key, element.offset + element.raw.length - key.length, element.depth);
  const inner = reader.sequence("RSAPublicKey");
  const modulus = positive(inner.read(tags.integer, "modulus"), "modulus");
  const exponent = positive(inner.read(tags.integer, "publicExponent"), "publicExponent");
  inner.end("RSAPublicKey");
  reader.end("RSAPublicKey");
  return { bits: modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24, exponent };
}

/** Magnitude without its sign octet. */
function positive(element: DerElement, what: string): Uint8Array {
  const content = integer(element, what);
  const [first = 0] = content;
  if (first >= 0x80 || (content.length === 1 && first === 0)) throw new DerError(`${what} is not positive`, element.offset);
  return first === 0 ? content.subarray(1) : content;
}

// RFC 9846 §4.3.3: the salt is as long as the hash.
function pssScheme({ parameters }: AlgorithmIdentifier, key: "rsae" | "pss"): SignatureScheme | undefined {
  const pss = pssParameters(parameters);
  if (pss === undefined || pss.hash.name === "sha1" || pss.saltLength !== pss.hash.octets) return undefined;
  return `rsa_pss_${key}_${pss.hash.name}`;
}

/** RSASSA-PSS-params (RFC 4055 §3.1) with one hash for message and mask, and the only trailer; undefined: absent, or others. */
function pssParameters(
  parameters: Uint8Array | undefined,
): { readonly hash: HashFacts; readonly saltLength: number } | undefined {
  if (parameters === undefined) return undefined;
  try {
    const reader = new DerReader(parameters);
    const fields = reader.sequence("RSASSA-PSS-params");
    reader.end("RSASSA-PSS-params");
    const hash = hashOf(explicit(fields, 0));
    const mask = explicit(fields, 1);
    const maskAlgorithm = mask && algorithmIdentifier(mask, "maskGenAlgorithm");
    const maskHash =
      maskAlgorithm === undefined ? hashOf(undefined) : maskAlgorithm.oid === ids.mgf1 ? hashIn(maskAlgorithm) : undefined;
    const salt = explicit(fields, 2);
    const saltLength = salt === undefined ? 20 : smallInteger(salt.read(tags.integer, "saltLength"), "saltLength");
    fields.end("RSASSA-PSS-params"); // the trailer field has one value, its default, so DER leaves it out
    return hash !== undefined && hash === maskHash ? { hash, saltLength } : undefined;
  } catch (thrown) {
    if (thrown instanceof DerError) return undefined;
    throw thrown;
  }
}

const explicit = (reader: DerReader, number: number): DerReader | undefined => {
  const element = reader.optional(constructed(number), "RSASSA-PSS-params");
  return element && enter(element);
};

function hashOf(reader: DerReader | undefined): HashFacts | undefined {
  if (reader === undefined) return sha1;
  const { oid: id, ...algorithm } = algorithmIdentifier(reader, "hashAlgorithm");
  // RFC 4055 §2.1: NULL and absent parameters are both accepted.
  return algorithm.parameters === undefined || equal(algorithm.parameters, nullParameters) ? hashes.get(id) : undefined;
}
function hashIn({ parameters }: AlgorithmIdentifier): HashFacts | undefined {
  return parameters === undefined ? undefined : hashOf(new DerReader(parameters));
}
