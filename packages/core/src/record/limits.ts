// What a peer can make grow, and how far.

/** Bytes unless the name says otherwise. */
export interface Limits {
  /** 16 KiB. The smaller of this and the Acceptor's holds. */
  readonly clientHello: number;
  /** 64 KiB, after decompression. */
  readonly certificateMessage: number;
  /** 10 certificates. */
  readonly certificateChain: number;
  /** 16 KiB. */
  readonly handshakeMessage: number;
  /** Rejected early data, as on the wire: 16 KiB, or `earlyData.maxBytes` if that is more. */
  readonly skippedEarlyData: number;
  /** 32 records. */
  readonly emptyRecordsInARow: number;
  /** 4 alerts. */
  readonly warningAlerts: number;
  /** 2 records. */
  readonly changeCipherSpecs: number;
  /** 32 messages without data between them. */
  readonly postHandshakeInARow: number;
  /** 2^23 records a key for AES-GCM. */
  readonly recordsPerKey: number;
}
