// Certificates as people hand them over: PEM (RFC 7468) with whatever else the file holds, or DER.
import type { ConfigProblem } from "@sallyport/core";
import { base64Alphabet, own } from "./bytes.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { DerError } from "./der.ts";

export interface PemBlock {
  readonly label: string;
  readonly der: Uint8Array<ArrayBuffer>;
}

/** Text that is no PEM; `offset` counts characters. */
export class PemError extends Error {
  override readonly name = "PemError";
  readonly problem: string;
  readonly offset: number;
  constructor(problem: string, offset: number) {
    super(`${problem}, at character ${offset}`);
    this.problem = problem;
    this.offset = offset;
  }
}

const labels: Readonly<Record<"certificate" | "CRL", readonly string[]>> = {
  certificate: ["CERTIFICATE", "X509 CERTIFICATE"],
  CRL: ["X509 CRL"],
};

/**
 * Every block, in order; text around the blocks is skipped. Of what is neither certificate nor CRL `der` is empty.
 * @throws PemError
 */
export function parsePem(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  const opening = "-----BEGIN ";
  for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, at)) {
    const labelEnd = text.indexOf("-----", at + opening.length);
    const label = text.slice(at + opening.length, Math.max(labelEnd, 0));
    if (labelEnd < 0 || !/^[!-~ ]{0,64}$/.test(label)) throw new PemError("a BEGIN line without its end", at);
    const closing = `-----END ${label}-----`;
    const end = text.indexOf(closing, labelEnd);
    if (end < 0) throw new PemError(`BEGIN ${label} without END ${label}`, at);
    // Encrypted keys carry headers, which are no base64; they are not ours to read.
    const isRead = Object.values(labels).some((known) => known.includes(label));
    blocks.push({ label, der: isRead ? base64(text, labelEnd + 5, end) : new Uint8Array(0) });
    at = end + closing.length;
  }
  return blocks;
}

export interface CertificatesRead {
  readonly certificates: readonly Certificate[];
  /** Of each of them: where it stands, among those too that can't be read. */
  readonly paths: readonly string[];
  readonly problems: readonly ConfigProblem[];
}

/** Reads what can be read, and says of the rest what is wrong. `path` is where in a config it stands. */
export function readCertificates(input: string | readonly Uint8Array[], path: string): CertificatesRead {
  const problems: ConfigProblem[] = [];
  const certificates: Certificate[] = [];
  const paths: string[] = [];
  for (const [at, der] of derOf(input, path, problems, "certificate").entries()) {
    try {
      certificates.push(parseCertificate(der));
      paths.push(`${path}[${at}]`);
    } catch (thrown) {
      if (!(thrown instanceof DerError)) throw thrown;
      problems.push({
        kind: "certificate-malformed",
        path: `${path}[${at}]`,
        problem: `no X.509 certificate: ${thrown.message}`,
        remedy: "have it issued anew, or leave it out",
      });
    }
  }
  return { certificates, paths, problems };
}

/** What is asked for, of a text; or the bytes as they were given, copied. */
export function derOf(
  input: string | readonly Uint8Array[],
  path: string,
  problems: ConfigProblem[],
  kind: keyof typeof labels,
): readonly Uint8Array[] {
  if (typeof input !== "string") return input.map(own);
  try {
    const blocks = parsePem(input);
    const found = blocks.filter(({ label }) => labels[kind].includes(label)).map(({ der }) => der);
    if (found.length === 0) {
      const others = [...new Set(blocks.map(({ label }) => label))].join(", ");
      problems.push({
        kind: `pem-without-${kind.toLowerCase()}`,
        path,
        problem: `the text has no ${labels[kind][0]} block${others === "" ? "" : `, only ${others}`}`,
        remedy: "give PEM text (not the name of a file), or an array of DER",
      });
    }
    return found;
  } catch (thrown) {
    if (!(thrown instanceof PemError)) throw thrown;
    problems.push({ kind: "pem-malformed", path, problem: thrown.message, remedy: "give the whole of the PEM text" });
    return [];
  }
}

const values: ReadonlyMap<number, number> = new Map(
  Array.from(base64Alphabet, (character, value) => [character.charCodeAt(0), value]),
);

/** Base64 with line breaks and full padding (RFC 4648 §4), from `from` to `to`. */
function base64(text: string, from: number, to: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(((to - from) * 3) >> 2);
  let [length, held, bits, characters, padding] = [0, 0, 0, 0, 0];
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) continue;
    characters += 1;
    if (code === 0x3d) {
      padding += 1;
      continue;
    }
    const value = values.get(code);
    if (value === undefined || padding > 0) throw new PemError("not base64", at);
    held = ((held << 6) | value) & 0xfff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[length] = held >> bits;
      length += 1;
    }
  }
  const isWhole =
    characters > 0 && characters % 4 === 0 && padding < 3 && bits === padding * 2 && (held & ((1 << bits) - 1)) === 0;
  if (!isWhole) throw new PemError("base64 that is cut off", to);
  return bytes.slice(0, length);
}
