// One hello to one server: what comes back, until it is clear what it is.
import { connect } from "node:net";
import { type Answer, readAnswer } from "@sallyport/explain";

export interface Asked {
  readonly received: Uint8Array;
  readonly answer: Answer;
  /** How it ended: the server's word was complete, it ended or reset the connection, or nothing came in time. */
  readonly end: "answered" | "closed" | "reset" | "silence";
}

/** Rejects where nobody listens. */
export function ask(hello: Uint8Array, host: string, port: number, timeoutMs = 5_000): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let opened = false;
    const socket = connect({ host, port, noDelay: true });
    const timer = setTimeout(() => done("silence"), timeoutMs);
    const done = (end: Asked["end"]): void => {
      clearTimeout(timer);
      socket.destroy();
      const received = new Uint8Array(Buffer.concat(chunks));
      resolve({ received, answer: readAnswer(received), end });
    };
    socket.once("connect", () => {
      opened = true;
      socket.write(hello);
    });
    socket.on("data", (chunk: Uint8Array) => {
      chunks.push(chunk);
      const { serverHello, alert, complete } = readAnswer(new Uint8Array(Buffer.concat(chunks)));
      if (
        (serverHello !== undefined && complete) ||
        alert !== undefined ||
        chunks.reduce((sum, { length }) => sum + length, 0) > 1 << 17
      )
        done("answered");
    });
    socket.once("end", () => done("closed"));
    socket.once("error", (error) => {
      clearTimeout(timer);
      if (opened) done("reset");
      else reject(error);
    });
  });
}
