import type { CryptoProvider } from "../crypto/provider.ts";
import type { Limits } from "../record/limits.ts";
import type { ClientSessionStore, ServerSessions, SingleUse } from "../session/types.ts";
import type { CipherSuiteName, NamedGroup, ProtocolVersion, SignatureScheme } from "../wire/registry.ts";
import type { Credential, CredentialPicker } from "./credential.ts";
import type { Verifier } from "./identity.ts";
import type { Trace } from "./trace.ts";

export type { Limits } from "../record/limits.ts";


export interface CommonOptions {
  /** What it lists is what is offered. There is no default one. */
  readonly provider: CryptoProvider;
  /** Milliseconds since 1970. Core has no clock. */
  readonly now: () => number;
  readonly versions?: readonly ProtocolVersion[];
  /** Subsets and order of the provider's. */
  readonly suites?: readonly CipherSuiteName[];
  readonly groups?: readonly NamedGroup[];
  readonly schemes?: readonly SignatureScheme[];
  readonly alpn?: readonly string[];
  readonly limits?: Partial<Limits>;
  /** Plaintext bytes of a record, ours and (RFC 8449) the peer's. Default 16 KiB. */
  readonly maxRecordSize?: number;
  readonly truncation?: "strict" | "lenient";
  /** Kept apart from other configs' sessions by this as well. */
  readonly label?: string;
  readonly requireExtendedMasterSecret?: boolean;
  /** NSS key log lines. Whoever reads them reads the traffic. */
  readonly dangerousKeyLog?: (line: string) => void;
  readonly dangerousExtractSecrets?: boolean;
  readonly trace?: Trace;
}

export interface ServerOptions extends CommonOptions {
  /**
   * In order of preference. Those that cover the hello's name (all, if it has none) and fit its schemes, authorities and types
   * are candidates: 1.3 takes the first; 1.2 the first suite, in suite order, for which there is one.
   */
  readonly credentials: readonly [Credential, ...Credential[]];
  /** Also answers names that no certificate covers. Default false: unrecognized_name. */
  readonly servesAnyName?: boolean;
  /** A hello without SNI is refused: missing_extension. Default false: it asks for no name, so any credential may be shown. */
  readonly requiresServerName?: boolean;
  readonly clientAuthentication?: ClientAuthentication;
  /** Ask the verifier again when a session is resumed. */
  readonly reverifyOnResume?: boolean;
  readonly suiteOrder?: "server" | "client";
  /** What to assume of a hello without supported_groups. Default: refuse. */
  readonly assumeGroups?: readonly NamedGroup[];
  readonly sessions?: ServerSessions;
  readonly earlyData?: { readonly maxBytes: number; readonly singleUse: SingleUse };
  readonly halfRtt?: boolean;
}

export interface ClientAuthentication {
  readonly mode: "optional" | "required";
  readonly verifier: Verifier;
  readonly authorities?: readonly Uint8Array[];
}

export interface ClientOptions extends CommonOptions {
  readonly verifier: Verifier;
  /**
   * Several are chosen from by the server's wishes; a picker is asked; absent: no certificate. Where a session is resumed nobody is
   * asked: who shows another certificate by another picker needs another `label`, or another store.
   */
  readonly credentials?: readonly Credential[] | CredentialPicker;
  /**
   * Which groups get a key share in the first flight: so many from the front, or these; 0: the server must ask. Default: the first,
   * and if that is a hybrid also the first that is none, for many servers know no hybrid, and would have to ask: a round trip, to save
   * the few bytes that a classical share takes beside ML-KEM's 1184.
   */
  readonly keyShares?: number | readonly NamedGroup[];
  readonly sessions?: ClientSessionStore;
  readonly reverifyOnResume?: boolean;
  readonly earlyData?: boolean;
}

/** Also for a connection that was handed over. */
export interface ConnectionOptions {
  readonly limits?: Partial<Limits>;
  readonly truncation?: "strict" | "lenient";
}
