import type { LintReport } from "../lint/report.ts";
import type { Report } from "../report.ts";

/** The report itself, indented by two. */
export function toJson(report: Report | LintReport): string {
  return `${JSON.stringify(report, (_, value: unknown) => (value === undefined ? null : value), 2)}\n`;
}
