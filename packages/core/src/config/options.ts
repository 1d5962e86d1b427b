import type { CryptoProvider } from "../crypto/provider.ts";
import type { Limits } from "../record/limits.ts";
import type { ClientSessionStore, ServerSessions, SingleUse } from "../session/types.ts";
import type { ClientHello } from "../wire/client-hello.ts";
import type { CipherSuiteName, NamedGroup, ProtocolVersion, SignatureScheme } from "../wire/registry.ts";
import type { CertificateCompressor } from "./certificate-compression.ts";
import type { Credential, CredentialPicker } from "./credential.ts";
import type { Verifier } from "./identity.ts";
import type { ExternalPsk } from "./psk.ts";
import type { SessionData } from "./session-data.ts";
import type { Trace } from "./trace.ts";

export type { Limits } from "../record/limits.ts";

/** What both roles have. Whatever is left out has its default. */
export interface CommonOptions {
  /** What it lists is what is offered. There is no default one. */
  readonly provider: CryptoProvider;
  /** Milliseconds since 1970. Core has no clock. */
  readonly now: () => number;
  /** Default TLS 1.3, and 1.2 where the other options leave it something to speak. The newest that both sides have is taken. */
  readonly versions?: readonly ProtocolVersion[];
  /** Which of the provider's, in order of preference; of both versions in one list. Default all, in the provider's order. */
  readonly suites?: readonly CipherSuiteName[];
  readonly groups?: readonly NamedGroup[];
  /**
   * By which either side may prove its key: the peer's and ours. Default all that the provider verifies, and our signers make.
   */
  readonly schemes?: readonly SignatureScheme[];
  /** In order of preference: a server takes its first that the client has (RFC 7301 §3.2). Default none. */
  readonly alpn?: readonly string[];
  readonly limits?: Partial<Limits>;
  /**
   * Plaintext bytes of a protected record, 64 to 16384 (the default): of ours, and of the peer's where it knows record_size_limit
   * (RFC 8449); `info.maxRecordSize` tells what came of it. Each record costs some 22 bytes, so a small one costs throughput.
   */
  readonly maxRecordSize?: number;
  /**
   * TLS 1.3: peers may compress their certificates by these (RFC 8879), and those that offer the same get ours compressed by the
   * first of them, as it was made once for this config; but for what a picker gives. Default none.
   */
  readonly certificateCompression?: readonly CertificateCompressor[];
  /** Whether an end of the transport without close_notify is a failure. Default strict. */
  readonly truncation?: "strict" | "lenient";
  /** Kept apart from other configs' sessions by this as well. */
  readonly label?: string;
  /** TLS 1.2: refuses peers without extended_master_secret (RFC 7627 §5.2). Default false. TLS 1.3 has it built in. */
  readonly requireExtendedMasterSecret?: boolean;
  /**
   * TLS 1.2: sessions are made and taken up, where there are `sessions`. Such a resumption has no key exchange, so that a stolen
   * ticket key or session opens what was recorded: false leaves resumption to TLS 1.3, which has one. Default true.
   */
  readonly resumesTls12?: boolean;
  /** NSS key log lines. Whoever reads them reads the traffic. */
  readonly dangerousKeyLog?: (line: string) => void;
  /**
   * Keys that both sides have from elsewhere, in order of preference; TLS 1.3, always with a key exchange. A client offers all of
   * them, behind a session; a server takes its first suite that goes with one of them, and of several its first, before it
   * thinks of a certificate. Whoever proves one is asked for no certificate, and shows none: `info.psk` tells. Default none.
   */
  readonly psks?: readonly ExternalPsk[];
  /** Lets `connection.extractSecrets` give the keys away. Default false. */
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
  /**
   * Asks clients for a certificate; not those that prove a PSK, so `required` goes with no `psks`. Default: they are not asked.
   */
  readonly clientAuthentication?: ClientAuthentication;
  /**
   * Ask the verifier again when a session is resumed: about whom the full handshake found, with what was stapled then, and at
   * `nowMs` of today. Its refusal ends the handshake with its alert. Default false: who resumes is whom the full handshake found, as long as that verdict holds.
   */
  readonly reverifyOnResume?: boolean;
  /** Whose preference among suites counts, or who says so each time. Default server. */
  readonly suiteOrder?: "server" | "client" | SuitePolicy;
  /**
   * The same of groups. In TLS 1.3 one that the client has sent a share for goes before all others, whosever order it is, since
   * it saves a round trip; a policy decides that too. Default server.
   */
  readonly groupOrder?: "server" | "client" | GroupPolicy;
  /** What to assume of a hello without supported_groups. Default: refuse. */
  readonly assumeGroups?: readonly NamedGroup[];
  /**
   * Our HelloRetryRequest carries a cookie, random, which the client must give back (RFC 9846 §4.3.2). Whoever keeps the
   * connection's state, as this server does, learns nothing by it: it is there to try clients with. Default false.
   */
  readonly retryCookie?: boolean;
  /**
   * Ticket keys, or a store. TLS 1.2 resumes without a key exchange: by tickets, or by session ids where states are kept. Default
   * none.
   */
  readonly sessions?: ServerSessions;
  /**
   * Asked once a handshake, when it is proven who the client is and sessions are made: what it gives, at most 4096 bytes, copied,
   * comes back as `info.sessionData` of the connection that resumes one. For the sessions of that one it is asked again: it
   * returns `maker.sessionData` to carry on what came. A ticket holds the bytes sealed, and may be shown again and again as long
   * as it lives. Default none.
   */
  readonly sessionData?: SessionData;
  /**
   * Takes up to `maxBytes` of early data of a resumed session; it can be replayed, and `singleUse` sees to it that it is not
   * accepted twice where it is asked. Several processes that share tickets must share it too. Needs `sessions`. Default: none.
   */
  readonly earlyData?: { readonly maxBytes: number; readonly singleUse: SingleUse };
  /** Shows stages with a writer before the client's Finished has come (RFC 9846, figure 1). Default false. */
  readonly halfRtt?: boolean;
}

/**
 * Which suites may be spoken with this client, the best first; none: it is refused. By the hello alone, and always the same of
 * the same: `negotiate` asks it too.
 */
export type SuitePolicy = (offer: {
  readonly version: ProtocolVersion;
  /** What both have, in the config's order. */
  readonly common: readonly CipherSuiteName[];
  readonly clientHello: ClientHello;
}) => readonly CipherSuiteName[];

/** Which group the keys are exchanged by; undefined: the client is refused. What holds of a SuitePolicy holds here. */
export type GroupPolicy = (offer: {
  readonly version: ProtocolVersion;
  readonly common: readonly NamedGroup[];
  /** Of `common`: another one costs a HelloRetryRequest. In TLS 1.2 all. */
  readonly shared: readonly NamedGroup[];
  readonly clientHello: ClientHello;
}) => NamedGroup | undefined;

/** A server without certificates: only clients that know one of the PSKs are let in. TLS 1.3 alone. */
export interface PskServerOptions extends Omit<ServerOptions, "credentials" | "psks" | "clientAuthentication"> {
  readonly credentials?: readonly [];
  readonly psks: readonly [ExternalPsk, ...ExternalPsk[]];
  readonly clientAuthentication?: never;
}

export interface ClientAuthentication {
  /** `optional`: a client that shows none is let in, and `info.peer` is undefined. */
  readonly mode: "optional" | "required";
  readonly verifier: Verifier;
  /** DER of distinguished names, as a hint to clients that have several (RFC 9846 §4.3.4). Default none: any. */
  readonly authorities?: readonly Uint8Array[];
}

export interface ClientOptions extends CommonOptions {
  /** Judges servers. There is no default one: nobody is trusted unasked. */
  readonly verifier: Verifier;
  /**
   * Several are chosen from by the server's wishes; a picker is asked; absent: no certificate. Where a session is resumed nobody
   * is asked: who shows another certificate by another picker needs another `label`, or another store.
   */
  readonly credentials?: readonly Credential[] | CredentialPicker;
  /**
   * Which groups get a key share in the first flight: so many from the front, or these; 0: the server must ask. Default: the
   * first, and if that has ML-KEM in it also the first that has none, for many servers know no ML-KEM, and would have to ask: a
   * round trip, to save the few bytes that a classical share takes beside ML-KEM's 1184.
   */
  readonly keyShares?: number | readonly NamedGroup[];
  /**
   * Pads a ClientHello of 256 to 511 bytes to 512, for servers that hang at such a length (RFC 7685). Default false: with a hybrid
   * share it is larger anyway.
   */
  readonly padding?: boolean;
  /**
   * Puts a value that means nothing into each list that is offered (suites, groups, key shares, schemes, versions, ALPN, PSK modes)
   * and two such extensions, so that servers keep ignoring what they don't know (RFC 8701). Default false.
   */
  readonly grease?: boolean;
  /**
   * Extensions in an order drawn for each connection, pre_shared_key last, so that no server comes to rely on one. Default true.
   * A client of TLS is recognised by its order; by this one it is not.
   */
  readonly permuteExtensions?: boolean;
  /**
   * Bytes of a ClientHello in one record, 64 to 16384: it is split, for what stands between and chokes on a large one. Default: all
   * in one. There are servers, too, that want it in one.
   */
  readonly clientHelloRecordSize?: number;
  /** Where sessions of either version are taken from, and put. Default none. */
  readonly sessions?: ClientSessionStore;
  /**
   * How many tickets the server is asked for (RFC 9149): behind a handshake that makes a new session, and behind a resumed one; 0
   * to 16, and a server may have its own mind. For who opens several connections at once. Default: it is not asked.
   */
  readonly tickets?: { readonly new: number; readonly resumed: number };
  /**
   * As a server's; behind the server's Finished. Early data waits for a verdict of its own, on whom the session was made with,
   * while the ClientHello is on its way; it stands for the connection if the server takes them, and else there is the other one.
   */
  readonly reverifyOnResume?: boolean;
  /** Lets the first `needs-input` carry a writer of early data where a session allows it. Needs `sessions`. Default false. */
  readonly earlyData?: boolean;
}

/** A client that takes no certificate: only servers that know one of the PSKs are spoken to. TLS 1.3 alone. */
export interface PskClientOptions extends Omit<ClientOptions, "verifier" | "psks" | "credentials"> {
  readonly psks: readonly [ExternalPsk, ...ExternalPsk[]];
  readonly verifier?: never;
  readonly credentials?: never;
}

/** Also for a connection that was handed over. */
export interface ConnectionOptions {
  readonly limits?: Partial<Limits>;
  readonly truncation?: "strict" | "lenient";
}
