import type { Duplex } from "node:stream";

/** node:tls's own. A machine that is busy with something else stalls a process for longer than our default. */
export const handshakeTimeoutMs = 120_000;

/** Answers `<bytes> <size of a write>` with so many, and `echo` with all that comes behind it, in the same piece too. */
export function serve(socket: Duplex): void {
  socket.on("error", () => {}); // the client fails too, and tells
  socket.once("data", (line) => {
    if (String(line).startsWith("echo")) {
      if (line.length > 4) socket.write(line.subarray(4));
      return void socket.on("data", (data) => socket.write(data)).on("end", () => socket.end());
    }
    const [bytes = 0, size = 1] = String(line).split(" ").map(Number);
    const piece = Buffer.alloc(size, 7);
    let left = bytes;
    const pump = (): void => {
      while (left > 0 && !socket.destroyed) {
        const part = left < size ? piece.subarray(0, left) : piece;
        left -= part.length;
        if (!socket.write(part)) return void socket.once("drain", pump);
      }
      socket.end();
    };
    pump();
  });
}
