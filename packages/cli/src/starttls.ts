// The few plain words before TLS, protocol by protocol.
import type { Socket } from "node:net";

export const startTlsProtocols = ["smtp", "imap", "pop3", "postgres", "mysql", "ldap", "xmpp"] as const;
export type StartTls = (typeof startTlsProtocols)[number];
export const startTlsPorts: Readonly<Record<StartTls, number>> = {
  smtp: 587, imap: 143, pop3: 110, postgres: 5432, mysql: 3306, ldap: 389, xmpp: 5222,
};
export function isStartTls(name: string): name is StartTls {
  return (startTlsProtocols as readonly string[]).includes(name);
}

/** Rejects with the server's own words where it refuses. Nothing that it says behind its consent is read. */
export async function startTls(protocol: StartTls, socket: Socket, name: string): Promise<void> {
  const talk = new Talk(socket);
  try {
    await dialogues[protocol](talk, name);
  } finally {
    talk.end();
  }
}

type Dialogue = (talk: Talk, name: string) => Promise<void>;
const dialogues: Readonly<Record<StartTls, Dialogue>> = {
  // RFC 3207.
  smtp: async (talk) => {
    await talk.until(/^220 .*\r?\n/m);
    talk.say("EHLO sallyport.invalid\r\n");
    await talk.until(/^250 .*\r?\n/m);
    talk.say("STARTTLS\r\n");
    await talk.until(/^220 .*\r?\n/m);
  },
  // RFC 9051 §6.2.1.
  imap: async (talk) => {
    await talk.until(/^\* (OK|PREAUTH).*\r?\n/m);
    talk.say("a STARTTLS\r\n");
    await talk.until(/^a OK.*\r?\n/m);
  },
  // RFC 2595 §4.
  pop3: async (talk) => {
    await talk.until(/^\+OK.*\r?\n/m);
    talk.say("STLS\r\n");
    await talk.until(/^\+OK.*\r?\n/m);
  },
  // SSLRequest: its length and a number that is no version; S is consent.
  postgres: async (talk) => {
    talk.say(Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47));
    await talk.until(/^S/);
  },
  // The greeting, then SSLRequest: CLIENT_PROTOCOL_41, CLIENT_SSL, CLIENT_SECURE_CONNECTION; packets of 16 MiB; utf8mb4.
  mysql: async (talk) => {
    await talk.until((heard) => heard.charCodeAt(4) === 10);
    const body = new Uint8Array(32);
    body.set([0x00, 0x8a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x2d]);
    talk.say(Uint8Array.from([32, 0, 0, 1, ...body]));
  },
  // RFC 4511 §4.14: the extended request 1.3.6.1.4.1.1466.20037; resultCode 0.
  ldap: async (talk) => {
    const oid = [...Buffer.from("1.3.6.1.4.1.1466.20037")];
    talk.say(Uint8Array.from([0x30, oid.length + 7, 2, 1, 1, 0x77, oid.length + 2, 0x80, oid.length, ...oid]));
    await talk.until((heard) => heard.slice(5, 13).includes("\n\u0001\u0000"));
  },
  // RFC 6120 §5.
  xmpp: async (talk, name) => {
    talk.say(`<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${name.replaceAll(/[^\w.-]/g, "")}' version='1.0'>`);
    await talk.until(/<starttls/);
    talk.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await talk.until(/<proceed/);
  },
};

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
  /** What is heard up to that is forgotten: what was said before STARTTLS counts for nothing behind it. */
  async until(expected: RegExp | ((heard: string) => boolean)): Promise<void> {
    const isThere = (): boolean => (typeof expected === "function" ? expected(this.#heard) : expected.test(this.#heard));
    const limit = performance.now() + patienceMs;
    while (!isThere()) {
      const late = performance.now() > limit;
      if (this.#ended || late || this.#heard.length > mostSaid || /^(4\d\d|5\d\d|-ERR|a (NO|BAD)|N$)/m.test(this.#heard)) {
        throw new Error(`the server does not begin TLS: ${JSON.stringify(this.#heard.slice(0, 200))}${late ? ", and time ran out" : ""}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, limit - performance.now()));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#heard = "";
  }
  /** From here on the socket is TLS's. */
  end(): void {
    this.#socket.off("data", this.#hear).off("end", this.#finish).off("error", this.#finish);
    this.#socket.pause();
  }
}
