import type { Trace } from "../config/trace.ts";
import type { Phase } from "../errors.ts";
import { Incoming } from "../record/incoming.ts";
import type { Limits } from "../record/limits.ts";
import { Outgoing } from "../record/outgoing.ts";
import type { RecordSizes } from "../record/size-limit.ts";
import { type Bytes, copy, type GrowingBytes } from "../wire/bytes.ts";
import type { ErrorAndAlert } from "./failure.ts";
import type { ConnectionEvent } from "./types.ts";

interface Holder {
  /** Wipes the secrets that it holds: nothing comes after it. */
  forget(): void;
}

/** What handshake and data path share of one connection: both directions, where it stands, and whether it has failed. */
export class Link {
  readonly role: "client" | "server";
  readonly incoming: Incoming;
  readonly outgoing: Outgoing = new Outgoing();
  readonly label: string | undefined;
  trace: Trace | undefined;
  phase: Phase = "client-hello";
  /** From here on the peer can know everything that the handshake shows it. */
  finishedSent = false;
  serverName: string | undefined;
  /** A client's, as it was sent: what the error of a silent server tells of. */
  hello: { readonly bytes: number; readonly records: number } | undefined;
  /** What is being done, for the error of a local fault. */
  step = "start";
  /** Our close_notify was written: nothing may follow it. */
  writeClosed = false;
  /** The connection goes on elsewhere: a byte from here would be under no key, or under a number that is used again. */
  extracted = false;
  /** Once set, the answer to every call. */
  failure: ErrorAndAlert | undefined;
  /** Whose secrets these are: the machine's, then the connection's. */
  holder: Holder | undefined;
  /** Every byte taken before a config is chosen; undefined afterwards, and at a client. */
  log: GrowingBytes | undefined;
  #data: Uint8Array[] | undefined;
  #events: ConnectionEvent[] | undefined;

  constructor(role: "client" | "server", limits: Limits, trace: Trace | undefined, label?: string) {
    this.role = role;
    this.incoming = new Incoming(limits);
    this.trace = trace;
    this.label = label;
    if (role === "server") this.outgoing.afterFirstHello();
  }

  /** Copied. */
  get received(): Bytes | undefined {
    return this.log === undefined ? undefined : copy(this.log.view());
  }
  failed(): ErrorAndAlert | undefined {
    return this.failure?.echo();
  }

  /** Of protected records (RFC 8449). */
  get recordSizes(): RecordSizes {
    return { send: this.outgoing.maxProtected, receive: this.incoming.maxProtected };
  }
  set recordSizes({ send, receive }: RecordSizes) {
    this.outgoing.maxProtected = send;
    this.incoming.maxProtected = receive;
  }

  data(bytes: Uint8Array): void {
    this.#data ??= [];
    this.#data.push(bytes);
  }
  event(event: ConnectionEvent): void {
    this.#events ??= [];
    this.#events.push(event);
  }
  takeData(): readonly Uint8Array[] {
    const data = this.#data ?? [];
    this.#data = undefined;
    return data;
  }
  takeEvents(): readonly ConnectionEvent[] {
    const events = this.#events ?? [];
    this.#events = undefined;
    return events;
  }
}
