// From evidence to causes in order of likelihood. What says the reason goes before what merely says that it failed.
import { type ClientHello, registered } from "@sallyport/core";
import { causeOf } from "./causes/cause.ts";
import { causesOfAlert } from "./causes/of-alert.ts";
import { causesOfChain } from "./causes/of-chain.ts";
import { causesOfError } from "./causes/of-error.ts";
import { obstaclesOf, takersOf } from "./causes/of-hello.ts";
import { notesOnHello } from "./causes/notes.ts";
import type { AlertSeen, Evidence, ForeignBytes } from "./evidence.ts";
import type { ExplainOptions } from "./explain.ts";
import { offerOf } from "./offer.ts";
import type { Cause, Certainty, Note, Party, Report, ReportedAlert } from "./report.ts";
import { recogniseStack } from "./stacks/recognise.ts";
import { withRemedies } from "./stacks/remedies.ts";
import type { StackId } from "./stacks/stack.ts";

export function diagnose(evidence: Evidence, options: ExplainOptions): Report {
  const { hellos, remarks, seen } = evidence;
  const hello = hellos.at(-1)?.clientHello;
  const obstacles = hello === undefined ? [] : obstaclesOf(hello);
  const looksLike = hello && recogniseStack(hello);
  const involved = stacksOf(evidence, looksLike, options);
  const distrusted = causesOfChain(evidence, options.judge);
  const failure = hasFailed(evidence);
  const all = ranked([
    ...(failure ? distrusted : []),
    ...evidence.errors.flatMap(causesOfError),
    ...signCauses(evidence),
    ...evidence.notTls.flatMap(causesOfForeign),
    ...alertCauses(evidence, hello),
    ...silenceCauses(evidence, options),
    ...(isAlone(evidence) ? obstacles.filter(({ certainty }) => certainty === "likely") : []),
  ]);
  const causes = all.map((cause) => withRemedies(cause, involved));
  return {
    verdict: verdictOf(causes, evidence, failure),
    severity: failure ? "failure" : causes.length > 0 ? "warning" : "information",
    failed: whoFailed(evidence, options),
    alert: alertOf(evidence),
    offers: [...hellos.map((each) => offerOf(each, recogniseStack(each.clientHello)))],
    causes,
    findings: [
      ...obstacles
        .filter(({ certainty }) => certainty === "possible")
        .map(
          ({ what, because }): Note => ({
            id: "next-obstacle",
            severity: "warning",
            what: `Some servers would refuse for another reason: ${[what, ...because].join(" ")}`,
          }),
        ),
      ...(failure
        ? []
        : distrusted.map(
            ({ what }): Note => ({
              id: "certificate",
              severity: "warning",
              what: `Who judges the server's certificate here would refuse it. ${what}`,
            }),
          )),
      ...hellos.slice(-1).flatMap(notesOnHello),
      ...remarks.map((what): Note => ({ id: "incomplete-input", severity: "information", what })),
    ],
    seen,
  };
}

const worth: { readonly [C in Certainty]: number } = { certain: 3, likely: 2, possible: 1 };

/** One a kind, the surer first; what shows it is put together. */
function ranked(causes: readonly Cause[]): readonly Cause[] {
  const byId = new Map<string, Cause>();
  for (const cause of causes) {
    const known = byId.get(cause.id);
    if (known === undefined) {
      byId.set(cause.id, cause);
      continue;
    }
    const surer = worth[cause.certainty] > worth[known.certainty] ? cause : known;
    byId.set(cause.id, { ...surer, because: [...new Set([...known.because, ...cause.because])].slice(0, 12) });
  }
  return [...byId.values()].sort((one, other) => worth[other.certainty] - worth[one.certainty]);
}

function signCauses({ signs, alerts }: Evidence): readonly Cause[] {
  const certainties = { certain: "certain", likely: "likely", symptom: "possible" } as const;
  return signs.flatMap(({ cause, strength, what }) =>
    cause === undefined || (cause === "some-alert" && alerts.length > 0)
      ? []
      : [causeOf(cause, certainties[strength], { because: [what] })],
  );
}

function alertCauses(evidence: Evidence, hello: ClientHello | undefined): readonly Cause[] {
  const failures = evidence.alerts.filter(isFailure).slice(0, 4);
  const unshown =
    failures.some(({ from, number }) => from !== "client" && whereCertificatesLack.has(number)) && showsNoCertificate(evidence);
  const because = ["the server asked for a certificate (certificate_request), and the client's message has none"];
  return [
    ...(unshown ? [causeOf("certificate-required", "likely", { because })] : []),
    ...failures.flatMap((alert) => causesOfAlert(alert, hello)),
  ];
}
/** handshake_failure, no_certificate, bad_certificate, certificate_required: stacks of TLS 1.2 give any of them. */
const whereCertificatesLack: ReadonlySet<number> = new Set([40, 41, 42, 116]);

/** A Certificate message of a client with an empty list, behind the question for one. */
function showsNoCertificate({ units }: Evidence): boolean {
  const asked = units.some(({ kind, name }) => kind === "message" && name === "certificate_request");
  return (
    asked &&
    units.some(
      ({ kind, name, from, body }) =>
        kind === "message" && name === "certificate" && from === "client" && body.length <= emptyCertificate,
    )
  );
}
/** Header, context of TLS 1.3, and the length of nothing. */
const emptyCertificate = 8;

const isFailure = ({ level, number }: AlertSeen): boolean => level !== "warning" || number !== 0;

function causesOfForeign({ looksLike }: ForeignBytes): readonly Cause[] {
  if (looksLike === "http-request") return [causeOf("plain-http", "certain", { because: ["the bytes are an HTTP request"] })];
  if (looksLike === "sslv2")
    return [causeOf("no-common-version", "certain", { what: "The bytes are a hello of SSL 2.0, which nobody speaks any more." })];
  if (looksLike === "unknown") return [causeOf("not-tls", "likely")];
  const what = {
    "http-response": "an answer in plain HTTP",
    ssh: "SSH",
    smtp: "a greeting of SMTP or FTP in plain text",
    text: "plain text",
  }[looksLike];
  return [causeOf("not-a-tls-server", "certain", { what: `What answered is ${what}, not TLS.` })];
}

/** A hello, and nothing behind it until somebody's patience ended. */
function silenceCauses({ hellos, serverHellos, alerts, signs, silent }: Evidence, { silence }: ExplainOptions): readonly Cause[] {
  const hello = hellos.at(-1);
  const waited = silence ?? (silent || signs.some(({ cause }) => cause === "timeout" || cause === "connection-reset"));
  if (hello === undefined || !waited || serverHellos.length + alerts.length > 0) return [];
  const { wireBytes } = hello;
  const because = [`the ClientHello takes ${wireBytes} bytes, and nothing came back`];
  const unanswered = causeOf("no-answer-to-client-hello", wireBytes > oneSegment ? "possible" : "likely", { because });
  return wireBytes > oneSegment ? [causeOf("big-hello-dropped", "likely", { because }), unanswered] : [unanswered];
}
/** What the smallest of usual paths carries in one piece. */
const oneSegment = 1400;

/** A hello is there and nothing that followed: what could come of it is all that can be said. */
function isAlone({ alerts, serverHellos, signs, errors }: Evidence): boolean {
  return alerts.length + serverHellos.length + signs.length + errors.length === 0;
}

function hasFailed({ alerts, errors, signs, notTls, silent }: Evidence): boolean {
  return (
    alerts.some(isFailure) || errors.length > 0 || signs.some(({ cause }) => cause !== undefined) || notTls.length > 0 || silent
  );
}

function verdictOf(causes: readonly Cause[], { hellos, serverHellos, seen, signs }: Evidence, failure: boolean): string {
  const [first] = causes;
  if (first !== undefined) {
    const degree = first.certainty === "certain" ? "" : first.certainty === "likely" ? "Probably: " : "Perhaps: ";
    return `${degree}${first.what}`;
  }
  const hello = hellos.at(-1)?.clientHello;
  if (hello !== undefined && serverHellos.length === 0) {
    return `Nothing is wrong with this ClientHello: ${takersOf(hello)
      .map(({ profile }) => profile.title)
      .join("; ")} would take it.`;
  }
  if (serverHellos.length > 0) return "The server took the offer; what follows shows no failure.";
  if (signs.length > 0) return `${signs.map(({ what }) => what).join("; ")}: that is known by name, and explains nothing alone.`;
  return seen.length === 0 && !failure
    ? "Nothing was recognised: no bytes of TLS, no error code, no line of a log that is known here."
    : "What was recognised shows no failure.";
}

function alertOf({ alerts, errors }: Evidence): ReportedAlert | undefined {
  const seen = alerts.filter(isFailure).at(-1);
  if (seen !== undefined) return reported(seen);
  for (const error of errors) {
    if (error.kind === "alert-received") {
      const { description, level } = error.context;
      return reported({ number: description.id, level, from: "peer" });
    }
  }
  return undefined;
}
function reported({ number, level, from }: AlertSeen): ReportedAlert {
  return { number, name: registered("alert", number).name ?? `alert ${number}`, level, from };
}

function whoFailed(evidence: Evidence, { role }: ExplainOptions): Report["failed"] {
  const alert = alertOf(evidence);
  const last = evidence.messages.at(-1)?.name;
  const [error] = evidence.errors;
  const peer = role === undefined ? "peer" : role === "client" ? "server" : "client";
  const own: Party = role ?? "this side";
  if (error !== undefined) {
    const by: Party =
      error.kind === "alert-received" || error.kind === "closed-early"
        ? peer
        : error.fault === "transport"
          ? "network"
          : error.kind === "no-agreement"
            ? "server"
            : own;
    return { by, at: error.kind === "no-agreement" ? "client_hello" : error.phase };
  }
  // Behind a client's hello alone it is the answer.
  const answers = evidence.hellos.length > 0 && evidence.serverHellos.length === 0;
  if (alert !== undefined) return { by: alert.from ?? (answers ? "server" : undefined), at: last };
  return { by: undefined, at: last };
}

function stacksOf({ stacks, signs }: Evidence, looksLike: StackId | undefined, options: ExplainOptions): readonly StackId[] {
  const seen = [...stacks.map(({ stack }) => stack), ...signs.flatMap(({ stack }) => (stack === undefined ? [] : [stack]))];
  return [...new Set([...(options.stacks ?? []), ...(looksLike === undefined ? [] : [looksLike]), ...seen])];
}
