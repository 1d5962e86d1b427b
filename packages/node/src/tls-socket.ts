import { X509Certificate } from "node:crypto";
import type { AddressInfo, Socket, SocketReadyState } from "node:net";
import { Duplex } from "node:stream";
import type { DetailedPeerCertificate, PeerCertificate } from "node:tls";
import { type ClientHello, type EarlyDataOutcome, type Exported, type Info, readClientHello, TlsError } from "@sallyport/core";
import type { Driven, EarlyExchange, TlsStream } from "@sallyport/drive";
import { clock } from "./clock.ts";
import { coded, visible } from "./errors.ts";
import { type EphemeralKeyInfo, ephemeralKeyInfo, opensslSuiteName } from "./openssl-names.ts";
import { detailedCertificate } from "./peer-certificate.ts";
import { Pump } from "./pump.ts";
import { plain } from "./socket-transport.ts";

type Done = (error?: Error | null) => void;

/** Plaintext that `write` takes before it says "wait": what one window seals for one write of the transport. */
const writableHighWaterMark = 256 * 1024;
/** After a failed write: so long the peer's last words are waited for, since they say why. */
const lastWordsMs = 2_000;

/**
 * Looks like tls.TLSSocket as far as others look; it is a Duplex, and no net.Socket by `instanceof`.
 *
 * Events: `secureConnect` (client) and `secure` once the handshake is done, before them `connect` and `ready`, so that whoever
 * waits for a connection waits for a secure one. Errors of the transport (ECONNREFUSED, ECONNRESET) come as they are, all
 * others as TlsError with a `code`.
 *
 * `end()` is close_notify and the transport's half-close. `destroy()` calls back at once, and what is due is delivered behind
 * it: in the handshake user_canceled and close_notify, or internal_error where the peer may be established already; after it
 * close_notify if no error is given and all that was written has been sent (it says neither more nor less), else internal_error.
 */
export class TlsSocket extends Duplex implements Socket {
  readonly encrypted = true;
  readonly #socket: Duplex & Partial<Omit<Socket, keyof Duplex>>;
  /** Ends the handshake that is under way. */
  #cancel: (() => void) | undefined;
  #stream: TlsStream | undefined;
  /** The handshake message, a character a byte: decoded it takes several KiB, and as bytes twice its length. */
  #clientHello: string | undefined;
  #earlyData: EarlyDataOutcome | undefined;
  /** What it carries says by itself where it ends, so that a close_notify behind half of it makes nothing look whole. */
  #delimitsItself = false;
  #tellsTimeouts = false;
  /** What was asked for before the handshake was done. */
  #waiting: (() => void)[] | undefined = [];
  /** Answers early data before the handshake is done. */
  #halfRtt: EarlyExchange["write"];
  #pump: Pump | undefined;
  /** Corked by us, until this turn of the event loop ends. */
  #holding = false;
  /** With the stream, and not yet written. */
  #sending = 0;

  /**
   * @internal
   * @param cancel ends the handshake, if that is still under way
   */
  constructor(socket: Duplex, allowHalfOpen: boolean, cancel?: () => void) {
    super({ allowHalfOpen, writableHighWaterMark, decodeStrings: true });
    this.#socket = socket;
    this.#cancel = cancel;
    if (this.timeout > 0) this.#tellTimeouts();
  }

  /** @internal The handshake is done. */
  secure({ stream, clientHello, earlyData }: Driven): void {
    if (this.destroyed) return this.#leave(stream, this.errored);
    this.#stream = stream;
    this.#pump = new Pump(stream, this.#socket, this);
    this.#cancel = undefined;
    this.#clientHello = clientHello && latin1(clientHello.raw);
    this.#earlyData = earlyData;
    this.#halfRtt = undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const call of waiting ?? []) call();
  }

  /** @internal Data that came before the handshake was done. */
  takeEarly(data: Uint8Array, halfRtt: EarlyExchange["write"]): void {
    this.#halfRtt = halfRtt;
    this.push(data);
  }

  /** @internal */
  delimitsItself(): void {
    this.#delimitsItself = true;
  }

  // What TLS says.

  /** What was agreed and who is there; undefined until the handshake is done. */
  get info(): Info | undefined {
    return this.#stream?.info;
  }
  /**
   * At a server: what the client offered, its first hello if it was asked for another. Equal to what `accept` was given, and decoded
   * anew at each call: the socket keeps its bytes alone.
   */
  get clientHello(): ClientHello | undefined {
    return this.#clientHello === undefined ? undefined : decoded(this.#clientHello);
  }
  /** What became of early data; undefined: none was offered, or the handshake is not done. */
  get earlyData(): EarlyDataOutcome | undefined {
    return this.#earlyData;
  }
  /** The peer has shown an identity that was verified, or proven an external PSK. */
  get authorized(): boolean {
    return (this.info?.peer ?? this.info?.psk) !== undefined;
  }
  /**
   * Why not, by the code that node:tls has for it: the peer was asked for a certificate, and has shown none. Null: it is authorized,
   * or was not asked. Whom a verifier does not trust never comes this far.
   */
  get authorizationError(): "UNABLE_TO_GET_ISSUER_CERT" | null {
    return this.info?.asksPeer === true && !this.authorized ? "UNABLE_TO_GET_ISSUER_CERT" : null;
  }
  /** False: none was agreed. */
  get alpnProtocol(): string | false {
    return this.info?.alpn ?? false;
  }
  get servername(): string | false {
    return this.info?.serverName ?? false;
  }
  get secureConnecting(): boolean {
    return this.#stream === undefined && !this.destroyed;
  }
  getProtocol(): "TLSv1.2" | "TLSv1.3" | null {
    if (this.info === undefined) return null;
    return this.info.version === "tls1.3" ? "TLSv1.3" : "TLSv1.2";
  }
  getCipher(): { readonly name: string; readonly standardName: string; readonly version: string } {
    const standardName = this.info?.suite ?? "";
    return { name: opensslSuiteName(standardName), standardName, version: this.getProtocol() ?? "" };
  }
  /** At a client: by which group the keys were exchanged. Null at a server, as in node:tls; empty where there was no exchange. */
  getEphemeralKeyInfo(): EphemeralKeyInfo | Record<string, never> | null {
    return this.#clientHello === undefined ? ephemeralKeyInfo(this.info?.group) : null;
  }
  isSessionReused(): boolean {
    return this.info?.handshakeKind.startsWith("resumed") ?? false;
  }
  /**
   * As node:tls gives it; empty where the peer showed no X.509 certificate.
   * @param detailed each has its issuer, up to the trust anchor that the verifier found; without a path, as the peer sent them
   */
  getPeerCertificate(detailed?: false): PeerCertificate | Record<string, never>;
  getPeerCertificate(detailed: boolean): PeerCertificate | DetailedPeerCertificate | Record<string, never>;
  getPeerCertificate(detailed = false): PeerCertificate | DetailedPeerCertificate | Record<string, never> {
    const presented = this.info?.peer?.presented;
    if (presented?.type !== "x509") return {};
    if (!detailed) return new X509Certificate(presented.chain[0]).toLegacyObject();
    const path = this.info?.peer?.path ?? [];
    return detailedCertificate(path.length > 0 ? path : presented.chain);
  }
  getPeerX509Certificate(): X509Certificate | undefined {
    const presented = this.info?.peer?.presented;
    return presented?.type === "x509" ? new X509Certificate(presented.chain[0]) : undefined;
  }
  /** What this side has shown in this handshake, as node:tls gives it: empty for none, null once the socket is destroyed. */
  getCertificate(): PeerCertificate | Record<string, never> | null {
    if (this.destroyed) return null;
    return this.getX509Certificate()?.toLegacyObject() ?? {};
  }
  getX509Certificate(): X509Certificate | undefined {
    const shown = this.info?.ownCertificate;
    return shown && new X509Certificate(shown);
  }
  /**
   * Not kept: `channelBinding()` binds to the connection in both versions, and to more than tls-unique, which TLS 1.3 has not and
   * which is broken without extended master secret in 1.2 (RFC 9266 §1).
   */
  getFinished(): undefined {
    return undefined;
  }
  getPeerFinished(): undefined {
    return undefined;
  }
  /** Sessions are in the config's store, which TLS asks by itself. */
  getSession(): undefined {
    return undefined;
  }
  getTLSTicket(): undefined {
    return undefined;
  }
  /** There is no renegotiation; TLS 1.3 has none, and here TLS 1.2 hasn't either. */
  disableRenegotiation(): void {}
  renegotiate(_options: object, callback?: (error: Error) => void): false {
    if (callback !== undefined) process.nextTick(callback, new Error("renegotiation is not spoken"));
    return false;
  }
  /** False: the config's `maxRecordSize` says it, for both sides. */
  setMaxSendFragment(): false {
    return false;
  }
  /** RFC 9846 §7.5. @throws before the handshake is done, and where the connection can't give any */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    return exported(this.#stream?.exportKeyingMaterial(label, context, length));
  }
  /** tls-exporter (RFC 9266): 32 bytes, the same at both ends, for SCRAM and its like. @throws as `exportKeyingMaterial` does */
  channelBinding(): Buffer {
    return exported(this.#stream?.channelBinding());
  }
  /** RFC 9846 §4.7.3. */
  async updateKeys(options?: { readonly requestPeer?: boolean }): Promise<void> {
    await this.#stream?.updateKeys(options);
  }

  // What the transport says.

  /** net.Socket's, which tells what was tried; the socket below knows. */
  get autoSelectFamilyAttemptedAddresses(): string[] {
    return this.#socket.autoSelectFamilyAttemptedAddresses ?? [];
  }
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }
  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }
  get remoteFamily(): string | undefined {
    return this.#socket.remoteFamily;
  }
  get localAddress(): string {
    return this.#socket.localAddress ?? "";
  }
  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }
  get localFamily(): string {
    return this.#socket.localFamily ?? "";
  }
  get bytesRead(): number {
    return this.#socket.bytesRead ?? 0;
  }
  get bytesWritten(): number {
    return this.#socket.bytesWritten ?? 0;
  }
  get bufferSize(): number {
    return this.writableLength;
  }
  get timeout(): number {
    return this.#socket.timeout ?? 0;
  }
  /** Until the connection is secure. */
  get connecting(): boolean {
    return this.secureConnecting;
  }
  get pending(): boolean {
    return this.secureConnecting;
  }
  get readyState(): SocketReadyState {
    if (this.connecting) return "opening";
    if (this.readable && this.writable) return "open";
    if (this.readable) return "readOnly";
    return this.writable ? "writeOnly" : "closed";
  }
  address(): AddressInfo | Record<string, never> {
    return this.#socket.address?.() ?? {};
  }
  setTimeout(ms: number, callback?: () => void): this {
    this.#tellTimeouts();
    if (callback !== undefined) {
      if (ms === 0) this.off("timeout", callback);
      else this.once("timeout", callback);
    }
    this.#socket.setTimeout?.(ms);
    return this;
  }
  /** From the first time on that one may come: nobody else needs a listener for it. */
  #tellTimeouts(): void {
    if (this.#tellsTimeouts) return;
    this.#tellsTimeouts = true;
    this.#socket.on("timeout", () => {
      if (!this.destroyed) this.emit("timeout");
    });
  }
  setNoDelay(noDelay?: boolean): this {
    this.#socket.setNoDelay?.(noDelay);
    return this;
  }
  setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.#socket.setKeepAlive?.(enable, initialDelay);
    return this;
  }
  ref(): this {
    this.#socket.ref?.();
    return this;
  }
  unref(): this {
    this.#socket.unref?.();
    return this;
  }
  /** It was made connected, or connecting. */
  connect(): this {
    throw new Error("a TlsSocket is connected by the function that makes it");
  }
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }
  /** The transport's reset: no alert. */
  resetAndDestroy(): this {
    this.#socket.resetAndDestroy?.();
    return this.destroy();
  }

  // The Duplex.

  override _read(): void {
    if (this.#pump === undefined) this.#waiting?.push(() => this._read());
    else this.#pump.start();
  }

  /**
   * Small writes of one turn of the event loop share records, and one write of the socket below: they wait for the end of the turn, and no
   * longer. `cork()` holds them until `uncork()`, at which all that waits goes at once.
   */
  override write(chunk: unknown, done?: Done): boolean;
  override write(chunk: unknown, encoding?: BufferEncoding, done?: Done): boolean;
  override write(chunk: unknown, encoding?: BufferEncoding | Done, done?: Done): boolean {
    // While one is under way the Duplex keeps the others anyway.
    if (!this.#holding && this.writableLength === 0 && this.writableCorked === 0 && isShort(chunk)) this.#hold();
    if (typeof encoding === "string") return super.write(chunk, encoding, done);
    return super.write(chunk, encoding ?? done);
  }
  override end(done?: () => void): this;
  override end(chunk: unknown, done?: () => void): this;
  override end(chunk: unknown, encoding?: BufferEncoding, done?: () => void): this;
  override end(...args: [unknown?, unknown?, unknown?]): this {
    Reflect.apply(super.end, this, args);
    this.#endWithLast();
    return this;
  }
  /** With all before it on its way the close_notify joins it, and does not wait until it is written. */
  #endWithLast(): void {
    if (!this.writableEnded || this.destroyed || this.writableLength !== this.#sending) return;
    void this.#stream?.closeWrite().catch(() => {}); // `_final` tells
  }
  override uncork(): void {
    super.uncork();
    // The last one of the caller's: ours alone holds no longer.
    if (this.writableCorked === 1) this.#letGo();
  }
  #hold(): void {
    this.#holding = true;
    super.cork();
    process.nextTick(TlsSocket.#endTurn, this);
  }
  static #endTurn(socket: TlsSocket): void {
    socket.#letGo();
  }
  #letGo(): void {
    if (!this.#holding) return;
    this.#holding = false;
    super.uncork();
  }
  /** What was written in this turn is still to be sent, as far as one record takes it. */
  override destroy(error?: Error): this {
    this.#letGo();
    return super.destroy(error);
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    this.#send([chunk], done);
  }
  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], done: Done): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }
  #send(chunks: readonly Uint8Array[], done: Done): void {
    const stream = this.#stream;
    const halfRtt = this.#halfRtt;
    if (stream === undefined && halfRtt !== undefined)
      void sendEach(chunks, halfRtt).then(
        () => done(),
        (cause) => done(visible(cause)),
      );
    else if (stream === undefined) this.#waiting?.push(() => this.#send(chunks, done));
    else {
      const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      // Of no length, so that the close_notify may have gone before it: see `#endWithLast`.
      if (length === 0) return guarded(done)();
      const told = guarded((error) => {
        this.#sending = 0;
        done(error);
      });
      this.#sending = length;
      stream.writeThen(chunks.map(plain), { written: told, failed: (cause) => this.#writeFailed(stream, cause, told) });
      this.#endWithLast();
    }
  }

  override _final(done: Done): void {
    const stream = this.#stream;
    if (stream === undefined) this.#waiting?.push(() => this._final(done));
    else
      stream.closeWrite().then(
        () => done(),
        (cause) => this.#writeFailed(stream, cause, done),
      );
  }

  /** The transport can't be written to, but the peer's alert may lie unread in it: it would tell what an EPIPE can't. */
  #writeFailed(stream: TlsStream, cause: unknown, done: Done): void {
    if (cause instanceof TlsError) return done(coded(cause));
    const error = visible(cause);
    const cancel = clock.after(lastWordsMs, () => done(error));
    void stream.closed.then((closing) => {
      cancel();
      done(closing.error === undefined ? error : visible(closing.error, this.#socket));
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const stream = this.#stream;
    if (stream === undefined) this.#cancel?.();
    else this.#leave(stream, error);
    this.#waiting = undefined;
    done(error);
  }

  #leave(stream: TlsStream, error: Error | null): void {
    const isWhole = (error === null || this.#delimitsItself) && this.writableLength === 0;
    void stream.abort(isWhole ? "cancelled" : { alert: "internal_error", reason: "destroyed", cause: error });
  }
}

/**
 * As node:tls does for a server's sockets: an error that nobody listens for destroys its socket, and not the process. HTTP lets go of a
 * socket before its upgrade has a handler, and many a server listens for no error at all; a client that resets would end it.
 */
export function withoutThrow(socket: TlsSocket): TlsSocket {
  return socket.on("error", ignore);
}
function ignore(): void {}

/** As much as a record takes at most: what is longer fills its records alone. */
const record = 16 * 1024;

function isShort(chunk: unknown): boolean {
  return (typeof chunk === "string" || chunk instanceof Uint8Array) && chunk.length < record;
}

/** What a callback of the application throws is the process's: the connection has done nothing wrong, and goes on. */
function guarded(done: Done): Done {
  return (error) => {
    try {
      done(error);
    } catch (thrown) {
      process.nextTick(() => {
        throw thrown;
      });
    }
  };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** @param hello the handshake message, as it was accepted before */
function decoded(hello: string): ClientHello {
  const raw = Uint8Array.from(Buffer.from(hello, "latin1"));
  const read = readClientHello(raw);
  if (read.kind !== "read") throw read.error;
  return { ...read.clientHello, raw };
}

function exported(result: Exported | undefined): Buffer {
  if (result === undefined) throw new Error("keying material can't be exported before the handshake is done");
  if (result.kind === "failed") throw result.error;
  if (result.kind === "unavailable") throw new Error(`keying material is unavailable: ${result.reason}`);
  return Buffer.from(result.keyingMaterial.buffer);
}

async function sendEach(chunks: readonly Uint8Array[], write: (data: Uint8Array) => Promise<void>): Promise<void> {
  for (const chunk of chunks) await write(plain(chunk));
}
