// What a connection writes: of its own accord, and because of what it reads. At a server of TLS 1.3 it may begin before the
// client's Finished has come (RFC 9846, figure 1).
import type { SuiteImplementation } from "../crypto/provider.ts";
import { ApiMisuse, fail } from "../errors.ts";
import type { Limits } from "../record/limits.ts";
import { empty } from "../wire/bytes.ts";
import { encodeKeyUpdate } from "../wire/post-handshake.ts";
import type { ProtocolVersion } from "../wire/registry.ts";
import { expectBytes } from "./expect-bytes.ts";
import type { ErrorAndAlert } from "./failure.ts";
import { guard } from "./guard.ts";
import type { Link } from "./link.ts";
import type { Ended, Sent, SentInto, Writer } from "./types.ts";

/** A window that has at least this many bytes always makes progress: a KeyUpdate that is due, and one byte of data. */
const leastWindow = 64;

export class WriteHalf implements Writer {
  readonly #link: Link;
  readonly #version: ProtocolVersion;
  /** Records that one key may seal; undefined: as many as there are sequence numbers. */
  readonly #recordsPerKey: number | undefined;
  /** TLS 1.2: the peer's close_notify has taken our side along. */
  #endedByPeer: boolean;
  /** A KeyUpdate request of ours is unanswered. */
  #awaitsKeyUpdate = false;
  /** Nobody asks for events any more. */
  #isSilent = false;
  #writer: Writer | undefined;

  constructor(link: Link, version: ProtocolVersion, suite: SuiteImplementation, { recordsPerKey }: Limits, endedByPeer = false) {
    this.#link = link;
    this.#version = version;
    this.#endedByPeer = endedByPeer;
    // RFC 9846 §5.5: AES-GCM wears out; ChaCha20-Poly1305's sequence numbers wear out first.
    this.#recordsPerKey = suite.name.includes("_GCM_") ? recordsPerKey : undefined;
  }

  /** What others may have: one and the same object. */
  get writer(): Writer {
    this.#writer ??= {
      send: (data) => this.send(data),
      sendInto: (data, target) => this.sendInto(data, target),
      close: () => this.close(),
      updateKeys: (options) => this.updateKeys(options),
    };
    return this.#writer;
  }
  get awaitsKeyUpdate(): boolean {
    return this.#awaitsKeyUpdate;
  }

  send(data: Uint8Array): Sent | Ended | ErrorAndAlert {
    this.#expectHere();
    expectBytes(data, "data");
    const link = this.#link;
    if (this.#endedByPeer && link.failure === undefined) return { kind: "ended", output: empty };
    if (link.failure === undefined) this.#expectOpen("send");
    const failed = guard(link, "send", () => {
      this.#expectKeyFor(data.length);
      for (let at = 0; at < data.length; ) {
        const end = Math.min(data.length, at + this.#room());
        link.outgoing.data(data.subarray(at, end));
        at = end;
      }
    });
    return failed ?? { kind: "sent", output: link.outgoing.take() };
  }

  sendInto(data: Uint8Array, target: Uint8Array): SentInto | Ended | ErrorAndAlert {
    this.#expectHere();
    expectBytes(data, "data");
    expectBytes(target, "target");
    const link = this.#link;
    if (this.#endedByPeer && link.failure === undefined) return { kind: "ended", output: empty };
    if (link.failure === undefined) this.#expectOpen("sendInto");
    return guard(link, "send", () => {
      if (target.length < leastWindow || data.length === 0) return { kind: "sent", taken: 0, written: 0 };
      this.#expectKeyFor(Math.min(data.length, link.outgoing.maxProtected));
      const room = this.#room();
      return { kind: "sent", ...link.outgoing.dataInto(data.length > room ? data.subarray(0, room) : data, target) };
    });
  }

  close(): Sent | ErrorAndAlert {
    this.#expectHere();
    const link = this.#link;
    const failed = guard(link, "close", () => this.#closeWriting());
    return failed ?? { kind: "sent", output: link.outgoing.take() };
  }

  updateKeys(options: { readonly requestPeer?: boolean } = {}): Sent | ErrorAndAlert {
    this.#expectHere();
    const link = this.#link;
    if (link.failure === undefined) {
      if (this.#version === "tls1.2") throw new ApiMisuse("not-supported-here", "TLS 1.2 has no key update");
      this.#expectOpen("updateKeys");
    }
    const failed = guard(link, "updateKeys", () => {
      const asks = options.requestPeer === true && !this.#awaitsKeyUpdate;
      if (asks) this.#awaitsKeyUpdate = true;
      this.#updateWriteKeys(asks);
    });
    return failed ?? { kind: "sent", output: link.outgoing.take() };
  }

  /** The peer's KeyUpdate, which answers ours; each request is answered, also for a caller who sends nothing. */
  keyUpdateCame(requested: boolean): void {
    this.#awaitsKeyUpdate = false;
    // After our own close_notify nothing is written any more.
    if (requested && !this.#link.writeClosed) this.#updateWriteKeys(false);
  }

  /** The peer has closed. In TLS 1.2 our side goes along (RFC 5246 §7.2.1). */
  peerClosed(): void {
    this.#isSilent = true;
    if (this.#version !== "tls1.2") return;
    this.#endedByPeer = !this.#link.writeClosed;
    this.#closeWriting();
  }
  /** The transport has ended, and with it whatever could make events. */
  peerEnded(): void {
    this.#isSilent = true;
  }

  #updateWriteKeys(requested: boolean): void {
    this.#link.outgoing.handshake(encodeKeyUpdate(requested));
    this.#link.outgoing.updateKeys();
    if (!this.#isSilent) this.#link.event({ kind: "keys-updated", direction: "write", requested });
  }

  /**
   * Bytes that the key may still seal; a key that is worn out is replaced first. Its last record is KeyUpdate's, or an alert's.
   */
  #room(): number {
    if (this.#recordsPerKey === undefined) return Number.POSITIVE_INFINITY;
    const forData = this.#recordsPerKey - 1;
    if (this.#link.outgoing.sealed >= forData && this.#version !== "tls1.2") this.#updateWriteKeys(false);
    return (forData - this.#link.outgoing.sealed) * this.#link.outgoing.maxProtected;
  }

  /** TLS 1.2 can't change its keys: what is used up seals nothing of this call, and says so. */
  #expectKeyFor(bytes: number): void {
    if (this.#version !== "tls1.2" || this.#recordsPerKey === undefined) return;
    const limit = this.#recordsPerKey - 1;
    const needed = this.#link.outgoing.sealed + Math.ceil(bytes / this.#link.outgoing.maxProtected);
    if (needed > limit) fail("key-exhausted", { records: limit }, "RFC 9846 §5.5");
  }

  #closeWriting(): void {
    const link = this.#link;
    if (link.writeClosed) return;
    link.outgoing.alert("warning", "close_notify");
    link.writeClosed = true;
  }

  #expectHere(): void {
    if (this.#link.extracted) throw new ApiMisuse("closed", "the connection was extracted, and goes on elsewhere");
  }
  #expectOpen(call: string): void {
    if (this.#link.writeClosed) throw new ApiMisuse("closed", `${call} after close()`);
  }
}
