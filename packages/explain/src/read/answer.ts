// What a server said first, for who sent the hello.
import { type Registered, registered } from "@sallyport/core";
import { Cursor } from "./cursor.ts";
import { readServerHello, type ServerHello } from "./server-hello.ts";

export interface Answer {
  readonly serverHello: ServerHello | undefined;
  /** TLS 1.2: the curve of its ServerKeyExchange. */
  readonly curve: Registered | undefined;
  /** The first, by number. */
  readonly alert: number | undefined;
  /** It has said all that it says before the client must speak: nothing more is worth waiting for. */
  readonly complete: boolean;
}

/** Of a stream that may still be going on. */
export function readAnswer(received: Uint8Array): Answer {
  let handshake: number[] = [];
  let serverHello: ServerHello | undefined;
  let curve: Registered | undefined;
  let alert: number | undefined;
  let complete = false;
  const records = new Cursor(received);
  while (records.left >= 5 && alert === undefined) {
    const type = records.number(1);
    records.take(2);
    const body = records.vector(2);
    if (body === undefined) break;
    if (type === 21 && body.length === 2) alert = body[1];
    // Behind TLS 1.3's ServerHello all is protected.
    if (type === 23 || type === 20) complete = true;
    if (type !== 22) continue;
    handshake = [...handshake, ...body];
    if (handshake.length > 1 << 17) break;
  }
  const messages = new Cursor(Uint8Array.from(handshake));
  while (messages.left >= 4) {
    const type = messages.number(1);
    const body = messages.vector(3);
    if (body === undefined) break;
    if (type === 2) {
      serverHello = readServerHello(Uint8Array.from([2, 0, 0, 0, ...body]));
      if (serverHello?.version.id === 0x0304) complete = true;
    }
    if (type === 12 && body[0] === 3) curve = registered("group", ((body[1] ?? 0) << 8) | (body[2] ?? 0));
    if (type === 14) complete = true;
  }
  return { serverHello, curve, alert, complete };
}
