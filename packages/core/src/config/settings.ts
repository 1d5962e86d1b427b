// A config as the machines read it: checked, complete, frozen. The options are read once.
import type { CryptoProvider, Group, HashImplementation, SuiteImplementation, Verification } from "../crypto/provider.ts";
import type { ClientSessionStore, ServerSessions, SingleUse } from "../session/types.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { TicketRequest } from "../wire/extensions.ts";
import type {
  CertificateType,
  CipherSuiteName,
  HashName,
  NamedGroup,
  ProtocolVersion,
  SignatureScheme,
} from "../wire/registry.ts";
import type { CompressedCertificates, Compressors } from "./certificate-compression.ts";
import type { PreparedPsk } from "./check-psks.ts";
import type { Credential, CredentialPicker } from "./credential.ts";
import type { Verifier } from "./identity.ts";
import type { GroupPolicy, Limits, SuitePolicy } from "./options.ts";
import type { CertificateMessages } from "./own-certificate.ts";
import type { SessionData } from "./session-data.ts";
import type { Trace } from "./trace.ts";

export interface CommonSettings {
  /** The config's. */
  readonly id: Bytes;
  readonly provider: CryptoProvider;
  readonly now: () => number;
  /** Newest first. */
  readonly versions: readonly ProtocolVersion[];
  /** Of all versions named, in order of preference. */
  readonly suites: readonly SuiteImplementation[];
  readonly groups: readonly Group[];
  readonly hashes: ReadonlyMap<HashName, HashImplementation>;
  /** By which a peer's key is proven, in order of preference (`schemes` of the options, or all that the provider verifies). */
  readonly verifications: ReadonlyMap<SignatureScheme, Verification>;
  readonly alpn: readonly string[];
  readonly limits: Limits;
  /** Plaintext bytes of a protected record. */
  readonly maxRecordSize: number;
  /** TLS 1.2 (RFC 7627 §5.2). */
  readonly requireExtendedMasterSecret: boolean;
  readonly resumesTls12: boolean;
  readonly compressors: Compressors;
  readonly truncation: "strict" | "lenient";
  readonly keyLog: ((line: string) => void) | undefined;
  readonly trace: Trace | undefined;
  /** `dangerousExtractSecrets`. */
  readonly mayExtract: boolean;
}

export interface ServerSettings extends CommonSettings {
  readonly role: "server";
  /** Of `suites` and `groups`: those of a version, in order. Each hello is held against them. */
  readonly suiteNames: Readonly<Record<ProtocolVersion, readonly CipherSuiteName[]>>;
  readonly groupNames: Readonly<Record<ProtocolVersion, readonly NamedGroup[]>>;
  /** Every way for a credential to sign, in its signer's order. */
  readonly signatures: ReadonlyMap<Credential, Readonly<Record<ProtocolVersion, readonly Signature[]>>>;
  /** None: a server that is proven by PSKs alone. */
  readonly credentials: readonly Credential[];
  /** By what stands on the wire, in hex. */
  readonly psks: ReadonlyMap<string, PreparedPsk>;
  /** Of the same, in hex: whose sessions are taken. */
  readonly pskFingerprints: ReadonlySet<string>;
  /** Schemes that our own keys may sign with: the options' `schemes`, or all. */
  readonly ownSchemes: readonly SignatureScheme[];
  readonly certificates: CertificateMessages;
  readonly compressed: CompressedCertificates;
  readonly servesAnyName: boolean;
  readonly requiresServerName: boolean;
  readonly suiteOrder: "server" | "client" | SuitePolicy;
  readonly groupOrder: "server" | "client" | GroupPolicy;
  readonly assumeGroups: readonly NamedGroup[] | undefined;
  readonly clientAuthentication: ClientAuthenticationSettings | undefined;
  readonly sessions: ServerSessions | undefined;
  readonly reverifyOnResume: boolean;
  readonly sessionData: SessionData | undefined;
  readonly retryCookie: boolean;
  readonly earlyData: EarlyDataSettings | undefined;
  readonly halfRtt: boolean;
}

export interface Signature {
  readonly credential: Credential;
  readonly scheme: SignatureScheme;
}

export interface EarlyDataSettings {
  /** What a ticket allows. */
  readonly maxBytes: number;
  readonly singleUse: SingleUse;
}

export interface ClientAuthenticationSettings {
  readonly mode: "optional" | "required";
  readonly verifier: Verifier;
  /** DER of distinguished names. */
  readonly authorities: readonly Bytes[];
}

export interface ClientSettings extends CommonSettings {
  readonly role: "client";
  /** Where PSKs alone are taken, one that trusts nobody. */
  readonly verifier: Verifier;
  /** No certificate is asked for, and none taken. */
  readonly pskOnly: boolean;
  /** In the order in which they are offered. */
  readonly psks: readonly PreparedPsk[];
  /** Groups of the shares in the first flight; may be empty. */
  readonly keyShares: readonly Group[];
  readonly credentials: readonly Credential[] | CredentialPicker;
  /** Of these; in order of preference. */
  readonly ownTypes: readonly CertificateType[];
  /** Of the list's credentials. */
  readonly compressed: CompressedCertificates;
  readonly sessions: ClientSessionStore | undefined;
  readonly reverifyOnResume: boolean;
  readonly manners: Manners;
  /** Early data is offered where a session allows it. */
  readonly earlyData: boolean;
  readonly tickets: TicketRequest | undefined;
  /** Schemes that our own keys may sign with: the options' `schemes`, or all. */
  readonly ownSchemes: readonly SignatureScheme[];
}

/** How a ClientHello is said, whatever it says. */
export interface Manners {
  readonly padding: boolean;
  readonly grease: boolean;
  readonly permuteExtensions: boolean;
  /** `clientHelloRecordSize`; undefined: as large as records are. */
  readonly recordSize: number | undefined;
}
