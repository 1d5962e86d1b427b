import { hex } from "../wire/bytes.ts";
import type { OidFilter } from "../wire/oid-filters.ts";
import { stapleKinds } from "../wire/staples.ts";
import type { Verifier } from "./identity.ts";
import { certificateTypes, listOf, readNames, schemeNames } from "./names.ts";
import { isRecord, type Problems } from "./problems.ts";
import type { CommonSettings } from "./settings.ts";

/** Who judges the peer. @param path such as `verifier` */
export function checkVerifier(
  given: Verifier | undefined,
  path: string,
  { verifications }: Omit<CommonSettings, "id">,
  problems: Problems,
): void {
  if (given === undefined) {
    const remedy = "give a Verifier, such as x509's: who is not judged is nobody";
    return problems.add("missing-option", path, "is missing", remedy);
  }
  if (!isRecord(given) || typeof ("verify" in given ? given.verify : given.verifyAsync) !== "function") {
    return problems.add("wrong-type", path, "has neither verify nor verifyAsync", "give a Verifier");
  }
  if (typeof given.label !== "string") {
    problems.add("wrong-type", `${path}.label`, "is no string", "name the policy: sessions are kept apart by it");
  }
  if (given.basis !== undefined && typeof given.basis !== "string") {
    problems.add("wrong-type", `${path}.basis`, "is no string", "name what it goes by today, or leave it out");
  }
  const types = given.types === undefined ? ["x509"] : readNames(given.types, `${path}.types`, certificateTypes, problems);
  if (given.asksFor !== undefined && listOf(given.asksFor)?.length !== 0) {
    readNames(given.asksFor, `${path}.asksFor`, stapleKinds, problems);
  }
  if (given.oidFilters !== undefined) checkFilters(given.oidFilters, `${path}.oidFilters`, problems);
  // Nobody signs a raw public key.
  if (!types.includes("x509") && listOf(given.schemes)?.length === 0) return;
  const schemes = readNames(given.schemes, `${path}.schemes`, schemeNames, problems);
  if (schemes.length > 0 && verifications.size > 0 && !schemes.some((scheme) => verifications.has(scheme))) {
    const problem = `has none of those by which keys are proven here: ${[...verifications.keys()].join(", ")}`;
    problems.add("no-common-scheme", `${path}.schemes`, problem, "let the verifier and the provider have one in common");
  }
}

function checkFilters(given: readonly OidFilter[], path: string, problems: Problems): void {
  const list = listOf(given);
  if (!list?.every(isFilter)) {
    const remedy = "give { oid, values }, both in DER: values may be empty, and oid is an OBJECT IDENTIFIER with its header";
    return problems.add("wrong-type", path, "is no list of filters", remedy);
  }
  // RFC 9846 §4.3.5: "Any given OID MUST NOT appear more than once".
  if (new Set(list.map(({ oid }) => hex(oid))).size < list.length) {
    problems.add("duplicate", path, "has an OID twice", "put all its values into one filter");
  }
  const octets = list.reduce((sum, { oid, values }) => sum + 3 + oid.length + values.length, 0);
  if (octets > roomForFilters) {
    problems.add(
      "too-many-filters",
      path,
      `takes ${octets} bytes on the wire`,
      `ask for less: there is room for ${roomForFilters}`,
    );
  }
}
/** All extensions of a CertificateRequest together have 2^16 - 1 bytes at most. */
const roomForFilters = 2 ** 13;
const objectIdentifier = 6;

function isFilter(given: unknown): given is OidFilter {
  if (!isRecord(given)) return false;
  const { oid, values } = given;
  return (
    oid instanceof Uint8Array &&
    values instanceof Uint8Array &&
    oid.length > 2 &&
    oid.length < 128 &&
    oid[0] === objectIdentifier &&
    oid[1] === oid.length - 2
  );
}
