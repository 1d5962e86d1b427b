// What of a subject's ClientHello counts for a scripted server.
import type { Bytes } from "@sallyport/core";
import { compressionsIn, noWishes, type Wishes } from "./certificate-message.ts";
import { bodyOf, groupsIn, identitiesIn, protocolsIn, sessionIdOf, sharesIn, suitesIn, typesIn } from "./fields.ts";
import { extensionTypes } from "./numbers.ts";
import { hexOf, repeat } from "./octets.ts";

export interface Heard {
  readonly random: Bytes;
  readonly sessionId: Bytes;
  readonly suites: readonly number[];
  readonly groups: readonly number[];
  readonly shares: ReadonlyMap<number, Bytes>;
  /** Without GREASE. */
  readonly alpn: readonly Bytes[];
  readonly extensions: readonly number[];
  /** Of TLS 1.3 first: by their places they are taken up. */
  readonly tickets: readonly string[];
  readonly wishes: Wishes;
  /** What the client has to show, and what it takes; empty: it does not say. */
  readonly types: { readonly own: Bytes; readonly taken: Bytes };
}
export const nothingHeard: Heard = {
  random: repeat(32),
  sessionId: repeat(0),
  suites: [],
  groups: [],
  shares: new Map(),
  alpn: [],
  extensions: [],
  tickets: [],
  wishes: noWishes,
  types: { own: repeat(0), taken: repeat(0) },
};

export function hearHello(hello: Bytes): Heard {
  const body = (type: number): Bytes => bodyOf(hello, type) ?? repeat(0);
  const extensions = typesIn(hello);
  const tickets = [...identitiesIn(hello), body(extensionTypes.session_ticket)];
  return {
    random: hello.subarray(6, 38),
    sessionId: sessionIdOf(hello),
    suites: suitesIn(hello),
    groups: groupsIn(hello),
    shares: new Map(sharesIn(hello).map(({ group, share }) => [group, share])),
    alpn: protocolsIn(hello).filter((name) => !isGrease(name)),
    extensions,
    tickets: tickets.filter(({ length }) => length > 0).map(hexOf),
    wishes: {
      status: extensions.includes(extensionTypes.status_request),
      compressions: compressionsIn(body(extensionTypes.compress_certificate)),
    },
    types: {
      own: body(extensionTypes.client_certificate_type).subarray(1),
      taken: body(extensionTypes.server_certificate_type).subarray(1),
    },
  };
}

/** RFC 8701. */
function isGrease(name: Uint8Array): boolean {
  return name.length === 2 && name[0] === name[1] && ((name[0] ?? 0) & 15) === 10;
}
