import type { Field } from "./field.ts";

type Inside = (walker: Walker) => void;
interface Said {
  readonly value?: string | undefined;
  readonly note?: string | undefined;
}

/** How many fields may still be noted: a message of small things has one for every few bytes. */
export interface Budget {
  left: number;
}

/**
 * Walks over a message and notes what stands where. It mirrors core's Reader, and where that one fails this one notes a broken
 * field, which takes all that is left of its surroundings; nothing throws, and what is asked for behind it is nothing.
 */
export class Walker {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #fields: Field[] = [];
  readonly #budget: Budget;
  #at: number;

  constructor(bytes: Uint8Array, budget: Budget, at = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#budget = budget;
    this.#at = at;
    this.#end = end;
  }

  get left(): number {
    return this.#end - this.#at;
  }
  get at(): number {
    return this.#at;
  }
  /** The next byte, without taking it. */
  get next(): number | undefined {
    return this.left > 0 ? this.#bytes[this.#at] : undefined;
  }

  /** The one behind it. */
  get second(): number | undefined {
    return this.left > 1 ? this.#bytes[this.#at + 1] : undefined;
  }

  /** Big endian. @returns undefined where nothing is left to read */
  number(name: string, octets: 1 | 2 | 3 | 4, say: (value: number) => Said | string = String): number | undefined {
    const start = this.#at;
    if (!this.#take(octets, name)) return undefined;
    const value = this.#integer(start, octets);
    this.#put(name, start, said(say(value)));
    return value;
  }

  opaque(name: string, length: number, say: (bytes: Uint8Array) => Said | string = sized): Uint8Array | undefined {
    const start = this.#at;
    if (!this.#take(length, name)) return undefined;
    const bytes = this.#bytes.subarray(start, this.#at);
    this.#put(name, start, said(say(bytes)));
    return bytes;
  }

  rest(name: string, say?: (bytes: Uint8Array) => Said | string): Uint8Array | undefined {
    return this.left === 0 ? undefined : this.opaque(name, this.left, say);
  }

  /** A field made of others. */
  group(name: string, inside: Inside, say: Said = {}): void {
    const start = this.#at;
    const walker = new Walker(this.#bytes, this.#budget, start, this.#end);
    inside(walker);
    this.#at = walker.#at;
    this.#put(name, start, said(say), walker.#fields);
  }

  /** A length, and behind it what `inside` reads, to the last byte. */
  vector(
    name: string,
    prefix: 1 | 2 | 3,
    inside: Inside,
    least = 0,
    say: (body: Uint8Array) => Said = nothing,
    most?: number,
  ): void {
    const start = this.#at;
    if (this.left < prefix) return this.#broken(name, `its length takes ${prefix} bytes, and ${this.left} are left`);
    const length = this.#integer(start, prefix);
    if (length > this.left - prefix) return this.#broken(name, `it says ${length} bytes, and ${this.left - prefix} are left`);
    this.#at += prefix + length;
    const walker = new Walker(this.#bytes, this.#budget, start, this.#at);
    walker.number("length", prefix, octets);
    if (length < least) walker.#broken(name, `it has ${length} bytes, and ${least} is the least`);
    else if (most !== undefined && length > most) walker.#broken(name, `it has ${length} bytes, and ${most} is the most`);
    else inside(walker);
    this.#put(name, start, say(this.#bytes.subarray(start + prefix, this.#at)), walker.done());
  }

  /** A vector of bytes that nobody looks into. */
  opaqueVector(
    name: string,
    prefix: 1 | 2 | 3,
    least = 0,
    say: (body: Uint8Array) => Said | string = sized,
    most?: number,
  ): void {
    this.vector(
      name,
      prefix,
      (inside) => void inside.rest("bytes", sized),
      least,
      (body) => said(say(body)),
      most,
    );
  }

  /** A vector of things of one kind. */
  list(name: string, prefix: 1 | 2 | 3, least: number, item: Inside, say?: (body: Uint8Array) => Said): void {
    const items = (inside: Walker): void => {
      while (inside.left > 0 && this.#budget.left > 0) item(inside);
      inside.rest("more, which is not opened");
    };
    this.vector(name, prefix, items, least, say);
  }

  /** The rest can't be what stands there. */
  refuse(name: string, note: string): void {
    this.#broken(name, note);
  }

  /** All of it; what is left over is broken. */
  done(): readonly Field[] {
    if (this.left > 0) this.#broken("bytes behind its end", `${this.left} bytes too many`);
    return this.#fields;
  }

  #take(length: number, name: string): boolean {
    if (length > this.left) {
      this.#broken(name, `it takes ${length} bytes, and ${this.left} are left`);
      return false;
    }
    this.#at += length;
    return true;
  }

  #integer(at: number, octets: number): number {
    let value = 0;
    for (let place = 0; place < octets; place++) value = value * 256 + (this.#bytes[at + place] ?? 0);
    return value;
  }

  #broken(name: string, note: string): void {
    // Behind the first break nothing is known any more.
    if (this.#fields.at(-1)?.isBroken === true && this.left === 0) return;
    this.#fields.push({ name, value: undefined, note, isBroken: true, start: this.#at, end: this.#end, fields: [] });
    this.#at = this.#end;
  }

  #put(name: string, start: number, { value, note }: Said, fields: readonly Field[] = []): void {
    this.#budget.left--;
    this.#fields.push({ name, value, note, isBroken: false, start, end: this.#at, fields });
  }
}

const nothing = (): Said => ({});
/** `1 byte`, `2 bytes`. */
export const octets = (count: number): string => `${count} ${count === 1 ? "byte" : "bytes"}`;
const sized = (bytes: Uint8Array): string => octets(bytes.length);
function said(said: Said | string): Said {
  return typeof said === "string" ? { value: said } : said;
}
