// A stream of TLS, or what somebody cut out of one, as evidence. Directions are told by the messages where nobody says them.
import { type Bytes, readClientHello } from "@sallyport/core";
import {
  type AlertSeen,
  type ChainSeen,
  type Evidence,
  type ForeignBytes,
  type HelloSeen,
  type MessageSeen,
  nothing,
} from "../evidence.ts";
import { Cursor } from "./cursor.ts";
import { readServerHello, type ServerHello } from "./server-hello.ts";
import { Deframer, type Sender, type Unit, type Unseal } from "./units.ts";

export type { Sender } from "./units.ts";

/** @param unseal opens sealed records, in their order */
export function readBytes(bytes: Uint8Array, from: Sender, unseal?: Unseal): Evidence {
  const [first = 0, second = 0] = bytes;
  const gathering = new Gathering(from);
  const deframer = new Deframer(from, gathering, unseal);
  if (isRecord(bytes)) deframer.records(bytes);
  else if (bytes.length === 2 && (first === 1 || first === 2)) deframer.alert(bytes);
  else if ((first === 1 || first === 2) && second === 0 && bytes.length > 40) deframer.messages(bytes);
  else return foreign(bytes, from);
  return gathering.evidence();
}

function isRecord(bytes: Uint8Array): boolean {
  const [type = 0, major = 0] = bytes;
  return bytes.length >= 5 && type >= 20 && type <= 24 && major === 3;
}

class Gathering {
  readonly #from: Sender;
  readonly #hellos: HelloSeen[] = [];
  readonly #serverHellos: ServerHello[] = [];
  readonly #alerts: AlertSeen[] = [];
  readonly #chains: ChainSeen[] = [];
  readonly #messages: MessageSeen[] = [];
  readonly #errors: Evidence["errors"][number][] = [];
  readonly #remarks: string[] = [];
  readonly #seen: string[] = [];
  readonly #units: Unit[] = [];
  #sealed = 0;

  constructor(from: Sender) {
    this.#from = from;
  }

  unit(unit: Unit): void {
    this.#units.push(unit);
    if (unit.kind === "message") this.#message(unit);
    if (unit.kind === "alert") this.#alert(unit);
  }
  sealed(): void {
    this.#sealed++;
  }
  remark(what: string): void {
    this.#remarks.push(what);
  }

  #message({ body, from, name, start, end, pieces, isCut, unsealed }: Unit): void {
    // What can be read of a hello that is cut is read, and the machine's own reader says where it ends.
    if (isCut && body[0] !== 1) return;
    this.#messages.push({ from, name });
    this.#seen.push(`${name}, ${body.length} bytes`);
    if (body[0] === 1) {
      const read = readClientHello(body);
      const wireBytes = pieces.length === 0 ? body.length : end - start;
      if (read.kind === "read") this.#hellos.push({ clientHello: read.clientHello, wireBytes });
      else this.#errors.push(read.error);
    }
    if (body[0] === 2) {
      const hello = readServerHello(body);
      if (hello !== undefined) this.#serverHellos.push(hello);
    }
    if (body[0] === 11) this.#certificates(body, from, unsealed);
  }

  /** TLS 1.2's message is in clear, 1.3's never is. */
  #certificates(raw: Uint8Array, from: Sender, is13: boolean): void {
    const body = new Cursor(raw.subarray(4));
    if (is13) body.vector(1);
    const list = new Cursor(body.vector(3) ?? new Uint8Array(0));
    const chain: Bytes[] = [];
    while (list.left > 0 && chain.length < 16) {
      const certificate = list.vector(3);
      if (certificate === undefined) break;
      chain.push(Uint8Array.from(certificate));
      if (is13) list.vector(2);
    }
    const [leaf, ...more] = chain;
    if (leaf !== undefined) this.#chains.push({ from, certificates: [leaf, ...more] });
  }

  #alert({ body, name, unsealed }: Unit): void {
    const [level, number = 0] = body;
    const known = level === 1 ? "warning" : level === 2 ? "fatal" : "unknown";
    // Behind a hello it is the answer, unless somebody says who sent it.
    const from =
      this.#from ??
      (this.#messages.some((message) => message.from === "server")
        ? undefined
        : this.#messages.length > 0
          ? "server"
          : undefined);
    this.#alerts.push({ number, level: known, from, protected: unsealed });
    this.#seen.push(`alert ${name.replace(/^alert /, "")}, ${known}`);
  }

  evidence(): Evidence {
    return {
      ...nothing,
      hellos: this.#hellos,
      serverHellos: this.#serverHellos,
      alerts: this.#alerts,
      chains: this.#chains,
      messages: this.#messages,
      errors: this.#errors,
      protectedRecords: this.#sealed,
      remarks: this.#remarks,
      units: this.#units,
      seen: this.#sealed === 0 ? this.#seen : [...this.#seen, `${this.#sealed} protected records`],
    };
  }
}

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
