// What `lint` answers: plain data, which JSON can carry as it is. Every text in it is printable ASCII.
import type { Refusal } from "@sallyport/core";
import type { FindingKind } from "@sallyport/x509";
import type { NoteId } from "../report.ts";

export interface LintReport {
  /** Whose config it is. */
  readonly role: "server" | "client";
  /** One sentence: for whom it fails, and why; or that it works. */
  readonly verdict: string;
  readonly severity: Severity;
  /** The names under which the server was asked for; of a client's config, whom it asked for. */
  readonly names: readonly string[];
  /** One a profile: clients for a server's config, servers for a client's. Empty: the config itself is refused. */
  readonly outcomes: readonly LintOutcome[];
  /** The worst first. */
  readonly findings: readonly LintFinding[];
}

export type Severity = "failure" | "warning" | "information";

export interface LintOutcome {
  /** Of the profile. */
  readonly id: string;
  readonly title: string;
  readonly dated: string;
  /** `fails`: with one name at least. */
  readonly result: "works" | "fails";
  /** What is agreed on, such as `TLS 1.3, TLS_AES_128_GCM_SHA256, x25519, ecdsa_secp256r1_sha256`; undefined: nothing is. */
  readonly agreed: string | undefined;
  /** Of the findings that make it fail, in clauses. */
  readonly because: readonly string[];
}

export interface LintFinding {
  readonly id: LintId;
  readonly severity: Severity;
  /** A sentence. */
  readonly what: string;
  /** An order, beginning with a verb; undefined: nothing is to be done. */
  readonly remedy: string | undefined;
  /** Titles of the profiles that it is about; empty: it is about the config whoever comes. */
  readonly concerns: readonly string[];
  /** The names with which it shows; empty: with all of them. */
  readonly names: readonly string[];
}

/** Reasons of `negotiate`, findings of x509, notes on a hello, and what only lint says. */
export type LintId = Refusal["kind"] | FindingKind | NoteId | LintOnly;

export type LintOnly =
  /** A problem of the ConfigError that making it ends with. */
  | "config-refused"
  /** A client that fails before it has said a word. */
  | "no-hello"
  /** A suiteOrder or groupOrder of the caller's throws. */
  | "policy-throws"
  | "validity-too-long"
  | "no-timestamps"
  | "expires-soon"
  | "root-sent"
  | "retry"
  | "classical-key-exchange"
  | "key-in-javascript"
  | "trust-not-known"
  | "time-not-known"
  | "signatures-not-checked"
  | "names-left-out";

/** About one connection, before what is said of several is put together. */
export interface Remark {
  readonly id: LintId;
  readonly severity: Severity;
  /** Goes on behind a colon, without a full stop: "the certificate's key is P-521". */
  readonly clause: string;
  readonly remedy?: string | undefined;
}
