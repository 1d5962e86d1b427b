// The one thing that core reads of a certificate: its SubjectPublicKeyInfo (RFC 5280 §4.1), by a strict walk, so that the proof of
// the key never depends on a pluggable verifier.
import { fail } from "../errors.ts";
import { type Bytes, copy } from "./bytes.ts";

/** A SubjectPublicKeyInfo that stands alone (RFC 7250 §3), walked like one in a certificate. @throws bad-certificate */
export function expectSubjectPublicKey(bytes: Uint8Array): void {
  const outer = new Walk(bytes, 0, bytes.length);
  walkSubjectPublicKey(outer);
  outer.end("subjectPublicKeyInfo");
}

/** Which key that is, and what it may sign, `crypto/public-key.ts` says. @throws bad-certificate */
export function subjectPublicKeyOf(certificate: Uint8Array): Bytes {
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
  const start = tbs.at;
  walkSubjectPublicKey(tbs);
  return copy(certificate.subarray(start, tbs.at));
}

function walkSubjectPublicKey(from: Walk): void {
  const spki = from.inside(SEQUENCE, "subjectPublicKeyInfo");
  spki.skip(SEQUENCE, "algorithm");
  spki.skip(BIT_STRING, "subjectPublicKey");
  spki.end("subjectPublicKeyInfo");
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const SEQUENCE = 0x30;
const VERSION = 0xa0;

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

  get at(): number {
    return this.#at;
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
