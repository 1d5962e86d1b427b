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
import { type HandshakeMessage, handshakeTypes, messageName } from "../wire/handshake.ts";
import type { Turn } from "./stages/stage.ts";
import type { EdgeTable } from "./table.ts";

/** Of a state that no message moves: a synchronous object's answer, or the stage that asks. */
export type Paused<Next, Stage = Next> =
  | { readonly input: string; readonly value: unknown }
  | { readonly stage: (turn: Turn<Next>) => Stage };

/** A machine and its public face. */
export interface Role<State extends { readonly kind: string }, Next> {
  readonly edges: EdgeTable;
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
      const inputs = Object.keys(role.edges[state.kind] ?? {});
      if (inputs.some(isFromThePeer)) {
        const message = this.#nextMessage(inputs);
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

  #nextMessage(
    expected: readonly string[],
  ): HandshakeMessage | { readonly data: Uint8Array } | "change_cipher_spec" | undefined {
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
    const edges = this.#role.edges[this.#state.kind] ?? {};
    if (!Object.hasOwn(edges, input)) {
      fail("unexpected-message", { expected: Object.keys(edges), received: input }, "RFC 9846, Appendix A");
    }
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
    const link = this.#link;
    const turn = (this.#turn ?? 0) + 1;
    this.#turn = turn;
    /** The failure of a failed connection; else throws if the stage is spent. */
    const check = (): ErrorAndAlert | undefined => {
      if (link.failure !== undefined) return link.failure.echo();
      if (this.#turn !== turn) throw new ApiMisuse("spent-stage", "a stage is used once");
      return undefined;
    };
    const spend = (): void => {
      this.#turn = turn + 1;
    };
    return {
      output: link.outgoing.take(),
      answer: (name, read) => {
        const failed = check();
        if (failed !== undefined) return failed;
        const value = read();
        spend();
        return this.#run(() => this.#move(name, value));
      },
      receive: (chunk) => {
        const failed = check();
        if (failed !== undefined) return failed;
        expectBytes(chunk, "chunk");
        spend();
        link.log?.append(chunk);
        return this.#run(() => link.incoming.feed(chunk));
      },
      receiveEnd: () => {
        const failed = check();
        if (failed !== undefined) return failed;
        spend();
        return guard(link, this.#state.kind, () => {
          return fail("truncated", { insideRecord: link.incoming.insideRecord }, "RFC 9846 §6.1");
        });
      },
      abort: (cause: AbortCause) => abort(link, cause),
      refuse: (cause) => {
        const failed = check();
        if (failed !== undefined) return failed;
        return abort(link, cause());
      },
      distrust: (read) => {
        const failed = check();
        if (failed !== undefined) return failed;
        const reason = read();
        spend();
        return guard(link, "judge", () => this.#distrust(reason));
      },
      look: (read, run) => {
        const failed = check();
        if (failed !== undefined) return failed;
        read();
        return guard(link, this.#state.kind, run);
      },
    };
  }

  #distrust(reason: DistrustReason): never {
    const presented = this.#role.presented(this.#state);
    if (presented === undefined) throw new TypeError("a verdict outside the state that asks for it");
    return fail("identity-distrusted", { reason, presented }, "RFC 9846 §4.5.1");
  }
}

/** Inputs that are messages; all others are answers. */
function isFromThePeer(input: string): boolean {
  return Object.hasOwn(handshakeTypes, input) || input === "change_cipher_spec";
}
