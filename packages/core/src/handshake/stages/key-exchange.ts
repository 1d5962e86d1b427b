// Pauses of the key exchange: an asynchronous group has the answer.
import type { ErrorAndAlert } from "../../connection/failure.ts";
import { expectBytes } from "../../connection/expect-bytes.ts";
import type { AsyncGroup } from "../../crypto/provider.ts";
import { type AbortCause, ApiMisuse } from "../../errors.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { NamedGroup } from "../../wire/registry.ts";
import type { AnyStage, Turn } from "./stage.ts";

export interface StartedShare {
  readonly group: NamedGroup;
  /** The public bytes, as they go on the wire. */
  readonly share: Uint8Array;
  /** The private half: any value of the provider's. The machine only hands it back. */
  readonly key: unknown;
}

/** Only if a group of the config is asynchronous. One share a group, same order. `key` comes back in `needs-secret`. */
export class NeedsKeyShares<Next> implements AnyStage {
  readonly kind = "needs-key-shares";
  readonly groups: readonly AsyncGroup[];
  readonly #wanted: readonly (StartedShare | AsyncGroup)[];
  readonly #turn: Turn<Next>;
  /** @param wanted in the order of the ClientHello: what synchronous groups have started already, and the others. */
  constructor(turn: Turn<Next>, wanted: readonly (StartedShare | AsyncGroup)[]) {
    this.#turn = turn;
    this.#wanted = wanted;
    this.groups = wanted.filter((share) => "startAsync" in share);
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  provide(shares: readonly StartedShare[]): Next {
    return this.#turn.answer("key_shares", () => {
      if (!Array.isArray(shares) || shares.length !== this.groups.length) {
        throw new ApiMisuse("bad-argument", `needs-key-shares takes ${this.groups.length} shares`);
      }
      const provided = this.groups.map(({ name, shareLength }, at): StartedShare => {
        const started: StartedShare | undefined = shares[at];
        if (started?.group !== name) throw new ApiMisuse("bad-argument", `shares[${at}] must be of group ${name}`);
        expectBytes(started.share, `shares[${at}].share`);
        if (started.share.length !== shareLength.client) {
          throw new ApiMisuse("bad-argument", `a ${name} share of a client has ${shareLength.client} bytes`);
        }
        return started;
      });
      return this.#wanted.flatMap((share) => ("startAsync" in share ? provided.splice(0, 1) : [share]));
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

/**
 * Only if the group is asynchronous. `started` is absent at the responder (server of 1.3, client of 1.2): it answers with its own
 * `share` as well; without it `provide` throws ApiMisuse.
 */
export class NeedsSecret<Next> implements AnyStage {
  readonly kind = "needs-secret";
  readonly group: AsyncGroup;
  readonly peerShare: Bytes;
  readonly #started: StartedShare | undefined;
  readonly #turn: Turn<Next>;
  constructor(turn: Turn<Next>, group: AsyncGroup, peerShare: Bytes, started: StartedShare | undefined) {
    this.#turn = turn;
    this.group = group;
    this.peerShare = peerShare;
    this.#started = started;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  get started(): StartedShare | undefined {
    return this.#started;
  }
  /** undefined: the peer's share is invalid (§7.4.2; illegal_parameter, the peer's fault). */
  provide(answer: { readonly secret: Uint8Array; readonly share?: Uint8Array } | undefined): Next {
    return this.#turn.answer("secret", () => {
      if (answer === undefined) return undefined;
      expectBytes(answer?.secret, "secret");
      if (answer.secret.length === 0) throw new ApiMisuse("bad-argument", "an empty secret");
      if (this.#started !== undefined) return answer;
      expectBytes(answer.share, "share");
      if (answer.share?.length !== this.group.shareLength.server) {
        throw new ApiMisuse("bad-argument", `a ${this.group.name} share of a server has ${this.group.shareLength.server} bytes`);
      }
      return answer;
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}
