// Output windows, reused: a fresh one for each write would cost a quarter of the time that sealing into it takes.

/** So many records are sealed into one window, which is one write of the transport. */
const recordsPerWindow = 16;
/** More than a record of any version adds, with room for a KeyUpdate that is due before it. */
export const recordOverhead = 256;
const largestRecord = 16 * 1024;
/** Free windows that are kept; more belong to connections that are busy at this moment. */
const keptFree = 4;

export interface Window {
  /** Sealed records. */
  readonly sealed: Uint8Array<ArrayBuffer>;
  /** Plaintext of one record, where small pieces are gathered. */
  readonly staging: Uint8Array<ArrayBuffer>;
}

const free: Window[] = [];

export function takeWindow(): Window {
  return (
    free.pop() ?? {
      sealed: new Uint8Array(recordsPerWindow * (largestRecord + recordOverhead)),
      staging: new Uint8Array(largestRecord),
    }
  );
}

/** Only when nobody reads `sealed` any more. */
export function returnWindow(window: Window): void {
  if (free.length < keptFree) free.push(window);
}
