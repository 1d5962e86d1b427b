/**
 * Why did this handshake fail? {@link explain} takes what is there, a failure, bytes, hex, a log or a number, and answers with a
 * {@link Report}: who gave up and why, whose move it is, and what to change; {@link toText}, {@link toMarkdown} and {@link toJson}
 * write it down. {@link lint} tells of a config for whom it will work, and for whom not. {@link refusalInWords} turns one reason of `negotiate` into a sentence.
 *
 * @packageDocumentation
 */
export type { CauseId, CertificateCause, MachineCause, OutsideCause } from "./causes/ids.ts";
export { type ExplainOptions, explain, type Input, type Judge } from "./explain.ts";
export { type InspectedField, type Inspection, inspect, type Step, type Verdict } from "./inspect.ts";
export { ja4 } from "./ja4.ts";
export { type LintOptions, type LintSubject, lint } from "./lint/lint.ts";
export type { LintFinding, LintId, LintOnly, LintOutcome, LintReport, Severity } from "./lint/report.ts";
export { type ClientProfile, clientProfiles } from "./profiles/clients.ts";
export type { Demands, PublicDemands } from "./profiles/demands.ts";
export { type ServerProfile, serverProfiles } from "./profiles/servers.ts";
export { type Answer, readAnswer } from "./read/answer.ts";
export { bytesInText } from "./read/hex.ts";
export type { ServerHello } from "./read/server-hello.ts";
export { toJson } from "./render/json.ts";
export { toMarkdown } from "./render/markdown.ts";
export { type TextOptions, toText } from "./render/text.ts";
export type { Cause, Certainty, Note, NoteId, Offer, Party, Remedy, Report, ReportedAlert } from "./report.ts";
export { type StackId, stackIds } from "./stacks/stack.ts";
export { alertInWords, codePoint, count, isGrease, list, printable, refusalInWords, version } from "./words.ts";
