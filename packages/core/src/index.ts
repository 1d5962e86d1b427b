// The two doors, and what goes in.
export { Acceptor, type AcceptorOptions, Connector, type ConnectorOptions } from "./handshake/doors.ts";
export { ServerConfig, serverConfig } from "./config/server-config.ts";
export { ClientConfig, clientConfig } from "./config/client-config.ts";
export type {
  ClientAuthentication,
  ClientOptions,
  CommonOptions,
  ConnectionOptions,
  GroupPolicy,
  Limits,
  PskClientOptions,
  PskServerOptions,
  ServerOptions,
  SuitePolicy,
} from "./config/options.ts";
export type { SessionData, SessionMaker } from "./config/session-data.ts";
export type { Trace, TraceEvent } from "./config/trace.ts";

// Stages: what each step returns. Only the machine makes them.
export { Accepted } from "./handshake/stages/accepted.ts";
export type {
  EarlyData,
  EarlyDataEnd,
  EarlyDataOutcome,
  EarlyDataRejection,
  EarlyWriter,
  HalfRtt,
  NeedsSingleUse,
  ReplayableBytes,
} from "./handshake/stages/early-data.ts";
export type { ClientEstablished, Established } from "./handshake/stages/established.ts";
export type { ClientNeedsInput, NeedsInput } from "./handshake/stages/input.ts";
export type { NeedsKeyShares, NeedsSecret, StartedShare } from "./handshake/stages/key-exchange.ts";
export type { NeedsCredential, NeedsSignature } from "./handshake/stages/own-identity.ts";
export type { NeedsSignatureCheck, NeedsVerdict, SignatureCheck } from "./handshake/stages/peer-identity.ts";
export type { ClientNeedsSession, NeedsSession } from "./handshake/stages/sessions.ts";
export type { AnyStage, ClientStage, ServerStage } from "./handshake/stages/stage.ts";

// The established connection.
export { Connection } from "./connection/connection.ts";
export type {
  Agreed,
  Closed,
  ConnectionEvent,
  ConnectionSecrets,
  DirectionSecrets,
  Ended,
  Exported,
  Extracted,
  ExtractLater,
  Info,
  NewClientSession,
  NewServerSession,
  NewSession,
  Open,
  Reader,
  Received,
  Sent,
  SentInto,
  Writer,
} from "./connection/types.ts";

// Failures.
export { ErrorAndAlert, type NoAlertReason, type SentAlert } from "./connection/failure.ts";
export {
  type AbortCause,
  ApiMisuse,
  ConfigError,
  type ConfigProblem,
  type ErrorContext,
  type ErrorKind,
  type Fault,
  type NoAnswerToClientHello,
  type Phase,
  TlsError,
  type TlsErrorOf,
} from "./errors.ts";
export { type AlertDescription, type AlertMap, alertMap, type FatalAlert } from "./alerts.ts";

// Why did it fail? The same code without a machine.
export { negotiate, type Negotiation, type Refusal } from "./negotiate/negotiate.ts";
export { readClientHello } from "./handshake/read-client-hello.ts";

// Who we are, and who they are.
export type { CertificateCompressor } from "./config/certificate-compression.ts";
export type {
  AsyncCredentialPicker,
  AsyncSigner,
  Credential,
  CredentialPicker,
  CredentialRequest,
  Signer,
  SyncCredentialPicker,
  SyncSigner,
} from "./config/credential.ts";
export {
  type AsyncVerifier,
  type DistrustReason,
  dangerousAssertVerified,
  type PresentedIdentity,
  type SyncVerifier,
  type VerifiedFacts,
  VerifiedIdentity,
  type Verifier,
} from "./config/identity.ts";
export { rawPublicKey, rawPublicKeys } from "./config/raw-public-keys.ts";
export { dangerousRawPsk, type ExternalPsk, type ImportedPskOptions, importedPsk, type RawPskOptions } from "./config/psk.ts";

// Sessions.
export { memoryClientSessions } from "./session/memory.ts";
export { memorySingleUse } from "./session/single-use.ts";
export { ticketKeys } from "./session/tickets.ts";
export type {
  AsyncClientSessionStore,
  AsyncServerSessionStore,
  AsyncSingleUse,
  ClientSessionKey,
  ClientSessionStore,
  Freshness,
  GroupMemory,
  ServerSessions,
  SingleUse,
  StoredSession,
  SyncClientSessionStore,
  SyncServerSessionStore,
  SyncSingleUse,
  TicketKey,
  TicketKeys,
} from "./session/types.ts";

// For providers of cryptography.
export type {
  AeadOpener,
  AeadSealer,
  AsyncGroup,
  AsyncVerification,
  CryptoProvider,
  Group,
  Hash,
  HashImplementation,
  SuiteImplementation,
  SyncGroup,
  SyncVerification,
  Verification,
} from "./crypto/provider.ts";
export { type HybridGroup, hybridGroup, type HybridName } from "./crypto/hybrid.ts";
export { type MlKem, mlKemGroup } from "./crypto/ml-kem.ts";
export { type MlDsa, type PublicKey, readPublicKey, schemesOf, verifiableBy } from "./crypto/public-key.ts";

// Values.
export type { Bytes } from "./wire/bytes.ts";
export type { ClientHello } from "./wire/client-hello.ts";
export {
  type CertificateType,
  type CipherSuiteName,
  type HashName,
  type NamedGroup,
  type ProtocolVersion,
  type Registered,
  registered,
  type RegistryName,
  type SignatureScheme,
} from "./wire/registry.ts";
export type { OidFilter } from "./wire/oid-filters.ts";
export type { StapleKind } from "./wire/staples.ts";
