// Who spoke when: of a capture its packets say it, of two streams that were pasted only the protocol does.
import type { Turn } from "./pcap.ts";
import type { Unit } from "./units.ts";

/** By the segment that made each unit complete. */
export function inTimeOrder(units: readonly Unit[], turns: readonly Turn[]): readonly Unit[] {
  const next = { client: 0, server: 0 };
  const timed = units.map((unit) => {
    const { from } = unit;
    if (from === undefined) return { unit, time: turns.length };
    // Each direction's units come in its order, so that its turns are gone through once.
    let time = next[from];
    while (time < turns.length && (turns[time]?.from !== from || (turns[time]?.upTo ?? 0) < unit.end)) time++;
    next[from] = time;
    return { unit, time };
  });
  return timed.sort((one, other) => one.time - other.time).map(({ unit }) => unit);
}

/** Flight by flight (RFC 9846, figures 1 and 2; RFC 5246, figure 1). What has no sender stays where it is. */
export function inProtocolOrder(units: readonly Unit[]): readonly Unit[] {
  if (units.some(({ from }) => from === undefined)) return units;
  const waiting = {
    client: units.filter(({ from }) => from === "client"),
    server: units.filter(({ from }) => from === "server"),
  };
  const ordered: Unit[] = [];
  let speaker: "client" | "server" = "client";
  const at = { client: 0, server: 0 };
  while (at.client < waiting.client.length || at.server < waiting.server.length) {
    const queue: readonly Unit[] = waiting[speaker];
    for (let unit = queue[at[speaker]]; unit !== undefined; unit = queue[at[speaker]]) {
      ordered.push(unit);
      at[speaker]++;
      if (endsFlight(unit, queue[at[speaker]], queue[at[speaker] - 2])) break;
    }
    speaker = speaker === "client" ? "server" : "client";
  }
  return ordered;
}

/** @param next, before of the same side */
function endsFlight({ kind, name, body }: Unit, next: Unit | undefined, before: Unit | undefined): boolean {
  if (name === "client_hello") return next?.kind !== "change-cipher-spec";
  if (kind === "change-cipher-spec") return before?.name === "client_hello";
  if (name === "server_hello" && isRetry(body)) return next?.kind !== "change-cipher-spec";
  if (name === "server_hello_done" || name === "finished") return true;
  // TLS 1.2: a Finished that stays sealed.
  return kind === "sealed" && before?.kind === "change-cipher-spec" && name !== "application_data";
}

function isRetry(message: Uint8Array): boolean {
  return message[6] === 0xcf && message[7] === 0x21 && message[8] === 0xad && message[37] === 0x9c;
}
