// Memory that is given back at once, and not when the collector comes to it.
import { MessageChannel, type MessagePort } from "node:worker_threads";

/** Below this it costs more than it saves. */
const worthwhileBytes = 4096;

/**
 * Gives back the memory of what nobody reads any more, if it has that memory to itself. A cipher gives each record in fresh memory outside
 * of V8's heap, and whenever 32 MiB of that have come together V8 marks its whole heap, unless it has collected the young generation
 * before: which of the two depends on how large that has once grown. So a process that sealed in bulk was in one of two states for all
 * of its life, one of which took twice the time.
 */
export function release({ buffer, byteLength }: Uint8Array): void {
  if (byteLength < worthwhileBytes || !(buffer instanceof ArrayBuffer) || buffer.byteLength !== byteLength) return;
  try {
    detach(buffer);
  } catch {
    // A runtime may hold on to some: they are the collector's then, and the record is sealed.
  }
}

type Detach = (memory: ArrayBuffer) => void;

/** ES2024 (Node.js 22, Deno, Bun): what is moved into no bytes is gone. */
const transfer: ((this: ArrayBuffer, newLength: number) => ArrayBuffer) | undefined = Reflect.get(
  ArrayBuffer.prototype,
  "transfer",
);
const detach: Detach = transfer === undefined ? byClosedPort() : (memory) => void transfer.call(memory, 0);

/** Node.js 20: what is posted to a closed port is taken from its sender like anything that is transferred, and arrives nowhere. */
export function byClosedPort(): Detach {
  let closed: MessagePort | undefined;
  return (memory) => {
    closed ??= closedPort();
    closed.postMessage(undefined, [memory]);
  };
}
function closedPort(): MessagePort {
  const { port1 } = new MessageChannel();
  port1.close();
  return port1;
}
