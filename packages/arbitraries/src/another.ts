// What another connection said, for faults that put it into this one: `splice`.
import { contentTypes } from "./numbers.ts";
import type { Fault } from "./faults.ts";
import type { PeerScript } from "./script.ts";
import { contentsOf, type Said, type Spoken } from "./spoken.ts";

/** The other connection: the same peer with other randoms and data, and no fault. undefined: nothing is taken from one. */
export function anotherOf(script: PeerScript): PeerScript | undefined {
  if (!script.faults.some(({ act }) => act === "splice")) return undefined;
  return {
    ...script,
    hello: { ...script.hello, random: script.hello.random ^ 0x33 },
    talk: [
      { kind: "data", length: 77 },
      { kind: "ticket" },
      { kind: "update", asks: true },
      { kind: "data", length: 78 },
      { kind: "close" },
    ],
    faults: [],
  };
}

/** Of all that another connection said. */
export class Another {
  readonly #records: readonly Spoken[];
  readonly #own: readonly Spoken[];
  readonly #contents: readonly Said[];

  constructor(spoken: readonly Spoken[]) {
    this.#records = spoken;
    this.#own = spoken.filter(({ by }) => by === "peer");
    this.#contents = contentsOf(spoken);
  }
  /** In place of a message or another content: by an even `value` its like; else whatever was said, by both. */
  content(fault: Fault, type: number, content: Uint8Array): Said | undefined {
    if (fault.value % 2 === 0) return this.like(fault, type, content);
    const isHandshake = type === contentTypes.handshake;
    return pick(
      this.#contents.filter((each) => (each.type === contentTypes.handshake) === isHandshake),
      fault.where,
    );
  }
  /** The peer's own, of the same type. */
  like({ where }: Fault, type: number, content: Uint8Array): Said | undefined {
    const isLike = (each: Said): boolean =>
      each.by === "peer" && each.type === type && (type !== contentTypes.handshake || each.content[0] === content[0]);
    return pick(this.#contents.filter(isLike), where);
  }
  /** In place of a record: by an even `value` the peer's at the same place; else whatever was said, by both. */
  record({ at, where, value }: Fault): Spoken | undefined {
    return value % 2 === 0 ? this.#own[at] : pick(this.#records, where);
  }
}

function pick<Item>(items: readonly Item[], at: number): Item | undefined {
  return items[at % Math.max(1, items.length)];
}
