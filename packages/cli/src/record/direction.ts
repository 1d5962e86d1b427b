// One direction of a connection, as somebody between the two sees it: what is in clear is kept, of the rest only that it was
// there.
export interface SeenRecord {
  readonly type: number;
  readonly length: number;
}

export class Direction {
  readonly #clear: Uint8Array[] = [];
  #kept = 0;
  /** Of the record that has begun: its header, and behind it what is kept of it. */
  #header: number[] = [];
  #body: number[] = [];
  #left = 0;
  readonly #records: SeenRecord[] = [];
  #isForeign = false;
  #changedCipher = false;
  #bytes = 0;

  hear(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    let at = 0;
    while (at < chunk.length && !this.#isForeign) {
      if (this.#left === 0 && this.#header.length < 5) {
        this.#header.push(chunk[at] ?? 0);
        at++;
        if (this.#header.length === 5) this.#begin();
        else if (this.#header.length <= 2 && !couldBeTls(this.#header)) this.#foreign(chunk.subarray(at));
        continue;
      }
      const piece = chunk.subarray(at, at + this.#left);
      at += piece.length;
      this.#left -= piece.length;
      if (this.#keeps()) for (const byte of piece) this.#body.push(byte);
      if (this.#left === 0) this.#end();
    }
  }

  /** Records in clear, whole, as they were on the wire; of what is no TLS the beginning. */
  clear(): Uint8Array {
    const bytes = new Uint8Array(this.#kept);
    let at = 0;
    for (const part of this.#clear) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
  /** The first of them, in order. */
  get records(): readonly SeenRecord[] {
    return this.#records;
  }
  get bytes(): number {
    return this.#bytes;
  }
  get isForeign(): boolean {
    return this.#isForeign;
  }
  /** After it TLS 1.2 is protected; TLS 1.3 says it for the sake of middleboxes alone. */
  get changedCipher(): boolean {
    return this.#changedCipher;
  }

  #begin(): void {
    const [, , , high = 0, low = 0] = this.#header;
    this.#left = (high << 8) | low;
    if (!couldBeTls(this.#header) || this.#left > mostRecord) return this.#foreign(new Uint8Array(0));
    if (this.#left === 0) this.#end();
  }

  /** What may be in clear. Behind ChangeCipherSpec only a second ClientHello is: it answers a HelloRetryRequest (RFC 9846 §4.2.2). */
  #keeps(): boolean {
    const [type] = this.#header;
    return (type === handshake || type === alert || type === changeCipherSpec) && this.#kept < mostKept;
  }

  #end(): void {
    const [type = 0] = this.#header;
    const { length } = this.#body;
    if (this.#records.length < mostRecords)
      this.#records.push({ type, length: ((this.#header[3] ?? 0) << 8) | (this.#header[4] ?? 0) });
    const isHello =
      type === handshake && this.#body[0] === 1 && 4 + ((this.#body[2] ?? 0) << 8) + (this.#body[3] ?? 0) === length;
    if (this.#keeps() && (!this.#changedCipher || isHello)) this.#keep(Uint8Array.from([...this.#header, ...this.#body]));
    if (type === changeCipherSpec) this.#changedCipher = true;
    this.#header = [];
    this.#body = [];
  }

  #foreign(rest: Uint8Array): void {
    this.#isForeign = true;
    if (this.#records.length === 0) this.#keep(Uint8Array.from([...this.#header, ...rest.subarray(0, mostForeign)]));
  }

  #keep(bytes: Uint8Array): void {
    this.#clear.push(bytes);
    this.#kept += bytes.length;
  }
}

const [changeCipherSpec, alert, handshake] = [20, 21, 22];
/** RFC 9846 §5.2. */
const mostRecord = 16_384 + 256;
/** More than certificates and hellos take together; a peer that sends more is kept so far. */
const mostKept = 1 << 17;
const mostRecords = 64;
const mostForeign = 256;

function couldBeTls([type = 0, major = 3]: readonly number[]): boolean {
  return type >= 20 && type <= 24 && major === 3;
}
