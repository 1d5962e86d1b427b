// Answers every stage of either role from the objects that the stage carries.
import type {
  Accepted,
  ClientHello,
  ClientStage,
  ErrorAndAlert,
  Established,
  Freshness,
  NeedsSingleUse,
  ServerStage,
} from "@sallyport/core";
import type { Decision } from "./door.ts";
import { type EarlyDataHandler, type EarlyDataSource, exchangeOf, sendEarly } from "./early-data.ts";
import type { Arrival } from "./inbox.ts";
import type { Outbox } from "./outbox.ts";

export type Stage = ServerStage | ClientStage;
export type Waiting = Exclude<Stage, Established | ErrorAndAlert>;
/** The front door let it pass. */
export interface Passing {
  readonly kind: "passing";
  readonly accepted: Accepted;
}

export interface Means {
  /** The next of the peer's. */
  arrival(): Promise<Arrival>;
  readonly outbox: Outbox;
  /** The front door's. */
  decide(hello: ClientHello): Decision | Promise<Decision>;
  readonly takeEarly: EarlyDataHandler | undefined;
  readonly giveEarly: EarlyDataSource | undefined;
  readonly signal: AbortSignal;
  /** This handshake's turn at public-key work; undefined: now. */
  turn(): Promise<void> | undefined;
  /** Early data that nobody takes yet. */
  keepBack(data: Uint8Array): void;
}

export async function answer(stage: Waiting, means: Means): Promise<Stage | Passing> {
  switch (stage.kind) {
    case "needs-input": {
      const failed = "early" in stage ? sendEarly(stage, means.giveEarly, means.outbox) : undefined;
      if (failed !== undefined) return failed;
      const arrival = await means.arrival();
      if (arrival === "reset") return stage.abort("reset");
      if (arrival === "end") return stage.receiveEnd();
      await means.turn();
      return stage.receive(arrival);
    }
    case "accepted": {
      const decision = await means.decide(stage.clientHello);
      if ("kind" in decision) {
        if (decision.kind === "refusal") return stage.reject(decision.alert, decision.reason);
        return { kind: "passing", accepted: stage };
      }
      await means.turn();
      return stage.choose(decision);
    }
    case "needs-session": {
      if (!("candidates" in stage)) return stage.resume(await stage.store.takeAsync(stage.key, means.signal));
      const states = await stage.store.findAsync(
        stage.candidates.map(({ id }) => id),
        means.signal,
      );
      return stage.resume(
        stage.candidates.flatMap(({ index }, at) => {
          const state = states[at];
          return state === undefined ? [] : [{ index, state }];
        }),
      );
    }
    case "needs-single-use":
      return stage.answer(await askSingleUse(stage, means.signal));
    case "needs-credential":
      return stage.present(await stage.picker.pickAsync(stage.request, means.signal));
    case "needs-signature":
      return stage.provide(await stage.key.signAsync(stage.scheme, stage.message, means.signal));
    case "needs-signature-check": {
      const { publicKey, message, signature } = stage.check;
      return stage.answer(await stage.verification.verifyAsync(publicKey, message, signature, means.signal));
    }
    case "needs-verdict": {
      const verdict = await stage.verifier.verifyAsync(stage.presented, means.signal);
      return "reason" in verdict ? stage.distrust(verdict) : stage.trust(verdict);
    }
    case "needs-key-shares": {
      const started = stage.groups.map(async (group) => ({ group: group.name, ...(await group.startAsync(means.signal)) }));
      return stage.provide(await Promise.all(started));
    }
    case "needs-secret": {
      const { group, started, peerShare } = stage;
      if (started === undefined) return stage.provide(await group.respondAsync(peerShare, means.signal));
      const secret = await group.completeAsync(started.key, peerShare, means.signal);
      return stage.provide(secret && { secret });
    }
    case "early-data":
      if (means.takeEarly === undefined) means.keepBack(stage.data.replayable);
      else await means.takeEarly(stage.data, exchangeOf(stage, means.outbox), means.signal);
      return stage.next();
    case "early-data-end":
      return stage.next();
  }
}

/** A store that fails, or says what nobody understands, costs the early data, and not the connection. */
async function askSingleUse({ singleUse, key, forgetAfterMs }: NeedsSingleUse, signal: AbortSignal): Promise<Freshness> {
  try {
    const freshness = await singleUse.useAsync(key, forgetAfterMs, signal);
    return freshness === "fresh" || freshness === "seen" ? freshness : "unavailable";
  } catch {
    return "unavailable";
  }
}
