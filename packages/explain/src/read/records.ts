// A stream of TLS, or what somebody cut out of one, as evidence. Directions are told by the messages where nobody says them.
import { type Bytes, readClientHello, registered } from "@sallyport/core";
import { type AlertSeen, type Evidence, type ForeignBytes, type HelloSeen, type MessageSeen, nothing } from "../evidence.ts";
import { Cursor } from "./cursor.ts";
import { readServerHello, type ServerHello } from "./server-hello.ts";

export type Sender = "client" | "server" | undefined;

/** Handshake bytes that are put together, at most: a peer's certificates have 64 KiB at most. */
const mostHandshake = 1 << 18;
const mostMessages = 64;

export function readBytes(bytes: Uint8Array, from: Sender): Evidence {
  const [first = 0, second = 0] = bytes;
  if (isRecord(bytes)) return new Stream(from).read(bytes);
  if (bytes.length === 2 && (first === 1 || first === 2)) return new Stream(from).alertAlone(first, second);
  if ((first === 1 || first === 2) && second === 0 && bytes.length > 40) return new Stream(from).messagesAlone(bytes);
  return foreign(bytes, from);
}

function isRecord(bytes: Uint8Array): boolean {
  const [type = 0, major = 0] = bytes;
  return bytes.length >= 5 && type >= 20 && type <= 24 && major === 3;
}

class Stream {
  readonly #from: Sender;
  readonly #hellos: HelloSeen[] = [];
  readonly #serverHellos: ServerHello[] = [];
  readonly #alerts: AlertSeen[] = [];
  readonly #chains: Bytes[][] = [];
  readonly #messages: MessageSeen[] = [];
  readonly #errors: Evidence["errors"][number][] = [];
  readonly #remarks: string[] = [];
  readonly #seen: string[] = [];
  #handshake: number[] = [];
  #handshakeWire = 0;
  #speaker: Sender;
  #protected = 0;
  #ciphered = false;

  constructor(from: Sender) {
    this.#from = from;
    this.#speaker = from;
  }

  read(bytes: Uint8Array): Evidence {
    const cursor = new Cursor(bytes);
    while (cursor.left > 0) {
      const at = cursor.at;
      const type = cursor.number(1);
      const version = cursor.number(2);
      const length = cursor.number(2);
      if (type === undefined || version === undefined || length === undefined || type < 20 || type > 24 || version >> 8 !== 3) {
        this.#remarks.push(`from byte ${at} on there are ${bytes.length - at} bytes that are no record of TLS`);
        break;
      }
      const body = cursor.take(length);
      if (body === undefined) {
        const rest = cursor.take(cursor.left) ?? new Uint8Array(0);
        this.#remarks.push(`the last record is cut short: ${rest.length} of ${length} bytes are there`);
        if (type === 22) this.#collect(rest, rest.length + 5);
        break;
      }
      this.#record(type, body);
    }
    this.#flush(true);
    return this.#evidence();
  }

  alertAlone(level: number, number: number): Evidence {
    this.#alert(level, number);
    return this.#evidence();
  }

  messagesAlone(bytes: Uint8Array): Evidence {
    this.#collect(bytes, bytes.length);
    this.#flush(true);
    return this.#evidence();
  }

  #record(type: number, body: Uint8Array): void {
    if (type === 22 && !this.#ciphered) {
      this.#collect(body, body.length + 5);
      return;
    }
    this.#flush(false);
    const [level, number] = body;
    if (type === 21 && body.length === 2 && level !== undefined && number !== undefined) this.#alert(level, number);
    else if (type === 20) this.#ciphered ||= !this.#serverHellos.some(({ version }) => version.id === 0x0304);
    else this.#protected++;
  }

  #collect(body: Uint8Array, wire: number): void {
    if (this.#handshake.length + body.length > mostHandshake) return;
    for (const byte of body) this.#handshake.push(byte);
    this.#handshakeWire += wire;
    this.#flush(false);
  }

  /** Whole messages of what has come; at the end also what is said of the rest. */
  #flush(atEnd: boolean): void {
    let start = 0;
    const bytes = this.#handshake;
    while (bytes.length - start >= 4) {
      const type = bytes[start] ?? 0;
      const length = (bytes[start + 1] ?? 0) * 65_536 + (bytes[start + 2] ?? 0) * 256 + (bytes[start + 3] ?? 0);
      if (bytes.length - start < 4 + length) break;
      if (this.#messages.length < mostMessages) this.#message(type, Uint8Array.from(bytes.slice(start, start + 4 + length)));
      start += 4 + length;
    }
    // Copied only when something went: a message that never ends must not be copied for each of its records.
    if (start > 0) {
      this.#handshake = bytes.slice(start);
      this.#handshakeWire = this.#handshake.length;
    }
    if (!atEnd || this.#handshake.length === 0) return;
    const [type = 0] = this.#handshake;
    this.#remarks.push(`a ${registered("handshake", type).name ?? "handshake message"} is cut short`);
    // What can be read of a hello is read, and the machine's own reader says where it ends.
    if (type === 1) this.#message(type, Uint8Array.from(this.#handshake));
  }

  #message(type: number, raw: Bytes): void {
    const name = registered("handshake", type).name ?? `handshake message ${type}`;
    this.#speaker = this.#from ?? speakers.get(type) ?? this.#speaker;
    this.#messages.push({ from: this.#speaker, name });
    this.#seen.push(`${name}, ${raw.length} bytes`);
    if (type === 1) {
      const read = readClientHello(raw);
      if (read.kind === "read") this.#hellos.push({ clientHello: read.clientHello, wireBytes: this.#handshakeWire });
      else this.#errors.push(read.error);
    }
    if (type === 2) {
      const hello = readServerHello(raw);
      if (hello !== undefined) this.#serverHellos.push(hello);
    }
    if (type === 11) this.#certificates(raw);
  }

  /** TLS 1.2's message; 1.3's is never in clear. */
  #certificates(raw: Uint8Array): void {
    const list = new Cursor(new Cursor(raw.subarray(4)).vector(3) ?? new Uint8Array(0));
    const chain: Bytes[] = [];
    while (list.left > 0 && chain.length < 16) {
      const certificate = list.vector(3);
      if (certificate === undefined) break;
      chain.push(Uint8Array.from(certificate));
    }
    if (chain.length > 0) this.#chains.push(chain);
  }

  #alert(level: number, number: number): void {
    if (this.#alerts.length >= mostMessages) return;
    const known = level === 1 ? "warning" : level === 2 ? "fatal" : "unknown";
    // Behind a hello it is the answer, unless somebody says who sent it.
    const from = this.#from ?? (this.#messages.some((message) => message.from === "server") ? undefined : this.#messages.length > 0 ? "server" : undefined);
    this.#alerts.push({ number, level: known, from, protected: false });
    this.#seen.push(`alert ${registered("alert", number).name ?? number}, ${known}`);
  }

  #evidence(): Evidence {
    return {
      ...nothing,
      hellos: this.#hellos,
      serverHellos: this.#serverHellos,
      alerts: this.#alerts,
      chains: this.#chains,
      messages: this.#messages,
      errors: this.#errors,
      protectedRecords: this.#protected,
      remarks: this.#remarks,
      seen: this.#protected === 0 ? this.#seen : [...this.#seen, `${this.#protected} protected records`],
    };
  }
}

/** Who sends it, by its type. Certificates and Finished are anybody's. */
const speakers: ReadonlyMap<number, "client" | "server"> = new Map([
  [0, "server"], [1, "client"], [2, "server"], [4, "server"], [8, "server"], [12, "server"], [13, "server"], [14, "server"],
  [16, "client"], [22, "server"],
]);

function foreign(bytes: Uint8Array, from: Sender): Evidence {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  const looksLike = foreigners.find(([pattern]) => pattern.test(start))?.[1] ?? (isSslv2(bytes) ? "sslv2" : "unknown");
  return { ...nothing, notTls: [{ looksLike, from }], seen: [`${bytes.length} bytes that are no TLS (${looksLike})`] };
}
const foreigners: readonly (readonly [RegExp, ForeignBytes["looksLike"]])[] = [
  [/^(GET|POST|PUT|HEAD|OPTIONS|DELETE|PATCH|CONNECT|PRI) /, "http-request"],
  [/^HTTP\/\d/, "http-response"],
  [/^SSH-/, "ssh"],
  [/^220[ -]/, "smtp"],
  [/^[\t\n\r -~]{5,}$/, "text"],
];
function isSslv2(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0x80) !== 0 && bytes[2] === 1 && bytes.length > 10;
}
