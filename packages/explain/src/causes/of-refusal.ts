// A refusal of `negotiate` as a cause: what it is called, and where the two lists have nothing in common.
import type { Refusal } from "@sallyport/core";
import type { Cause, Certainty } from "../report.ts";
import { codePoint, refusalBy } from "../words.ts";
import { causeOf } from "./cause.ts";

/** As that very server decided, or, with another `server` than "this server", as one like it would. */
export function causeOfRefusal(
  refusal: Refusal,
  certainty: Certainty,
  server: string = "this server",
  because: readonly string[] = [],
): Cause {
  const apart = listsOf(refusal.kind, refusal);
  return causeOf(refusal.kind, certainty, { what: refusalBy(server, refusal), because, ...(apart && { apart }) });
}

type Lists = NonNullable<Cause["apart"]>;
type ListsOf = { readonly [K in Refusal["kind"]]: ((refusal: Extract<Refusal, { readonly kind: K }>) => Lists) | undefined };

function listsOf<K extends Refusal["kind"]>(kind: K, refusal: Extract<Refusal, { readonly kind: K }>): Lists | undefined {
  return lists[kind]?.(refusal);
}

/** Total by type: a kind of refusal that is not thought of does not compile. undefined: it is about no lists. */
const lists: ListsOf = {
  "no-common-version": ({ theirs, ours }) => ({ of: "versions", client: theirs.map(codePoint), server: ours }),
  "fallback-scsv": undefined,
  "server-name-missing": undefined,
  "server-name-unknown": ({ theirs, ours }) => ({ of: "names", client: [theirs], server: ours }),
  "no-common-alpn": ({ theirs, ours }) => ({ of: "application protocols", client: theirs, server: ours }),
  "no-common-suite": ({ theirs, ours }) => ({ of: "cipher suites", client: theirs.map(codePoint), server: ours }),
  "suite-needs-other-key": undefined,
  "refused-by-policy": undefined,
  "no-supported-groups": undefined,
  "no-common-group": ({ theirs, ours }) => ({ of: "groups", client: theirs.map(codePoint), server: ours }),
  "no-common-scheme": ({ theirs, ours }) => ({ of: "signature schemes", client: theirs.map(codePoint), server: ours }),
  "no-common-certificate-type": ({ whose, theirs, ours }) => ({
    of: `types of the ${whose}'s certificate`,
    client: theirs.map(codePoint),
    server: ours,
  }),
  "no-credential-for-authorities": undefined,
  "no-psk": undefined,
  "missing-extension": undefined,
};
