// Two who meet again and again.
import { type ClientOptions, memoryClientSessions, type ProtocolVersion, type ServerOptions, ticketKeys } from "@sallyport/core";
import { converse, makePair, type Pair, type PairOptions, type Side } from "./pair.ts";
import { now as pairNow, seededRandom } from "./seeded.ts";

export interface Meeting {
  readonly pair: Pair;
  /** `info.handshakeKind`, or the stage where it stands. */
  readonly client: string;
  readonly server: string;
}

/** Meetings of the same two, one after the other, whose clock can be moved: both remember, the server by sealed tickets. */
export class Acquaintance {
  time: number = pairNow();
  readonly now = (): number => this.time;
  readonly server: Partial<ServerOptions>;
  readonly client: Partial<ClientOptions>;
  readonly #options: PairOptions;
  #meetings = 0;

  constructor({ server, client, ...options }: PairOptions = {}, versions: readonly ProtocolVersion[] = ["tls1.3"]) {
    this.#options = options;
    const sessions = ticketKeys({ random: seededRandom("tickets"), now: this.now });
    this.server = { sessions, now: this.now, versions, ...server };
    this.client = { sessions: memoryClientSessions(), now: this.now, versions, ...client };
  }

  meet({ server, client, ...options }: PairOptions = {}): Meeting {
    this.#meetings++;
    const pair = makePair({
      ...this.#options,
      ...options,
      seed: `meeting ${this.#meetings}`,
      server: { ...this.server, ...server },
      client: { ...this.client, ...client },
    });
    converse(pair);
    const kindOf = ({ connection, stage }: Side): string => connection?.info.handshakeKind ?? stage.kind;
    return { pair, client: kindOf(pair.client), server: kindOf(pair.server) };
  }
}
