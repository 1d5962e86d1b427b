// A message as a tree of fields, each with the place where it stands.

export interface Field {
  /** As its RFC spells it. */
  readonly name: string;
  /** What it says: IANA's name with the number, text, or its length; undefined: only what is inside counts. */
  readonly value: string | undefined;
  /** What it means, or what is wrong with it. */
  readonly note: string | undefined;
  /** The message breaks here: a length points past the end, or bytes are left over. */
  readonly isBroken: boolean;
  /** Of the first byte, in what {@link Walker} was given. */
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
  /** In order, without a gap: together they are the field. Empty: it has no parts. */
  readonly fields: readonly Field[];
}
