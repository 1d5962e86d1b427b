// A report for an issue, a ticket or a chat. What came from outside stands in code spans or is escaped.
import type { Report } from "../report.ts";
import type { LintReport } from "../lint/report.ts";
import { headingOf, summaryOf, titleOf as profileOf } from "./lint-text.ts";
import { causeLines, offerRows, remedyLine, shown, titleOf, whereOf } from "./text.ts";

export function toMarkdown(report: Report | LintReport): string {
  if ("outcomes" in report) return lintMarkdown(report);
  const lines = [`**${escaped(report.verdict)}**`, ""];
  const where = whereOf(report);
  if (where !== "") lines.push(escaped(where), "");
  for (const [at, cause] of report.causes.entries()) {
    lines.push(`${at + 1}. *${cause.certainty}*: ${escaped(cause.what)}`);
    for (const line of causeLines(cause)) lines.push(`   - ${escaped(line)}`);
    for (const remedy of shown(cause.remedies, at)) {
      const options = remedy.options.map(code).join(", ");
      const lost = remedy.stopGap === undefined ? "" : ` *A stop-gap; what is lost: ${escaped(remedy.stopGap)}.*`;
      lines.push(`   - **do:** ${escaped(remedyLine(remedy))}${options === "" ? "" : ` ${options}`}${lost}`);
    }
  }
  if (report.findings.length > 0) {
    lines.push("", "Also seen:", "");
    for (const { severity, what } of report.findings)
      lines.push(`- ${severity === "warning" ? "*warning:* " : ""}${escaped(what)}`);
  }
  for (const offer of report.offers) {
    const looks = offer.looksLike === undefined ? "" : `, looks like ${escaped(titleOf(offer.looksLike))}`;
    lines.push("", `| ${offer.message} of the ${offer.from}, ${offer.bytes} bytes${looks} | |`, "| --- | --- |");
    for (const [name, value] of offerRows(offer)) lines.push(`| ${name} | ${escaped(value)} |`);
  }
  return `${lines.join("\n")}\n`;
}

function lintMarkdown({ verdict, names, outcomes, findings }: LintReport): string {
  const lines = [`**${escaped(verdict)}**`, ""];
  if (outcomes.length > 0) lines.push(`| ${escaped(headingOf(names))} | | |`, "| --- | --- | --- |");
  for (const outcome of outcomes) {
    const result = outcome.result === "works" ? "works" : "**fails**";
    lines.push(`| ${escaped(profileOf(outcome))} | ${result} | ${escaped(summaryOf(outcome))} |`);
  }
  for (const [at, { severity, what, remedy, concerns, names: only }] of findings.entries()) {
    lines.push(...(at === 0 ? [""] : []), `${at + 1}. *${severity}*: ${escaped(what)}`);
    if (concerns.length > 0) lines.push(`   - concerns ${escaped(concerns.join(", "))}`);
    if (only.length > 0) lines.push(`   - only for ${escaped(only.join(", "))}`);
    if (remedy !== undefined) lines.push(`   - **do:** ${escaped(remedy)}.`);
  }
  return `${lines.join("\n")}\n`;
}

/** Nothing of it is markup, a link or HTML. */
function escaped(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|#~!&]/g, (mark) => `\\${mark}`);
}
function code(text: string): string {
  return `\`${text.replaceAll("`", "'")}\``;
}
