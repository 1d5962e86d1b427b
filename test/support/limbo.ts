// x509-limbo's cases (C2SP), and what our verifiers say of them. The data is not in this repository.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { ConfigError, type CryptoProvider, type DistrustReason, type PresentedIdentity, VerifiedIdentity } from "@sallyport/core";
import { clientVerifier, parsePem, serverVerifier } from "@sallyport/x509";

export interface LimboCase {
  readonly id: string;
  readonly expected_result: "SUCCESS" | "FAILURE";
  readonly validation_kind: "SERVER" | "CLIENT";
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly validation_time: string | null;
  readonly expected_peer_name: { readonly kind: string; readonly value: string } | null;
  readonly expected_peer_names: readonly { readonly kind: string; readonly value: string }[];
  readonly max_chain_depth: number | null;
  readonly crls?: readonly string[];
}

const vectors = process.env["SALLYPORT_VECTORS"] ?? fileURLToPath(new URL("../../../shared/vectors", import.meta.url));
export const limboFile: string = `${vectors}/limbo-dev.json.gz`;

/** @param file JSON, or that in gzip */
export function readLimbo(file: string): readonly LimboCase[] {
  const bytes = readFileSync(file);
  const text = bytes[0] === 0x1f ? gunzipSync(bytes) : bytes;
  const document: { readonly testcases: readonly LimboCase[] } = JSON.parse(text.toString("utf8"));
  return document.testcases;
}

export interface Judged {
  readonly accepted: boolean;
  readonly why: string;
  readonly milliseconds: number;
}

export function judge(testcase: LimboCase, provider: CryptoProvider): Judged {
  const began = performance.now();
  const judgement = judgementOf(testcase, provider);
  return { ...judgement, milliseconds: performance.now() - began };
}

export interface Score {
  readonly agree: number;
  readonly acceptsBad: number;
  readonly rejectsGood: number;
}
export function scoreOf(cases: readonly LimboCase[], accepts: (testcase: LimboCase) => boolean): Score {
  const wrong = cases.filter((testcase) => accepts(testcase) !== (testcase.expected_result === "SUCCESS"));
  const acceptsBad = wrong.filter(({ expected_result: expected }) => expected === "FAILURE").length;
  return { agree: cases.length - wrong.length, acceptsBad, rejectsGood: wrong.length - acceptsBad };
}

/** Seconds since 1970. */
export function timeOf({ validation_time: time }: LimboCase): number {
  return Math.floor((time === null ? Date.now() : Date.parse(time)) / 1000);
}

function judgementOf(testcase: LimboCase, provider: CryptoProvider): Omit<Judged, "milliseconds"> {
  const { validation_kind: kind, expected_peer_name: peer, crls = [] } = testcase;
  const options = {
    provider,
    roots: testcase.trusted_certs.join("\n"),
    ...(crls.length === 0 ? {} : { revocation: { lists: crls.join("\n") } }),
    ...(testcase.max_chain_depth === null ? {} : { maxIntermediates: testcase.max_chain_depth }),
  };
  const verdict = verdictOf(() => {
    const verifier = kind === "SERVER" ? serverVerifier(options) : clientVerifier(options);
    return verifier.verify(presented(testcase));
  });
  if (verdict instanceof ConfigError) return { accepted: false, why: `ConfigError ${verdict.message}` };
  if (!(verdict instanceof VerifiedIdentity)) return { accepted: false, why: `${verdict.alert}: ${verdict.reason}` };
  // A client's names are for the caller to judge: here, that it has all of those expected.
  const missing = testcase.expected_peer_names.filter(({ value }) => kind === "CLIENT" && !verdict.names.includes(value));
  return { accepted: missing.length === 0, why: `trusted as ${verdict.names.join(", ")} for ${peer?.value ?? "any name"}` };
}

function verdictOf(verify: () => VerifiedIdentity | DistrustReason): VerifiedIdentity | DistrustReason | ConfigError {
  try {
    return verify();
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown;
    throw thrown;
  }
}

function presented(testcase: LimboCase): PresentedIdentity {
  const [leaf, ...others] = [testcase.peer_certificate, ...testcase.untrusted_intermediates].flatMap((pem) =>
    parsePem(pem).map(({ der }) => der),
  );
  if (leaf === undefined) throw new Error(`${testcase.id} has no leaf`);
  return {
    role: testcase.validation_kind === "SERVER" ? "server" : "client",
    type: "x509",
    chain: [leaf, ...others],
    serverName: testcase.expected_peer_name?.value,
    ocspResponse: undefined,
    signedCertificateTimestamps: [],
    nowMs: testcase.validation_time === null ? Date.now() : Date.parse(testcase.validation_time),
  };
}
