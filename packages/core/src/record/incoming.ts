// From bytes to what they carry: records cut, opened, joined to messages, counted. Knows no message's meaning.
import { alertIds } from "../alerts.ts";
import { fail } from "../errors.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { ClientHello } from "../wire/client-hello.ts";
import type { HandshakeMessage } from "../wire/handshake.ts";
import { Reader } from "../wire/reader.ts";
import { type Registered, registered } from "../wire/registry.ts";
import { Deframer } from "./deframer.ts";
import { contentTypeName, contentTypes, headerLength, maxExpansion, maxPlaintext, tagLength } from "./format.ts";
import { Joiner } from "./joiner.ts";
import { contentEnd } from "./keys.ts";
import type { Limits } from "./limits.ts";
import type { ExtractedKeys, ReadProtection } from "./protection.ts";

export type Content =
  | { readonly kind: "handshake"; readonly message: HandshakeMessage }
  | { readonly kind: "data"; readonly data: Uint8Array }
  /** TLS 1.2 alone, where it says that keys change. */
  | { readonly kind: "change-cipher-spec" }
  | { readonly kind: "warning-alert"; readonly description: Registered }
  | { readonly kind: "close"; readonly authenticated: boolean };

export class Incoming {
  readonly #deframer: Deframer = new Deframer(this);
  readonly #joiner: Joiner;
  #limits: Limits;
  #keys: ReadProtection | undefined;
  #isFirst = true;
  #maxProtected = maxPlaintext;
  /** The longest record that was opened under the keys in force, in what #maxProtected counts. */
  #longest = 0;
  #changeCipherSpecs = 0;
  #emptyRecords = 0;
  #warningAlerts = 0;
  /** Bytes of rejected early data that may still be skipped (§4.3.10). */
  #skippable = 0;
  /**
   * What change_cipher_spec means now: in TLS 1.3 nothing, between the first ClientHello and the peer's Finished (§5); in TLS 1.2
   * that the keys change (RFC 5246 §7.1).
   */
  changeCipherSpec: "unexpected" | "dropped" | "told" = "unexpected";
  /** TLS 1.2: a warning is no failure (RFC 5246 §7.2.2). */
  takesWarnings = false;
  /** A client that failed on our ServerHello may not have keys to say so (§6, Appendix A.1). */
  takesPlaintextAlert = false;
  /** On the wire, up to the end of the record that completes the ClientHello; undefined afterwards. */
  maxReceived: number | undefined;
  /** What was offered, for the error that an alert makes. */
  offered: ClientHello | undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#joiner = new Joiner(limits);
  }

  /** Those of the config that was chosen; a ClientHello keeps to the smaller of its two. */
  adoptLimits(limits: Limits): void {
    const clientHello = Math.min(limits.clientHello, this.#limits.clientHello);
    this.#limits = clientHello === limits.clientHello ? limits : { ...limits, clientHello };
    this.#joiner.limits = this.#limits;
  }
  get limits(): Limits {
    return this.#limits;
  }
  get insideRecord(): boolean {
    return this.#deframer.insideRecord || !this.#joiner.isEmpty;
  }

  /** Not a byte has come. */
  get isUntouched(): boolean {
    return this.#isFirst && !this.insideRecord;
  }

  feed(chunk: Uint8Array): void {
    this.#deframer.feed(chunk);
  }
  /** The caller's chunk is its own again. */
  release(): void {
    this.#deframer.release();
  }

  /** What comes next; undefined: more bytes are needed. */
  next(): Content | undefined {
    for (;;) {
      const message = this.#joiner.next();
      if (message !== undefined) return { kind: "handshake", message };
      const record = this.#deframer.next();
      if (record === undefined) return undefined;
      this.#isFirst = false;
      const content = this.#content(record);
      if (content !== undefined) return content;
    }
  }

  /** @throws unexpected-message if a handshake byte is left behind the message that was read last (§5.1). */
  expectBoundary(behind: string): void {
    if (this.#joiner.isEmpty) return;
    const expected = [`the end of the record behind ${behind}`];
    fail("unexpected-message", { expected, received: "more handshake bytes" }, "RFC 9846 §5.1");
  }
  /** Only at a boundary. */
  protect(keys: ReadProtection, behind: string): void {
    this.expectBoundary(behind);
    const before = this.#keys;
    this.#keys = keys;
    this.#longest = 0;
    // Extracted keys are there before a record was read.
    this.#isFirst = false;
    before?.destroy();
  }
  /** The next generation of keys; only at a boundary. */
  updateKeys(behind: string): void {
    this.expectBoundary(behind);
    if (this.#keys !== undefined) this.protect(this.#keys.next(), behind);
  }
  /**
   * Plaintext bytes of a protected record. Set behind a record under the keys in force it holds for that one too: a server
   * that tells in its first flight that it keeps to our limit has known it before (RFC 8449 §4).
   */
  get maxProtected(): number {
    return this.#maxProtected;
  }
  set maxProtected(bytes: number) {
    this.#maxProtected = bytes;
    this.#expectSize(this.#longest);
  }
  skipEarlyData(): void {
    this.#skippable = this.#limits.skippedEarlyData;
  }
  /** The keys in force, copied. */
  extract(): ExtractedKeys {
    if (this.#keys === undefined) throw new TypeError("extraction without keys");
    return this.#keys.extract();
  }
  /** Of a record that has not arrived whole; a copy. */
  get unread(): Bytes {
    return this.#deframer.unread;
  }
  /** A handshake message has begun, and not ended. */
  get insideMessage(): boolean {
    return !this.#joiner.isEmpty;
  }
  /** Nothing is read any more. */
  end(): void {
    this.#keys?.destroy();
    this.#keys = undefined;
    this.#deframer.clear();
    this.#joiner.clear();
  }

  checkHeader(type: number, version: number, length: number, bytes: Uint8Array, at: number): void {
    if (type < contentTypes.change_cipher_spec || type > contentTypes.application_data) {
      if (this.#isFirst) fail("not-tls", { looksLike: looksLike(bytes.subarray(at)) }, "RFC 9846 §5.1");
      fail("unexpected-record", { expected: "a content type from 20 to 23", received: contentTypeName(type) }, "RFC 9846 §5");
    }
    // legacy_record_version is ignored (§5.1); a first record of another major version is another protocol's.
    if (this.#isFirst && version >> 8 !== 3) {
      fail("unsupported-version", { theirs: registered("version", version), ours: ["tls1.2", "tls1.3"] }, "RFC 9846 §5.1");
    }
    // RFC 5246 §6.2.1: what is protected says the version that was agreed; it is part of the additional data.
    if (this.#keys?.hidesType === false && version !== 0x0303) {
      fail("unsupported-version", { theirs: registered("version", version), ours: ["tls1.2"] }, "RFC 5246 §6.2.1");
    }
    const allowed = maxPlaintext + this.#expansionOf(type);
    if (length > allowed) fail("record-overflow", { allowed, received: length }, "RFC 9846 §5.1, §5.2");
    const received = this.#deframer.consumed + headerLength + length;
    // The record may be the one that completes the hello, and counts up to its end all the same.
    if (this.maxReceived !== undefined && received > this.maxReceived) {
      fail("limit-exceeded", { limit: "received", allowed: this.maxReceived, received }, "RFC 9846 §6");
    }
  }

  /** What a record of this type may be longer than its plaintext. */
  #expansionOf(type: number): number {
    const keys = this.#keys;
    // Without keys it may be early data that is skipped.
    const isSealed = keys?.hidesType === false || type === contentTypes.application_data;
    return isSealed ? (keys?.maxExpansion ?? maxExpansion) : 0;
  }

  #content(record: Uint8Array): Content | undefined {
    const keys = this.#keys;
    if (keys === undefined) return this.#plain(record);
    return keys.hidesType ? this.#protected(record, keys) : this.#protectedTls12(record, keys);
  }

  #plain(record: Uint8Array): Content | undefined {
    const type = record[0];
    const fragment = record.subarray(headerLength);
    if (type === contentTypes.application_data && this.#skippable > 0) return this.#skip(record);
    switch (type) {
      case contentTypes.handshake:
        // Early data ends where the second hello begins.
        this.#skippable = 0;
        return this.#handshake(fragment);
      case contentTypes.alert:
        return this.#alert(fragment, false);
      case contentTypes.change_cipher_spec:
        return this.#changeCipherSpec(fragment);
      default:
        return fail(
          "unexpected-record",
          { expected: "a handshake record", received: "application_data without protection" },
          "RFC 9846 §5",
        );
    }
  }

  #protected(record: Uint8Array, keys: ReadProtection): Content | undefined {
    const outer = record[0];
    if (outer === contentTypes.change_cipher_spec) return this.#changeCipherSpec(record.subarray(headerLength));
    if (outer === contentTypes.alert && this.takesPlaintextAlert) {
      return this.#alert(record.subarray(headerLength), false);
    }
    // §5.2: what is not application_data on the outside can't be opened.
    const inner = outer === contentTypes.application_data ? keys.open(record) : undefined;
    if (inner === undefined) {
      if (outer === contentTypes.application_data && this.#skippable > 0) return this.#skip(record);
      fail("bad-record-mac", { sequence: keys.records }, "RFC 9846 §5.2");
    }
    if (inner.buffer !== record.buffer) this.#deframer.recycle(record);
    this.#skippable = 0;
    // Who protects one record can protect an alert: from now on a plain one is anybody's, close_notify too.
    this.takesPlaintextAlert = false;
    // Padding and type count (RFC 9846 §5.4; RFC 8449 §4).
    this.#expectSize(inner.length - 1);
    const end = contentEnd(inner);
    if (end < 0) fail("unexpected-record", { expected: "a content type", received: "only zeros" }, "RFC 9846 §5.4");
    const content = inner.subarray(0, end);
    const type = inner[end];
    switch (type) {
      case contentTypes.application_data:
        return this.#data(content);
      case contentTypes.handshake:
        return this.#handshake(content);
      case contentTypes.alert:
        return this.#alert(content, true);
      default: {
        const received = `${contentTypeName(type ?? 0)} inside a protected record`;
        return fail("unexpected-record", { expected: "handshake, alert or application_data", received }, "RFC 9846 §5");
      }
    }
  }

  /** RFC 5246 §6.2.3: the content type stands in the header, and every type is sealed. */
  #protectedTls12(record: Uint8Array, keys: ReadProtection): Content | undefined {
    const content = keys.open(record);
    if (content === undefined) fail("bad-record-mac", { sequence: keys.records }, "RFC 5246 §7.2.2");
    if (content.buffer !== record.buffer) this.#deframer.recycle(record);
    this.#expectSize(content.length);
    switch (record[0]) {
      case contentTypes.application_data:
        return this.#data(content);
      case contentTypes.handshake:
        return this.#handshake(content);
      case contentTypes.alert:
        return this.#alert(content, true);
      default:
        return this.#changeCipherSpec(content);
    }
  }

  #expectSize(received: number): void {
    const allowed = this.#maxProtected;
    if (received > allowed) {
      fail("record-overflow", { allowed, received }, allowed < maxPlaintext ? "RFC 8449 §4" : "RFC 9846 §5.1");
    }
    if (received > this.#longest) this.#longest = received;
  }

  #handshake(fragment: Uint8Array): undefined {
    if (fragment.length === 0) {
      fail("unexpected-record", { expected: "a handshake fragment", received: "an empty one" }, "RFC 9846 §5.1");
    }
    this.#joiner.append(fragment);
    return undefined;
  }

  /** An empty one too: before the handshake is complete it is as wrong as any other. */
  #data(data: Uint8Array): Content {
    this.#notInsideMessage("application_data");
    this.#emptyRecords = data.length > 0 ? 0 : this.#count("emptyRecordsInARow", this.#emptyRecords);
    return { kind: "data", data };
  }

  #alert(body: Uint8Array, authenticated: boolean): Content {
    this.#notInsideMessage("an alert");
    if (body.length === 0) fail("unexpected-record", { expected: "an alert", received: "an empty one" }, "RFC 9846 §5.1");
    const reader = new Reader(body, "alert");
    const level = reader.u8("level");
    const id = reader.u8("description");
    // §5.1: exactly one alert a record.
    reader.end();
    const description = registered("alert", id);
    // §6: the level of closure alerts is not looked at.
    if (id === alertIds.close_notify) return { kind: "close", authenticated };
    if ((level === 1 && this.takesWarnings) || (id === alertIds.user_canceled && (level === 1 || level === 2))) {
      this.#warningAlerts = this.#count("warningAlerts", this.#warningAlerts);
      return { kind: "warning-alert", description };
    }
    return fail(
      "alert-received",
      { level: level === 2 ? "fatal" : level === 1 ? "warning" : "unknown", description, authenticated, offered: this.offered },
      "RFC 9846 §6.2",
    );
  }

  #changeCipherSpec(body: Uint8Array): Content | undefined {
    this.#notInsideMessage("change_cipher_spec");
    if (this.changeCipherSpec === "unexpected" || body.length !== 1 || body[0] !== 1) {
      const received = body.length === 1 && body[0] === 1 ? "change_cipher_spec" : "a malformed change_cipher_spec";
      fail("unexpected-record", { expected: "a handshake record", received }, "RFC 9846 §5");
    }
    if (this.changeCipherSpec === "told") return { kind: "change-cipher-spec" };
    this.#changeCipherSpecs = this.#count("changeCipherSpecs", this.#changeCipherSpecs);
    return undefined;
  }

  #skip(record: Uint8Array): undefined {
    // What is too short to hold a byte of data would cost next to nothing of what may be skipped.
    const isEmpty = record.length <= headerLength + 1 + tagLength;
    this.#emptyRecords = isEmpty ? this.#count("emptyRecordsInARow", this.#emptyRecords) : 0;
    this.#skippable -= record.length;
    if (this.#skippable < 0) {
      const allowed = this.#limits.skippedEarlyData;
      fail("limit-exceeded", { limit: "skippedEarlyData", allowed, received: allowed - this.#skippable }, "RFC 9846 §4.3.10");
    }
    return undefined;
  }

  #notInsideMessage(received: string): void {
    if (this.#joiner.isEmpty) return;
    fail("unexpected-record", { expected: "the rest of a handshake message", received }, "RFC 9846 §5.1");
  }
  #count(limit: "emptyRecordsInARow" | "warningAlerts" | "changeCipherSpecs", before: number): number {
    const allowed = this.#limits[limit];
    if (before + 1 > allowed) fail("limit-exceeded", { limit, allowed, received: before + 1 }, "RFC 9846 §5");
    return before + 1;
  }
}

/** What speaks to us, by its first five bytes. */
function looksLike(header: Uint8Array): "http" | "ssh" | "proxy-protocol" | "sslv2" | "unknown" {
  const [first = 0, , third = 0] = header;
  const start = String.fromCharCode(...header.subarray(0, headerLength));
  if (/^(GET |POST|HEAD|PUT |DELET|OPTIO|PATCH|TRACE|CONNE|PRI |HTTP)/.test(start)) return "http";
  if (start.startsWith("SSH-")) return "ssh";
  if (start === "PROXY" || start === "\r\n\r\n\0") return "proxy-protocol";
  return (first & 0x80) !== 0 && third === 1 ? "sslv2" : "unknown";
}
