// The public face of the machines: one small class a stage. The rule: write `output`, then look at `kind`. Exported as types, but
// for `Accepted`; only the machine makes stages. A pause shows only because an object of the config is asynchronous: the stage
// carries that object, and whether you call it or answer otherwise is yours.
import type { FatalAlert } from "../alerts.ts";
import { ClientConfig } from "../config/client-config.ts";
import type { AsyncCredentialPicker, AsyncSigner, Credential, CredentialRequest } from "../config/credential.ts";
import { type AsyncVerifier, type DistrustReason, type PresentedIdentity, VerifiedIdentity } from "../config/identity.ts";
import { ServerConfig } from "../config/server-config.ts";
import type { Connection } from "../connection/connection.ts";
import { expectBytes } from "../connection/write-half.ts";
import type { ErrorAndAlert } from "../connection/failure.ts";
import type { Received } from "../connection/types.ts";
import type { AsyncGroup, AsyncVerification } from "../crypto/provider.ts";
import { type AbortCause, ApiMisuse } from "../errors.ts";
import type {
  AsyncClientSessionStore, AsyncServerSessionStore, ClientSessionKey, StoredSession,
} from "../session/types.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { ClientHello } from "../wire/client-hello.ts";
import type { NamedGroup, SignatureScheme } from "../wire/registry.ts";
import type { Picked } from "./client/choose-credential.ts";
import type { EarlyData, EarlyDataEnd, EarlyDataOutcome, EarlyWriter, HalfRtt, NeedsSingleUse } from "./early-stages.ts";

/** What a server's step returns. */
export type ServerStage =
  | NeedsInput
  | Accepted
  | NeedsSession
  | NeedsSingleUse
  | NeedsKeyShares<ServerStage>
  | NeedsSecret<ServerStage>
  | NeedsSignature<ServerStage>
  | NeedsSignatureCheck<ServerStage>
  | NeedsVerdict<ServerStage>
  | EarlyData
  | EarlyDataEnd
  | Established
  | ErrorAndAlert;

/** What a client's step returns. */
export type ClientStage =
  | ClientNeedsInput
  | ClientNeedsSession
  | NeedsKeyShares<ClientStage>
  | NeedsSecret<ClientStage>
  | NeedsCredential
  | NeedsSignature<ClientStage>
  | NeedsSignatureCheck<ClientStage>
  | NeedsVerdict<ClientStage>
  | ClientEstablished
  | ErrorAndAlert;

/** What every arm has. A stage is used once; a spent one throws ApiMisuse, and on a failed connection it gives the failure. */
export interface AnyStage {
  /** To the peer now, before anything else. Often empty. Kept. */
  readonly output: Bytes;
  /** Ends the connection. Works on spent stages too; on a failed connection it gives that failure, with empty output. */
  abort(cause: AbortCause): ErrorAndAlert;
}

/** A stage's hold on its machine: good for one step. The driver makes it. */
export interface Turn<Next> {
  readonly output: Bytes;
  /** Runs the machine on an answer. `check` throws ApiMisuse, which spends nothing. */
  answer(name: string, check: () => unknown): Next;
  receive(chunk: Uint8Array): Next;
  receiveEnd(): ErrorAndAlert;
  abort(cause: AbortCause): ErrorAndAlert;
  /** Ends the connection by what `cause` gives, if the stage is not spent. */
  refuse(cause: () => AbortCause): ErrorAndAlert;
  /** Ends it by the verifier's own word. */
  distrust(check: () => DistrustReason): ErrorAndAlert;
  /** Spends nothing. `check` throws ApiMisuse. */
  look<Result>(check: () => void, run: () => Result): Result | ErrorAndAlert;
}

export class NeedsInput implements AnyStage, HalfRtt {
  readonly kind = "needs-input";
  declare readonly halfRtt?: NonNullable<HalfRtt["halfRtt"]>;
  readonly #turn: Turn<ServerStage>;
  constructor(turn: Turn<ServerStage>, halfRtt?: HalfRtt["halfRtt"]) {
    this.#turn = turn;
    if (halfRtt !== undefined) this.halfRtt = halfRtt;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  /** @param chunk of any size, lent until the call returns; records are opened in place. An empty one changes nothing. */
  receive(chunk: Uint8Array): ServerStage {
    return this.#turn.receive(chunk);
  }
  /** The transport's orderly end. Inside a handshake that is always a failure. */
  receiveEnd(): ErrorAndAlert {
    return this.#turn.receiveEnd();
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

export class ClientNeedsInput implements AnyStage {
  readonly kind = "needs-input";
  /** On the first one only, if session and config allow early data. The object stays usable until it says `ended`. */
  declare readonly early?: EarlyWriter;
  readonly #turn: Turn<ClientStage>;
  constructor(turn: Turn<ClientStage>, early?: EarlyWriter) {
    this.#turn = turn;
    if (early !== undefined) this.early = early;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  receive(chunk: Uint8Array): ClientStage {
    return this.#turn.receive(chunk);
  }
  receiveEnd(): ErrorAndAlert {
    return this.#turn.receiveEnd();
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

/** The second door: shows once a connection. */
export class Accepted implements AnyStage {
  readonly kind = "accepted";
  readonly clientHello: ClientHello;
  readonly #received: Bytes;
  readonly #turn: Turn<ServerStage>;
  private constructor(turn: Turn<ServerStage>, clientHello: ClientHello, received: Bytes) {
    this.#turn = turn;
    this.clientHello = clientHello;
    this.#received = received;
  }
  /** @internal */
  static make(turn: Turn<ServerStage>, clientHello: ClientHello, received: Bytes): Accepted {
    return new Accepted(turn, clientHello, received);
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  /** Every byte taken so far, verbatim. Kept: hand it to another Acceptor, a worker, or another host. */
  get received(): Bytes {
    return this.#received;
  }
  choose(config: ServerConfig): ServerStage {
    return this.#turn.answer("config", () => {
      if (!(config instanceof ServerConfig)) throw new ApiMisuse("bad-argument", "choose takes what serverConfig() made");
      return config;
    });
  }
  /** The same as `abort({ alert, reason })`, by the name that people look for. */
  reject(alert: FatalAlert, reason = "the application refused the ClientHello"): ErrorAndAlert {
    return this.#turn.refuse(() => ({ alert, reason }));
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

/** Server: which of these sessions do you know? A look, not a take: no binder is verified yet. */
export class NeedsSession implements AnyStage {
  readonly kind = "needs-session";
  /** At most 4, in the client's order; `id` is the opaque identity or session id. */
  readonly candidates: readonly { readonly index: number; readonly id: Bytes }[];
  readonly #store: AsyncServerSessionStore;
  readonly #turn: Turn<ServerStage>;
  constructor(turn: Turn<ServerStage>, candidates: NeedsSession["candidates"], store: AsyncServerSessionStore) {
    this.#turn = turn;
    this.candidates = candidates;
    this.#store = store;
  }
  /** The very object of the config. */
  get store(): AsyncServerSessionStore {
    return this.#store;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  /** What is not known is left out; an empty list is a full handshake. */
  resume(found: readonly { readonly index: number; readonly state: Uint8Array }[]): ServerStage {
    return this.#turn.answer("sessions", () => {
      if (!Array.isArray(found)) throw new ApiMisuse("bad-argument", "resume takes a list of { index, state }");
      for (const each of found) {
        if (typeof each !== "object" || each === null) {
          throw new ApiMisuse("bad-argument", "resume takes a list of { index, state }");
        }
        const { index, state } = each;
        if (!this.candidates.some((candidate) => candidate.index === index)) {
          throw new ApiMisuse("bad-argument", `there is no candidate ${index}`);
        }
        expectBytes(state, "state");
      }
      return found;
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

/** Client: is there a session for this server? One that is answered counts as used. */
export class ClientNeedsSession implements AnyStage {
  readonly kind = "needs-session";
  readonly key: ClientSessionKey;
  readonly #store: AsyncClientSessionStore;
  readonly #turn: Turn<ClientStage>;
  constructor(turn: Turn<ClientStage>, key: ClientSessionKey, store: AsyncClientSessionStore) {
    this.#turn = turn;
    this.key = key;
    this.#store = store;
  }
  /** The very object of the config. */
  get store(): AsyncClientSessionStore {
    return this.#store;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  resume(session: StoredSession | undefined): ClientStage {
    return this.#turn.answer("session", () => {
      if (session !== undefined) expectBytes(session?.state, "session.state");
      return session;
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

export interface StartedShare {
  readonly group: NamedGroup;
  /** The public bytes, as they go on the wire. */
  readonly share: Uint8Array;
  /** The private half: any value of the provider's. The machine only hands it back. */
  readonly key: unknown;
}

/** Only if a group of the config is asynchronous. One share a group, same order. `key` comes back in `needs-secret`. */
export class NeedsKeyShares<Next> implements AnyStage {
  readonly kind = "needs-key-shares";
  readonly groups: readonly AsyncGroup[];
  readonly #wanted: readonly (StartedShare | AsyncGroup)[];
  readonly #turn: Turn<Next>;
  /** @param wanted in the order of the ClientHello: what synchronous groups have started already, and the others. */
  constructor(turn: Turn<Next>, wanted: readonly (StartedShare | AsyncGroup)[]) {
    this.#turn = turn;
    this.#wanted = wanted;
    this.groups = wanted.filter((share) => "startAsync" in share);
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  provide(shares: readonly StartedShare[]): Next {
    return this.#turn.answer("key_shares", () => {
      if (!Array.isArray(shares) || shares.length !== this.groups.length) {
        throw new ApiMisuse("bad-argument", `needs-key-shares takes ${this.groups.length} shares`);
      }
      const provided = this.groups.map(({ name, shareLength }, at): StartedShare => {
        const started: StartedShare | undefined = shares[at];
        if (started?.group !== name) throw new ApiMisuse("bad-argument", `shares[${at}] must be of group ${name}`);
        expectBytes(started.share, `shares[${at}].share`);
        if (started.share.length !== shareLength.client) {
          throw new ApiMisuse("bad-argument", `a ${name} share of a client has ${shareLength.client} bytes`);
        }
        return started;
      });
      return this.#wanted.flatMap((share) => ("startAsync" in share ? provided.splice(0, 1) : [share]));
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

/**
 * Only if the group is asynchronous. `started` is absent at the responder (server of 1.3, client of 1.2): it answers with its own
 * `share` as well; without it `provide` throws ApiMisuse.
 */
export class NeedsSecret<Next> implements AnyStage {
  readonly kind = "needs-secret";
  readonly group: AsyncGroup;
  readonly peerShare: Bytes;
  readonly #started: StartedShare | undefined;
  readonly #turn: Turn<Next>;
  constructor(turn: Turn<Next>, group: AsyncGroup, peerShare: Bytes, started: StartedShare | undefined) {
    this.#turn = turn;
    this.group = group;
    this.peerShare = peerShare;
    this.#started = started;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  get started(): StartedShare | undefined {
    return this.#started;
  }
  /** undefined: the peer's share is invalid (§7.4.2; illegal_parameter, the peer's fault). */
  provide(answer: { readonly secret: Uint8Array; readonly share?: Uint8Array } | undefined): Next {
    return this.#turn.answer("secret", () => {
      if (answer === undefined) return undefined;
      expectBytes(answer?.secret, "secret");
      if (answer.secret.length === 0) throw new ApiMisuse("bad-argument", "an empty secret");
      if (this.#started !== undefined) return answer;
      expectBytes(answer.share, "share");
      if (answer.share?.length !== this.group.shareLength.server) {
        throw new ApiMisuse("bad-argument", `a ${this.group.name} share of a server has ${this.group.shareLength.server} bytes`);
      }
      return answer;
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

/** Client: the server asks for a certificate; which one, or none? */
export class NeedsCredential implements AnyStage {
  readonly kind = "needs-credential";
  readonly request: CredentialRequest;
  readonly #picker: AsyncCredentialPicker;
  readonly #turn: Turn<ClientStage>;
  readonly #read: (given: unknown) => Picked;
  /** @param read whether a credential is sound, and can sign by what was asked for. */
  constructor(
    turn: Turn<ClientStage>, request: CredentialRequest, picker: AsyncCredentialPicker, read: (given: unknown) => Picked,
  ) {
    this.#turn = turn;
    this.request = request;
    this.#picker = picker;
    this.#read = read;
  }
  /** The very object of the config. */
  get picker(): AsyncCredentialPicker {
    return this.#picker;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  /** undefined: none is shown. @throws ApiMisuse for what no config would take, or whose signer has none of `request.schemes`. */
  present(credential: Credential | undefined): ClientStage {
    return this.#turn.answer("credential", () => {
      const picked = this.#read(credential);
      if (picked.kind === "picked") return picked.credential;
      throw new ApiMisuse("bad-argument", picked.problem);
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

/** The private key lives elsewhere: HSM, KMS, WebCrypto. */
export class NeedsSignature<Next> implements AnyStage {
  readonly kind = "needs-signature";
  readonly scheme: SignatureScheme;
  /** Whole, not hashed (§4.5.2; 1.2: RFC 8422 §5.4, and of a client all handshake messages, RFC 5246 §7.4.8). */
  readonly message: Bytes;
  readonly #key: AsyncSigner;
  readonly #turn: Turn<Next>;
  constructor(turn: Turn<Next>, scheme: SignatureScheme, message: Bytes, key: AsyncSigner) {
    this.#turn = turn;
    this.scheme = scheme;
    this.message = message;
    this.#key = key;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  /** The very object of the credential. */
  get key(): AsyncSigner {
    return this.#key;
  }
  provide(signature: Uint8Array): Next {
    return this.#turn.answer("signature", () => {
      expectBytes(signature, "signature");
      if (signature.length === 0 || signature.length > 0xffff) throw new ApiMisuse("bad-argument", "a signature of that length");
      return signature;
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

export interface SignatureCheck {
  readonly scheme: SignatureScheme;
  /** DER SubjectPublicKeyInfo of the peer's key. */
  readonly publicKey: Bytes;
  readonly message: Bytes;
  readonly signature: Bytes;
}

/** Only if the provider verifies this scheme asynchronously. Comes before the verdict. */
export class NeedsSignatureCheck<Next> implements AnyStage {
  readonly kind = "needs-signature-check";
  readonly check: SignatureCheck;
  readonly verification: AsyncVerification;
  readonly #turn: Turn<Next>;
  constructor(turn: Turn<Next>, check: SignatureCheck, verification: AsyncVerification) {
    this.#turn = turn;
    this.check = check;
    this.verification = verification;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  answer(valid: boolean): Next {
    return this.#turn.answer("validity", () => {
      if (typeof valid !== "boolean") throw new ApiMisuse("bad-argument", "a signature is valid or not: true or false");
      return valid;
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

/**
 * The key is proven; now judge the chain and the name, nothing else. Shows directly behind the message that proved the key:
 * CertificateVerify; at a client of 1.2 ServerKeyExchange.
 */
export class NeedsVerdict<Next> implements AnyStage {
  readonly kind = "needs-verdict";
  readonly presented: PresentedIdentity;
  readonly verifier: AsyncVerifier;
  readonly #turn: Turn<Next>;
  constructor(turn: Turn<Next>, presented: PresentedIdentity, verifier: AsyncVerifier) {
    this.#turn = turn;
    this.presented = presented;
    this.verifier = verifier;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  /** @throws ApiMisuse if `verified` was not made from this very `presented`. */
  trust(verified: VerifiedIdentity): Next {
    return this.#turn.answer("verdict", () => {
      if (!(verified instanceof VerifiedIdentity) || verified.presented !== this.presented) {
        throw new ApiMisuse("bad-argument", "trust takes a VerifiedIdentity made from this stage's `presented`");
      }
      return verified;
    });
  }
  distrust(reason: DistrustReason): ErrorAndAlert {
    return this.#turn.distrust(() => {
      if (!isDistrust(reason)) throw new ApiMisuse("bad-argument", "distrust takes { reason, alert? }");
      return reason;
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

/** A verdict's no: a reason in words, and an alert that a certificate can be refused with, or none. */
export function isDistrust(verdict: unknown): verdict is DistrustReason {
  if (typeof verdict !== "object" || verdict === null || !("reason" in verdict) || typeof verdict.reason !== "string") {
    return false;
  }
  return !("alert" in verdict) || verdict.alert === undefined || distrustAlerts.has(verdict.alert);
}
const distrustAlerts: ReadonlySet<unknown> = new Set([
  "bad_certificate", "unsupported_certificate", "certificate_revoked", "certificate_expired", "certificate_unknown", "unknown_ca",
  "access_denied", "bad_certificate_status_response", "handshake_failure", "internal_error",
]);

export class Established implements AnyStage {
  readonly kind = "established";
  readonly connection: Connection;
  readonly #output: Bytes;
  readonly #received: Received;
  constructor(connection: Connection, output: Bytes, received: Received) {
    this.connection = connection;
    this.#output = output;
    this.#received = received;
  }
  get output(): Bytes {
    return this.#output;
  }
  /**
   * What the rest of that chunk gave on the data path; its events include those of this step. Handle it like the result of
   * `connection.receive`. Its `output` is empty: all bytes are in the stage's.
   */
  get received(): Received {
    return this.#received;
  }
  /** As `connection.abort`. */
  abort(cause: AbortCause): ErrorAndAlert {
    return this.connection.abort(cause);
  }
}

export class ClientEstablished extends Established {
  /** What became of it; `none`: none was offered. */
  readonly earlyData: "none" | EarlyDataOutcome;
  constructor(connection: Connection, output: Bytes, received: Received, earlyData: "none" | EarlyDataOutcome) {
    super(connection, output, received);
    this.earlyData = earlyData;
  }
}

export function expectClientConfig(config: unknown): void {
  if (!(config instanceof ClientConfig)) throw new ApiMisuse("bad-argument", "a Connector takes what clientConfig() made");
}
