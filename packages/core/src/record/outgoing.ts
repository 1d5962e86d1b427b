// From messages and data to bytes: coalesced into records, sealed, in the order of the calls.
import { type AlertDescription, alertIds } from "../alerts.ts";
import { type Bytes, concat, empty } from "../wire/bytes.ts";
import { contentTypes, headerLength, maxPlaintext } from "./format.ts";
import type { ExtractedKeys, WriteProtection } from "./protection.ts";

export class Outgoing {
  /** Records made since `take`, each in memory of its own. */
  #records: Bytes[] = [];
  /** Handshake messages of the flight that no record holds yet. */
  #flight: Uint8Array[] = [];
  #keys: WriteProtection | undefined;
  #legacyVersion = 0x0301;
  #maxProtected = maxPlaintext;
  #hasSent = false;
  #changeCipherSpecDue = false;

  /** Whether any byte was made at all. */
  get hasSent(): boolean {
    return this.#hasSent;
  }
  /** Plaintext bytes of a protected record; in clear it is always 2^14 (RFC 8449 §4). Only between messages. */
  get maxProtected(): number {
    return this.#maxProtected;
  }
  set maxProtected(bytes: number) {
    this.boundary();
    this.#maxProtected = bytes;
  }
  /** Records sealed under the keys in force. */
  get sealed(): number {
    return this.#keys?.records ?? 0;
  }

  /** Messages share records until the flight may pause: see `boundary`. */
  handshake(message: Uint8Array): void {
    this.#flight.push(message);
  }
  /**
   * What was written so far goes into records of its own; so a flight begins a new one wherever it could pause.
   * @param size of the records, if they are to be smaller than they could be
   */
  boundary(size?: number): void {
    if (this.#flight.length === 0) return;
    const messages = concat(this.#flight);
    this.#flight = [];
    this.#write(contentTypes.handshake, messages, size);
  }
  /** The meaningless record of the compatibility mode (RFC 9846, Appendix E.4); always in clear. */
  changeCipherSpec(): void {
    this.#changeCipherSpecDue = false;
    this.boundary();
    this.#push(Uint8Array.of(contentTypes.change_cipher_spec, 3, 3, 0, 1, 1));
  }
  alert(level: "warning" | "fatal", description: AlertDescription): void {
    this.boundary();
    this.#write(contentTypes.alert, Uint8Array.of(level === "fatal" ? 2 : 1, alertIds[description]));
  }
  /** Empty data makes no record. */
  data(plaintext: Uint8Array): void {
    this.boundary();
    if (plaintext.length > 0) this.#write(contentTypes.application_data, plaintext);
  }
  /**
   * Seals whole records into the caller's window, which has room for what was written before (a KeyUpdate) and for a byte. What
   * a failing seal had made before it stays to be taken, and nothing in `target` counts.
   */
  dataInto(plaintext: Uint8Array, target: Uint8Array): { readonly taken: number; readonly written: number } {
    this.boundary();
    const keys = this.#sealer();
    const before = this.#records.length === 0 ? empty : concat(this.#records);
    target.set(before);
    let taken = 0;
    let written = before.length;
    let whole = false;
    try {
      while (taken < plaintext.length && target.length - written > keys.overhead) {
        const size = Math.min(this.#maxProtected, plaintext.length - taken, target.length - written - keys.overhead);
        written += keys.seal(contentTypes.application_data, plaintext.subarray(taken, taken + size), target, written);
        taken += size;
      }
      whole = true;
    } finally {
      if (whole) this.#records = [];
      else if (written > before.length) this.#push(target.slice(before.length, written));
    }
    return { taken, written };
  }

  /**
   * One goes before the first record under the keys in force, whatever it is: an alert too, which a middlebox would drop that takes
   * the connection for a resumption of TLS 1.2.
   */
  changeCipherSpecFirst(): void {
    this.#changeCipherSpecDue = true;
  }

  /** All that follows is sealed under `keys`. */
  protect(keys: WriteProtection): void {
    this.boundary();
    const before = this.#keys;
    this.#keys = keys;
    before?.destroy();
  }
  /** What follows goes in clear: a second ClientHello, behind early data. */
  unprotect(): void {
    this.boundary();
    this.#keys?.destroy();
    this.#keys = undefined;
  }
  updateKeys(): void {
    this.protect(this.#sealer().next());
  }
  /**
   * Messages that are in no record yet are never sent. Where a step fails they may have been such as change the peer's keys, and
   * ours are those from before: an alert behind them could not be read.
   */
  drop(): void {
    this.#flight = [];
  }
  /** The first record of a client says TLS 1.0 for old middleboxes (RFC 9846 §5.1); all others, and a server's, 1.2. */
  afterFirstHello(): void {
    this.boundary();
    this.#legacyVersion = 0x0303;
  }

  /** To the peer now: all records made since the last call. */
  take(): Bytes {
    this.boundary();
    const records = this.#records;
    this.#records = [];
    const [only] = records;
    if (only === undefined) return empty;
    return records.length === 1 ? only : concat(records);
  }
  /** The keys in force, copied; undefined keys were never there to be extracted. */
  extract(): ExtractedKeys {
    return this.#sealer().extract();
  }
  /** Keys are gone; what was made stays to be taken. */
  end(): void {
    this.#flight = [];
    this.#keys?.destroy();
    this.#keys = undefined;
  }

  /**
   * One piece of memory for all its records. What was sealed before a failing seal stays, since its sequence numbers are used.
   */
  #write(type: number, content: Uint8Array, size = maxPlaintext): void {
    if (this.#changeCipherSpecDue) this.changeCipherSpec();
    const keys = this.#keys;
    const overhead = keys?.overhead ?? headerLength;
    const most = Math.min(size, keys === undefined ? maxPlaintext : this.#maxProtected);
    const records = new Uint8Array(content.length + Math.ceil(content.length / most) * overhead);
    let written = 0;
    try {
      for (let at = 0; at < content.length; at += most) {
        const fragment = content.subarray(at, at + most);
        if (keys === undefined) written += this.#plain(type, fragment, records, written);
        else written += keys.seal(type, fragment, records, written);
      }
    } finally {
      if (written > 0) this.#push(records.subarray(0, written));
    }
  }
  #plain(type: number, fragment: Uint8Array, target: Bytes, offset: number): number {
    target.set([type, this.#legacyVersion >> 8, this.#legacyVersion & 255, fragment.length >> 8, fragment.length & 255], offset);
    target.set(fragment, offset + headerLength);
    return headerLength + fragment.length;
  }
  #push(record: Bytes): void {
    this.#records.push(record);
    this.#hasSent = true;
  }
  #sealer(): WriteProtection {
    if (this.#keys === undefined) throw new TypeError("data without keys");
    return this.#keys;
  }
}
