// Where the bytes are cut changes nothing. With a provider that gives the same in every run two conversations can be compared.
import { isDeepStrictEqual } from "node:util";
import type { Account, Machine, Spoken } from "@sallyport/arbitraries";

interface Met {
  readonly account: Account;
  readonly machine: Machine;
}

/** @param whole the same conversation in which nothing was cut. @returns what was violated */
export function judgeCuts(whole: Met, cut: Met): string[] {
  if (isDeepStrictEqual(seenIn(whole), seenIn(cut)) && answersAlike(whole, cut)) return [];
  return [`cut otherwise it is another conversation:\n${textOf(cut)}\n${textOf(whole)}`];
}

/** Nor does it whether what can be asked asynchronously is. @param waiting the same conversation, with every answer waited for. */
export function judgeWaits(asked: Met, waiting: Met): string[] {
  if (isDeepStrictEqual(seenIn(asked), seenIn(waiting)) && answersAlike(asked, waiting)) return [];
  return [`waited for it is another conversation:\n${textOf(waiting)}\n${textOf(asked)}`];
}

function seenIn({ account: { peer }, machine }: Met): object {
  return {
    heard: peer.spoken.filter((each) => each.by === "subject" && !isUsers(each)).map(({ type, content }) => [type, content]),
    data: joined(machine.data),
    early: joined(machine.early),
    outcome: machine.outcome,
    // An asynchronous store is filled by whoever drives the machine.
    events: machine.events.map(({ kind }) => kind).filter((kind) => kind !== "new-session"),
    stages: machine.stages.filter((kind) => !kind.startsWith("needs-")),
    end: [machine.state, machine.failure?.error.message, machine.failure?.alert],
  };
}

/**
 * What the user sends is no output that the law speaks of: he answers what a call gave him, if that call left something to write on.
 * Where more came at once, and ended that, he has said less; he never says anything else.
 */
function answersAlike(whole: Met, cut: Met): boolean {
  const { failure, closed, connection } = whole.machine;
  // RFC 5246 §7.2.1: the peer's close_notify closes both directions.
  const isWritable = failure === undefined && !(closed && connection?.info.version === "tls1.2");
  const [fewer, more] = [answersIn(whole), answersIn(cut)];
  return isDeepStrictEqual(fewer, isWritable ? more : more.subarray(0, fewer.length));
}
function answersIn({ account: { peer } }: Met): Uint8Array {
  return joined(peer.spoken.filter((each) => each.by === "subject" && isUsers(each)).map(({ content }) => content));
}
function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
function isUsers({ type, epoch }: Spoken): boolean {
  return type === 23 && epoch === "application";
}

function textOf(met: Met): string {
  return JSON.stringify({ ...seenIn(met), answers: answersIn(met) }, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value,
  );
}
