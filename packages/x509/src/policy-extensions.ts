// The extensions about certificate policies (RFC 5280 §4.2.1.4, §4.2.1.5, §4.2.1.11).
import { context, DerError, type DerReader, enter, oid, opaque, smallInteger, tags } from "./der.ts";
import { each } from "./general-names.ts";

export interface PolicyInformation {
  readonly policy: string;
  /** OIDs of its qualifiers. */
  readonly qualifiers: readonly string[];
}
export interface PolicyMapping {
  /** What the issuer calls it. */
  readonly issuer: string;
  /** And what the certificates below. */
  readonly subject: string;
}
export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | undefined;
  readonly inhibitPolicyMapping: number | undefined;
}
export const anyPolicy = "2.5.29.32.0";

/** A pointer to a text, or a notice: for people, and so nothing that a critical extension could demand of a machine. */
export function isForPeople(qualifier: string): boolean {
  return forPeople.has(qualifier);
}
const forPeople: ReadonlySet<string> = new Set(["1.3.6.1.5.5.7.2.1", "1.3.6.1.5.5.7.2.2"]);

export function certificatePolicies(reader: DerReader, what: string): readonly PolicyInformation[] {
  const seen = new Set<string>();
  return each(reader.sequence(what), (list) => {
    const inner = list.sequence(what);
    const { offset } = inner;
    const policy = oid(inner.read(tags.oid, what), what);
    if (seen.has(policy)) throw new DerError(`${what} names ${policy} twice`, offset); // §4.2.1.4
    seen.add(policy);
    const qualifiers = inner.optional(tags.sequence, what);
    inner.end(what);
    return {
      policy,
      qualifiers: qualifiers === undefined ? [] : each(enter(qualifiers), (items) => policyQualifier(items, what)),
    };
  });
}

function policyQualifier(items: DerReader, what: string): string {
  const item = items.sequence(what);
  const id = oid(item.read(tags.oid, what), what);
  opaque(item.any(what), what);
  item.end(what);
  return id;
}

export function policyMappings(reader: DerReader, what: string): readonly PolicyMapping[] {
  return each(reader.sequence(what), (list) => {
    const inner = list.sequence(what);
    const issuer = oid(inner.read(tags.oid, what), what);
    const subject = oid(inner.read(tags.oid, what), what);
    inner.end(what);
    return { issuer, subject };
  });
}

export function policyConstraints(reader: DerReader, what: string): PolicyConstraints {
  const { offset } = reader;
  const inner = reader.sequence(what);
  const explicit = inner.optional(context(0), what);
  const mapping = inner.optional(context(1), what);
  inner.end(what);
  if (explicit === undefined && mapping === undefined) throw new DerError(`${what} is empty`, offset); // §4.2.1.11
  return {
    requireExplicitPolicy: explicit && smallInteger(explicit, what),
    inhibitPolicyMapping: mapping && smallInteger(mapping, what),
  };
}
