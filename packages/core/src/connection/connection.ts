// The established connection: application data both ways, and the few messages that still come (RFC 9846 §4.7).
import type { ConnectionOptions } from "../config/options.ts";
import type { CryptoProvider, SuiteImplementation } from "../crypto/provider.ts";
import { type AbortCause, ApiMisuse, fail } from "../errors.ts";
import type { Limits } from "../record/limits.ts";
import { type Bytes, empty } from "../wire/bytes.ts";
import { type HandshakeMessage, handshakeTypes, messageName } from "../wire/handshake.ts";
import { decodeKeyUpdate, decodeNewSessionTicket, type NewSessionTicket } from "../wire/post-handshake.ts";
import { decodeEmpty } from "../wire/tls12-messages.ts";
import { expectBytes } from "./expect-bytes.ts";
import { checkExport, type Exporter } from "./exporters.ts";
import type { ErrorAndAlert } from "./failure.ts";
import { abort, guard } from "./guard.ts";
import { restore, secretsOf } from "./hand-over.ts";
import type { Link } from "./link.ts";
import type {
  ConnectionEvent,
  ConnectionSecrets,
  Ended,
  Exported,
  Extracted,
  ExtractLater,
  Info,
  Reader,
  Received,
  Sent,
  SentInto,
  Writer,
} from "./types.ts";
import { WriteHalf } from "./write-half.ts";

/** What the handshake leaves to the data path. */
export interface Agreement {
  readonly info: Info;
  readonly suite: SuiteImplementation;
  /** undefined: TLS 1.2 without extended_master_secret (RFC 7627 §5.4). */
  readonly exporter: Exporter | undefined;
  readonly limits: Limits;
  readonly truncation: "strict" | "lenient";
  /** What wrote already before the client's Finished came. */
  readonly writeHalf?: WriteHalf | undefined;
  /** A client that keeps sessions. */
  readonly tickets?: TicketTaker | undefined;
  /** The config says `dangerousExtractSecrets`. */
  readonly mayExtract: boolean;
}

/** Turns tickets into sessions. */
export interface TicketTaker {
  take(ticket: NewSessionTicket): ConnectionEvent | undefined;
  wipe(): void;
}

/**
 * The established connection: its two halves in one object. The halves share one write order: a `receive` can make output
 * (KeyUpdate's answer), and outputs go to the wire in the order of the calls that made them.
 */
export class Connection implements Reader, Writer {
  readonly info: Info;
  readonly #link: Link;
  readonly #agreement: Agreement;
  readonly #write: WriteHalf;
  #peerClosed: boolean;
  #messagesInARow = 0;
  #refusedRenegotiation = false;

  private constructor(link: Link, agreement: Agreement, peerClosed = false) {
    this.info = agreement.info;
    this.#link = link;
    this.#agreement = agreement;
    this.#peerClosed = peerClosed;
    const {
      info: { version },
      suite,
      limits,
    } = agreement;
    const endedByPeer = peerClosed && link.writeClosed && version === "tls1.2";
    this.#write = agreement.writeHalf ?? new WriteHalf(link, version, suite, limits, endedByPeer);
    if (peerClosed) this.#write.peerEnded();
    link.holder = this;
  }
  /** @internal */
  static make(link: Link, agreement: Agreement): Connection {
    return new Connection(link, agreement);
  }
  /** @internal What the rest of the chunk that completed the handshake gives; the output stays with the link. */
  static begin(connection: Connection): Received {
    const link = connection.#link;
    const failed = guard(link, "receive", () => {
      link.outgoing.boundary();
      connection.#pump();
      link.incoming.release();
    });
    return failed ?? connection.#arm(empty);
  }

  /** @internal */
  forget(): void {
    this.#agreement.exporter?.wipe();
    this.#agreement.tickets?.wipe();
  }

  get reader(): Reader {
    return { receive: (chunk) => this.receive(chunk), receiveEnd: () => this.receiveEnd() };
  }
  get writer(): Writer {
    return this.#write.writer;
  }

  receive(chunk: Uint8Array): Received {
    this.#expectHere();
    expectBytes(chunk, "chunk");
    const link = this.#link;
    if (this.#peerClosed && link.failure === undefined) return this.#arm(empty);
    const failed = guard(link, "receive", () => {
      link.incoming.feed(chunk);
      this.#pump();
      link.incoming.release();
    });
    return failed ?? this.#arm(link.outgoing.take());
  }

  receiveEnd(): Received {
    this.#expectHere();
    const link = this.#link;
    if (this.#peerClosed && link.failure === undefined) return this.#arm(empty);
    const failed = guard(link, "receive", () => {
      const insideRecord = link.incoming.insideRecord;
      // RFC 9846 §6.1: without close_notify the data may have been cut off by anyone.
      if (this.#agreement.truncation === "strict" || insideRecord) fail("truncated", { insideRecord }, "RFC 9846 §6.1");
      this.#endReading();
    });
    return failed ?? this.#arm(empty);
  }

  send(data: Uint8Array): Sent | Ended | ErrorAndAlert {
    return this.#write.send(data);
  }
  sendInto(data: Uint8Array, target: Uint8Array): SentInto | Ended | ErrorAndAlert {
    return this.#write.sendInto(data, target);
  }
  close(): Sent | ErrorAndAlert {
    return this.#write.close();
  }
  updateKeys(options?: { readonly requestPeer?: boolean }): Sent | ErrorAndAlert {
    return this.#write.updateKeys(options);
  }

  abort(cause: AbortCause): ErrorAndAlert {
    this.#expectHere();
    return abort(this.#link, cause);
  }

  /** `context` undefined: none, which in TLS 1.2 differs from an empty one (RFC 5705 §4). @param length bytes. */
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Exported {
    this.#expectHere();
    const { exporter } = this.#agreement;
    checkExport(label, context, length, exporter?.maxLength ?? 255 * 32);
    // RFC 5705 §4: these are what TLS itself gives to the PRF.
    if (this.info.version === "tls1.2" && ownLabels.has(label)) {
      throw new ApiMisuse("bad-argument", `the label ${label} is TLS's own`);
    }
    return guard(this.#link, "exportKeyingMaterial", () => {
      if (exporter === undefined) return { kind: "unavailable", reason: "no-extended-master-secret" };
      return { kind: "exported", keyingMaterial: exporter.export(label, context, length) };
    });
  }

  /**
   * The channel binding tls-exporter (RFC 9266): 32 bytes that both ends of this very connection have, and nobody else. In TLS 1.2
   * `unavailable` without extended master secret.
   */
  channelBinding(): Exported {
    // RFC 9266 §2: the context is an empty one, which in TLS 1.2 is not none.
    return this.exportKeyingMaterial("EXPORTER-Channel-Binding", empty, 32);
  }

  /**
   * Ends this object, every later call of which throws ApiMisuse, and gives what goes on with it: kTLS, a worker, another host.
   * `later`: a KeyUpdate request of ours is unanswered, or a handshake message incomplete; the connection lives on.
   *
   * @throws ApiMisuse without `dangerousExtractSecrets` in the config.
   */
  extractSecrets(): Extracted | ExtractLater | ErrorAndAlert {
    this.#expectHere();
    const link = this.#link;
    if (!this.#agreement.mayExtract)
      throw new ApiMisuse("not-supported-here", "extractSecrets needs dangerousExtractSecrets in the config");
    return guard(link, "extractSecrets", () => {
      // Whoever has closed owes nothing any more.
      const owes = this.#write.awaitsKeyUpdate && !this.#peerClosed;
      const output = link.outgoing.take();
      if (owes || link.incoming.insideMessage) return { kind: "later", output };
      const secrets = secretsOf(link, this.#agreement, this.#peerClosed);
      link.incoming.end();
      link.outgoing.end();
      this.forget();
      link.extracted = true;
      return { kind: "extracted", output, secrets };
    });
  }

  /**
   * The inverse of `extractSecrets`: a connection that goes on where that one ended. Takes no later tickets.
   *
   * @param provider must have the suite and its hash. @throws ApiMisuse if it has not, or `secrets` are none.
   */
  static resume(secrets: ConnectionSecrets, provider: CryptoProvider, options: ConnectionOptions = {}): Connection {
    const { link, agreement, peerClosed } = restore(secrets, provider, options);
    return new Connection(link, agreement, peerClosed);
  }

  /** What came since the last call, as the arm that fits. */
  #arm(output: Bytes): Received {
    const data = this.#link.takeData();
    const events = this.#link.takeEvents();
    if (!this.#peerClosed) return { kind: "open", output, data, events };
    const writable = this.info.version !== "tls1.2" || !this.#link.writeClosed;
    return { kind: "closed", output, data, events, writable };
  }

  #pump(): undefined {
    const { incoming } = this.#link;
    while (!this.#peerClosed) {
      const content = incoming.next();
      if (content === undefined) return undefined;
      switch (content.kind) {
        case "data":
          if (content.data.length === 0) break;
          this.#messagesInARow = 0;
          this.#link.data(content.data);
          break;
        case "handshake":
          this.#take(content.message);
          break;
        case "warning-alert":
          this.#link.event(content);
          break;
        case "close":
          this.#endReading();
          // RFC 5246 §7.2.1: "the other party MUST respond with a close_notify alert of its own and close down the connection".
          this.#write.peerClosed();
          break;
        case "change-cipher-spec":
          fail("unexpected-record", { expected: "application_data", received: "change_cipher_spec" }, "RFC 5246 §7.1");
      }
    }
    return undefined;
  }

  #take(message: HandshakeMessage): void {
    const { limits } = this.#agreement;
    this.#messagesInARow++;
    const allowed = limits.postHandshakeInARow;
    if (this.#messagesInARow > allowed) {
      fail("limit-exceeded", { limit: "postHandshakeInARow", allowed, received: this.#messagesInARow }, "RFC 9846 §4.7");
    }
    const { role } = this.#link;
    this.#link.trace?.({ kind: "message", direction: "in", type: messageName(message.type), length: message.raw.length });
    if (this.info.version === "tls1.2") return this.#takeTls12(message);
    if (message.type === handshakeTypes.key_update) return this.#takeKeyUpdate(message.raw);
    if (message.type === handshakeTypes.new_session_ticket && role === "client") {
      // Without sessions in the config it is read all the same, and left.
      const ticket = decodeNewSessionTicket(message.raw);
      const { tickets } = this.#agreement;
      const event = tickets?.take(ticket);
      if (event !== undefined) this.#link.event(event);
      return;
    }
    const expected = role === "client" ? ["key_update", "new_session_ticket"] : ["key_update"];
    fail("unexpected-message", { expected, received: messageName(message.type) }, "RFC 9846 §4.7");
  }

  /** Nothing but the wish to renegotiate may come: refused politely once (RFC 5246 §7.2.2), then for good. */
  #takeTls12({ type, raw }: HandshakeMessage): void {
    const link = this.#link;
    const wish = link.role === "client" ? handshakeTypes.hello_request : handshakeTypes.client_hello;
    if (type !== wish) {
      fail("unexpected-message", { expected: ["application_data"], received: messageName(type) }, "RFC 5246 §7.3");
    }
    if (link.role === "client") decodeEmpty(raw, "hello_request");
    if (this.#refusedRenegotiation) fail("renegotiation", { asked: messageName(type) }, "RFC 5746 §4.2");
    this.#refusedRenegotiation = true;
    if (!link.writeClosed) link.outgoing.alert("warning", "no_renegotiation");
    link.event({ kind: "renegotiation-refused" });
  }

  #takeKeyUpdate(raw: Uint8Array): void {
    const request = decodeKeyUpdate(raw);
    if (request > 1) {
      const context = { message: "key_update", field: "request_update", expected: "0 or 1", received: String(request) };
      fail("illegal-parameter", context, "RFC 9846 §4.7.3");
    }
    this.#link.incoming.updateKeys("key_update");
    this.#link.event({ kind: "keys-updated", direction: "read", requested: request === 1 });
    this.#write.keyUpdateCame(request === 1);
  }

  #endReading(): void {
    this.#peerClosed = true;
    this.#write.peerEnded();
    this.#link.incoming.end();
  }

  #expectHere(): void {
    if (this.#link.extracted) throw new ApiMisuse("closed", "the connection was extracted, and goes on elsewhere");
  }
}

const ownLabels: ReadonlySet<string> = new Set([
  "client finished",
  "server finished",
  "master secret",
  "extended master secret",
  "key expansion",
]);
