export type { AlertDescription, AlertMap, FatalAlert } from "./alerts.ts";
export { alertMap } from "./alerts.ts";
export { ClientConfig, clientConfig } from "./config/client-config.ts";
export type {
  AsyncCredentialPicker, AsyncSigner, CertificateType, Credential, CredentialPicker, CredentialRequest, Signer, SyncCredentialPicker,
  SyncSigner,
} from "./config/credential.ts";
export { dangerousAssertVerified, VerifiedIdentity } from "./config/identity.ts";
export type { AsyncVerifier, DistrustReason, PresentedIdentity, SyncVerifier, Verifier } from "./config/identity.ts";
export type { ClientAuthentication, ClientOptions, CommonOptions, ConnectionOptions, Limits, ServerOptions } from "./config/options.ts";
export { ServerConfig, serverConfig } from "./config/server-config.ts";
export type { Trace, TraceEvent } from "./config/trace.ts";
export type { HybridName, MlKem768 } from "./crypto/hybrid.ts";
export { hybridGroup } from "./crypto/hybrid.ts";
export type {
  AeadOpener, AeadSealer, AsyncGroup, AsyncVerification, CryptoProvider, Group, Hash, HashImplementation, SuiteImplementation,
  SyncGroup, SyncVerification, Verification,
} from "./crypto/provider.ts";
export type { PublicKey } from "./crypto/public-key.ts";
export type { StapleKind } from "./wire/staples.ts";
export { readPublicKey, schemesOf, verifiableBy } from "./crypto/public-key.ts";
export type { AbortCause, ConfigProblem, ErrorContext, ErrorKind, Fault, Phase, TlsErrorOf } from "./errors.ts";
export { ApiMisuse, ConfigError, TlsError } from "./errors.ts";
export type { Negotiation, Refusal } from "./negotiate/negotiate.ts";
export { negotiate } from "./negotiate/negotiate.ts";
export type { Bytes } from "./wire/bytes.ts";
export type { ClientHello } from "./wire/client-hello.ts";
export type { CipherSuiteName, HashName, NamedGroup, ProtocolVersion, Registered, SignatureScheme } from "./wire/registry.ts";
export type { AcceptorOptions, ConnectorOptions } from "./handshake/doors.ts";
export { Acceptor, Connector } from "./handshake/doors.ts";
export { readClientHello } from "./handshake/read-client-hello.ts";
export type {
  AnyStage, ClientEstablished, ClientNeedsInput, ClientNeedsSession, ClientStage, EarlyData, EarlyDataEnd, EarlyDataOutcome,
  EarlyDataRejection, EarlyWriter, Established, HalfRtt, NeedsCredential, NeedsInput, NeedsKeyShares, NeedsSecret, NeedsSession,
  NeedsSignature, NeedsSignatureCheck, NeedsSingleUse, NeedsVerdict, ReplayableBytes, ServerStage, SignatureCheck, StartedShare,
} from "./handshake/stages.ts";
export { Accepted } from "./handshake/stages.ts";
export { Connection } from "./connection/connection.ts";
export type { NoAlertReason, SentAlert } from "./connection/failure.ts";
export { ErrorAndAlert } from "./connection/failure.ts";
export type {
  Agreed, Closed, ConnectionEvent, ConnectionSecrets, DirectionSecrets, Ended, Extracted, ExtractLater, Exported, Info, NewClientSession, NewServerSession, NewSession, Open, Reader, Received, Sent,
  SentInto, Writer,
} from "./connection/types.ts";
export type {
  AsyncClientSessionStore, AsyncServerSessionStore, AsyncSingleUse, ClientSessionKey, ClientSessionStore, Freshness, ServerSessions,
  SingleUse, StoredSession, SyncClientSessionStore, SyncServerSessionStore, SyncSingleUse, TicketKey, TicketKeys,
} from "./session/types.ts";
export { memoryClientSessions } from "./session/memory.ts";
export { ticketKeys } from "./session/tickets.ts";
