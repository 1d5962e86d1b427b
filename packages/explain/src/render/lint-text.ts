// A lint for a terminal: whom it works for, one a line, then what was found.
import type { LintFinding, LintOutcome, LintReport } from "../lint/report.ts";
import type { Paint } from "./text.ts";
import { wrap } from "./wrap.ts";

export function lintText({ verdict, names, outcomes, findings }: LintReport, width: number, paint: Paint): string {
  const lines = wrap(verdict, width).map((line) => paint("verdict", line));
  if (outcomes.length > 0) lines.push("", paint("heading", headingOf(names)));
  const widest = Math.max(0, ...outcomes.map((outcome) => titleOf(outcome).length));
  for (const outcome of outcomes) {
    const left = `  ${outcome.result === "works" ? "works" : paint("verdict", "fails")}  ${titleOf(outcome).padEnd(widest)}  `;
    const [first = "", ...more] = wrap(summaryOf(outcome), Math.max(40, width - widest - 11));
    lines.push(`${left}${first}`, ...more.map((line) => `${" ".repeat(widest + 11)}${line}`));
  }
  for (const [at, finding] of findings.entries()) {
    lines.push(
      "",
      ...wrap(`${at + 1}. ${finding.severity}: ${finding.what}`, width - 3).map((line, row) => (row === 0 ? line : `   ${line}`)),
    );
    for (const line of linesOf(finding))
      lines.push(...wrap(line, width - 5).map((part, row) => `${row === 0 ? "   " : "     "}${part}`));
  }
  return `${lines.join("\n")}\n`;
}

export function headingOf(names: readonly string[]): string {
  return names.length === 0 ? "Tried with" : `Tried for ${names.join(", ")}`;
}
export function titleOf({ title, dated }: LintOutcome): string {
  return `${title} (${dated})`;
}
/** What is agreed on, or why it fails. */
export function summaryOf({ result, agreed, because }: LintOutcome): string {
  return result === "works" ? (agreed ?? "") : because.join("; ");
}
function linesOf({ remedy, concerns, names }: LintFinding): readonly string[] {
  return [
    ...(concerns.length === 0 ? [] : [`concerns ${concerns.join(", ")}`]),
    ...(names.length === 0 ? [] : [`only for ${names.join(", ")}`]),
    ...(remedy === undefined ? [] : [`- ${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}.`]),
  ];
}
