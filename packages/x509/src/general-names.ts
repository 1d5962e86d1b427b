// GeneralName (RFC 5280 §4.2.1.6), as it stands in alternative names, name constraints, and wherever a place is named.
import { latin1 } from "./bytes.ts";
import { constructed, context, type DerElement, DerError, type DerReader, enter, opaque, tags } from "./der.ts";
import { type DistinguishedName, distinguishedName } from "./distinguished-name.ts";

export type GeneralName =
  | { readonly form: "dns" | "email" | "uri"; readonly value: string }
  | { readonly form: "ip"; readonly value: Uint8Array }
  | { readonly form: "directory"; readonly value: DistinguishedName }
  | OpaqueName;
/** Recognised, never compared. */
export interface OpaqueName {
  readonly form: "otherName" | "x400Address" | "ediPartyName" | "registeredID";
  readonly value: Uint8Array;
}

/** @throws DerError */
export function generalName(reader: DerReader, what: string): GeneralName {
  const element = reader.any(what);
  switch (element.tag) {
    case context(1):
      return { form: "email", value: ia5(element, what) };
    case context(2):
      return { form: "dns", value: ia5(element, what) };
    case context(6):
      return { form: "uri", value: ia5(element, what) };
    case context(7):
      return { form: "ip", value: element.content };
    case constructed(4): {
      const inner = enter(element);
      const value = distinguishedName(inner.read(tags.sequence, what), what);
      inner.end(what);
      return { form: "directory", value };
    }
    case constructed(0):
      return { form: "otherName", value: opaque(element, what).raw };
    case constructed(3):
      return { form: "x400Address", value: opaque(element, what).raw };
    case constructed(5):
      return { form: "ediPartyName", value: opaque(element, what).raw };
    case context(8):
      return { form: "registeredID", value: element.raw };
    default:
      throw new DerError(`${what} is of no known form`, element.offset);
  }
}

function ia5(element: DerElement, what: string): string {
  if (element.content.some((octet) => octet >= 0x80)) throw new DerError(`${what} is not ASCII`, element.offset);
  return latin1(element.content);
}

/** `SIZE (1..MAX)`: an empty list is refused. */
export function each<T>(reader: DerReader, read: (reader: DerReader) => T): readonly T[] {
  const items: T[] = [];
  do items.push(read(reader));
  while (!reader.atEnd);
  return items;
}
