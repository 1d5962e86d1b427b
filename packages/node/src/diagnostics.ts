// Channels of node:diagnostics_channel, for metrics and logs: one a kind of event, the cause as a label from a closed set.
import { channel } from "node:diagnostics_channel";
import type { Duplex } from "node:stream";
import type { ClientHello, EarlyDataOutcome, ErrorKind, Info, TlsError } from "@sallyport/core";
import type { Delivery, PeerEnd, ServerDriven } from "@sallyport/drive";

/** What all messages tell. `socket` is the transport. */
interface Told {
  readonly role: "client" | "server";
  readonly socket: Duplex;
}
/** On `sallyport:established`. */
export interface EstablishedMessage extends Told {
  readonly info: Info;
  /** undefined: none was offered. */
  readonly earlyData: EarlyDataOutcome | undefined;
  /** From the first stage on, connecting included. */
  readonly milliseconds: number;
}
/** On `sallyport:failed`: a handshake, when its alert is delivered. */
export interface FailedMessage extends Told {
  readonly cause: Cause;
  readonly error: TlsError;
  /** What we sent. */
  readonly alert: string | undefined;
  /** What the peer sent, if the registry has a name for it. */
  readonly alertReceived: string | undefined;
  readonly delivery: Delivery;
  readonly peerEnd: PeerEnd;
  readonly milliseconds: number;
}
/** On `sallyport:passthrough`. */
export interface PassthroughMessage extends Told {
  readonly clientHello: ClientHello;
}
/** On `sallyport:closed`: an established connection. */
export interface ClosedMessage extends Told {
  readonly cause: Cause | "close_notify";
  readonly error: TlsError | undefined;
  readonly delivery: Delivery;
}

/** The error's kind; of what was aborted, why: `refused` by accept, overload or an answerer that failed. */
export type Cause = Exclude<ErrorKind, "aborted"> | "cancelled" | "timeout" | "reset" | "refused";

const channels = {
  established: channel("sallyport:established"),
  failed: channel("sallyport:failed"),
  passthrough: channel("sallyport:passthrough"),
  closed: channel("sallyport:closed"),
};

/** Tells what becomes of a handshake, and of the connection behind it. Costs next to nothing where nobody listens. */
export function observe(role: Told["role"], socket: Duplex, driven: Promise<ServerDriven>): void {
  if (!Object.values(channels).some(({ hasSubscribers }) => hasSubscribers)) return;
  const begun = performance.now();
  void driven.then((result) => {
    const milliseconds = performance.now() - begun;
    switch (result.kind) {
      case "established": {
        const { stream, earlyData } = result;
        tell<EstablishedMessage>("established", { role, socket, info: stream.info, earlyData, milliseconds });
        void stream.closed.then(({ error, delivery }) => {
          tell<ClosedMessage>("closed", {
            role,
            socket,
            cause: error === undefined ? "close_notify" : causeOf(error),
            error,
            delivery,
          });
        });
        break;
      }
      case "failed": {
        const {
          failure: { error, alert },
          delivery,
          peerEnd,
          answeredPlainly,
        } = result;
        tell<FailedMessage>("failed", {
          role,
          socket,
          cause: causeOf(error),
          error,
          alert: alert.kind === "alert" && !answeredPlainly ? alert.description : undefined,
          alertReceived: error.kind === "alert-received" ? error.context.description.name : undefined,
          delivery,
          peerEnd,
          milliseconds,
        });
        break;
      }
      case "passthrough":
        tell<PassthroughMessage>("passthrough", { role, socket, clientHello: result.clientHello });
    }
  });
}

/** A subscriber that throws is the process's affair: diagnostics_channel sees to it. */
function tell<Message extends Told>(kind: keyof typeof channels, message: Message): void {
  channels[kind].publish(message);
}

function causeOf(error: TlsError): Cause {
  if (error.kind !== "aborted") return error.kind;
  return typeof error.context.by === "string" ? error.context.by : "refused";
}
