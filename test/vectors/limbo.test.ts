// x509-limbo's path validation cases, judged by the verifiers as they come. The data is C2SP's and not in this repository.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { ConfigError, type CryptoProvider, type DistrustReason, type PresentedIdentity, VerifiedIdentity } from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { node } from "@sallyport/crypto-node";
import { clientVerifier, parsePem, serverVerifier } from "@sallyport/x509";
import { describe, expect, test } from "vitest";

interface Case {
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
  readonly crls: readonly string[];
}

const vectors = process.env["SALLYPORT_VECTORS"] ?? fileURLToPath(new URL("../../../shared/vectors", import.meta.url));
const file = `${vectors}/limbo-dev.json.gz`;
const listed = listedCases(readFileSync(new URL("limbo.md", import.meta.url), "utf8"));
const providers = [node, noble({ random: (length) => new Uint8Array(randomBytes(length)) })];

describe.skipIf(!existsSync(file))("x509-limbo (limbo-dev.json.gz; SALLYPORT_VECTORS names its folder)", () => {
  const rule = "with $name no case in scope is judged otherwise than expected, and limbo.md lists exactly the others";
  test.for(providers)(rule, (provider) => {
    const testcases = readCases();
    const judged = testcases.map((testcase) => ({ ...testcase, ...judge(testcase, provider) }));
    const disagreeing = judged.filter(({ expected_result, accepted }) => accepted !== (expected_result === "SUCCESS"));
    const acceptsBad = disagreeing.filter(({ accepted }) => accepted).length;
    const outOfScope = testcases.filter(({ id }) => listed.has(id));
    console.log(
      `x509-limbo, ${provider.name}: ${testcases.length} cases, ${testcases.length - disagreeing.length} agree, ` +
        `${acceptsBad} accept bad, ${disagreeing.length - acceptsBad} reject good; ` +
        `${outOfScope.length} are listed as out of scope in limbo.md`,
    );
    expect(disagreeing.filter(({ id }) => !listed.has(id)).map(({ id, why }) => `${id}: ${why}`)).toEqual([]);
    expect(outOfScope.map(({ id }) => id).filter((id) => !disagreeing.some((other) => other.id === id))).toEqual([]);
    expect(judged.filter(({ milliseconds }) => milliseconds > 5000).map(({ id }) => id)).toEqual([]);
  });
});

function readCases(): readonly Case[] {
  const document: { readonly testcases: readonly Case[] } = JSON.parse(gunzipSync(readFileSync(file)).toString("utf8"));
  return document.testcases;
}

interface Judged {
  readonly accepted: boolean;
  readonly why: string;
  readonly milliseconds: number;
}

function judge(testcase: Case, provider: CryptoProvider): Judged {
  const began = performance.now();
  const judgement = judgementOf(testcase, provider);
  return { ...judgement, milliseconds: performance.now() - began };
}

function judgementOf(testcase: Case, provider: CryptoProvider): Omit<Judged, "milliseconds"> {
  const { validation_kind: kind, expected_peer_name: peer } = testcase;
  const options = {
    provider,
    roots: testcase.trusted_certs.join("\n"),
    ...(testcase.crls.length === 0 ? {} : { revocation: { lists: testcase.crls.join("\n") } }),
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

function presented(testcase: Case): PresentedIdentity {
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

/** Rows of limbo.md's table: | `id` | reason | */
function listedCases(markdown: string): ReadonlyMap<string, string> {
  return new Map([...markdown.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)].map(([, id = "", reason = ""]) => [id, reason]));
}
