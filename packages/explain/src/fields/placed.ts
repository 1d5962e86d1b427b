// Where a message's bytes stand once the headers of its records are between them again.
import type { Piece } from "../read/units.ts";

export interface Placed {
  /** The body with the headers in their places. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly onWire: {
    /** Where each header begins. */
    readonly headers: readonly number[];
    /** Of a stretch of the body: where it stands. */
    ranges(start: number, end: number): readonly (readonly [number, number])[];
  };
}

export function placed(body: Uint8Array, pieces: readonly Piece[]): Placed {
  const bytes = new Uint8Array(body.length + pieces.reduce((sum, { header }) => sum + header.length, 0));
  const headers: number[] = [];
  /** Runs of the body between headers. */
  const runs: { readonly from: number; readonly to: number; readonly shift: number }[] = [];
  let shift = 0;
  let from = 0;
  for (const { at, header } of pieces) {
    if (at > from) runs.push({ from, to: at, shift });
    bytes.set(body.subarray(from, at), from + shift);
    headers.push(at + shift);
    bytes.set(header, at + shift);
    shift += header.length;
    from = at;
  }
  bytes.set(body.subarray(from), from + shift);
  runs.push({ from, to: body.length, shift });
  const ranges = (start: number, end: number): readonly (readonly [number, number])[] => {
    const overlapping = runs.slice(firstBehind(runs, start));
    const found: (readonly [number, number])[] = [];
    for (const run of overlapping) {
      if (run.from >= end) break;
      found.push([Math.max(start, run.from) + run.shift, Math.min(end, run.to) + run.shift]);
    }
    return found.length > 0 ? found : [[start + shift, start + shift]];
  };
  return { bytes, onWire: { headers, ranges } };
}

/** Of the runs, the first that ends behind `start`: a message may have come in a record a byte. */
function firstBehind(runs: readonly { readonly to: number }[], start: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle]?.to ?? 0) > start) high = middle;
    else low = middle + 1;
  }
  return low;
}
