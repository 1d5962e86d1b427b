// Somebody else's server under the same peers: lemon-tls, a TLS in JavaScript. `npm install --no-save lemon-tls@0.7.0`, then
// `node --import ./bench/register.mjs --conditions=sallyport-source test/fuzz/lemon-tls.ts [conversations] [seed]`.
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Account,
  anotherOf,
  ClientPeer,
  converseOver,
  describeAccount,
  faults,
  type PeerScript,
  peerScripts,
  type Spoken,
  testOf,
} from "@sallyport/arbitraries";
import { node } from "@sallyport/crypto-node";
import fc from "fast-check";
import { makePki } from "../support/pki.ts";

interface LemonTls {
  createServer(
    options: object,
    onConnection: (socket: NodeJS.ReadWriteStream) => void,
  ): { listen(port: number, host: string): { address(): AddressInfo }; close(): void };
}
const name = "lemon-tls";
const { default: lemon } = (await import(name)) as { default: LemonTls };
const { chainPem, keyPem } = await (await makePki()).leaf();
process.on("uncaughtException", (error) =>
  found.add(`the server's process would have ended: ${error.stack?.split("\n").slice(0, 2).join(" ")}`),
);
const found = new Set<string>();

const server = lemon.createServer({ key: keyPem, cert: chainPem, ALPNProtocols: ["h2", "http/1.1"] }, (socket) => {
  socket
    .on("data", () => {})
    .on("error", () => {})
    .on("end", () => socket.end());
});
const listening = server.listen(0, "127.0.0.1");
await sleep(200);
const { port } = listening.address();

async function talk(script: PeerScript, another?: readonly Spoken[]): Promise<Account> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => {});
  await once(socket, "connect");
  try {
    return await converseOver(new ClientPeer(script, { provider: node, another }), socket, {
      write: (bytes) => void socket.write(bytes),
      end: () => void socket.end(),
      patience: () => sleep(400),
    });
  } finally {
    socket.destroy();
  }
}

const [conversations = 60, seed = 1] = process.argv.slice(2).map(Number);
const scripts = peerScripts("client", { faultsOf: faults(["message", "extension", "record"]), most: 1 });
let count = 0;
for (const script of fc.sample(scripts, { numRuns: conversations, seed })) {
  count++;
  const other = anotherOf(script);
  const account = await talk(script, other && (await talk(other)).peer.spoken);
  for (const violation of account.violations) {
    const kind = violation.replace(/\d+/g, "n");
    if (found.has(kind)) continue;
    found.add(kind);
    console.log(`── after ${count} conversations\n${describeAccount(account)}\n\n${testOf(script)}\n`);
  }
}
console.log(`${count} conversations:\n${[...found].map((kind) => `- ${kind}`).join("\n")}`);
process.exit(0);
