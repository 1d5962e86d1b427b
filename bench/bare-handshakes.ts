// Sockets that do what a handshake on them can't do without, and hardly anything else: the same calls of the provider, as many bytes in as
// many writes.
import { connect, createServer, type Server, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import type { Recorded } from "./record-exchange.ts";
import { type Part, partOf, Replay, type Role } from "./replay.ts";
import type { Handshake } from "./work.ts";

const lengthBytes = 4;

/** Steps in turns, each answer behind its length. */
function speak(socket: Socket, role: Role, part: Part, done: () => void): void {
  const replay = new Replay(part);
  let held: Buffer | undefined;
  let taken = 0;
  const act = (): void => {
    const output = replay.step();
    taken += 1;
    // A server has said all with its answer, a client with its own close_notify.
    const isLast = taken === (role === "server" ? 2 : 3);
    if (output.length > 0) {
      const framed = new Uint8Array(lengthBytes + output.length);
      new DataView(framed.buffer).setUint32(0, output.length);
      framed.set(output, lengthBytes);
      if (isLast) socket.end(framed);
      else socket.write(framed);
    }
    if (taken === part.steps.length) done();
  };
  socket.on("data", (chunk: Buffer) => {
    held = held === undefined ? chunk : Buffer.concat([held, chunk]);
    while (held !== undefined && held.length >= lengthBytes && held.length >= lengthBytes + held.readUInt32BE(0)) {
      const end: number = lengthBytes + held.readUInt32BE(0);
      held = held.length === end ? undefined : held.subarray(end);
      act();
    }
  });
  if (role === "client") socket.once("connect", act);
}

/** Of a process: what is recorded for it, once a kind. */
export function bareHandshakes(authority: Authority): {
  readonly serve: (handshake: Handshake) => Server;
  readonly connect: (handshake: Handshake, port: number) => Promise<void>;
} {
  const parts = new Map<string, Promise<Part>>();
  const partFor = (handshake: Handshake, role: Role): Promise<Part> => {
    const name = `${handshake} ${role}`;
    const part = parts.get(name) ?? record(authority, handshake).then((recorded) => partOf(recorded[role], authority));
    parts.set(name, part);
    return part;
  };
  return {
    serve: (handshake) =>
      createServer({ noDelay: true }, (socket) => {
        socket.on("error", () => {}); // the client fails too, and tells
        void partFor(handshake, "server").then((part) => speak(socket, "server", part, () => {}));
      }),
    connect: async (handshake, port) => {
      const part = await partFor(handshake, "client");
      return new Promise((resolve, reject) => {
        const socket = connect({ port, host: "127.0.0.1", noDelay: true });
        socket.once("error", reject);
        speak(socket, "client", part, resolve);
      });
    },
  };
}

export function record(authority: Authority, handshake: Handshake): Promise<Recorded> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL("./record-exchange.ts", import.meta.url), {
      workerData: { authority, handshake },
      execArgv: ["--import", new URL("./register.mjs", import.meta.url).href, "--conditions=sallyport-source"],
    });
    thread.once("message", resolve);
    thread.once("error", reject);
  });
}
