// Stateless tickets (RFC 9846 §4.7.1, RFC 5077 §4): the session itself, sealed under a key derived for this ticket alone.
//     format (1) · key name (16) · salt (32) · sealed state
import { expand } from "../crypto/hkdf.ts";
import type { CryptoProvider, HashImplementation, SuiteImplementation } from "../crypto/provider.ts";
import { expectLength } from "../crypto/results.ts";
import { type Bytes, concat, equal, latin1, wipe } from "../wire/bytes.ts";
import type { TicketKey, TicketKeys } from "./types.ts";

const format = 2;
const nameLength = 16;
const secretLength = 32;
const saltLength = 32;
const headLength: number = 1 + nameLength + saltLength;
const tagLength = 16;

const hourMs = 3_600_000;
/** A key seals for so long; the one before still opens. */
const rotateAfterMs: number = 6 * hourMs;
/** Then nothing that it sealed opens any more. */
export const forgetAfterMs: number = 12 * hourMs;

/** Who seals tickets: an AEAD of the provider's with 32-byte keys, and a hash. undefined: there is none. */
export interface Sealer {
  readonly suite: SuiteImplementation;
  readonly hash: HashImplementation;
}
export function sealerOf({ suites, hashes }: CryptoProvider): Sealer | undefined {
  const hash = hashes.find(({ name }) => name === "sha256") ?? hashes[0];
  const suite = suites.find(({ keyLength }) => keyLength === 32);
  return hash && suite && { suite, hash };
}

export function sealTicket(
  state: Bytes,
  { current }: TicketKeys,
  { suite, hash }: Sealer,
  random: (length: number) => Bytes,
): Bytes {
  const salt = random(saltLength);
  const key = ticketKey(current, salt, hash);
  const ticket = new Uint8Array(headLength + state.length + tagLength);
  ticket[0] = format;
  ticket.set(current.name, 1);
  ticket.set(salt, 1 + nameLength);
  const head = ticket.subarray(0, headLength);
  const aead = suite.seal(key);
  // The key is this ticket's alone, so any nonce will do.
  aead.seal(new Uint8Array(12), head, state, ticket, headLength);
  aead.destroy();
  wipe(key);
  return ticket;
}

/** undefined: nobody's ticket, an old key's, or a changed one. */
export function openTicket(
  ticket: Uint8Array,
  { current, previous }: TicketKeys,
  { suite, hash }: Sealer,
  nowMs: number,
): Uint8Array | undefined {
  if (ticket.length <= headLength + tagLength || ticket[0] !== format) return undefined;
  const name = ticket.subarray(1, 1 + nameLength);
  // The name picks exactly one key; none is tried.
  const chosen = [current, previous].find((key) => isTicketKey(key) && equal(name, key.name));
  if (chosen === undefined || ageOf(chosen, nowMs) >= forgetAfterMs) return undefined;
  const key = ticketKey(chosen, ticket.subarray(1 + nameLength, headLength), hash);
  const aead = suite.open(key);
  const state = aead.open(new Uint8Array(12), ticket.subarray(0, headLength), ticket.slice(headLength));
  aead.destroy();
  wipe(key);
  return state === undefined ? undefined : expectLength(state, ticket.length - headLength - tagLength, "opened ticket");
}

/** So long may a ticket live that its key will still open it. Seconds; 0: no longer. */
export function ticketLifetime({ current }: TicketKeys, nowMs: number): number {
  if (!isTicketKey(current)) return 0;
  return Math.max(0, Math.floor((forgetAfterMs - ageOf(current, nowMs)) / 1000));
}

/** Looked at whenever it is used, since keys come and go: under a secret that was wiped anyone could seal. */
export function isTicketKey(key: unknown): key is TicketKey {
  if (typeof key !== "object" || key === null) return false;
  const { name, secret, createdMs } = key as Partial<Record<keyof TicketKey, unknown>>;
  return (
    name instanceof Uint8Array &&
    name.length === nameLength &&
    secret instanceof Uint8Array &&
    secret.length === secretLength &&
    secret.some((byte) => byte !== 0) &&
    Number.isFinite(createdMs)
  );
}

/** A key from the future is as old as it is far away: a clock that was set back must not prolong its life. */
function ageOf({ createdMs }: TicketKey, nowMs: number): number {
  return Math.abs(nowMs - createdMs);
}

/** RFC 5869 §3.3: a secret that is uniformly random needs no extraction. */
function ticketKey({ secret }: TicketKey, salt: Uint8Array, hash: HashImplementation): Bytes {
  return expand(hash, secret, concat([info, salt]), secretLength);
}
const info = latin1("sallyport ticket");

/**
 * Keys that rotate by themselves: a new one after 6 hours, the one before still opens, and is dropped after 12. Read `current`
 * and `previous` to share them with other processes; keys that rotate alike in several need one that makes them.
 *
 * @param options.random such as a provider's. @param options.now milliseconds since 1970.
 */
export function ticketKeys({
  random,
  now,
}: {
  readonly random: (length: number) => Uint8Array;
  readonly now: () => number;
}): TicketKeys {
  const make = (): TicketKey => ({ name: random(nameLength), secret: random(secretLength), createdMs: now() });
  let current = make();
  let previous: TicketKey | undefined;
  const rotate = (): void => {
    if (ageOf(current, now()) >= rotateAfterMs) {
      if (previous !== undefined) wipe(previous.secret);
      previous = current;
      current = make();
    }
    if (previous !== undefined && ageOf(previous, now()) >= forgetAfterMs) {
      wipe(previous.secret);
      previous = undefined;
    }
  };
  return {
    get current() {
      rotate();
      return current;
    },
    get previous() {
      rotate();
      return previous;
    },
  };
}
