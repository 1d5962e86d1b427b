// One connection of a plain socket, and what it saw.
import { connect } from "node:net";
import type { TlsError } from "@sallyport/core";

export interface Outcome {
  /** The server's fatal alert was read. */
  readonly alert: boolean;
  readonly end: "end" | "reset" | "timeout";
}

/** The socket as a scenario sees it. */
export interface Wire {
  /** From here on it reads; else it does when the scenario has run, as a client does that sends first and then looks. */
  read(): void;
  /** Settles when the socket has taken it. */
  send(bytes: Uint8Array): Promise<void>;
  /** Again and again, with pauses, until it is over, or the server has ended, or the time is up. */
  stream(bytes: Uint8Array, pace: { readonly times: number; readonly pauseMs: number; readonly mostMs: number }): Promise<void>;
  /** Instead of looking for an alert in clear. */
  onData: (data: Uint8Array) => void;
  sawAlert(error: TlsError): void;
}

const patienceMs = 30_000;

export function attempt(port: number, run: (wire: Wire) => Promise<void>): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    let alert = false;
    let over = false;
    const finish = (end: Outcome["end"]): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      socket.destroy();
      resolve({ alert, end });
    };
    const timer = setTimeout(finish, patienceMs, "timeout");
    const clear: Uint8Array[] = [];
    const wire: Wire = {
      read: () => void socket.resume(),
      send: (bytes) => new Promise((taken) => void socket.write(bytes, () => taken())),
      stream: async (bytes, { times, pauseMs, mostMs }) => {
        const until = performance.now() + mostMs;
        for (let time = 0; time < times && !over && performance.now() < until; time++) {
          await wire.send(bytes);
          await new Promise((resume) => setTimeout(resume, pauseMs));
        }
      },
      onData: (data) => {
        clear.push(data);
        alert ||= isFatalAlert(Buffer.concat(clear));
      },
      sawAlert: ({ kind }) => {
        alert ||= kind === "alert-received";
      },
    };
    socket
      .on("data", (data) => wire.onData(new Uint8Array(data)))
      .on("end", () => finish("end"))
      .on("error", () => finish("reset"))
      .on("close", () => finish("reset"))
      .on("connect", () => void run(wire).then(wire.read))
      .pause();
  });
}

/** In clear, the first of the server's records: of a refused hello there is no other. */
function isFatalAlert([type, , , , length, level]: Uint8Array): boolean {
  return type === 21 && length === 2 && level === 2;
}
