import type { ClientHello, Info, ServerConfig, TraceEvent } from "@sallyport/core";

/** One visitor's handshake, as the page shows it. */
export interface Visit {
  readonly clientHello: ClientHello;
  readonly info: Info;
  /** Messages in the order in which they were sent and read; the ClientHello is the first. */
  readonly messages: readonly SeenMessage[];
}

export interface SeenMessage {
  readonly from: "client" | "server";
  /** As in the RFC: `ServerHello`. */
  readonly type: string;
  /** Bytes, the header of four included. */
  readonly length: number;
  /** Sealed, under whatever keys. */
  readonly isProtected: boolean;
  /** Since the ClientHello was there. */
  readonly milliseconds: number;
}

/**
 * Watches one handshake. A config's trace doesn't say which connection it speaks of, so each connection here has a config of its
 * own, alike in all but the trace.
 */
export class Witness {
  readonly config: ServerConfig;
  readonly #clientHello: ClientHello;
  readonly #messages: Omit<SeenMessage, "isProtected">[] = [];
  readonly #since: number = performance.now();

  constructor(clientHello: ClientHello, makeConfig: (trace: (event: TraceEvent) => void) => ServerConfig) {
    this.#clientHello = clientHello;
    this.#see("client", "client_hello", clientHello.raw.length);
    this.config = makeConfig((event) => {
      if (event.kind === "message") this.#see(event.direction === "in" ? "client" : "server", event.type, event.length);
    });
  }

  visit(info: Info): Visit {
    const retried = info.handshakeKind.endsWith("after-retry");
    // A HelloRetryRequest is a ServerHello by its type (RFC 9846 §4.2.4).
    const request = retried ? this.#messages.findIndex(({ type }) => type === "ServerHello") : -1;
    const messages = this.#messages.map((message, at): SeenMessage => {
      const type = at === request ? "HelloRetryRequest" : message.type;
      return { ...message, type, isProtected: isProtected(type, info.version) };
    });
    return { clientHello: this.#clientHello, info, messages };
  }

  #see(from: SeenMessage["from"], wireType: string, length: number): void {
    const type = wireType.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
    this.#messages.push({ from, type, length, milliseconds: performance.now() - this.#since });
  }
}

/** TLS 1.3 seals all behind ServerHello; in TLS 1.2 the keys change before Finished. */
function isProtected(type: string, version: Info["version"]): boolean {
  if (version === "tls1.2") return type === "Finished";
  return type !== "ClientHello" && type !== "ServerHello" && type !== "HelloRetryRequest";
}
