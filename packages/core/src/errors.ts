// Every way to fail, whose fault it is, and how it reads. Types of what an error speaks about are imported from everywhere: an
// error explains itself with the very values that were wrong. Values are imported from nowhere.
import type { AlertDescription, FatalAlert } from "./alerts.ts";
import type { DistrustReason, PresentedIdentity } from "./config/identity.ts";
import type { Refusal } from "./negotiate/negotiate.ts";
import type { Limits } from "./record/limits.ts";
import type { Bytes } from "./wire/bytes.ts";
import type { ClientHello } from "./wire/client-hello.ts";
import type { ProtocolVersion, Registered, SignatureScheme } from "./wire/registry.ts";

/** One entry a kind. Every entry is what makes that error understandable. */
export interface ErrorContext {
  "not-tls": { readonly looksLike: "http" | "ssh" | "proxy-protocol" | "sslv2" | "unknown" };
  "no-agreement": {
    readonly reasons: readonly [Refusal, ...Refusal[]];
    readonly alert: AlertDescription;
    readonly clientHello: ClientHello;
  };
  "unexpected-message": { readonly expected: readonly string[]; readonly received: string };
  "unexpected-record": { readonly expected: string; readonly received: string };
  "malformed-message": { readonly message: string; readonly field: string; readonly offset: number };
  "illegal-parameter": {
    readonly message: string;
    readonly field: string;
    readonly expected: string;
    readonly received: string;
  };
  "duplicate-extension": { readonly message: string; readonly extension: Registered };
  "missing-extension": { readonly message: string; readonly extension: string };
  "unsolicited-extension": { readonly message: string; readonly extension: Registered };
  "unsupported-version": { readonly theirs: Registered; readonly ours: readonly ProtocolVersion[] };
  "limit-exceeded": {
    readonly limit: keyof Limits | "received" | "earlyData";
    readonly allowed: number;
    readonly received: number;
  };
  "record-overflow": { readonly allowed: number; readonly received: number };
  "bad-record-mac": { readonly sequence: number };
  "bad-signature": { readonly scheme: SignatureScheme };
  /** The client does not know the secret of that session, or of that external PSK. */
  "bad-binder": { readonly index: number };
  /** A server without certificates, and none of the client's PSKs is a session or an external one of ours. */
  "unknown-psk": { readonly offered: number };
  "bad-finished": { readonly from: "client" | "server" };
  /** TLS 1.2: the peer insists on a renegotiation that was refused. */
  renegotiation: { readonly asked: string };
  /** renegotiation_info that is not empty in a first handshake. */
  "not-a-first-handshake": { readonly message: string };
  /** TLS 1.2: a key has sealed as many records as it may, and can't be changed. */
  "key-exhausted": { readonly records: number };
  /** By the config, or by the session that is to be resumed, which used it (RFC 7627 §5.3). */
  "extended-master-secret-required": { readonly message: string; readonly by: "config" | "session" };
  "bad-certificate": { readonly problem: string; readonly offset: number; readonly notDer: boolean };
  "unsupported-certificate": { readonly problem: string };
  /** RFC 8879. */
  "bad-compression": { readonly algorithm: string; readonly problem: string };
  /** A client that shows none where one is required. */
  "certificate-required": { readonly version: ProtocolVersion };
  "identity-distrusted": { readonly reason: DistrustReason; readonly presented: PresentedIdentity };
  "alert-received": {
    readonly level: "fatal" | "warning" | "unknown";
    readonly description: Registered;
    /** Protected by keys of this handshake. Unauthenticated ones may come from anybody on the path. */
    readonly authenticated: boolean;
    /** What was offered when it came. */
    readonly offered: ClientHello | undefined;
  };
  /** A client's time ran out before a single byte came. Sizes of the hello: without and with the headers of its records. */
  "no-answer-to-client-hello": { readonly bytes: number; readonly records: number; readonly segments: number };
  /** close_notify before the handshake was complete. */
  "closed-early": { readonly authenticated: boolean };
  truncated: { readonly insideRecord: boolean };
  aborted: { readonly by: AbortCause };
  /** Error.cause is what was thrown: provider, signer, store, or a bug of ours. */
  "local-fault": { readonly step: string };
}
export type ErrorKind = keyof ErrorContext;

/**
 * `cancelled` and `timeout`: user_canceled, then close_notify (§6.1); once our Finished is made internal_error, since the peer may
 * be established by it, and nothing may look like an orderly end; after the handshake close_notify alone. `reset`: the transport
 * broke; no alert. Else that fatal alert. `cause` is what an asynchronous answerer threw.
 */
export type AbortCause =
  | "cancelled"
  | "timeout"
  | "reset"
  | { readonly alert: FatalAlert; readonly reason: string; readonly cause?: unknown };

export type Phase = "client-hello" | "negotiation" | "server-flight" | "client-flight" | "established";
export type Fault = "peer" | "peer-incompatible" | "transport" | "caller" | "config" | "us";

const faults: { readonly [K in ErrorKind]: Fault | ((context: ErrorContext[K]) => Fault) } = {
  "not-tls": "peer",
  "no-agreement": "peer-incompatible",
  "unexpected-message": "peer",
  "unexpected-record": "peer",
  "malformed-message": "peer",
  "illegal-parameter": "peer",
  "duplicate-extension": "peer",
  "missing-extension": "peer",
  "unsolicited-extension": "peer",
  "unsupported-version": "peer-incompatible",
  "limit-exceeded": "peer",
  "record-overflow": "peer",
  "bad-record-mac": "peer",
  "bad-signature": "peer",
  "bad-binder": "peer",
  "unknown-psk": "peer-incompatible",
  "bad-finished": "peer",
  renegotiation: "peer",
  "not-a-first-handshake": "peer",
  "key-exhausted": "us",
  "extended-master-secret-required": "peer-incompatible",
  "bad-certificate": "peer",
  "unsupported-certificate": "peer-incompatible",
  "bad-compression": "peer",
  "certificate-required": "peer",
  "identity-distrusted": "peer",
  "alert-received": "peer",
  "no-answer-to-client-hello": "transport",
  "closed-early": "peer",
  truncated: "transport",
  aborted: ({ by }) => (by === "reset" ? "transport" : typeof by === "object" && by.alert === "internal_error" ? "us" : "caller"),
  "local-fault": "us",
};

const named = ({ id, name }: Registered): string => name ?? `0x${id.toString(16).padStart(4, "0")}`;

const descriptions: { readonly [K in ErrorKind]: (context: ErrorContext[K]) => string } = {
  "not-tls": ({ looksLike }) =>
    looksLike === "unknown" ? "the peer's first bytes are not TLS" : `the peer speaks ${looksLike} on a TLS port`,
  "no-agreement": ({ reasons }) => `nothing in common with this client: ${reasons.map(({ kind }) => kind).join(", ")}`,
  "unexpected-message": ({ expected, received }) => `expected ${expected.join(" or ")}, received ${received}`,
  "unexpected-record": ({ expected, received }) => `expected ${expected}, received ${received}`,
  "malformed-message": ({ message, field, offset }) => `${message} can't be decoded: ${field}, at byte ${offset}`,
  "illegal-parameter": ({ message, field, expected, received }) =>
    `${message} has a wrong ${field}: expected ${expected}, received ${received}`,
  "duplicate-extension": ({ message, extension }) => `${message} has the extension ${named(extension)} twice`,
  "missing-extension": ({ message, extension }) => `${message} lacks the extension ${extension}`,
  "unsolicited-extension": ({ message, extension }) =>
    `${message} answers the extension ${named(extension)}, which was not asked for`,
  "unsupported-version": ({ theirs, ours }) => `the peer chose ${named(theirs)}; offered was ${ours.join(", ")}`,
  "limit-exceeded": ({ limit, allowed, received }) => `the peer exceeds the limit ${limit}: ${received}, allowed are ${allowed}`,
  "record-overflow": ({ allowed, received }) => `a record of ${received} bytes; allowed are ${allowed}`,
  "bad-record-mac": ({ sequence }) => `record ${sequence} under the current key is not authentic`,
  "bad-signature": ({ scheme }) => `the peer did not prove its key: its ${scheme} signature is wrong`,
  "bad-binder": ({ index }) => `the client does not know the secret of its PSK ${index}: the binder is wrong`,
  "unknown-psk": ({ offered }) => `none of the client's PSKs (${offered}) is known here, and there is no certificate`,
  "bad-finished": ({ from }) => `the ${from}'s Finished does not match this handshake`,
  renegotiation: ({ asked }) => `the peer insists on a renegotiation by ${asked}`,
  "not-a-first-handshake": ({ message }) => `${message} speaks of an earlier handshake in its renegotiation_info`,
  "key-exhausted": ({ records }) => `the key has sealed ${records} records, and TLS 1.2 can't change it: begin a new connection`,
  "extended-master-secret-required": ({ message, by }) =>
    `${message} lacks extended_master_secret, which the ${by} ${by === "config" ? "requires" : "used"}`,
  "bad-certificate": ({ problem, offset }) => `the peer's certificate can't be used: ${problem}, at byte ${offset}`,
  "unsupported-certificate": ({ problem }) => `the peer's certificate is not supported: ${problem}`,
  "bad-compression": ({ algorithm, problem }) => `the peer's certificate was compressed by ${algorithm}, and ${problem}`,
  "certificate-required": () => "the client showed no certificate, and the config requires one",
  "identity-distrusted": ({ reason }) => `the peer's identity is not trusted: ${reason.reason}`,
  "alert-received": ({ description, authenticated }) =>
    `the peer says ${named(description)}${authenticated ? "" : " (unauthenticated)"}`,
  "no-answer-to-client-hello": ({ bytes, records, segments }) =>
    `no answer to a ClientHello of ${bytes} bytes (records: ${records}, TCP segments: ${segments} or more): ` +
    (segments === 1
      ? "is a TLS server there at all?"
      : "something between may drop what needs more than one segment; offer no hybrid in groups or keyShares, or try " +
        "clientHelloRecordSize"),
  "closed-early": () => "the peer said close_notify before the handshake was complete",
  truncated: ({ insideRecord }) => `the transport ended without close_notify${insideRecord ? ", inside a record" : ""}`,
  aborted: ({ by }) => (typeof by === "string" ? `aborted: ${by}` : `aborted with ${by.alert}: ${by.reason}`),
  "local-fault": ({ step }) => `a local step failed: ${step}`,
};

/** Made where a check fails; `situate` adds where the connection stood. */
export class TlsErrorOf<K extends ErrorKind> extends Error {
  override readonly name = "TlsError";
  readonly kind: K;
  readonly context: ErrorContext[K];
  readonly fault: Fault;
  readonly phase: Phase = "client-hello";
  readonly serverName: string | undefined = undefined;
  /** Our Finished had been made: whoever goes away now has seen all that we show. */
  readonly finishedSent: boolean = false;
  /** Such as `RFC 9846 §4.5.2`. */
  readonly section: string | undefined;
  /** Only before `choose`: every byte taken so far (plain HTTP can be answered in plain HTTP). */
  readonly received: Bytes | undefined = undefined;
  /** ConnectorOptions.label. */
  readonly label: string | undefined = undefined;

  constructor(kind: K, context: ErrorContext[K], section?: string, cause?: unknown) {
    const clause = section === undefined ? "" : ` (${section})`;
    super(descriptions[kind](context) + clause, cause === undefined ? undefined : { cause });
    const fault = faults[kind];
    this.kind = kind;
    this.context = context;
    this.section = section;
    this.fault = typeof fault === "function" ? fault(context) : fault;
  }
}

/** Narrows `context` by `kind`. */
export type TlsError = { [K in ErrorKind]: TlsErrorOf<K> }[ErrorKind];
/** The time is over, and nothing came: `context` says how large the hello was, and the message what to do. */
export type NoAnswerToClientHello = TlsErrorOf<"no-answer-to-client-hello">;
/** For `instanceof`; not for making one. */
export const TlsError: abstract new (...args: never[]) => TlsError = TlsErrorOf;

export function fail<K extends ErrorKind>(kind: K, context: ErrorContext[K], section?: string): never {
  throw new TlsErrorOf(kind, context, section);
}

interface Situation {
  readonly phase: Phase;
  readonly serverName: string | undefined;
  readonly finishedSent: boolean;
  readonly received: Bytes | undefined;
  readonly label: string | undefined;
}

const situated = new WeakSet<Error>();

/** Completes an error that was just made, before anyone has seen it. */
export function situate(error: TlsError, situation: Situation): void {
  Object.assign(error, situation);
  situated.add(error);
}

/** Of another connection: thrown by an answerer that uses one, it is a local fault here. */
export function isSituated(error: TlsError): boolean {
  return situated.has(error);
}

/** The caller's mistake. Thrown before the machine runs; never becomes an alert, and spends no stage. */
export class ApiMisuse extends Error {
  override readonly name = "ApiMisuse";
  readonly code: "spent-stage" | "bad-argument" | "closed" | "not-supported-here" | "other-connection";
  constructor(code: ApiMisuse["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** Every problem at once, each with its remedy. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly [ConfigProblem, ...ConfigProblem[]];
  constructor(problems: readonly [ConfigProblem, ...ConfigProblem[]]) {
    super(problems.map(({ path, problem, remedy }) => `${path}: ${problem}; ${remedy}`).join("\n"));
    this.problems = problems;
  }
}
export interface ConfigProblem {
  readonly kind: string;
  /** Where, such as `credentials[1].signer`. */
  readonly path: string;
  readonly problem: string;
  readonly remedy: string;
}
