// Sockets that seal and open records, and hardly anything else: no sequence numbers, no limits, no streams.
import { connect, createServer, type Server, type Socket } from "node:net";
import type { SuiteImplementation } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";

const headerLength = 5;
const tagLength = 16;
const recordLength = 16 * 1024;
/** As drive has it. */
const recordsPerWindow = 16;
const key = new Uint8Array(16).fill(1);
const nonce = new Uint8Array(12);

function aes(): SuiteImplementation {
  const found = node.suites.find(({ name }) => name === "TLS_AES_128_GCM_SHA256");
  if (found === undefined) throw new Error("there is no AES");
  return found;
}

/** One that seals a content with its type ready behind it. */
class Sealing {
  readonly #sealer = aes().seal(key);
  readonly #inner: Uint8Array;
  readonly #header: Uint8Array;
  readonly stride: number;
  constructor(content: number) {
    this.#inner = new Uint8Array(content + 1).fill(7);
    const length = this.#inner.length + tagLength;
    this.#header = Uint8Array.of(23, 3, 3, length >> 8, length & 255);
    this.stride = headerLength + length;
  }
  into(window: Uint8Array, at: number): void {
    window.set(this.#header, at);
    this.#sealer.seal(nonce, this.#header, this.#inner, window, at + headerLength);
  }
}

/** Opens each record where it lies; what lies in two chunks is put together. */
class Opening {
  readonly #opener = aes().open(key);
  readonly #opened: (length: number) => void;
  readonly #joined = new Uint8Array(headerLength + recordLength + 256);
  #held = 0;
  constructor(opened: (length: number) => void) {
    this.#opened = opened;
  }
  take(chunk: Uint8Array): void {
    let at = 0;
    while (this.#held > 0 && at < chunk.length) at = this.#join(chunk, at);
    for (;;) {
      const length = headerLength + lengthAt(chunk, at);
      if (chunk.length - at < headerLength || chunk.length - at < length) break;
      this.#open(chunk, at, length);
      at += length;
    }
    this.#joined.set(chunk.subarray(at), this.#held);
    this.#held += chunk.length - at;
  }
  /** @returns where the rest of the chunk begins */
  #join(chunk: Uint8Array, at: number): number {
    const due = this.#held < headerLength ? headerLength : headerLength + lengthAt(this.#joined, 0);
    const part = Math.min(due - this.#held, chunk.length - at);
    this.#joined.set(chunk.subarray(at, at + part), this.#held);
    this.#held += part;
    if (this.#held > headerLength && this.#held === headerLength + lengthAt(this.#joined, 0)) {
      this.#open(this.#joined, 0, this.#held);
      this.#held = 0;
    }
    return at + part;
  }
  #open(memory: Uint8Array, at: number, length: number): void {
    const header = memory.subarray(at, at + headerLength);
    const data = this.#opener.open(nonce, header, memory.subarray(at + headerLength, at + length));
    if (data === undefined) throw new Error("a record that does not open");
    this.#opened(data.length - 1);
  }
}
function lengthAt(memory: Uint8Array, at: number): number {
  return ((memory[at + 3] ?? 0) << 8) | (memory[at + 4] ?? 0);
}

/** `<bytes>` in clear: so many come back in full records; `echo`: what comes, record by record, of 100 bytes. */
export function serveRecords(): Server {
  return createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {}); // the client fails too, and tells
    socket.once("data", (line) => {
      if (line.subarray(0, 4).toString() === "echo") echo(socket, line.subarray(4));
      else pump(socket, Number(String(line)));
    });
  });
}

function pump(socket: Socket, bytes: number): void {
  const sealing = new Sealing(recordLength);
  const free = [1, 2].map(() => new Uint8Array(recordsPerWindow * sealing.stride));
  let left = Math.ceil(bytes / recordLength);
  const next = (): void => {
    while (left > 0) {
      const mine = free.pop();
      if (mine === undefined) return;
      const records = Math.min(recordsPerWindow, left);
      for (let record = 0; record < records; record++) sealing.into(mine, record * sealing.stride);
      left -= records;
      socket.write(mine.subarray(0, records * sealing.stride), () => {
        free.push(mine);
        if (left > 0) next();
        else if (free.length === 2) socket.end();
      });
    }
  };
  next();
}

function echo(socket: Socket, first: Uint8Array): void {
  const sealing = new Sealing(100);
  const opening = new Opening(() => {
    const window = new Uint8Array(sealing.stride);
    sealing.into(window, 0);
    socket.write(window);
  });
  opening.take(first);
  socket.on("data", (chunk) => opening.take(chunk));
}

/** @returns seconds from the first byte to the last */
export function download(port: number, bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let left = bytes;
    let since = 0;
    const opening = new Opening((length) => {
      left -= length;
      if (left <= 0) resolve((performance.now() - since) / 1000);
    });
    const buffer = new Uint8Array(64 * 1024);
    const callback = (length: number): boolean => {
      if (since === 0) since = performance.now();
      opening.take(buffer.subarray(0, length));
      return true;
    };
    const socket = connect({ port, host: "127.0.0.1", noDelay: true, onread: { buffer, callback } });
    socket.once("connect", () => socket.write(`${bytes}`));
    socket.once("error", reject);
  });
}

export function pingPong(port: number, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const sealing = new Sealing(100);
    let left = count;
    const ping = (): void => {
      const window = new Uint8Array(sealing.stride);
      sealing.into(window, 0);
      socket.write(window);
    };
    const opening = new Opening(() => {
      left -= 1;
      if (left > 0) return ping();
      socket.end();
      resolve();
    });
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.once("connect", () => {
      socket.write("echo");
      ping();
    });
    socket.on("data", (chunk) => opening.take(chunk));
    socket.once("error", reject);
  });
}
