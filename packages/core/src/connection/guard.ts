// The one place where a failure becomes an alert, and the only `catch` of core. Code below it throws a typed TlsError, and never
// builds an alert; so a new failure can't forget its own.
import { type AlertDescription, alertFor, alertIds, type FatalAlert } from "../alerts.ts";
import { type AbortCause, ApiMisuse, isSituated, type NoAnswerToClientHello, situate, TlsError, TlsErrorOf } from "../errors.ts";
import { headerLength } from "../record/format.ts";
import { registered } from "../wire/registry.ts";
import { ErrorAndAlert, type NoAlertReason, type SentAlert } from "./failure.ts";
import type { Link } from "./link.ts";

/** Runs a step of a connection. What is thrown in it, a bug's TypeError included, ends the connection with its alert. */
export function guard<Result>(link: Link, step: string, run: () => Result): Result | ErrorAndAlert {
  if (link.failure !== undefined) return link.failure.echo();
  link.step = step;
  const done = attempt(run);
  // An answerer may have aborted the connection from inside the step.
  const aborted = link.failed();
  if (aborted !== undefined) return aborted;
  return done.kind === "done" ? done.result : end(link, done.thrown);
}

/** The peer's faults as a value, for what decodes without a connection. */
export function attempt<Result>(run: () => Result): { kind: "done"; result: Result } | { kind: "thrown"; thrown: unknown } {
  try {
    return { kind: "done", result: run() };
  } catch (thrown) {
    return { kind: "thrown", thrown };
  }
}

/** @throws ApiMisuse if `cause` is none. */
export function abort(link: Link, cause: AbortCause): ErrorAndAlert {
  if (link.failure !== undefined) return link.failure.echo();
  if (link.extracted) throw new ApiMisuse("closed", "the connection was extracted, and goes on elsewhere");
  if (cause !== "cancelled" && cause !== "timeout" && cause !== "reset") {
    if (typeof cause !== "object" || cause === null || typeof cause.reason !== "string") {
      throw new ApiMisuse("bad-argument", "abort takes 'cancelled', 'timeout', 'reset', or { alert, reason }");
    }
    if (!isFatal(cause.alert)) throw new ApiMisuse("bad-argument", `${String(cause.alert)} is no fatal alert`);
  }
  if (cause === "timeout" && link.hello !== undefined && link.incoming.isUntouched) return end(link, silence(link.hello));
  const thrown = typeof cause === "object" ? cause.cause : undefined;
  return end(link, new TlsErrorOf("aborted", { by: cause }, undefined, thrown));
}

function silence({ bytes, records }: NonNullable<Link["hello"]>): NoAnswerToClientHello {
  const segments = Math.ceil((bytes + records * headerLength) / segmentSize);
  return new TlsErrorOf("no-answer-to-client-hello", { bytes, records, segments });
}
/** Bytes: TCP's over Ethernet and IPv4, where there is most room. */
const segmentSize = 1460;

function isFatal(alert: string): alert is FatalAlert {
  return Object.hasOwn(alertIds, alert) && alert !== "close_notify" && alert !== "user_canceled" && alert !== "no_renegotiation";
}

function end(link: Link, thrown: unknown): ErrorAndAlert {
  const error: TlsError =
    thrown instanceof TlsError && !isSituated(thrown)
      ? thrown
      : new TlsErrorOf("local-fault", { step: link.step }, undefined, thrown);
  const { phase, serverName, label, finishedSent } = link;
  situate(error, { phase, serverName, label, finishedSent, received: link.received });
  link.outgoing.drop();
  const alert = write(link, error);
  const failure = ErrorAndAlert.make(error, alert, link.outgoing.take(), link.takeData(), link.takeEvents());
  link.failure = failure;
  // A provider that can't even destroy its keys changes nothing any more.
  attempt(() => link.incoming.end());
  attempt(() => link.outgoing.end());
  link.holder?.forget();
  return failure;
}

function write(link: Link, error: TlsError): SentAlert {
  const due = alertFor(error);
  const reason = whyNot(link, error);
  if (due === undefined || reason !== undefined) return { kind: "none", due, reason: reason ?? "the peer has ended" };
  const sent = attempt(() => send(link, due));
  if (sent.kind === "thrown") return { kind: "none", due, reason: "the alert could not be sealed" };
  const description = registered("alert", alertIds[sent.result.description]);
  attempt(() => link.trace?.({ kind: "alert", direction: "out", description }));
  return { kind: "alert", ...sent.result };
}

function send(link: Link, due: AlertDescription): { level: "fatal" | "warning"; description: AlertDescription } {
  if (due !== "user_canceled") return fatal(link, due);
  const established = link.phase === "established";
  // RFC 9846 §6.1: it only announces the close_notify behind it. Whoever has our Finished may be established already, skips it,
  // and would take close_notify for the orderly end of an empty answer.
  if (link.finishedSent && !established) return fatal(link, "internal_error");
  // It speaks of a handshake.
  if (!established) link.outgoing.alert("warning", "user_canceled");
  link.outgoing.alert("warning", "close_notify");
  return { level: "warning", description: established ? "close_notify" : "user_canceled" };
}

function fatal(link: Link, description: AlertDescription): { level: "fatal"; description: AlertDescription } {
  link.outgoing.alert("fatal", description);
  return { level: "fatal", description };
}

function whyNot(link: Link, error: TlsError): NoAlertReason | undefined {
  if (error.kind === "alert-received" && error.context.level === "fatal") return "the peer sent a fatal alert";
  if (error.kind === "truncated" || error.kind === "closed-early") return "the peer has ended";
  if (error.kind === "aborted" && error.context.by === "reset") return "the transport is gone";
  if (link.writeClosed) return "own write side closed";
  // A client that has not even said hello has nobody to tell.
  if (link.role === "client" && !link.outgoing.hasSent) return "nothing was sent yet";
  return undefined;
}
