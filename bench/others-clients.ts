// Clients of other JavaScript TLS libraries that speak TLS 1.3 but do not serve: connected, asked, and counted.
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { loadX509FromPem, makeTLSClient, setCryptoImplementation } from "@reclaimprotocol/tls";
import { webcryptoCrypto } from "@reclaimprotocol/tls/webcrypto";
import { SocketReadQueue, startTls, TrustedCert } from "subtls";
import type { ForeignClient } from "./work.ts";

/** Asks a server for `bytes`, in writes of `write`. @returns seconds from the first byte to the last */
export async function download(name: ForeignClient, port: number, ca: string, bytes: number, write: number): Promise<number> {
  const socket = connectTcp({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  try {
    return await (name === "subtls" ? withSubtls : withReclaim)(socket, ca, bytes, `${bytes} ${write}`);
  } finally {
    socket.destroy();
  }
}

const roots = new Map<string, ReturnType<typeof TrustedCert.databaseFromPEM>>();

async function withSubtls(socket: Socket, ca: string, bytes: number, line: string): Promise<number> {
  const database = roots.get(ca) ?? TrustedCert.databaseFromPEM(ca);
  roots.set(ca, database);
  const queue = new SocketReadQueue(socket);
  const tls = await startTls("localhost", await database, queue.read.bind(queue), (data) => socket.write(data));
  await tls.write(Buffer.from(line));
  let since = 0;
  for (let left = bytes; left > 0; ) {
    const data = await tls.read();
    if (data === undefined) throw new Error(`subtls: closed with ${left} bytes missing`);
    if (since === 0) since = performance.now();
    left -= data.length;
  }
  return (performance.now() - since) / 1000;
}

setCryptoImplementation(webcryptoCrypto);
const quiet = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
function nothing(): void {}

function withReclaim(socket: Socket, ca: string, bytes: number, line: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let left = bytes;
    let since = 0;
    const tls = makeTLSClient({
      host: "localhost",
      logger: quiet,
      rootCAs: [loadX509FromPem(ca)],
      cipherSuites: ["TLS_AES_128_GCM_SHA256"],
      namedCurves: ["X25519"],
      write: ({ header, content }) => void socket.write(Buffer.concat([header, content])),
      onHandshake: () => void tls.write(Buffer.from(line)),
      onApplicationData: (data) => {
        if (since === 0) since = performance.now();
        left -= data.length;
        if (left <= 0) resolve((performance.now() - since) / 1000);
      },
      onTlsEnd: (error) => reject(error ?? new Error(`@reclaimprotocol/tls: closed with ${left} bytes missing`)),
    });
    socket.on("data", (data) => void tls.handleReceivedBytes(data));
    socket.on("error", reject);
    void tls.startHandshake();
  });
}
