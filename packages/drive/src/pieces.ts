// Plaintext that nobody has read yet. It comes by the record, which a peer may make of one byte, and each piece that is kept costs
// many times that.
import { concatenate } from "./outbox.ts";

/**
 * What is left when the first is taken off. An array that was shifted empty would keep its room for as long as it lives, which of an idle
 * connection is long.
 */
export function withoutFirst<Piece>(pieces: Piece[]): Piece[] {
  if (pieces.length <= 1) return [];
  pieces.shift();
  return pieces;
}

/** Bytes that neighbours have together for which they are joined. */
const shortPiece = 1024;

/** Behind all others. @param data is kept, and may be copied. */
export function keep(pieces: Uint8Array[], data: Uint8Array): void {
  const last = pieces.at(-1);
  if (last === undefined || last.length + data.length > shortPiece) pieces.push(data);
  else pieces[pieces.length - 1] = concatenate([last, data]);
}
