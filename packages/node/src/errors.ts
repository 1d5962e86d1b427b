import type { Duplex } from "node:stream";
import { type ClientHello, TlsError } from "@sallyport/core";
import type { Delivery, PeerEnd, Undone } from "@sallyport/drive";

/** `ERR_SALLYPORT_` and the kind: `ERR_SALLYPORT_NO_AGREEMENT`. */
export type CodedTlsError = TlsError & { readonly code: string };

/** What `tlsClientError` gives: the error, and what became of the alert that told the client. */
export type TlsClientError = CodedTlsError & {
  /** What we sent; undefined: none, such as when the client's alert ended the handshake, or plain HTTP was answered. */
  readonly alert: string | undefined;
  /** The client ended behind our alert, so it had every chance to read it. */
  readonly delivered: boolean;
  readonly delivery: Delivery;
  /** How the client went. */
  readonly peerEnd: PeerEnd;
  readonly clientHello: ClientHello | undefined;
};

export function coded(error: TlsError): CodedTlsError {
  return Object.assign(error, { code: `ERR_SALLYPORT_${error.kind.toUpperCase().replaceAll("-", "_")}` });
}

export function tlsClientError({
  failure: { error, alert },
  delivery,
  peerEnd,
  answeredPlainly,
  clientHello,
}: Undone): TlsClientError {
  return Object.assign(coded(error), {
    alert: alert.kind === "alert" && !answeredPlainly ? alert.description : undefined,
    delivered: delivery === "peer-ended",
    delivery,
    peerEnd,
    clientHello,
  });
}

/**
 * As a user of sockets expects it.
 *
 * @param transport whose own error, such as ECONNRESET, comes in place of the reset that it was to TLS
 */
export function visible(cause: unknown, transport?: Duplex): Error {
  const isReset = cause instanceof TlsError && cause.kind === "aborted" && cause.context.by === "reset";
  if (isReset && transport?.errored) return transport.errored;
  if (cause instanceof TlsError) return coded(cause);
  return cause instanceof Error ? cause : new Error("the connection failed", { cause });
}
