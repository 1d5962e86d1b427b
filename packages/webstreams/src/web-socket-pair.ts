import type { Bytes } from "@sallyport/core";
import type { BytePair } from "./pair-transport.ts";

export interface WebSocketPairOptions {
  /**
   * So much may wait unread, since a WebSocket can't be told to pause; beyond it the pair fails. Each message counts 256 bytes
   * more than it has. Default 16 MiB.
   */
  readonly maxUnreadBytes?: number;
}

/**
 * A byte stream over a WebSocket's binary messages, whose bounds mean nothing: a page's way to a TCP server, through a bridge that
 * carries bytes and knows no keys. There is no half-close, which the pair tells `connectTls`.
 *
 * @param socket open or opening. It is the pair's from here on, its `binaryType` and its handlers too.
 * @example
 * const pair = webSocketPair(new WebSocket("wss://bridge.example/db"));
 * const tls = connectTls(pair, { config, serverName: "db.internal" });
 */
export function webSocketPair(socket: WebSocket, { maxUnreadBytes = 16 * 1024 * 1024 }: WebSocketPairOptions = {}): BytePair {
  socket.binaryType = "arraybuffer";
  return { halfCloses: false, readable: readableOf(socket, maxUnreadBytes), writable: writableOf(socket) };
}

function readableOf(socket: WebSocket, maxUnreadBytes: number): ReadableStream<Bytes> {
  // Not the stream's own queue: that is dropped by an error, and with it the peer's last words.
  const unread: Bytes[] = [];
  let unreadBytes = 0;
  let end: "orderly" | Error | undefined;
  let wake = (): void => {};
  const arrival = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  const endAs = (how: "orderly" | Error): void => {
    end ??= how;
    socket.close();
    wake();
  };
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (end !== undefined) return;
    if (!(data instanceof ArrayBuffer)) return endAs(new TypeError("a text message came where there are bytes alone"));
    const chunk = new Uint8Array(data);
    unread.push(chunk);
    unreadBytes += weight(chunk);
    if (unreadBytes > maxUnreadBytes) endAs(new RangeError(`more than ${maxUnreadBytes} bytes wait unread`));
    wake();
  };
  socket.onclose = ({ wasClean, code }) => endAs(wasClean ? "orderly" : new Error(`the WebSocket broke (${code})`));
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        if (unread.length === 0 && end === undefined) await arrival();
        const chunk = unread.shift();
        if (chunk !== undefined) unreadBytes -= weight(chunk);
        if (chunk !== undefined) controller.enqueue(chunk);
        else if (end === "orderly") controller.close();
        else controller.error(end);
      },
      cancel() {
        unread.length = 0;
        endAs("orderly");
      },
    },
    { highWaterMark: 0 },
  );
}

/** What a message takes is more than its bytes: a flood of empty ones counts too. */
function weight(chunk: Bytes): number {
  return chunk.length + 256;
}

/** Above this a write waits. No event says that `bufferedAmount` fell. */
const maxBuffered = 256 * 1024;
const pollMs = 5;

function writableOf(socket: WebSocket): WritableStream<Bytes> {
  return new WritableStream<Bytes>({
    async start() {
      if (socket.readyState !== socket.CONNECTING) return;
      await new Promise<void>((resolve) => {
        socket.addEventListener("open", () => resolve());
        socket.addEventListener("close", () => resolve());
      });
    },
    async write(chunk) {
      if (socket.readyState !== socket.OPEN) throw new Error("the WebSocket is not open");
      socket.send(chunk);
      while (socket.bufferedAmount > maxBuffered && socket.readyState === socket.OPEN) {
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
    },
    close() {
      socket.close(); // behind all that was sent
    },
    abort() {
      socket.close();
    },
  });
}
