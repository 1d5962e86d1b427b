// What two processes on loopback do with each other.

/** Who speaks TLS, at both ends: the same implementation serves and connects. `bare` speaks none (`bare-handshakes.ts`, `bare-records.ts`). */
export type Contender = "node:tls" | "bare" | "crypto-node" | "crypto-noble" | "crypto-wasm" | "lemon-tls" | ForeignClient;
/** What only connects: to node:tls. */
export type ForeignClient = "subtls" | "@reclaimprotocol/tls";

export type Work =
  /** The server writes `bytes` in pieces of `write`, the client counts. */
  | { readonly kind: "download"; readonly bytes: number; readonly write: number }
  /** One connection; the client waits for each answer. */
  | { readonly kind: "ping-pong"; readonly count: number; readonly size: number }
  | { readonly kind: "handshakes"; readonly count: number; readonly inFlight: number; readonly handshake: Handshake };

export const handshakes = ["full", "unverified", "ticketed", "resumed"] as const;
/**
 * `full`: the client verifies chain and name. `unverified`: it looks at neither. `ticketed`: full, and the server gives two tickets, as
 * node:tls always does. `resumed`: by a ticket of the connection before.
 */
export type Handshake = (typeof handshakes)[number];

/** What the client's process is asked to do. */
export type Job = Work & { readonly contender: Contender; readonly port: number; readonly ca: string };

export interface Done {
  /** Of a download: from the first byte to the last. */
  readonly seconds: number;
  /** Of the client's process, user and system. */
  readonly cpuSeconds: number;
}
export interface Outcome extends Done {
  readonly serverCpuSeconds: number;
}
