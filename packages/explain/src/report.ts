// What `explain` answers: plain data, which JSON can carry as it is. Every text in it is printable ASCII.
import type { CauseId } from "./causes/ids.ts";
import type { StackId } from "./stacks/stack.ts";

/** Who is meant. `this side` and `peer`: of whoever holds the failure, where its role isn't told. */
export type Party = "client" | "server" | "network" | "this side" | "peer";

/** `certain`: the very code or message says so. `likely`: all that was given fits. `possible`: one of several. */
export type Certainty = "certain" | "likely" | "possible";

export interface Report {
  /** One sentence: the first cause, or that nothing failed. */
  readonly verdict: string;
  readonly severity: "failure" | "warning" | "information";
  /** Who gave up, and at which message; undefined where what was given doesn't show it. */
  readonly failed: { readonly by: Party | undefined; readonly at: string | undefined };
  readonly alert: ReportedAlert | undefined;
  /** What each side offered, by IANA's names. */
  readonly offers: readonly Offer[];
  /** The likeliest first; empty where nothing failed. */
  readonly causes: readonly Cause[];
  /** What did not fail today, and would next, or will one day. */
  readonly findings: readonly Note[];
  /** What was recognised in the input, in order. */
  readonly seen: readonly string[];
}

export interface ReportedAlert {
  readonly number: number;
  /** IANA's, where there is one. */
  readonly name: string;
  readonly level: "warning" | "fatal" | "unknown";
  readonly from: Party | undefined;
}

export interface Offer {
  readonly from: "client" | "server";
  readonly message: string;
  /** Of the message on the wire. */
  readonly bytes: number;
  readonly serverName: string | undefined;
  readonly versions: readonly string[];
  readonly cipherSuites: readonly string[];
  /** undefined: the extension is missing. */
  readonly groups: readonly string[] | undefined;
  readonly keyShares: readonly string[];
  readonly signatureSchemes: readonly string[] | undefined;
  readonly alpn: readonly string[];
  /** In order. */
  readonly extensions: readonly string[];
  /** FoxIO's fingerprint. */
  readonly ja4: string;
  /** Whose hello looks like that: a stack that was recorded. */
  readonly looksLike: StackId | undefined;
}

export interface Cause {
  readonly id: CauseId;
  readonly certainty: Certainty;
  /** What is wrong. */
  readonly what: string;
  /** What shows it: lines of the log, lists, profiles that refuse. */
  readonly because: readonly string[];
  /** Where two lists have nothing in common. */
  readonly apart?: { readonly of: string; readonly client: readonly string[]; readonly server: readonly string[] };
  /** Whose move it is. */
  readonly move: Party;
  /** The best first. */
  readonly remedies: readonly Remedy[];
}

export interface Remedy {
  /** `any`: for whatever software. */
  readonly stack: StackId | "any";
  /** One order, beginning with a verb. */
  readonly advice: string;
  /** What to search for, or to write: options, macros, functions. */
  readonly options: readonly string[];
  /** Present: it helps for now, and this is lost by it. */
  readonly stopGap?: string;
}

export interface Note {
  readonly id: NoteId;
  readonly severity: "warning" | "information";
  readonly what: string;
}
export type NoteId =
  | "no-server-name"
  | "obsolete-suites"
  | "no-forward-secrecy"
  | "no-tls13"
  | "old-versions"
  | "sha1-signatures"
  | "no-rsa-pss"
  | "no-extended-master-secret"
  | "no-point-formats"
  | "no-renegotiation-info"
  | "rare-groups"
  | "no-post-quantum"
  | "big-hello"
  | "compression"
  | "incomplete-input"
  | "next-obstacle"
  | "certificate";
