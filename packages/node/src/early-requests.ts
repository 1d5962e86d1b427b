// HTTP requests that come as early data, which may be a replay (RFC 8470): only to a server that asked for them, and marked.
import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { ApiMisuse } from "@sallyport/core";
import type { DoorAnswerers, Driven, DriveOptions, EarlyExchange } from "@sallyport/drive";
import { coded } from "./errors.ts";
import { TlsSocket, withoutThrow } from "./tls-socket.ts";

export interface EarlyRequests {
  /**
   * Is given (`connection`) the sockets whose clients send early data, in place of `secureConnection`; all others come as ever. Its
   * handlers get what came before the handshake was complete with the header `Early-Data: 1`, unless it waits.
   */
  readonly server: HttpServer;
  /** What is done with a request that may be a replay. Default: `now` for GET, HEAD, OPTIONS and TRACE, `later` for the others. */
  readonly treat?: (request: IncomingMessage) => EarlyRequestTreatment;
}
/**
 * `now`: the handlers get it, marked. `later`: they get it unmarked, when the handshake is complete, which no replay's is; what
 * comes behind it waits too. `too-early`: it is answered 425, and the client will ask again (RFC 8470 §5.2).
 */
export type EarlyRequestTreatment = "now" | "later" | "too-early";

/** @throws ApiMisuse */
export function treatEarlyRequests({ server, treat }: EarlyRequests, { earlyData }: { readonly earlyData?: unknown }): void {
  if (earlyData !== undefined) throw new ApiMisuse("bad-argument", "earlyRequests and earlyData can't both take early data");
  if (typeof server?.emit !== "function") throw new ApiMisuse("bad-argument", "earlyRequests.server is an http.Server");
  if (treat !== undefined && typeof treat !== "function")
    throw new ApiMisuse("bad-argument", "earlyRequests.treat is no function");
  if (watched.has(server)) return;
  watched.add(server);
  const emit = server.emit;
  // A listener in front of the others could mark a request, and could not keep it from them.
  server.emit = function (this: HttpServer, event: string, ...args: unknown[]): boolean {
    const [request, answer] = args;
    const pass = (): boolean => Reflect.apply(emit, this, [event, ...args]);
    if (!isRequest(event, request)) return pass();
    return earlyOnes.get(request.socket)?.treat(request, answer, pass) ?? pass();
  };
}

/** A connection whose client may send early data. */
export class EarlyConnection {
  readonly #raw: Duplex;
  readonly #allowHalfOpen: boolean;
  readonly #requests: EarlyRequests;
  readonly #destroyed: AbortController = new AbortController();
  /** What waits for the handshake. */
  readonly #held: (() => boolean)[] = [];
  #given = false;
  #complete = false;
  /** undefined: no early data came. */
  socket: TlsSocket | undefined;

  constructor(raw: Duplex, allowHalfOpen: boolean, requests: EarlyRequests) {
    this.#raw = raw;
    this.#allowHalfOpen = allowHalfOpen;
    this.#requests = requests;
  }

  /** What the loop is given for this connection. */
  on(door: DoorAnswerers, options: DriveOptions): readonly [DoorAnswerers, DriveOptions] {
    const answerers: DoorAnswerers = {
      // Read when a ClientHello is there.
      get accept() {
        return door.accept;
      },
      earlyData: ({ replayable }, exchange) => this.#take(replayable, exchange),
    };
    return [
      answerers,
      { ...options, signal: this.#destroyed.signal, onFailure: ({ error }) => void this.socket?.destroy(coded(error)) },
    ];
  }

  /** @returns whether the HTTP server has the socket */
  establish(driven: Driven): boolean {
    const { socket } = this;
    this.#complete = true;
    if (socket === undefined || !this.#given) return false;
    socket.secure(driven);
    // In a turn of its own, so that what a listener throws is the process's, and no rejection of ours.
    process.nextTick(() => {
      earlyOnes.delete(socket);
      for (const pass of this.#held.splice(0)) if (!socket.destroyed) pass();
      if (!socket.destroyed) socket.emit("secure");
    });
    return true;
  }

  /** It is not waited for who reads it: the handshake would stand still, and `maxBytes` of the config bounds it. */
  #take(data: Uint8Array, { agreed: { alpn }, write }: EarlyExchange): void {
    const socket = this.socket ?? new TlsSocket(this.#raw, this.#allowHalfOpen, () => this.#destroyed.abort());
    if (this.socket === undefined) {
      this.socket = withoutThrow(socket);
      // HTTP/2 waits for the handshake: a stream of its requests can't be held back by itself.
      this.#given = alpn === undefined || alpn.startsWith("http/1.");
      if (this.#given) {
        earlyOnes.set(socket, this);
        process.nextTick(() => this.#requests.server.emit("connection", socket));
      }
    }
    socket.takeEarly(data, this.#given ? write : undefined);
  }

  /** @param answer a ServerResponse; behind an upgrade or CONNECT the socket */
  treat(request: IncomingMessage, answer: unknown, pass: () => boolean): boolean {
    // What is complete by now is no replay; but nothing overtakes what waits. A socket that was destroyed before never is: HTTP parses
    // on what it has.
    if (this.#held.length === 0 && this.#complete) return pass();
    switch (this.#held.length > 0 ? "later" : (this.#requests.treat ?? byMethod)(request)) {
      case "now":
        mark(request);
        return pass();
      case "later":
        this.#held.push(pass);
        return true;
      case "too-early":
        request.resume();
        refuse(answer);
        return true;
    }
  }
}

/** Their sockets, until the handshake is complete. */
const earlyOnes = new WeakMap<Duplex, EarlyConnection>();
const watched = new WeakSet<HttpServer>();

const requestEvents: ReadonlySet<string> = new Set(["request", "checkContinue", "checkExpectation", "upgrade", "connect"]);
function isRequest(event: string, value: unknown): value is IncomingMessage {
  return requestEvents.has(event) && typeof value === "object" && value !== null && "socket" in value;
}

/** RFC 9110 §9.2.1. */
const safeMethods: ReadonlySet<string | undefined> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);
function byMethod({ method }: IncomingMessage): EarlyRequestTreatment {
  return safeMethods.has(method) ? "now" : "later";
}

/** RFC 8470 §5.1: one that is there already stays. */
function mark({ headers, rawHeaders }: IncomingMessage): void {
  if (headers["early-data"] !== "1") rawHeaders.push("Early-Data", "1");
  headers["early-data"] = "1";
}

function refuse(answer: unknown): void {
  if (isResponse(answer)) answer.writeHead(425, { "Content-Length": 0 }).end();
  else if (answer instanceof TlsSocket) answer.end("HTTP/1.1 425 Too Early\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}
function isResponse(answer: unknown): answer is ServerResponse {
  return typeof answer === "object" && answer !== null && "writeHead" in answer;
}
