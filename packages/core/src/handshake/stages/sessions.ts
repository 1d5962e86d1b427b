// Pauses of a resumption: a store has the answer.
import type { ErrorAndAlert } from "../../connection/failure.ts";
import { expectBytes } from "../../connection/expect-bytes.ts";
import { type AbortCause, ApiMisuse } from "../../errors.ts";
import type { AsyncClientSessionStore, AsyncServerSessionStore, ClientSessionKey, StoredSession } from "../../session/types.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { AnyStage, ClientStage, ServerStage, Turn } from "./stage.ts";

/** Server: which of these sessions do you know? A look, not a take: no binder is verified yet. */
export class NeedsSession implements AnyStage {
  readonly kind = "needs-session";
  /** At most 4, in the client's order; `id` is the opaque identity or session id. */
  readonly candidates: readonly { readonly index: number; readonly id: Bytes }[];
  readonly #store: AsyncServerSessionStore;
  readonly #turn: Turn<ServerStage>;
  constructor(turn: Turn<ServerStage>, candidates: NeedsSession["candidates"], store: AsyncServerSessionStore) {
    this.#turn = turn;
    this.candidates = candidates;
    this.#store = store;
  }
  /** The very object of the config. */
  get store(): AsyncServerSessionStore {
    return this.#store;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  /** What is not known is left out; an empty list is a full handshake. */
  resume(found: readonly { readonly index: number; readonly state: Uint8Array }[]): ServerStage {
    return this.#turn.answer("sessions", () => {
      if (!Array.isArray(found)) throw new ApiMisuse("bad-argument", "resume takes a list of { index, state }");
      for (const each of found) {
        if (typeof each !== "object" || each === null) {
          throw new ApiMisuse("bad-argument", "resume takes a list of { index, state }");
        }
        const { index, state } = each;
        if (!this.candidates.some((candidate) => candidate.index === index)) {
          throw new ApiMisuse("bad-argument", `there is no candidate ${index}`);
        }
        expectBytes(state, "state");
      }
      return found;
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

/** Client: is there a session for this server? One that is answered counts as used. */
export class ClientNeedsSession implements AnyStage {
  readonly kind = "needs-session";
  readonly key: ClientSessionKey;
  readonly #store: AsyncClientSessionStore;
  readonly #turn: Turn<ClientStage>;
  constructor(turn: Turn<ClientStage>, key: ClientSessionKey, store: AsyncClientSessionStore) {
    this.#turn = turn;
    this.key = key;
    this.#store = store;
  }
  /** The very object of the config. */
  get store(): AsyncClientSessionStore {
    return this.#store;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  resume(session: StoredSession | undefined): ClientStage {
    return this.#turn.answer("session", () => {
      if (session !== undefined) expectBytes(session?.state, "session.state");
      return session;
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}
