// The server's certificates, judged as a client would: by a verifier that the caller has roots and a time for.
import type { Evidence } from "../evidence.ts";
import type { Judge } from "../explain.ts";
import type { Cause } from "../report.ts";
import { causeOf } from "./cause.ts";
import { causeOfFinding, isExplanation } from "./of-error.ts";

/** What is wrong with the chain that the server showed last; empty: nothing, or there is none. */
export function causesOfChain({ chains, hellos }: Evidence, judge: (() => Judge | undefined) | undefined): readonly Cause[] {
  const chain = chains.findLast(({ from }) => from !== "client")?.certificates;
  const judging = chain === undefined ? undefined : judge?.();
  if (chain === undefined || judging === undefined) return [];
  const { verifier, nowMs } = judging;
  const asked = hellos.at(-1)?.clientHello.serverName;
  const verdict = verifier.verify({
    role: "server",
    type: "x509",
    chain,
    serverName: asked ?? nobodysName,
    ocspResponse: undefined,
    signedCertificateTimestamps: [],
    nowMs,
  });
  if (!("reason" in verdict)) return [];
  const because = ["the server's certificates, judged by the roots and at the time of who asks"];
  const { detail } = verdict;
  if (!isExplanation(detail)) return [causeOf("certificate-refused", "likely", { what: `${verdict.reason}.`, because })];
  // Which name the client meant, nobody knows who didn't see one; and what was stapled is not looked at.
  const findings = detail.findings.filter(
    ({ kind }) => !(asked === undefined && kind === "wrong-name") && kind !== "staple-missing",
  );
  return findings.map((finding) => ({ ...causeOfFinding(finding), certainty: "likely", because }));
}

/** RFC 2606: no certificate is for it. */
const nobodysName = "unknown.invalid";
