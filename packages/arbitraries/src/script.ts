// What a peer does, as plain data: it prints, shrinks, and can be pasted.
import type { Bytes, ProtocolVersion } from "@sallyport/core";
import type { Fault } from "./faults.ts";
import type { HelloScript } from "./hello.ts";

export type Role = "client" | "server";

/** After the handshake. `data`: so many bytes; `update`: KeyUpdate, and whether one is asked for; `ticket`: a server's. */
export type Talk =
  | { readonly kind: "data"; readonly length: number }
  | { readonly kind: "update"; readonly asks: boolean }
  /** So many of what says nothing: KeyUpdates, empty data, tickets, warnings. */
  | { readonly kind: "flood"; readonly count: number; readonly of?: "update" | "data" | "ticket" | "warning" }
  | { readonly kind: "ticket" }
  | { readonly kind: "warning"; readonly description: number }
  | { readonly kind: "close" };

/** All that a peer does, as plain data. */
export interface PeerScript {
  readonly role: Role;
  /** A server: what it chooses, whatever was offered. */
  readonly version: ProtocolVersion;
  /** A client's. */
  readonly hello: HelloScript;
  /** A server: HelloRetryRequest first. */
  readonly retry: boolean;
  /** A server: which of what was offered and is known here, counted round. */
  readonly suite: number;
  readonly group: number;
  readonly alpn: number;
  /** A server: CertificateRequest. */
  readonly asks: boolean;
  /** A client that is asked: a certificate, or none. */
  readonly shows: boolean;
  /** A status with its certificate, where it is asked for one. */
  readonly staples: boolean;
  /** TLS 1.3: CompressedCertificate, where that is taken and `PeerOptions.compressor` is there. */
  readonly compresses: boolean;
  /** Offers, or takes up, the session that it is given. */
  readonly resumes: boolean;
  /** TLS 1.3: offers, or takes up, these of `PeerOptions.psks`, counted round. Default none. */
  readonly psks?: readonly number[];
  /** Shows this one of `PeerOptions.rawKeys`, counted round, where the other side takes it (RFC 7250). Default a certificate. */
  readonly rawKey?: number | undefined;
  /** A client: records of early data, by their lengths. A server: it takes some. */
  readonly early: readonly number[];
  /** A server: chooses as it likes, whatever was offered. */
  readonly stubborn: boolean;
  /** TLS 1.3: change_cipher_spec for middleboxes. */
  readonly changeCipherSpec: boolean;
  /** A server of TLS 1.2: NewSessionTicket. */
  readonly ticket: boolean;
  /** A server of TLS 1.2: its random says that it speaks TLS 1.3 too. Default false. */
  readonly downgrades?: boolean;
  /** Most bytes of a handshake record. */
  readonly fragment: number;
  readonly talk: readonly Talk[];
  readonly faults: readonly Fault[];
}

/** What is remembered of a handshake: a ticket's, or an external PSK. */
export interface PeerSession {
  readonly version: ProtocolVersion;
  readonly suite: number;
  /** TLS 1.2: may be empty, if `id` is not. */
  readonly ticket: Bytes;
  readonly id: Bytes;
  /** TLS 1.3: the PSK. TLS 1.2: the master secret. */
  readonly secret: Bytes;
  readonly ageAdd: number;
  /** Of TLS 1.3; default "res binder". */
  readonly binder?: string;
}
