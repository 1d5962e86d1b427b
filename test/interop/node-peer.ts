// A newer Node.js's node:tls as a peer: one process for many handshakes. Speaks as the one in go/ does.
//
//   node-peer.ts client                      reads a request a line from standard input, answers a line each
//   node-peer.ts server CERT KEY [CERT KEY]  prints a line with the ports, one a certificate; serves HTTP/1.0 until standard input ends
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { connect, createServer } from "node:tls";

interface Request {
  readonly port: number;
  /** OpenSSL's names, separated by colons. */
  readonly groups: string;
  readonly ca: string;
}

const [role, ...files] = process.argv.slice(2);
if (role === "client") await client();
else await server();

async function client(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const answer = await get(JSON.parse(line)).then(
      (body) => ({ body, error: "" }),
      (error: unknown) => ({ body: "", error: String(error) }),
    );
    console.log(JSON.stringify(answer));
  }
}

async function get({ port, groups, ca }: Request): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca, ecdhCurve: groups, minVersion: "TLSv1.3" });
  socket.setTimeout(10_000, () => socket.destroy(new Error("time is over")));
  await once(socket, "secureConnect");
  socket.write("GET / HTTP/1.0\r\n\r\n");
  return text(socket);
}

async function server(): Promise<void> {
  const ports: number[] = [];
  for (let at = 0; at + 1 < files.length; at += 2) {
    const [cert, key] = [files[at] ?? "", files[at + 1] ?? ""].map((path) => readFileSync(path));
    const ecdhCurve = "X25519MLKEM768:SecP256r1MLKEM768:X25519:P-256:P-384:P-521";
    const listener = createServer({ cert, key, minVersion: "TLSv1.3", ecdhCurve }, (socket) => {
      socket.on("error", () => {}).once("data", () => socket.end("HTTP/1.0 200 OK\r\n\r\nfrom node\n"));
    });
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    ports.push((listener.address() as AddressInfo).port); // listening on TCP
  }
  console.log(JSON.stringify(ports));
  process.stdin.on("end", () => process.exit()).resume();
}
