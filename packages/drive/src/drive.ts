// The loop: writes each stage's output, answers it, and hands over what comes of it.
import {
  type Accepted,
  ApiMisuse,
  type Bytes,
  type ClientEstablished,
  type ClientHello,
  type ClientStage,
  type ConnectionEvent,
  type EarlyDataOutcome,
  type ErrorAndAlert,
  type Established,
  type ServerStage,
} from "@sallyport/core";
import { answer, type Means, type Passing, type Stage, type Waiting } from "./answer.ts";
import { type Budget, budget as freshBudget, type Seat } from "./budget.ts";
import type { ClientAnswerers, Decision, DoorAnswerers } from "./door.ts";
import type { EarlyDataHandler, EarlyDataSource } from "./early-data.ts";
import { type Delivery, type DrainOptions, farewell, type Line, type PeerEnd, peerEndOf } from "./farewell.ts";
import { type Arrival, Inbox } from "./inbox.ts";
import { concatenate, Outbox } from "./outbox.ts";
import { Interruption, Patience } from "./patience.ts";
import type { Place } from "./lineup.ts";
import { keep } from "./pieces.ts";
import { type DynamicRecordSizes, expectRecordSizes, SmallRecords } from "./record-sizes.ts";
import { Stream } from "./stream.ts";
import type { TlsStream } from "./tls-stream.ts";
import type { Clock, Transport } from "./transport.ts";

export interface DriveOptions {
  readonly clock: Clock;
  /** Default 10 s; ends with its alert. */
  readonly handshakeTimeoutMs?: number;
  /** Cancels the handshake, with its alert; it means nothing to an established stream. */
  readonly signal?: AbortSignal;
  /** What this process spends on handshakes and on closing sockets; share one object among connections. */
  readonly budget?: Budget;
  readonly onEvent?: (event: ConnectionEvent) => void;
  /** At once when the handshake fails; the promise waits until its alert is delivered. What it throws is dropped. */
  readonly onFailure?: (failure: ErrorAndAlert) => void;
  /**
   * What a client that speaks no TLS is told in place of the alert, which it could not read: such as an answer in plain HTTP, by
   * `failure.error.received`. undefined, or a throw: the alert.
   */
  readonly plainAnswer?: (failure: ErrorAndAlert) => Uint8Array | undefined;
  readonly drain?: DrainOptions;
  /** What `dynamicRecordSizes()` made: the first bytes, and those behind a pause, in small records. Default: all as large as agreed. */
  readonly recordSizes?: DynamicRecordSizes;
}

export type ServerDriven = Driven | PassedThrough | Undone;
export type ClientDriven = Driven | Undone;
export interface Driven {
  readonly kind: "established";
  readonly stream: TlsStream;
  /** The client's first; undefined at a client. */
  readonly clientHello: ClientHello | undefined;
  /** What became of early data; undefined: none was offered. */
  readonly earlyData: EarlyDataOutcome | undefined;
}
/** The connection is yours, from its first byte. */
export interface PassedThrough {
  readonly kind: "passthrough";
  readonly clientHello: ClientHello;
  /** All that was read from the transport. */
  readonly received: Bytes;
  /** The same transport again; a read that is still under way is the first that this one gives. */
  readonly transport: Transport;
}
export interface Undone {
  readonly kind: "failed";
  readonly failure: ErrorAndAlert;
  readonly delivery: Delivery;
  readonly peerEnd: PeerEnd;
  /** By `plainAnswer`, in place of the alert: `delivery` tells what became of that. */
  readonly answeredPlainly: boolean;
  /** The client's, if it came that far. */
  readonly clientHello: ClientHello | undefined;
}

/**
 * Runs one connection's handshake over `transport` and returns what came of it. Never rejects for what peer, transport or
 * answerers do.
 *
 * @throws ApiMisuse for `recordSizes` that nobody made, or a clock that can't tell the time for them
 * @param start `new Acceptor().start()`, or a Connector's: its output is not yet written.
 * @example
 * const driven = await drive(transport, new Acceptor().start(), { accept: () => config }, { clock });
 * if (driven.kind === "established") await driven.stream.write(hello);
 */
export function drive(
  transport: Transport,
  start: ServerStage,
  answerers: DoorAnswerers,
  options: DriveOptions,
): Promise<ServerDriven>;
export function drive(
  transport: Transport,
  start: ClientStage,
  answerers: ClientAnswerers,
  options: DriveOptions,
): Promise<ClientDriven>;
export function drive(
  transport: Transport,
  start: Stage,
  answerers: DoorAnswerers | ClientAnswerers,
  options: DriveOptions,
): Promise<ServerDriven> {
  const { clock, drain = usualDrain, budget = freshBudget() } = options;
  const smallRecords = options.recordSizes && smallRecordsOf(options.recordSizes, clock);
  const line: Line = { transport, inbox: new Inbox(transport), outbox: new Outbox(transport), clock, budget, drain };
  return new Handshake(line, answerers, options, smallRecords).run(start);
}

function smallRecordsOf(sizes: DynamicRecordSizes, clock: Clock): SmallRecords {
  const now = clock.now?.bind(clock);
  if (now === undefined) throw new ApiMisuse("bad-argument", "recordSizes needs a clock that has now()");
  return new SmallRecords(expectRecordSizes(sizes), now);
}

const usualDrain: DrainOptions = {};

class Handshake implements Means, Seat {
  readonly #line: Line;
  readonly #options: DriveOptions;
  readonly #patience: Patience;
  readonly #answerers: DoorAnswerers | ClientAnswerers;
  readonly #smallRecords: SmallRecords | undefined;
  readonly takeEarly: EarlyDataHandler | undefined;
  readonly giveEarly: EarlyDataSource | undefined;
  /** What came early, and is read when the handshake is complete. */
  readonly #keptBack: Uint8Array[] = [];
  #clientHello: ClientHello | undefined;
  #earlyData: EarlyDataOutcome | undefined;
  /** Where it counts in the budget. */
  #place: Place<Seat> | undefined;
  #waitsForPeer = false;

  constructor(
    line: Line,
    answerers: DoorAnswerers | ClientAnswerers,
    options: DriveOptions,
    smallRecords: SmallRecords | undefined,
  ) {
    this.#line = line;
    this.#smallRecords = smallRecords;
    this.#options = options;
    this.#patience = new Patience(line.inbox, options);
    this.#answerers = answerers;
    // Of any object of the caller's: they are called as its methods.
    if ("accept" in answerers) this.takeEarly = answerers.earlyData?.bind(answerers);
    else this.giveEarly = answerers.earlyData?.bind(answerers);
  }

  get inbox(): Inbox {
    return this.#line.inbox;
  }
  get outbox(): Outbox {
    return this.#line.outbox;
  }
  decide(hello: ClientHello): Decision | Promise<Decision> {
    const answerers = this.#answerers;
    if (!("accept" in answerers)) throw new TypeError("accept is missing");
    return typeof answerers.accept === "function" ? answerers.accept(hello, this.signal) : answerers.accept;
  }
  get signal(): AbortSignal {
    return this.#patience.signal;
  }
  get waitsForClient(): boolean {
    return this.#waitsForPeer && "accept" in this.#answerers;
  }
  giveWay(): void {
    this.#patience.giveWay();
  }
  async arrival(): Promise<Arrival> {
    this.#waitsForPeer = true;
    const arrival = await this.inbox.next();
    this.#waitsForPeer = false;
    return arrival;
  }
  keepBack(data: Uint8Array): void {
    keep(this.#keptBack, data);
  }
  turn(): Promise<void> | undefined {
    // Before it has entered a server does no public-key operation, so reading a ClientHello takes no turn.
    return this.#place !== undefined ? this.#line.budget.turn(this, this.#line.clock) : undefined;
  }

  async run(start: Stage): Promise<ServerDriven> {
    this.inbox.watch();
    for (let stage = start; ; ) {
      if (stage.kind === "failed") return this.#fail(stage);
      if (stage.kind === "established") return this.#establish(stage);
      this.#line.outbox.put(stage.output);
      const next = await this.#step(stage);
      if (next.kind === "passing") return this.#passThrough(next.accepted);
      stage = next;
    }
  }

  async #step(stage: Waiting): Promise<Stage | Passing> {
    if (stage.kind === "accepted") this.#clientHello = stage.clientHello;
    if (stage.kind === "early-data-end") this.#earlyData = stage.outcome;
    if (!this.#enter(stage)) return stage.abort({ alert: "internal_error", reason: "overload: too many handshakes in progress" });
    try {
      return await this.#patience.wait(stage.kind, () => answer(stage, this));
    } catch (cause) {
      if (cause instanceof Interruption) return stage.abort(cause.by);
      return stage.abort({ alert: "internal_error", reason: `the answer to ${stage.kind} failed`, cause });
    }
  }

  #enter(stage: Waiting): boolean {
    const due = !("accept" in this.#answerers) || stage.kind === "accepted";
    if (due) this.#place ??= this.#line.budget.enter(this);
    return this.#place !== undefined || !due;
  }

  #establish(stage: Established | ClientEstablished): Driven {
    this.#line.outbox.putLast(stage.output, this.#line.clock);
    this.#end("established");
    const told = "earlyData" in stage && stage.earlyData !== "none" ? stage.earlyData : this.#earlyData;
    const stream = new Stream(this.#line, stage, this.#options.onEvent, this.#keptBack, this.#smallRecords);
    return { kind: "established", stream, clientHello: this.#clientHello, earlyData: told };
  }

  async #fail(failure: ErrorAndAlert): Promise<Undone> {
    const answer = this.#plainAnswer(failure);
    this.#line.outbox.put(answer ?? failure.output);
    this.#end("failed");
    this.#patience.fire();
    const { error } = failure;
    // Where the peer has said why, how it goes is all that is left to know.
    const said = error.kind === "alert-received" || error.kind === "closed-early";
    const farewelled = farewell(this.#line, failure.alert.kind === "alert" ? "alert" : said ? "peer-end" : "nothing");
    try {
      this.#options.onFailure?.(failure);
    } catch {}
    const { delivery, transportEnd } = await farewelled;
    const peerEnd = peerEndOf(error, transportEnd);
    return { kind: "failed", failure, delivery, peerEnd, answeredPlainly: answer !== undefined, clientHello: this.#clientHello };
  }

  #plainAnswer(failure: ErrorAndAlert): Uint8Array | undefined {
    if (failure.error.kind !== "not-tls") return undefined;
    try {
      return this.#options.plainAnswer?.(failure);
    } catch {
      return undefined;
    }
  }

  #passThrough(accepted: Accepted): PassedThrough {
    this.#end("passedThrough");
    const { held, transport } = this.inbox.release();
    const received = concatenate([accepted.received, ...held]);
    return { kind: "passthrough", clientHello: accepted.clientHello, received, transport };
  }

  #end(outcome: "established" | "failed" | "passedThrough"): void {
    this.#patience.end();
    if (this.#place !== undefined) this.#line.budget.leave(this.#place);
    this.#line.budget.count(outcome);
  }
}
