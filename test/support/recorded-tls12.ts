// The bytes of a handshake of TLS 1.2 between a client of node:tls that believes everything and a server with that identity.
import { once } from "node:events";
import { connect as connectTcp, createServer as createTcpServer } from "node:net";
import { connect, createServer } from "node:tls";
import { listen } from "./endpoints.ts";
import type { Identity } from "./pki.ts";

/** @param servername undefined: the hello names none */
export async function recordTls12(
  { chainPem, keyPem }: Identity,
  servername: string | undefined,
): Promise<{ readonly client: Buffer; readonly server: Buffer }> {
  const tls = createServer({ cert: chainPem, key: keyPem, maxVersion: "TLSv1.2" }, (socket) => void socket.end());
  const target = await listen(tls);
  const said = { client: [] as Buffer[], server: [] as Buffer[] };
  const tap = createTcpServer((near) => {
    const far = connectTcp(target, "127.0.0.1");
    near
      .on("data", (bytes: Buffer) => said.client.push(bytes))
      .on("error", () => far.destroy())
      .pipe(far);
    far
      .on("data", (bytes: Buffer) => said.server.push(bytes))
      .on("error", () => near.destroy())
      .pipe(near);
  });
  const port = await listen(tap);
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...(servername !== undefined && { servername }) });
  socket.resume();
  await once(socket, "close");
  tap.close();
  tls.close();
  return { client: Buffer.concat(said.client), server: Buffer.concat(said.server) };
}
