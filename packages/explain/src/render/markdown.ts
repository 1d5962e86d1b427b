// A report for an issue, a ticket or a chat. What came from outside stands in code spans or is escaped.
import type { Report } from "../report.ts";
import { causeLines, offerRows, remedyLine, shown, titleOf, whereOf } from "./text.ts";

export function toMarkdown(report: Report): string {
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
    for (const { severity, what } of report.findings) lines.push(`- ${severity === "warning" ? "*warning:* " : ""}${escaped(what)}`);
  }
  for (const offer of report.offers) {
    const looks = offer.looksLike === undefined ? "" : `, looks like ${escaped(titleOf(offer.looksLike))}`;
    lines.push("", `| ${offer.message} of the ${offer.from}, ${offer.bytes} bytes${looks} | |`, "| --- | --- |");
    for (const [name, value] of offerRows(offer)) lines.push(`| ${name} | ${escaped(value)} |`);
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
