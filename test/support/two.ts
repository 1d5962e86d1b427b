// The same two, who meet again and again: the clock can be moved, and the server's mind be changed, in between.
import { memoryClientSessions, type ServerOptions, type SyncClientSessionStore, ticketKeys } from "@sallyport/core";
import { converse, makePair, oldSingleUse, type Pair, type PairOptions } from "./pair.ts";
import { now, seededRandom } from "./seeded.ts";

/** What a server would have, each of which may be left out by undefined. */
type Wishes = { readonly [K in keyof ServerOptions]?: ServerOptions[K] | undefined };

/** Both allow early data; a server takes a thousand bytes. */
export class Two {
  time: number = now();
  readonly now = (): number => this.time;
  readonly sessions: SyncClientSessionStore = memoryClientSessions();
  readonly #wishes: Wishes;
  #meetings = 0;

  constructor(wishes: Wishes = {}) {
    const sessions = ticketKeys({ random: seededRandom("two"), now: this.now });
    const earlyData = { maxBytes: 1000, singleUse: oldSingleUse(this.now) };
    this.#wishes = { now: this.now, sessions, earlyData, ...wishes };
  }

  /** @param wishes the server's, for this meeting */
  meet(wishes: Wishes = {}, { client, ...options }: PairOptions = {}): Pair {
    const pair = this.pair(wishes, { client: { ...client }, ...options });
    converse(pair);
    return pair;
  }
  /** Who have not spoken yet. */
  pair(wishes: Wishes = {}, { client, ...options }: PairOptions = {}): Pair {
    this.#meetings++;
    const wanted = Object.entries({ ...this.#wishes, ...wishes }).filter(([, value]) => value !== undefined);
    return makePair({
      seed: `meeting ${this.#meetings}`,
      early: [new Uint8Array(Buffer.from("early"))],
      server: Object.fromEntries(wanted),
      client: { now: this.now, sessions: this.sessions, earlyData: true, ...client },
      ...options,
    });
  }
}
