// Every cause that a report can name. Refusals of `negotiate` and kinds of errors are causes under their own names.
import type { ErrorKind, Refusal } from "@sallyport/core";

export type CauseId = Refusal["kind"] | MachineCause | CertificateCause | OutsideCause;

/** Kinds of errors that are no envelope of another cause. */
export type MachineCause = Exclude<ErrorKind, "no-agreement" | "alert-received" | "identity-distrusted" | "aborted">;

export type CertificateCause =
  | "self-signed"
  | "unknown-issuer"
  | "expired"
  | "not-yet-valid"
  | "wrong-name"
  | "revoked"
  | "weak-certificate"
  | "wrong-purpose"
  | "issuer-may-not"
  | "revocation-unknown"
  | "certificate-refused"
  | "client-certificate-refused";

/** What no bytes of one machine show: configs, platforms, and what lies between. */
export type OutsideCause =
  | "plain-http"
  | "not-a-tls-server"
  | "nothing-listens"
  | "unknown-host"
  | "connection-reset"
  | "closed-without-alert"
  | "big-hello-dropped"
  | "timeout"
  | "crypto-not-initialised"
  | "no-entropy"
  | "out-of-memory"
  | "buffer-too-small"
  | "peer-internal-error"
  | "key-does-not-match"
  | "no-certificate-configured"
  | "file-unusable"
  | "no-trust-anchors"
  | "no-protocols-enabled"
  | "weak-parameters"
  | "legacy-renegotiation"
  | "handshake-refused"
  | "peer-policy"
  | "some-alert"
  | "cancelled";
