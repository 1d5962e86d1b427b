// Runs a machine: feeds it messages and answers, and is the only place that makes stages.
import type { DistrustReason, PresentedIdentity } from "../config/identity.ts";
import { type Agreement, Connection } from "../connection/connection.ts";
import { expectBytes } from "../connection/expect-bytes.ts";
import type { ErrorAndAlert } from "../connection/failure.ts";
import { abort, guard } from "../connection/guard.ts";
import type { Link } from "../connection/link.ts";
import type { Received } from "../connection/types.ts";
import { type AbortCause, ApiMisuse, fail } from "../errors.ts";
import type { Bytes } from "../wire/bytes.ts";
import { type HandshakeMessage, messageName } from "../wire/handshake.ts";
import type { Turn } from "./stages/stage.ts";
import type { Inputs } from "./table.ts";

/** Of a state that no message moves: a synchronous object's answer, or the stage that asks. */
export type Paused<Next, Stage = Next> =
  | { readonly input: string; readonly value: unknown }
  | { readonly stage: (turn: Turn<Next>) => Stage };

/** A machine and its public face. */
export interface Role<State extends { readonly kind: string }, Next> {
  readonly inputs: Inputs;
  /** One step. Whether `input` is an edge of `state` has been checked. */
  step(state: State, input: string, value: unknown): State;
  /** What a state wants that no message moves. */
  pause(state: State): Paused<Next>;
  /** Wipes the state's secrets: nothing comes after it. */
  forget(state: State): void;
  /** A message that means nothing in this state, and is not even hashed (RFC 5246 §7.4.1.1). */
  ignores(state: State, message: HandshakeMessage): boolean;
  /** What is judged in this state, if anything is. */
  presented(state: State): PresentedIdentity | undefined;
  /** What the handshake came to, once it is complete; asked once then, since the state's secrets go into it. */
  agreement(state: State): Agreement | undefined;
  needsInput(turn: Turn<Next>, state: State): Next;
  established(connection: Connection, output: Bytes, received: Received, state: State): Next;
}

export class Driver<State extends { readonly kind: string }, Next> {
  readonly #link: Link;
  readonly #role: Role<State, Next | ErrorAndAlert>;
  #state: State;
  /** Which stage is the living one; undefined once the handshake is complete. */
  #turn: number | undefined = 0;
  #agreement: Agreement | undefined;

  constructor(link: Link, role: Role<State, Next | ErrorAndAlert>, state: State) {
    this.#link = link;
    this.#role = role;
    this.#state = state;
    link.holder = this;
  }

  /** The first stage. */
  start(): Next | ErrorAndAlert {
    return this.#run(() => {});
  }

  forget(): void {
    this.#role.forget(this.#state);
  }

  #run(before: () => void): Next | ErrorAndAlert {
    const link = this.#link;
    const reached = guard(link, this.#state.kind, () => {
      before();
      const stage = this.#advance();
      if (stage !== undefined) link.incoming.release();
      return stage;
    });
    return reached ?? this.#establish();
  }

  /** Steps until something must be seen; undefined: the handshake is complete. */
  #advance(): Next | ErrorAndAlert | undefined {
    const link = this.#link;
    const role = this.#role;
    for (;;) {
      const state = this.#state;
      link.step = state.kind;
      this.#agreement = role.agreement(state);
      if (this.#agreement !== undefined) return undefined;
      const { names, areThePeers } = role.inputs.get(state.kind) ?? none;
      if (areThePeers) {
        const message = this.#nextMessage(names);
        if (message === undefined) return role.needsInput(this.#newTurn(), state);
        if (message === "change_cipher_spec") {
          this.#move(message, undefined);
        } else if ("data" in message) {
          this.#move("application_data", message.data);
        } else {
          const type = messageName(message.type);
          link.trace?.({ kind: "message", direction: "in", type, length: message.raw.length });
          if (!role.ignores(state, message)) this.#move(type, message);
        }
      } else {
        const paused = role.pause(state);
        if ("stage" in paused) return paused.stage(this.#newTurn());
        this.#move(paused.input, paused.value);
      }
    }
  }

  #nextMessage(expected: readonly string[]): HandshakeMessage | { readonly data: Uint8Array } | "change_cipher_spec" | undefined {
    // What was said stands, whatever is heard next.
    this.#link.outgoing.boundary();
    for (;;) {
      const content = this.#link.incoming.next();
      switch (content?.kind) {
        case undefined:
          return undefined;
        case "handshake":
          return content.message;
        case "change-cipher-spec":
          return "change_cipher_spec";
        case "warning-alert":
          this.#link.event(content);
          break;
        case "close":
          return fail("closed-early", { authenticated: content.authenticated }, "RFC 9846 §6.1");
        case "data":
          if (expected.includes("application_data")) {
            if (content.data.length > 0) return content;
            break;
          }
          return fail("unexpected-message", { expected, received: "application_data" }, "RFC 9846 §4");
      }
    }
  }

  #move(input: string, value: unknown): void {
    const { names } = this.#role.inputs.get(this.#state.kind) ?? none;
    if (!names.includes(input)) fail("unexpected-message", { expected: names, received: input }, "RFC 9846, Appendix A");
    this.#state = this.#role.step(this.#state, input, value);
  }

  /** Outside of the handshake's guard, since the data path has its own: what fails there must not hide what is established. */
  #establish(): Next | ErrorAndAlert {
    const link = this.#link;
    const agreement = this.#agreement;
    if (agreement === undefined) throw new TypeError(`${this.#state.kind} is no end of a handshake`);
    this.#turn = undefined;
    link.phase = "established";
    link.incoming.offered = undefined;
    const connection = Connection.make(link, agreement);
    const received = Connection.begin(connection);
    // All bytes go with the stage: what the rest of the chunk caused follows the flight.
    if (received.kind !== "failed") return this.#role.established(connection, link.outgoing.take(), received, this.#state);
    return this.#role.established(connection, received.output, received.withoutOutput(), this.#state);
  }

  #newTurn(): Turn<Next | ErrorAndAlert> {
    const number = (this.#turn ?? 0) + 1;
    this.#turn = number;
    return new StageTurn(this, number, this.#link.outgoing.take());
  }

  // What a turn does, by its number.

  answer(turn: number, name: string, read: () => unknown): Next | ErrorAndAlert {
    const failed = this.#check(turn);
    if (failed !== undefined) return failed;
    const value = read();
    this.#spend(turn);
    return this.#run(() => this.#move(name, value));
  }
  receive(turn: number, chunk: Uint8Array): Next | ErrorAndAlert {
    const failed = this.#check(turn);
    if (failed !== undefined) return failed;
    expectBytes(chunk, "chunk");
    this.#spend(turn);
    const link = this.#link;
    link.log?.append(chunk);
    return this.#run(() => link.incoming.feed(chunk));
  }
  receiveEnd(turn: number): ErrorAndAlert {
    const failed = this.#check(turn);
    if (failed !== undefined) return failed;
    this.#spend(turn);
    const link = this.#link;
    return guard(link, this.#state.kind, () => {
      return fail("truncated", { insideRecord: link.incoming.insideRecord }, "RFC 9846 §6.1");
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return abort(this.#link, cause);
  }
  refuse(turn: number, cause: () => AbortCause): ErrorAndAlert {
    return this.#check(turn) ?? abort(this.#link, cause());
  }
  distrust(turn: number, read: () => DistrustReason): ErrorAndAlert {
    const failed = this.#check(turn);
    if (failed !== undefined) return failed;
    const reason = read();
    this.#spend(turn);
    return guard(this.#link, "judge", () => this.#distrust(reason));
  }
  look<Result>(turn: number, read: () => void, run: () => Result): Result | ErrorAndAlert {
    const failed = this.#check(turn);
    if (failed !== undefined) return failed;
    read();
    return guard(this.#link, this.#state.kind, run);
  }

  /** The failure of a failed connection; else throws if the stage is spent. */
  #check(turn: number): ErrorAndAlert | undefined {
    if (this.#link.failure !== undefined) return this.#link.failure.echo();
    if (this.#turn !== turn) throw new ApiMisuse("spent-stage", "a stage is used once");
    return undefined;
  }
  #spend(turn: number): void {
    this.#turn = turn + 1;
  }

  #distrust(reason: DistrustReason): never {
    const presented = this.#role.presented(this.#state);
    if (presented === undefined) throw new TypeError("a verdict outside the state that asks for it");
    return fail("identity-distrusted", { reason, presented }, "RFC 9846 §4.5.1");
  }
}

const none = { names: Object.freeze([]), areThePeers: false } as const;

/** What a turn asks its machine for. */
type Machine<Next> = Pick<
  Driver<{ readonly kind: string }, Next>,
  "answer" | "receive" | "receiveEnd" | "abort" | "refuse" | "distrust" | "look"
>;

class StageTurn<Next> implements Turn<Next | ErrorAndAlert> {
  readonly output: Bytes;
  readonly #machine: Machine<Next>;
  readonly #number: number;

  constructor(machine: Machine<Next>, number: number, output: Bytes) {
    this.#machine = machine;
    this.#number = number;
    this.output = output;
  }
  answer(name: string, read: () => unknown): Next | ErrorAndAlert {
    return this.#machine.answer(this.#number, name, read);
  }
  receive(chunk: Uint8Array): Next | ErrorAndAlert {
    return this.#machine.receive(this.#number, chunk);
  }
  receiveEnd(): ErrorAndAlert {
    return this.#machine.receiveEnd(this.#number);
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#machine.abort(cause);
  }
  refuse(cause: () => AbortCause): ErrorAndAlert {
    return this.#machine.refuse(this.#number, cause);
  }
  distrust(read: () => DistrustReason): ErrorAndAlert {
    return this.#machine.distrust(this.#number, read);
  }
  look<Result>(read: () => void, run: () => Result): Result | ErrorAndAlert {
    return this.#machine.look(this.#number, read, run);
  }
}
