// What a client hears that speaks HTTP without TLS to a TLS port.
import type { ErrorAndAlert } from "@sallyport/core";

/** @param received the beginning of its request: what had come so far. Whole response; the connection is closed behind it. */
export type PlainHttpAnswer = (received: Uint8Array) => Uint8Array | string;

const sentence = "This port speaks HTTPS: say https:// in place of http://.\n";
const badRequest = `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${sentence.length}\r\nConnection: close\r\n\r\n${sentence}`;

/** undefined: the alert. */
export function plainHttpAnswer(answer: true | PlainHttpAnswer): (failure: ErrorAndAlert) => Uint8Array | undefined {
  return ({ error }) => {
    if (error.kind !== "not-tls" || error.context.looksLike !== "http") return undefined;
    const response = answer === true ? badRequest : answer(error.received ?? new Uint8Array(0));
    return typeof response === "string" ? Buffer.from(response) : response;
  };
}
