// Stages and a connection that do what the test says, in a framing that the eye can read: no cryptography, so that tests of the
// loop see the loop alone. A record is a letter, a length byte, and so many bytes: d data, c close, a alert, k key update.
import { Buffer } from "node:buffer";
import type {
  AbortCause,
  AlertDescription,
  Bytes,
  Connection,
  ErrorAndAlert,
  Received,
  ServerStage,
  TlsError,
} from "@sallyport/core";

export const bytes = (text: string): Bytes => new Uint8Array(Buffer.from(text, "latin1"));
export const text = (data: Uint8Array | undefined): string | undefined => data && Buffer.from(data).toString("latin1");
const none = bytes("");

export class ScriptedError extends Error {
  override readonly name = "TlsError";
  readonly kind: string;
  readonly by: AbortCause | undefined;
  constructor(kind: string, by?: AbortCause) {
    super(kind);
    this.kind = kind;
    this.by = by;
    if (typeof by === "object" && by.cause !== undefined) this.cause = by.cause;
  }
}

// The machine's classes are nominal; a test double is let in by these three casts and by nothing else.
const asFailure = (value: object): ErrorAndAlert => value as unknown as ErrorAndAlert;
const asStage = (value: object): ServerStage => value as unknown as ServerStage;
const asConnection = (value: object): Connection => value as unknown as Connection;

export function failure(kind: string, alert: AlertDescription | undefined, by?: AbortCause): ErrorAndAlert {
  const result = asFailure({
    kind: "failed",
    error: new ScriptedError(kind, by) as unknown as TlsError,
    alert:
      alert === undefined
        ? { kind: "none", due: undefined, reason: "the transport is gone" }
        : { kind: "alert", level: "fatal", description: alert },
    output: alert === undefined ? none : bytes(`a${String.fromCharCode(alert.length)}${alert}`),
    data: [],
    events: [],
    abort: () => result,
  });
  return result;
}

function aborted(by: AbortCause): ErrorAndAlert {
  if (by === "reset") return failure("aborted", undefined, by);
  return failure("aborted", typeof by === "object" ? by.alert : "user_canceled", by);
}

/** A stage of this kind with these members; `abort` works as the machine's does: sticky, with its output once. */
export function stage(kind: string, members: object, output: Bytes = none): ServerStage {
  let failed: ErrorAndAlert | undefined;
  const abort = (by: AbortCause): ErrorAndAlert => {
    const again = failed !== undefined;
    failed ??= aborted(by);
    return again ? asFailure({ ...failed, output: none }) : failed;
  };
  return asStage({ kind, output, abort, ...members });
}

export function needsInput(receive: (chunk: Uint8Array) => ServerStage, output?: Bytes): ServerStage {
  return stage("needs-input", { receive, receiveEnd: () => failure("truncated", undefined) }, output);
}

export function established(connection = new ScriptedConnection(), output?: Bytes): ServerStage {
  return stage("established", { connection: asConnection(connection), received: connection.open([]) }, output);
}

export class ScriptedConnection {
  readonly info = { maxRecordSize: { send: 100, receive: 100 } };
  /** As in TLS 1.2: the peer's close takes our direction along. */
  closesTogether = false;
  /** Fails like a spent key, after so many more records. */
  recordsLeft = Number.POSITIVE_INFINITY;
  #failed: ErrorAndAlert | undefined;
  #closed = false;
  #peerClosed = false;
  #unread = none;

  open(data: Uint8Array[], output = none): Received {
    return { kind: "open", output, data, events: [] };
  }
  receive(chunk: Uint8Array): Received {
    if (this.#failed !== undefined) return this.#failed;
    let rest = new Uint8Array(Buffer.concat([this.#unread, chunk]));
    const data: Uint8Array[] = [];
    let output = "";
    while (rest.length >= 2 && rest.length >= 2 + (rest[1] ?? 0)) {
      const payload = rest.slice(2, 2 + (rest[1] ?? 0));
      const type = String.fromCharCode(rest[0] ?? 0);
      rest = rest.slice(2 + payload.length);
      if (type === "d") data.push(payload);
      else if (type === "k") output += "k\0";
      else if (type === "c") {
        this.#peerClosed = true;
        const own = this.closesTogether && !this.#closed ? "c\0" : "";
        return { kind: "closed", output: bytes(output + own), data, events: [], writable: !this.closesTogether };
      } else {
        this.#failed = failure(type === "a" ? "alert-received" : "bad-record-mac", type === "a" ? undefined : "bad_record_mac");
        return asFailure({ ...this.#failed, data });
      }
    }
    this.#unread = rest;
    return this.open(data, bytes(output));
  }
  receiveEnd(): Received {
    this.#failed ??= failure("truncated", undefined);
    return this.#failed;
  }
  send(data: Uint8Array): object {
    const target = new Uint8Array(data.length + 2 * Math.ceil(data.length / this.info.maxRecordSize.send));
    const result = this.sendInto(data, target);
    return "written" in result ? { kind: "sent", output: target } : result;
  }
  sendInto(data: Uint8Array, target: Uint8Array): object {
    if (this.#failed !== undefined) return { ...this.#failed, output: none };
    if (this.#closed) throw new Error("send after close");
    if (this.closesTogether && this.#peerClosed) return { kind: "ended", output: none };
    let taken = 0;
    let written = 0;
    while (taken < data.length && target.length - written > 2) {
      if (this.recordsLeft === 0) {
        this.#failed = failure("local-fault", "internal_error");
        return this.#failed;
      }
      this.recordsLeft -= 1;
      const part = data.subarray(taken, taken + Math.min(this.info.maxRecordSize.send, target.length - written - 2));
      target.set([100, part.length], written);
      target.set(part, written + 2);
      taken += part.length;
      written += part.length + 2;
    }
    return { kind: "sent", taken, written };
  }
  close(): object {
    const output = this.#closed ? none : bytes("c\0");
    this.#closed = true;
    return { kind: "sent", output };
  }
  updateKeys(): object {
    return { kind: "sent", output: bytes("k\0") };
  }
  abort(by: AbortCause): ErrorAndAlert {
    if (this.#failed !== undefined) return asFailure({ ...this.#failed, output: none });
    this.#failed = aborted(by);
    return this.#failed;
  }
}
