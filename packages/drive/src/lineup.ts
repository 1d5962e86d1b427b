// Who came when, where anybody may leave.

/** Held by who joined, to leave by. */
export interface Place<Member> {
  readonly member: Member;
  /** undefined: it left, or came first. */
  before: Place<Member> | undefined;
  behind: Place<Member> | undefined;
}

/**
 * A Set has this order too. But V8's, whenever it is full, is a table anew to which the one before points: once one of them is old,
 * the collector of the young generation keeps all behind it, and with them each connection that was in one. Here nothing that left
 * points to anything.
 */
export class Lineup<Member> {
  #first: Place<Member> | undefined;
  #last: Place<Member> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }
  get first(): Place<Member> | undefined {
    return this.#first;
  }

  join(member: Member): Place<Member> {
    const place: Place<Member> = { member, before: this.#last, behind: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.behind = place;
    this.#last = place;
    this.#size += 1;
    return place;
  }

  /** Of one that left already: nothing. */
  leave(place: Place<Member>): void {
    const { before, behind } = place;
    if (before === undefined && this.#first !== place) return;
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
    place.before = undefined;
    place.behind = undefined;
    this.#size -= 1;
  }
}
