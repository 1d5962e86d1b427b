import type { Duplex } from "node:stream";
import type { ErrorAndAlert } from "@sallyport/core";
import { type DriveOptions, expectRecordSizes, type PassedThrough, type ServerDriven } from "@sallyport/drive";
import { clock } from "./clock.ts";
import { observe } from "./diagnostics.ts";
import { coded } from "./errors.ts";
import type { AdapterOptions, PlainHttpOptions } from "./options.ts";
import { plainHttpAnswer } from "./plain-http.ts";
import { SocketTransport } from "./socket-transport.ts";
import { TlsSocket } from "./tls-socket.ts";

/** A TlsSocket whose handshake has begun. */
export function handshakeOn(
  role: "client" | "server",
  socket: Duplex,
  options: AdapterOptions & PlainHttpOptions & { readonly head?: Uint8Array },
  begin: (transport: SocketTransport, options: DriveOptions) => Promise<ServerDriven>,
  events: readonly string[],
): TlsSocket {
  const cancelled = new AbortController();
  const transport = new SocketTransport(socket, options.head);
  const tls = new TlsSocket(socket, options.allowHalfOpen ?? false, () => {
    // Nobody is there yet who could be told.
    if ("connecting" in socket && socket.connecting === true) socket.destroy();
    cancelled.abort();
  });
  const onFailure = ({ error }: ErrorAndAlert): void => {
    const isReset = error.kind === "aborted" && error.context.by === "reset";
    tls.destroy(isReset && transport.error !== undefined ? transport.error : coded(error));
  };
  const driven = begin(transport, { ...driveOptions(options), signal: cancelled.signal, onFailure });
  observe(role, socket, driven);
  void driven.then((result) => {
    if (result.kind === "established") {
      tls.secure(result);
      // In a turn of its own, so that what a listener throws is the process's, and no rejection of ours.
      process.nextTick(() => {
        for (const event of events) if (!tls.destroyed) tls.emit(event);
      });
    } else if (result.kind === "passthrough") {
      void giveBack(socket, transport, result).then(() => {
        tls.destroy();
        process.nextTick(() => tls.emit("passthrough", socket, result.clientHello));
      });
    }
  });
  return tls;
}

export function driveOptions({
  handshakeTimeoutMs,
  budget,
  recordSizes,
  plainHttp,
}: AdapterOptions & PlainHttpOptions): DriveOptions {
  return {
    clock,
    ...(handshakeTimeoutMs === undefined ? {} : { handshakeTimeoutMs }),
    ...(budget === undefined ? {} : { budget }),
    ...(recordSizes === undefined ? {} : { recordSizes: expectRecordSizes(recordSizes) }),
    ...(plainHttp === undefined ? {} : { plainAnswer: plainHttpAnswer(plainHttp) }),
  };
}

/** Puts back what was read. False: the peer has ended already, and nothing can be put in front of an end. */
export async function giveBack(socket: Duplex, transport: SocketTransport, passed: PassedThrough): Promise<boolean> {
  const ended = transport.ended;
  transport.detach();
  const chunks: Uint8Array[] = [passed.received];
  for (let chunk = await passed.transport.read(); chunk !== undefined; chunk = await passed.transport.read()) chunks.push(chunk);
  if (ended || socket.destroyed) return false;
  socket.unshift(Buffer.concat(chunks));
  // As fresh from the listener: the first "data" listener or pipe makes it flow, which an explicit pause would prevent.
  Reflect.set(socket, "readableFlowing", null);
  return true;
}
