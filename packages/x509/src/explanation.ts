// A refusal as a whole: for the machine the alert, for people what is wrong, what would mend it, and what was tried.
import type { DistrustReason } from "@sallyport/core";
import {
  type Attempt,
  alertOfFinding,
  type CertificateReference,
  describeFinding,
  type Explanation,
  type Finding,
  which,
} from "./findings.ts";
import { remedyOf } from "./remedies.ts";

export function distrust(
  findings: readonly [Finding, ...Finding[]],
  attempts: readonly Attempt[] = [],
  sent: readonly CertificateReference[] = [],
): DistrustReason {
  const detail: Explanation = { findings, sent, attempts };
  const remedy = remedyOf(findings[0]);
  const what = findings.map(describeFinding).join("; moreover ");
  return { alert: alertOfFinding(findings[0]), reason: remedy === undefined ? what : `${what}; to mend it, ${remedy}`, detail };
}

/** Several lines for people: everything that is wrong and its remedy, what was sent, and where each path ended. */
export function describeExplanation({ findings, sent, attempts }: Explanation): string {
  const lines = findings.flatMap((finding) => {
    const remedy = remedyOf(finding);
    return [describeFinding(finding), ...(remedy === undefined ? [] : [`  to mend it, ${remedy}`])];
  });
  if (sent.length > 0) lines.push("sent:", ...sent.map(({ index, subject, issuer }) => `  ${index}  ${subject}, by ${issuer}`));
  if (attempts.length > 0) lines.push("tried:");
  for (const { chain, finding } of attempts) {
    lines.push(`  ${chain.map(which).join(" <- ")}`, `    ${describeFinding(finding)}`);
  }
  return lines.join("\n");
}
