// How a machine is written: its edges are data, and its functions have their types from them (RFC 9846, Appendix A).
import type { Link } from "../connection/link.ts";
import type { Info } from "../connection/types.ts";
import type { Transcript } from "../crypto/transcript.ts";
import type { Bytes } from "../wire/bytes.ts";
import { handshakeTypes, messageName } from "../wire/handshake.ts";
import type { Scribe } from "./scribe.ts";

/** State → input → the states it may lead to. */
export type EdgeTable = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Of each state: what moves it, and whether that comes from the peer. Once a table: every step asks. Errors tell the names: frozen. */
export type Inputs = ReadonlyMap<string, { readonly names: readonly string[]; readonly areThePeers: boolean }>;
export function inputsOf(table: EdgeTable): Inputs {
  return new Map(
    Object.entries(table).map(([state, edges]) => {
      const names = Object.freeze(Object.keys(edges));
      return [state, { names, areThePeers: names.some(isFromThePeer) }];
    }),
  );
}

/** Inputs that are messages; all others are answers. */
function isFromThePeer(input: string): boolean {
  return Object.hasOwn(handshakeTypes, input) || input === "change_cipher_spec";
}

/** `type Edges = Checked<typeof edges>` names a wrong cell. */
export type Checked<Table extends EdgeTable> = Table;

/**
 * One of the states: its kind, and just what it may know. Where one is made of another its own fields stand first: V8 gives an object
 * that begins with a spread and adds to it a hidden class of its own, each time, at twenty times the price.
 */
export type StateOf<States, Kind extends keyof States = keyof States> = {
  [K in Kind]: { readonly kind: K } & Readonly<States[K]>;
}[Kind];
/** One small function for each edge; one that is missing, or leads where it must not, does not compile. */
export type Steps<Edges, States, Inputs> = {
  readonly [K in keyof Edges & keyof States]: {
    readonly [N in keyof Edges[K] & keyof Inputs]: (
      state: StateOf<States, K>,
      input: Inputs[N],
      context: Context,
    ) => StateOf<States, Extract<Edges[K][N] extends readonly (infer To)[] ? To : never, keyof States>>;
  };
};

/** Runs the step of an edge; the driver has checked that `input` is one of `state`. */
export function runStep<State extends { readonly kind: string }>(
  steps: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  state: State,
  input: string,
  value: unknown,
  context: Context,
): State {
  // The table's types can't be followed through a union.
  const step = steps[state.kind]?.[input] as (state: State, value: unknown, context: Context) => State;
  return step(state, value, context);
}

/** Sends a message of a flight, and adds it to what was said. */
export function send(message: Bytes, transcript: Transcript | undefined, { link }: Context): void {
  transcript?.add(message);
  link.outgoing.handshake(message);
  link.trace?.({ kind: "message", direction: "out", type: messageName(message[0] ?? 0), length: message.length });
}

/** What every step works with. */
export interface Context {
  readonly link: Link;
  readonly scribe: Scribe;
}

/** @param psk what the handshake was made by; undefined: a certificate. */
export function handshakeKind(psk: "session" | "external" | undefined, retried: boolean): Info["handshakeKind"] {
  const kind = psk === undefined ? "full" : psk === "session" ? "resumed" : "psk";
  return retried ? `${kind}-after-retry` : kind;
}
