// A stream of records as what it carries: messages put together over their records, alerts, and what stays sealed.
import { type Bytes, registered } from "@sallyport/core";
import { Cursor } from "./cursor.ts";

export type Sender = "client" | "server" | undefined;

/** One thing that somebody said. */
export interface Unit {
  readonly kind: "message" | "alert" | "change-cipher-spec" | "data" | "sealed";
  readonly from: Sender;
  /** IANA's: of the handshake message, or of the record's content. */
  readonly name: string;
  /** What was said, without a record's header. */
  readonly body: Bytes;
  /** The records that brought it, as far as it begins in them; empty: it was not in records, or came out of a sealed one. */
  readonly pieces: readonly Piece[];
  /** The first byte and what is behind the last one, in the stream. */
  readonly start: number;
  readonly end: number;
  /** It came sealed, and the keys were there. */
  readonly unsealed: boolean;
  /** It ends before its length says. */
  readonly isCut: boolean;
}
export interface Piece {
  /** Where in the body. */
  readonly at: number;
  readonly header: Bytes;
}

/** What is behind a record's header in clear. @returns undefined: no key fits */
export type Unseal = (
  type: number,
  header: Uint8Array,
  body: Uint8Array,
) => { readonly type: number; readonly content: Uint8Array } | undefined;

export interface Listener {
  unit(unit: Unit): void;
  /** A record that stays sealed. */
  sealed(): void;
  remark(what: string): void;
}

/** Handshake bytes that are put together, at most: a peer's certificates have 64 KiB at most. */
const mostHandshake = 1 << 18;
/** Messages and alerts each; sealed records count for themselves. */
const mostUnits = 64;

/** What a stream of records, or somebody's cut of it, has in it. One pass; nothing throws. */
export class Deframer {
  readonly #from: Sender;
  readonly #to: Listener;
  readonly #unseal: Unseal | undefined;
  readonly #counts = { message: 0, alert: 0, "change-cipher-spec": 0, data: 0, sealed: 0 };
  #speaker: Sender;
  /** The message that is still to be completed, and where its records began. */
  #pending: number[] = [];
  #pieces: { readonly at: number; readonly header: Bytes; readonly start: number }[] = [];
  #pendingUnsealed = false;
  #ciphered = false;
  #is13 = false;

  constructor(from: Sender, to: Listener, unseal?: Unseal) {
    this.#from = from;
    this.#speaker = from;
    this.#to = to;
    this.#unseal = unseal;
  }

  records(bytes: Uint8Array): void {
    const cursor = new Cursor(bytes);
    while (cursor.left > 0) {
      const start = cursor.at;
      const header = cursor.take(5);
      const [type = 0, major = 0] = bytes.subarray(start);
      if (header === undefined || type < 20 || type > 24 || major !== 3) {
        this.#to.remark(`from byte ${start} on there are ${bytes.length - start} bytes that are no record of TLS`);
        break;
      }
      const length = (header[3] ?? 0) * 256 + (header[4] ?? 0);
      const body = cursor.take(length);
      if (body === undefined) {
        const rest = cursor.take(cursor.left) ?? new Uint8Array(0);
        this.#to.remark(`the last record is cut short: ${rest.length} of ${length} bytes are there`);
        if (type === 22) this.#collect(rest, { header, start }, false);
        break;
      }
      this.#record(type, header, body, start);
    }
    this.#flush(true);
  }

  /** Handshake messages that were cut out of their records. */
  messages(bytes: Uint8Array): void {
    this.#collect(bytes, undefined, false);
    this.#flush(true);
  }

  alert(body: Uint8Array): void {
    this.#put("alert", alertName(body), body, [], 0, body.length, false);
  }

  #record(type: number, header: Uint8Array, body: Uint8Array, start: number): void {
    const mayBeSealed = this.#ciphered || type === 23;
    const open = mayBeSealed && type !== 20 ? this.#unseal?.(type, header, body) : undefined;
    if (open !== undefined) return this.#content(open.type, open.content, start, start + 5 + body.length);
    if (type === 22 && (!this.#ciphered || isSecondHello(body))) return this.#collect(body, { header, start }, false);
    this.#flush(false);
    const end = start + 5 + body.length;
    const pieces = [{ at: 0, header: Uint8Array.from(header) }];
    if (type === 21 && body.length === 2) return this.#put("alert", alertName(body), body, pieces, start, end, false);
    if (type === 20) {
      // In TLS 1.3 it is decoration (RFC 9846, Appendix E.4).
      this.#ciphered ||= !this.#is13;
      return this.#put("change-cipher-spec", "change_cipher_spec", body, pieces, start, end, false);
    }
    this.#to.sealed();
    this.#put("sealed", type === 23 ? "application_data" : `sealed ${contentName(type)}`, body, pieces, start, end, false);
  }

  #content(type: number, content: Uint8Array, start: number, end: number): void {
    if (type === 22) return this.#collect(content, { header: undefined, start }, true);
    this.#flush(false);
    if (type === 21 && content.length === 2) this.#put("alert", alertName(content), content, [], start, end, true);
    else this.#put("data", contentName(type), content, [], start, end, true);
  }

  #collect(
    body: Uint8Array,
    record: { readonly header: Uint8Array | undefined; readonly start: number } | undefined,
    unsealed: boolean,
  ): void {
    if (this.#pending.length + body.length > mostHandshake) return;
    if (unsealed !== this.#pendingUnsealed) this.#forget();
    this.#pendingUnsealed = unsealed;
    if (record !== undefined)
      this.#pieces.push({ at: this.#pending.length, header: Uint8Array.from(record.header ?? []), start: record.start });
    for (const byte of body) this.#pending.push(byte);
    this.#flush(false);
  }

  /** Whole messages of what has come; at the end also what there is of the rest. */
  #flush(atEnd: boolean): void {
    let start = 0;
    const bytes = this.#pending;
    while (bytes.length - start >= 4) {
      const length = 4 + (bytes[start + 1] ?? 0) * 65_536 + (bytes[start + 2] ?? 0) * 256 + (bytes[start + 3] ?? 0);
      if (bytes.length - start < length) break;
      this.#message(start, start + length, false);
      start += length;
    }
    // Copied only when something went: a message that never ends must not be copied for each of its records.
    if (start > 0) {
      this.#pending = bytes.slice(start);
      this.#pieces = this.#pieces.filter(({ at }) => at >= start).map((piece) => ({ ...piece, at: piece.at - start }));
    }
    if (!atEnd || this.#pending.length === 0) return;
    this.#to.remark(`a ${messageName(this.#pending[0] ?? 0)} is cut short`);
    this.#message(0, this.#pending.length, true);
    this.#forget();
  }

  #forget(): void {
    this.#pending = [];
    this.#pieces = [];
  }

  #message(from: number, to: number, isCut: boolean): void {
    if (this.#counts.message >= mostUnits) return;
    const body = Uint8Array.from(this.#pending.slice(from, to));
    const pieces = this.#pieces.filter(({ at }) => at >= from && at < to);
    const type = body[0] ?? 0;
    this.#speaker = this.#from ?? speakers.get(type) ?? this.#speaker;
    if (type === 2 && chooses13(body)) this.#is13 = true;
    const before = this.#pieces.findLast(({ at }) => at <= from);
    const begin = pieces[0]?.at === from ? pieces[0].start : before === undefined ? from : before.start + 5 + from - before.at;
    const last = this.#pieces.findLast(({ at }) => at < to);
    const end = last === undefined ? to : last.start + 5 + to - last.at;
    const shown = pieces.filter(({ header }) => header.length > 0).map(({ at, header }) => ({ at: at - from, header }));
    this.#put("message", messageName(type), body, shown, begin, end, this.#pendingUnsealed, isCut);
  }

  #put(
    kind: Unit["kind"],
    name: string,
    body: Uint8Array,
    pieces: readonly Piece[],
    start: number,
    end: number,
    unsealed: boolean,
    isCut = false,
  ): void {
    if (this.#counts[kind] >= mostUnits) return;
    this.#counts[kind]++;
    this.#to.unit({ kind, from: this.#speaker, name, body: Uint8Array.from(body), pieces, start, end, unsealed, isCut });
  }
}

/** Who sends it, by its type. Certificates and Finished are anybody's. */
const speakers: ReadonlyMap<number, "client" | "server"> = new Map([
  [0, "server"],
  [1, "client"],
  [2, "server"],
  [4, "server"],
  [8, "server"],
  [12, "server"],
  [13, "server"],
  [14, "server"],
  [16, "client"],
  [22, "server"],
]);

const messageName = (type: number): string => registered("handshake", type).name ?? `handshake message ${type}`;
const alertName = (body: Uint8Array): string => registered("alert", body[1] ?? 0).name ?? `alert ${body[1] ?? 0}`;

function contentName(type: number): string {
  return (
    { 20: "change_cipher_spec", 21: "alert", 22: "handshake", 23: "application_data", 24: "heartbeat" }[type] ?? `content ${type}`
  );
}

/**
 * Behind HelloRetryRequest a client sends change_cipher_spec, which changes nothing, and then a hello in clear (RFC 9846, Appendix
 * E.4). Its own stream doesn't show which version that is.
 */
function isSecondHello(body: Uint8Array): boolean {
  return body[0] === 1 && body[1] === 0 && body[4] === 3 && body[5] === 3 && body.length > 40;
}

/** A ServerHello with supported_versions in it, by the shape of the extension: this asks no more than whether keys change now. */
function chooses13(message: Uint8Array): boolean {
  for (let at = 40; at + 6 <= message.length; at++) {
    if (
      message[at] === 0 &&
      message[at + 1] === 43 &&
      message[at + 2] === 0 &&
      message[at + 3] === 2 &&
      message[at + 4] === 3 &&
      message[at + 5] === 4
    )
      return true;
  }
  return false;
}
