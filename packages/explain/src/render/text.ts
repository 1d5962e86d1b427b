// A report for a terminal. Its texts are printable already; colour is the caller's, by `paint`.
import type { Cause, Offer, Remedy, Report } from "../report.ts";
import type { LintReport } from "../lint/report.ts";
import { stackOf } from "../stacks/all.ts";
import { lintText } from "./lint-text.ts";
import { wrap } from "./wrap.ts";

export interface TextOptions {
  /** Columns; default 100. */
  readonly width?: number;
  /** Marks parts for a terminal; default: as it is. */
  readonly paint?: Paint;
}
export type Paint = (part: "verdict" | "heading" | "option" | "quiet", text: string) => string;

/** What `explain` or `lint` answered. */
export function toText(report: Report | LintReport, options: TextOptions = {}): string {
  const { width = 100, paint = (_, text) => text } = options;
  if ("outcomes" in report) return lintText(report, width, paint);
  const lines: string[] = [];
  const put = (indent: number, text: string, hang = indent): void => {
    lines.push(...wrap(text, width - hang).map((line, at) => " ".repeat(at === 0 ? indent : hang) + line));
  };
  for (const line of wrap(report.verdict, width)) lines.push(paint("verdict", line));
  const where = whereOf(report);
  if (where !== "") put(2, where);
  for (const [at, cause] of report.causes.entries()) {
    lines.push("");
    lines.push(
      ...wrap(`${at + 1}. ${cause.certainty}: ${cause.what}`, width - 3).map((line, row) => (row === 0 ? line : `   ${line}`)),
    );
    for (const line of causeLines(cause)) put(3, line, 7);
    for (const remedy of shown(cause.remedies, at)) {
      put(3, `- ${remedyLine(remedy)}`, 5);
      if (remedy.options.length > 0)
        for (const line of wrap(remedy.options.join(", "), width - 7)) lines.push(`       ${paint("option", line)}`);
      if (remedy.stopGap !== undefined) put(7, `A stop-gap. What is lost: ${remedy.stopGap}.`, 7);
    }
  }
  if (report.findings.length > 0) {
    lines.push("", paint("heading", "Also seen"));
    for (const { severity, what } of report.findings) put(2, `- ${severity === "warning" ? "warning: " : ""}${what}`, 4);
  }
  for (const offer of report.offers) {
    lines.push(
      "",
      paint(
        "heading",
        `The ${offer.from}'s ${offer.message}, ${offer.bytes} bytes` +
          (offer.looksLike === undefined ? "" : `, looks like ${titleOf(offer.looksLike)}`),
      ),
    );
    for (const [name, value] of offerRows(offer)) put(2, `${name}: ${value}`, 6);
  }
  return `${lines.join("\n")}\n`;
}

export function whereOf({ failed, alert }: Report): string {
  const parts: string[] = [];
  if (failed.by !== undefined) parts.push(`${whose(failed.by)} gave up${failed.at === undefined ? "" : ` at ${failed.at}`}`);
  else if (failed.at !== undefined) parts.push(`the last message seen is ${failed.at}`);
  if (alert !== undefined) parts.push(`alert ${alert.name} (${alert.number}), ${alert.level}`);
  return parts.join("; ");
}

/** What shows a cause, and whose move it is. */
export function causeLines({ because, apart, move }: Cause): readonly string[] {
  return [
    ...because.map((line) => `because: ${line}`),
    ...(apart === undefined
      ? []
      : [`the client has these ${apart.of}: ${few(apart.client)}`, `the server has: ${few(apart.server)}`]),
    `the next move is ${move === "this side" ? "this side's" : move === "peer" ? "the peer's" : `the ${move}'s`}`,
  ];
}

/** The first cause is told with all of its remedies; those behind it briefly. */
export function shown(remedies: readonly Remedy[], at: number): readonly Remedy[] {
  return at === 0 ? remedies : remedies.filter(({ stopGap }) => stopGap === undefined).slice(0, 2);
}

export function remedyLine({ stack, advice }: Remedy): string {
  return stack === "any" ? `${upper(advice)}.` : `${titleOf(stack)}: ${advice}.`;
}

export function offerRows(offer: Offer): readonly (readonly [string, string])[] {
  return [
    ["server name", offer.serverName ?? "none"],
    ["versions", few(offer.versions)],
    ["cipher suites", few(offer.cipherSuites)],
    ["groups", offer.groups === undefined ? "supported_groups is missing" : few(offer.groups)],
    ["key shares", few(offer.keyShares)],
    ["signature schemes", offer.signatureSchemes === undefined ? "signature_algorithms is missing" : few(offer.signatureSchemes)],
    ["application protocols", few(offer.alpn)],
    ["extensions", few(offer.extensions)],
    ["JA4", offer.ja4],
  ];
}

export function titleOf(stack: string): string {
  return stack === "sallyport" ? "Sallyport" : (stackOf(stack as Parameters<typeof stackOf>[0])?.title ?? stack);
}

const whose = (party: string): string => (party === "this side" ? "this side" : `the ${party}`);
const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function few(values: readonly string[]): string {
  if (values.length === 0) return "none";
  return values.length <= 40 ? values.join(", ") : `${values.slice(0, 40).join(", ")} and ${values.length - 40} more`;
}
