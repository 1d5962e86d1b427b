// The one thing that core reads of a certificate: its SubjectPublicKeyInfo (RFC 5280 §4.1), by a strict walk, so that the proof of
// the key never depends on a pluggable verifier.
import { fail } from "../errors.ts";
import { type Bytes, copy, hex } from "./bytes.ts";
import type { SignatureScheme } from "./registry.ts";

export type KeyType = "secp256r1" | "secp384r1" | "secp521r1" | "ed25519" | "rsa" | "rsa-pss" | "mldsa44" | "mldsa65" | "mldsa87";

export interface SubjectPublicKey {
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Bytes;
  /** undefined: of no kind that any of our schemes uses. */
  readonly keyType: KeyType | undefined;
}

/** @throws bad-certificate */
export function subjectPublicKeyOf(certificate: Uint8Array): SubjectPublicKey {
  const outer = new Walk(certificate, 0, certificate.length);
  const whole = outer.inside(SEQUENCE, "Certificate");
  outer.end("Certificate");
  const tbs = whole.inside(SEQUENCE, "tbsCertificate");
  whole.skip(SEQUENCE, "signatureAlgorithm");
  whole.skip(BIT_STRING, "signatureValue");
  whole.end("Certificate");
  if (tbs.nextIs(VERSION)) tbs.skip(VERSION, "version");
  tbs.skip(INTEGER, "serialNumber");
  tbs.skip(SEQUENCE, "signature");
  tbs.skip(SEQUENCE, "issuer");
  tbs.skip(SEQUENCE, "validity");
  tbs.skip(SEQUENCE, "subject");
  const publicKey = copy(tbs.whole(SEQUENCE, "subjectPublicKeyInfo"));
  return { publicKey, keyType: keyTypeOf(publicKey) };
}

/** @throws bad-certificate if it is no DER SubjectPublicKeyInfo. */
export function keyTypeOf(publicKey: Uint8Array): KeyType | undefined {
  const outer = new Walk(publicKey, 0, publicKey.length);
  const spki = outer.inside(SEQUENCE, "subjectPublicKeyInfo");
  outer.end("subjectPublicKeyInfo");
  const algorithm = spki.inside(SEQUENCE, "algorithm");
  spki.skip(BIT_STRING, "subjectPublicKey");
  spki.end("subjectPublicKeyInfo");
  const oid = hex(algorithm.whole(OBJECT_IDENTIFIER, "algorithm"));
  if (oid === EC_PUBLIC_KEY) {
    if (!algorithm.nextIs(OBJECT_IDENTIFIER)) return undefined; // explicit curve parameters: RFC 5480 §2.1.1 forbids them
    const curve = hex(algorithm.whole(OBJECT_IDENTIFIER, "namedCurve"));
    algorithm.end("algorithm");
    return curves.get(curve);
  }
  return keyTypes.get(oid);
}

/** Which kind of key a scheme signs with. */
export const keyTypeOfScheme: Readonly<Record<SignatureScheme, KeyType>> = {
  ecdsa_secp256r1_sha256: "secp256r1",
  ecdsa_secp384r1_sha384: "secp384r1",
  ecdsa_secp521r1_sha512: "secp521r1",
  ed25519: "ed25519",
  rsa_pss_rsae_sha256: "rsa",
  rsa_pss_rsae_sha384: "rsa",
  rsa_pss_rsae_sha512: "rsa",
  rsa_pss_pss_sha256: "rsa-pss",
  rsa_pss_pss_sha384: "rsa-pss",
  rsa_pss_pss_sha512: "rsa-pss",
  rsa_pkcs1_sha256: "rsa",
  rsa_pkcs1_sha384: "rsa",
  rsa_pkcs1_sha512: "rsa",
  mldsa44: "mldsa44",
  mldsa65: "mldsa65",
  mldsa87: "mldsa87",
};

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OBJECT_IDENTIFIER = 0x06;
const SEQUENCE = 0x30;
const VERSION = 0xa0;

const EC_PUBLIC_KEY = "06072a8648ce3d0201";
const curves: ReadonlyMap<string, KeyType> = new Map([
  ["06082a8648ce3d030107", "secp256r1"],
  ["06052b81040022", "secp384r1"],
  ["06052b81040023", "secp521r1"],
]);
const keyTypes: ReadonlyMap<string, KeyType> = new Map([
  ["06092a864886f70d010101", "rsa"],
  ["06092a864886f70d01010a", "rsa-pss"],
  ["06032b6570", "ed25519"],
  ["0609608648016503040311", "mldsa44"],
  ["0609608648016503040312", "mldsa65"],
  ["0609608648016503040313", "mldsa87"],
]);

/** One level of DER. */
class Walk {
  readonly #bytes: Uint8Array;
  readonly #to: number;
  #at: number;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#to = to;
  }

  nextIs(tag: number): boolean {
    return this.#at < this.#to && this.#bytes[this.#at] === tag;
  }
  skip(tag: number, field: string): void {
    this.#at = this.#contents(tag, field).to;
  }
  inside(tag: number, field: string): Walk {
    const { from, to } = this.#contents(tag, field);
    this.#at = to;
    return new Walk(this.#bytes, from, to);
  }
  /** Tag and length included. */
  whole(tag: number, field: string): Uint8Array {
    const start = this.#at;
    this.skip(tag, field);
    return this.#bytes.subarray(start, this.#at);
  }
  end(field: string): void {
    if (this.#at !== this.#to) this.#refuse(`bytes behind ${field}`);
  }

  #contents(tag: number, field: string): { from: number; to: number } {
    if (!this.nextIs(tag)) this.#refuse(`no ${field} where it must stand`);
    let from = this.#at + 2;
    let length = this.#byte(this.#at + 1, field);
    if (length > 0x80) {
      const octets = length & 0x7f;
      length = 0;
      // Four octets would be more than any message of ours may hold.
      if (octets > 3) this.#refuse(`the length of ${field}`);
      for (let i = 0; i < octets; i++) length = length * 256 + this.#byte(from++, field);
      // X.690 §10.1: the shortest form.
      if (length < 0x80 || length < 256 ** (octets - 1)) this.#refuse(`the length of ${field} is not minimal`);
    } else if (length === 0x80) {
      this.#refuse(`the length of ${field} is indefinite`);
    }
    if (from + length > this.#to) this.#refuse(`the length of ${field}`);
    return { from, to: from + length };
  }
  #byte(at: number, field: string): number {
    const byte = at < this.#to ? this.#bytes[at] : undefined;
    return byte ?? this.#refuse(`the length of ${field}`);
  }
  #refuse(problem: string): never {
    fail("bad-certificate", { problem, offset: this.#at, notDer: true }, "RFC 5280 §4.1");
  }
}
