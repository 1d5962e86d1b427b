// A failure of the machine as its causes. Total over the kinds of errors: one that is not thought of does not compile.
import { type ErrorContext, type ErrorKind, type TlsError, TlsError as TlsErrorClass } from "@sallyport/core";
import { type Explanation, type Finding, type FindingKind, describeFinding, remedyOf } from "@sallyport/x509";
import type { Cause, Party } from "../report.ts";
import { causeOf } from "./cause.ts";
import type { CauseId } from "./ids.ts";
import { causesOfAlert } from "./of-alert.ts";
import { causeOfRefusal } from "./of-refusal.ts";

/** The likeliest first, and never empty. What `negotiate` refused for is here reason by reason. */
export function causesOfError(error: TlsError): readonly Cause[] {
  return ofKind(error.kind, error.context, error);
}

type CausesOf = { readonly [K in ErrorKind]: (context: ErrorContext[K], error: TlsError) => readonly Cause[] };

function ofKind<K extends ErrorKind>(kind: K, context: ErrorContext[K], error: TlsError): readonly Cause[] {
  return causes[kind](context, error);
}

/** The machine's own sentence is the cause's. */
const itself =
  (id: CauseId, move?: Party) =>
  (_: unknown, error: TlsError): readonly Cause[] => [causeOf(id, "certain", { what: sentence(error), ...(move && { move }) })];

const causes: CausesOf = {
  "not-tls": ({ looksLike }, error) =>
    looksLike === "http"
      ? [causeOf("plain-http", "certain", { because: ["the first bytes are an HTTP request"] })]
      : [causeOf("not-tls", "certain", { what: sentence(error) })],
  "no-agreement": ({ reasons }) => reasons.map((reason) => causeOfRefusal(reason, "certain")),
  "unexpected-message": itself("unexpected-message"),
  "unexpected-record": itself("unexpected-record"),
  "malformed-message": itself("malformed-message"),
  "illegal-parameter": itself("illegal-parameter"),
  "duplicate-extension": itself("duplicate-extension"),
  "missing-extension": itself("missing-extension"),
  "unsolicited-extension": itself("unsolicited-extension"),
  "unsupported-version": itself("unsupported-version"),
  "limit-exceeded": itself("limit-exceeded"),
  "record-overflow": itself("record-overflow"),
  "bad-record-mac": itself("bad-record-mac"),
  "bad-signature": itself("bad-signature"),
  "bad-binder": itself("bad-binder"),
  "unknown-psk": itself("unknown-psk"),
  "bad-finished": itself("bad-finished"),
  renegotiation: itself("renegotiation"),
  "not-a-first-handshake": itself("not-a-first-handshake"),
  "key-exhausted": itself("key-exhausted"),
  "extended-master-secret-required": itself("extended-master-secret-required"),
  "bad-certificate": itself("bad-certificate"),
  "unsupported-certificate": itself("unsupported-certificate"),
  "bad-compression": itself("bad-compression"),
  "certificate-required": itself("certificate-required"),
  "identity-distrusted": ({ reason }) => {
    const { detail } = reason;
    if (!isExplanation(detail))
      return [
        causeOf("certificate-refused", "certain", { what: `The identity is not trusted: ${reason.reason}.`, move: "peer" }),
      ];
    return detail.findings.map(causeOfFinding);
  },
  "alert-received": ({ description, level, offered, authenticated }) =>
    causesOfAlert({ number: description.id, level, protected: authenticated, from: undefined }, offered),
  "no-answer-to-client-hello": ({ bytes, segments }, error) => {
    const silence = causeOf("no-answer-to-client-hello", segments === 1 ? "likely" : "possible", { what: sentence(error) });
    if (segments === 1) return [silence];
    const because = [`the ClientHello has ${bytes} bytes and needs ${segments} TCP segments or more, and nothing came back`];
    return [causeOf("big-hello-dropped", "likely", { because }), silence];
  },
  "closed-early": itself("closed-early"),
  truncated: ({ insideRecord }, error) =>
    error.phase === "established"
      ? [causeOf("truncated", "certain", { what: sentence(error) })]
      : [
          causeOf("closed-without-alert", "certain", {
            because: [`the transport ended in the phase ${error.phase}${insideRecord ? ", inside a record" : ""}`],
          }),
        ],
  aborted: ({ by }, error) => {
    if (by === "timeout") return [causeOf("timeout", "certain", { because: [`in the phase ${error.phase}`] })];
    if (by === "reset") return [causeOf("connection-reset", "certain", { because: [`in the phase ${error.phase}`] })];
    if (by === "cancelled") return [causeOf("cancelled", "certain")];
    return [causeOf("cancelled", "certain", { what: `This side gave up with ${by.alert}: ${by.reason}` })];
  },
  "local-fault": ({ step }, error) => [
    causeOf("local-fault", "certain", {
      what: `A step of this side failed: ${step}.`,
      because: error.cause === undefined ? [] : [`it threw: ${textOf(error.cause)}`],
    }),
  ],
};

/** x509's own words and remedy. */
export function causeOfFinding(finding: Finding): Cause {
  const remedy = remedyOf(finding);
  const cause = causeOf(findingCauses[finding.kind], "certain", { what: `${upper(describeFinding(finding))}.` });
  return remedy === undefined ? cause : { ...cause, remedies: [{ stack: "sallyport", advice: remedy, options: [] }] };
}

/** Total by type. */
const findingCauses: { readonly [K in FindingKind]: CauseId } = {
  "not-x509": "no-common-certificate-type",
  "wrong-role": "local-fault",
  "no-server-name": "local-fault",
  malformed: "bad-certificate",
  "unknown-issuer": "unknown-issuer",
  "self-signed": "self-signed",
  "bad-signature": "bad-certificate",
  "broken-hash": "weak-certificate",
  "unsupported-signature": "unsupported-certificate",
  "unsupported-key": "unsupported-certificate",
  "weak-key": "weak-certificate",
  expired: "expired",
  "not-yet-valid": "not-yet-valid",
  "unknown-critical-extension": "bad-certificate",
  "not-a-ca": "issuer-may-not",
  "ca-as-end-entity": "wrong-purpose",
  "path-length-exceeded": "issuer-may-not",
  "too-many-intermediates": "issuer-may-not",
  "wrong-purpose": "wrong-purpose",
  "wrong-key-usage": "wrong-purpose",
  "required-usage": "client-certificate-refused",
  "wrong-name": "wrong-name",
  "name-not-allowed": "issuer-may-not",
  "explicit-policy-required": "issuer-may-not",
  "not-in-profile": "bad-certificate",
  revoked: "revoked",
  "bad-staple": "revocation-unknown",
  "staple-missing": "revocation-unknown",
  "revocation-unknown": "revocation-unknown",
  "key-not-pinned": "certificate-refused",
  "key-changed": "certificate-refused",
  "search-given-up": "bad-certificate",
};

export function isExplanation(detail: unknown): detail is Explanation {
  return (
    typeof detail === "object" &&
    detail !== null &&
    "findings" in detail &&
    Array.isArray(detail.findings) &&
    detail.findings.length > 0
  );
}

function sentence({ message }: TlsError): string {
  return `${upper(message)}.`;
}
const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What was thrown may be anything, and reading it may throw in turn. */
function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error || thrown instanceof TlsErrorClass ? `${thrown.name}: ${thrown.message}` : String(thrown);
  } catch {
    return "something that can't be told in words";
  }
}
