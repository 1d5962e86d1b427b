// The few plain words before TLS, protocol by protocol.
import type { Socket } from "node:net";

export const startTlsProtocols = ["smtp", "imap", "pop3", "postgres", "mysql", "ldap", "xmpp"] as const;
export type StartTls = (typeof startTlsProtocols)[number];
export const startTlsPorts: Readonly<Record<StartTls, number>> = {
  smtp: 587,
  imap: 143,
  pop3: 110,
  postgres: 5432,
  mysql: 3306,
  ldap: 389,
  xmpp: 5222,
};
export function isStartTls(name: string): name is StartTls {
  return (startTlsProtocols as readonly string[]).includes(name);
}

/**
 * Rejects with the server's own words where it refuses, and where it says more behind its consent: that would be in clear, and
 * whoever sits between could have said it.
 */
export async function startTls(protocol: StartTls, socket: Socket, name: string): Promise<void> {
  const talk = new Talk(socket);
  try {
    await dialogues[protocol](talk, name);
    talk.mustBeSilent();
  } finally {
    talk.end();
  }
}

type Dialogue = (talk: Talk, name: string) => Promise<void>;
const dialogues: Readonly<Record<StartTls, Dialogue>> = {
  // RFC 3207.
  smtp: async (talk) => {
    const refused = /^[45]\d\d[ -].*\r?\n/m;
    await talk.until(/^220 .*\r?\n/m, refused);
    talk.say("EHLO sallyport.invalid\r\n");
    await talk.until(/^250 .*\r?\n/m, refused);
    talk.say("STARTTLS\r\n");
    await talk.until(/^220 .*\r?\n/m, refused);
  },
  // RFC 9051 §6.2.1: before authentication alone.
  imap: async (talk) => {
    await talk.until(/^\* OK.*\r?\n/m, /^\* (BYE|PREAUTH).*\r?\n/m);
    talk.say("a STARTTLS\r\n");
    await talk.until(/^a OK.*\r?\n/m, /^(a (NO|BAD)|\* BYE).*\r?\n/m);
  },
  // RFC 2595 §4.
  pop3: async (talk) => {
    await talk.until(/^\+OK.*\r?\n/m, /^-ERR.*\r?\n/m);
    talk.say("STLS\r\n");
    await talk.until(/^\+OK.*\r?\n/m, /^-ERR.*\r?\n/m);
  },
  // SSLRequest: its length and a number that is no version; S is consent.
  postgres: async (talk) => {
    talk.say(Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47));
    await talk.until(/^S/, /^[^S]/);
  },
  mysql: async (talk) => {
    await talk.until(greetingOfMysql);
    // SSLRequest: CLIENT_PROTOCOL_41, CLIENT_SSL, CLIENT_SECURE_CONNECTION; packets of 16 MiB; utf8mb4.
    const body = new Uint8Array(32);
    body.set([0x00, 0x8a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x2d]);
    talk.say(Uint8Array.from([32, 0, 0, 1, ...body]));
  },
  // RFC 4511 §4.14: the extended request 1.3.6.1.4.1.1466.20037.
  ldap: async (talk) => {
    const oid = [...Buffer.from("1.3.6.1.4.1.1466.20037")];
    talk.say(Uint8Array.from([0x30, oid.length + 7, 2, 1, 1, 0x77, oid.length + 2, 0x80, oid.length, ...oid]));
    await talk.until(extendedResponse);
  },
  // RFC 6120 §5.
  xmpp: async (talk, name) => {
    const to = name.replaceAll(/[^\w.-]/g, "");
    talk.say(`<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${to}' version='1.0'>`);
    await talk.until(featuresOfXmpp);
    talk.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await talk.until(proceedOfXmpp);
  },
};

/** Where what was waited for ends; "refused"; or undefined: more must come. */
type Heard = (heard: string) => number | "refused" | undefined;

/** The first packet: length (3 bytes), number, protocol 10, version with its zero, thread id (4), data (8), filler, capabilities. */
const greetingOfMysql: Heard = (heard) => {
  if (heard.length < 5) return undefined;
  const end = 4 + heard.charCodeAt(0) + heard.charCodeAt(1) * 0x100 + heard.charCodeAt(2) * 0x10000;
  if (heard.charCodeAt(4) !== 10 || end > mostSaid) return "refused";
  if (heard.length < end) return undefined;
  const capabilities = heard.indexOf("\0", 5) + 1 + 4 + 8 + 1;
  const clientSsl = 0x0800;
  return ((heard.charCodeAt(capabilities + 1) << 8) & clientSsl) !== 0 ? end : "refused";
};

/** ExtendedResponse of message 1, whose resultCode is success; lengths of one byte, or of up to four behind their number. */
const extendedResponse: Heard = (heard) => {
  const message = element(heard, 0);
  if (message === undefined) return undefined;
  if (message === "malformed" || message.tag !== 0x30) return "refused";
  if (heard.length < message.end) return undefined;
  const id = element(heard, message.start);
  if (typeof id !== "object" || heard.slice(message.start, id.end) !== "\u0002\u0001\u0001") return "refused";
  const response = element(heard, id.end);
  if (typeof response !== "object" || response.tag !== 0x78) return "refused";
  return heard.startsWith("\u000a\u0001\u0000", response.start) ? message.end : "refused";
};

/** Features without STARTTLS are a refusal too. */
const featuresOfXmpp: Heard = (heard) => {
  const closing = "</stream:features>";
  const end = heard.indexOf(closing);
  if (end < 0) return /<stream:error|<\/stream:stream>/.test(heard) ? "refused" : undefined;
  return /<starttls[\s>/]/.test(heard.slice(0, end)) ? end + closing.length : "refused";
};

/** `<proceed …/>` or `<proceed …></proceed>`. */
const proceedOfXmpp: Heard = (heard) => {
  const end = heard.indexOf(">") + 1;
  if (end === 0) return undefined;
  if (!/^\s*<proceed[\s>/]/.test(heard)) return "refused";
  if (heard[end - 2] === "/") return end;
  const closing = "</proceed>";
  const at = heard.indexOf(closing, end);
  return at < 0 ? undefined : at + closing.length;
};

interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}
/** BER, as far as its header goes. undefined: more must come. */
function element(heard: string, at: number): Element | "malformed" | undefined {
  if (heard.length < at + 2) return undefined;
  const first = heard.charCodeAt(at + 1);
  const bytes = first < 0x80 ? 0 : first - 0x80;
  if (bytes > 4 || first === 0x80) return "malformed";
  if (heard.length < at + 2 + bytes) return undefined;
  let length = first < 0x80 ? first : 0;
  for (let byte = 0; byte < bytes; byte++) length = length * 0x100 + heard.charCodeAt(at + 2 + byte);
  const start = at + 2 + bytes;
  return length > mostSaid ? "malformed" : { tag: heard.charCodeAt(at), start, end: start + length };
}

const mostSaid = 65_536;
const patienceMs = 10_000;

class Talk {
  readonly #socket: Socket;
  #heard = "";
  #wake: () => void = () => {};
  #ended = false;
  readonly #hear = (chunk: Buffer): void => {
    this.#heard += chunk.toString("latin1");
    this.#wake();
  };
  readonly #finish = (): void => {
    this.#ended = true;
    this.#wake();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", this.#hear).on("end", this.#finish).on("error", this.#finish);
  }
  say(words: string | Uint8Array): void {
    this.#socket.write(words);
  }
  /** What is heard up to its end is forgotten. */
  async until(expected: RegExp | Heard, refused?: RegExp): Promise<void> {
    const limit = performance.now() + patienceMs;
    for (;;) {
      const found = this.#find(expected, refused);
      if (typeof found === "number") {
        this.#heard = this.#heard.slice(found);
        return;
      }
      const late = performance.now() > limit;
      if (found === "refused" || this.#ended || late || this.#heard.length > mostSaid) {
        throw new Error(`the server does not begin TLS: ${this.#quoted()}${late ? ", and time ran out" : ""}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, limit - performance.now()));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
  mustBeSilent(): void {
    if (this.#heard !== "") throw new Error(`the server says more in clear behind its consent to TLS: ${this.#quoted()}`);
  }
  /** From here on the socket is TLS's. */
  end(): void {
    this.#socket.off("data", this.#hear).off("end", this.#finish).off("error", this.#finish);
    this.#socket.pause();
  }

  #find(expected: RegExp | Heard, refused: RegExp | undefined): ReturnType<Heard> {
    if (typeof expected === "function") return expected(this.#heard);
    const match = expected.exec(this.#heard);
    if (match !== null) return match.index + match[0].length;
    return refused?.test(this.#heard) === true ? "refused" : undefined;
  }
  #quoted(): string {
    return JSON.stringify(this.#heard.slice(0, 200));
  }
}
