// Keys of ML-DSA by the library itself, and certificates that such keys have signed, which no tool at hand makes.
import { ml_dsa44, ml_dsa65, ml_dsa87 } from "@noble/post-quantum/ml-dsa.js";
import type { Bytes, MlDsa } from "@sallyport/core";

export const mlDsaSchemes: readonly MlDsa[] = ["mldsa44", "mldsa65", "mldsa87"];
export const mlDsaLibrary = { mldsa44: ml_dsa44, mldsa65: ml_dsa65, mldsa87: ml_dsa87 } as const;

/** The SubjectPublicKeyInfo (RFC 9881 §4), whatever the key's length. */
export function mlDsaKey(scheme: MlDsa, publicKey: Uint8Array): Bytes {
  return der(0x30, identifier(scheme), der(0x03, Uint8Array.of(0), publicKey));
}

/** RFC 9881 §6: the three forms of a private key, as PKCS#8. */
export function mlDsaPrivateKeys(
  scheme: MlDsa,
  seed: Uint8Array,
  expanded: Uint8Array = mlDsaLibrary[scheme].keygen(seed).secretKey,
): { readonly seed: Bytes; readonly expanded: Bytes; readonly both: Bytes } {
  const pkcs8 = (key: Uint8Array): Bytes => der(0x30, Uint8Array.of(2, 1, 0), identifier(scheme), der(0x04, key));
  return {
    seed: pkcs8(der(0x80, seed)),
    expanded: pkcs8(der(0x04, expanded)),
    both: pkcs8(der(0x30, der(0x04, seed), der(0x04, expanded))),
  };
}

export interface MlDsaPair {
  readonly scheme: MlDsa;
  readonly spki: Bytes;
  readonly pkcs8: Bytes;
  sign(message: Uint8Array): Uint8Array;
}

/** @param tag makes another pair of it. */
export function mlDsaPair(scheme: MlDsa, tag: number): MlDsaPair {
  const seed = Uint8Array.from({ length: 32 }, (_, at) => at * 7 + tag);
  const { publicKey, secretKey } = mlDsaLibrary[scheme].keygen(seed);
  return {
    scheme,
    spki: mlDsaKey(scheme, publicKey),
    pkcs8: mlDsaPrivateKeys(scheme, seed).seed,
    sign: (message) => mlDsaLibrary[scheme].sign(message, secretKey, { extraEntropy: false }),
  };
}

/** The same certificate for another key, and signed by another (RFC 5280 §4.1): what else it says stays. */
export function resigned(certificate: Uint8Array, subject: Pick<MlDsaPair, "spki">, issuer: MlDsaPair): Bytes {
  const [tbs = certificate] = parts(certificate);
  const algorithm = identifier(issuer.scheme);
  // version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, …
  const fields = parts(tbs).map((field, at) => (at === 2 ? algorithm : at === 6 ? subject.spki : field));
  const signed = der(0x30, ...fields);
  return der(0x30, signed, algorithm, der(0x03, Uint8Array.of(0), issuer.sign(signed)));
}

export function pem(label: string, contents: Uint8Array): string {
  const lines =
    Buffer.from(contents)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

function identifier(scheme: MlDsa): Bytes {
  return der(0x30, Uint8Array.from([6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 0x11 + mlDsaSchemes.indexOf(scheme)]));
}

function der(tag: number, ...contents: readonly Uint8Array[]): Bytes {
  const content = Buffer.concat(contents);
  const { length } = content;
  const prefix = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Uint8Array.from([tag, ...prefix, ...content]);
}

/** The elements of a SEQUENCE, each with its header. */
function parts(sequence: Uint8Array): Uint8Array[] {
  const end = (at: number): { readonly from: number; readonly to: number } => {
    const first = sequence[at + 1] ?? 0;
    const octets = first < 0x80 ? 0 : first - 0x80;
    let length = octets === 0 ? first : 0;
    for (let i = 0; i < octets; i++) length = length * 256 + (sequence[at + 2 + i] ?? 0);
    return { from: at + 2 + octets, to: at + 2 + octets + length };
  };
  const found: Uint8Array[] = [];
  for (let at = end(0).from; at < sequence.length; at = end(at).to) found.push(sequence.subarray(at, end(at).to));
  return found;
}
