import { stapleKinds } from "../wire/staples.ts";
import type { Verifier } from "./identity.ts";
import { certificateTypes, listOf, readNames, schemeNames } from "./names.ts";
import { isRecord, type Problems } from "./problems.ts";
import type { CommonSettings } from "./settings.ts";

/** Who judges the peer. @param path such as `verifier` */
export function checkVerifier(
  given: Verifier | undefined, path: string, { verifications }: Omit<CommonSettings, "id">, problems: Problems,
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
  const types = given.types === undefined ? ["x509"] : readNames(given.types, `${path}.types`, certificateTypes, problems);
  if (given.asksFor !== undefined && listOf(given.asksFor)?.length !== 0) {
    readNames(given.asksFor, `${path}.asksFor`, stapleKinds, problems);
  }
  // Nobody signs a raw public key.
  if (!types.includes("x509") && listOf(given.schemes)?.length === 0) return;
  const schemes = readNames(given.schemes, `${path}.schemes`, schemeNames, problems);
  if (schemes.length > 0 && verifications.size > 0 && !schemes.some((scheme) => verifications.has(scheme))) {
    const problem = `has none of those by which keys are proven here: ${[...verifications.keys()].join(", ")}`;
    problems.add("no-common-scheme", `${path}.schemes`, problem, "let the verifier and the provider have one in common");
  }
}
