// Memory of a socket's chunks, given back at once; crypto-node does so with a cipher's, and says why.
import { MessageChannel, type MessagePort } from "node:worker_threads";

/** And not one of the others that have `node:net`: what their sockets do with a chunk afterwards is not known. */
export const isNode: boolean = process.versions["bun"] === undefined && process.versions["deno"] === undefined;

/** Below this it costs more than it saves. */
const worthwhileBytes = 4096;

/** It has its memory to itself, as each chunk of a net.Socket has in Node.js. */
export function canRelease({ buffer, byteLength }: Uint8Array): boolean {
  return isNode && byteLength >= worthwhileBytes && buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
}

/** Nobody may read it afterwards. @param bytes for which `canRelease` */
export function release({ buffer }: Uint8Array): void {
  if (!(buffer instanceof ArrayBuffer)) return;
  try {
    detach(buffer);
  } catch {
    // A runtime may hold on to some: they are the collector's then, and the chunk is copied.
  }
}
function detach(memory: ArrayBuffer): void {
  if (transfer !== undefined) return void transfer.call(memory, 0);
  closed ??= closedPort();
  closed.postMessage(undefined, [memory]);
}

const transfer: ((this: ArrayBuffer, newLength: number) => ArrayBuffer) | undefined = Reflect.get(
  ArrayBuffer.prototype,
  "transfer",
);
/** Node.js 20 has no `transfer`. What is posted to a closed port is taken from its sender, and arrives nowhere. */
let closed: MessagePort | undefined;
function closedPort(): MessagePort {
  const { port1 } = new MessageChannel();
  port1.close();
  return port1;
}
