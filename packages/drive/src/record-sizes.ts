// Small records first, large ones behind them: a browser can read the head of a page before a whole record of 16 KiB has arrived.
import { ApiMisuse } from "@sallyport/core";

export interface DynamicRecordSizeOptions {
  /** Plaintext bytes of a small record: with what TLS, TCP and IPv6 add it fits one Ethernet segment. Default 1,369; 64 to 16,384. */
  readonly size?: number;
  /** So many bytes go in small records, then full ones. Default 64 KiB, a few round trips of a connection that starts slowly. */
  readonly bytes?: number;
  /** So long nothing was sent, and the next bytes go in small records again: TCP has gone back to its start. Default 1 s. */
  readonly idleMs?: number;
}

/** Share one object among connections. */
export class DynamicRecordSizes {
  readonly size: number;
  readonly bytes: number;
  readonly idleMs: number;
  /** What makes it this class's alone: nobody's numbers go unchecked. */
  readonly #checked = true;

  /** @internal */
  constructor({ size = 1_369, bytes = 64 * 1024, idleMs = 1_000 }: DynamicRecordSizeOptions) {
    expectInteger("size", size, 64, 16_384);
    expectInteger("bytes", bytes, 1, Number.MAX_SAFE_INTEGER);
    expectInteger("idleMs", idleMs, 0, Number.MAX_SAFE_INTEGER);
    this.size = size;
    this.bytes = bytes;
    this.idleMs = idleMs;
  }

  /** @internal */
  static expect(sizes: DynamicRecordSizes): DynamicRecordSizes {
    if (!(#checked in sizes)) throw new ApiMisuse("bad-argument", "recordSizes is what dynamicRecordSizes() made");
    return sizes;
  }
}

/**
 * For `recordSizes`: the first bytes of a connection, and those behind a pause, in records that fit one segment each, so that the peer can
 * use each as it comes; then full ones. Without it records are as large as was agreed, which costs least.
 *
 * @throws ApiMisuse for a number that can be none
 */
export function dynamicRecordSizes(options: DynamicRecordSizeOptions = {}): DynamicRecordSizes {
  return new DynamicRecordSizes(options);
}

/**
 * For adapters: a server asks when it is made, and not at its first connection.
 *
 * @throws ApiMisuse for what `dynamicRecordSizes` did not make
 */
export function expectRecordSizes(sizes: DynamicRecordSizes): DynamicRecordSizes {
  return DynamicRecordSizes.expect(sizes);
}

/** Of one connection: how much of what comes next goes in small records. */
export class SmallRecords {
  readonly #sizes: DynamicRecordSizes;
  readonly #now: () => number;
  #left = 0;
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(sizes: DynamicRecordSizes, now: () => number) {
    this.#sizes = sizes;
    this.#now = now;
  }

  /** Before each batch. */
  begin(): void {
    const now = this.#now();
    if (now - this.#sentAt >= this.#sizes.idleMs) this.#left = this.#sizes.bytes;
    this.#sentAt = now;
  }
  /** Bytes of the next record. @param unit what was agreed */
  limit(unit: number): number {
    return this.#left > 0 ? Math.min(unit, this.#sizes.size) : unit;
  }
  sealed(bytes: number): void {
    this.#left = Math.max(0, this.#left - bytes);
  }
}

function expectInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ApiMisuse("bad-argument", `${name} is ${value}; an integer from ${least} to ${most} is needed`);
}
