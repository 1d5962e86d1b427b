// Name constraints (RFC 5280 §4.2.1.10). A name that can't be compared where its form is constrained counts as a violation.
import type { Certificate } from "./certificate.ts";
import { attributeTypes, type DistinguishedName, isEmpty, isWithin, valuesOf } from "./distinguished-name.ts";
import type { NameConstraints } from "./extensions.ts";
import type { GeneralName, OpaqueName } from "./general-names.ts";
import { isDnsName, isDnsPattern, nameText, parseAddress, parseMailbox } from "./names.ts";

export interface Violation {
  readonly name: string;
  readonly because: "excluded" | "not permitted" | "can't be compared";
}

/** Comparisons that are left; one object a search. */
export interface NameBudget {
  left: number;
}

/** "given-up": the budget is spent. */
export function violatedBy(
  certificate: Certificate,
  constraints: NameConstraints,
  budget: NameBudget,
): Violation | "given-up" | undefined {
  const subtrees = subtreesOf(constraints);
  for (const name of constrainedNames(certificate)) {
    const { excluded, permitted, hidden } = subtrees.get(name.form) ?? unconstrained;
    // To look at a name is work by itself.
    budget.left -= 1 + excluded.length + permitted.length;
    if (budget.left < 0) return "given-up";
    if (excluded.length + permitted.length === 0) continue;
    const violation = (because: Violation["because"]): Violation => ({ name: nameText(name), because });
    const meant = comparable(name);
    if (meant === undefined || hidesFrom(name, hidden)) return violation("can't be compared");
    if (excluded.some((subtree) => overlaps(meant, subtree))) return violation("excluded");
    if (permitted.length > 0 && !permitted.some((subtree) => lies(meant, subtree))) return violation("not permitted");
  }
  return undefined;
}

/** Of one form. */
interface Subtrees {
  readonly permitted: readonly Subtree[];
  readonly excluded: readonly Subtree[];
  /** Types of the attributes by which directory names are excluded. */
  readonly hidden: ReadonlySet<string>;
}
/** A base, read once: it meets each name of each certificate on each path. Hosts are in lower case. */
type Subtree =
  | { readonly form: "dns" | "uri"; readonly host: string }
  | { readonly form: "email"; readonly local: string | undefined; readonly host: string }
  | { readonly form: "ip"; readonly network: Uint8Array }
  | { readonly form: "directory"; readonly base: DistinguishedName }
  | { readonly form: OpaqueName["form"] };
/** A name, likewise. */
type Comparable =
  | { readonly form: "dns"; readonly host: string; readonly isWildcard: boolean }
  | { readonly form: "uri"; readonly host: string }
  | { readonly form: "email"; readonly local: string; readonly host: string }
  | { readonly form: "ip"; readonly address: Uint8Array }
  | { readonly form: "directory"; readonly name: DistinguishedName };

function subtreesOf(constraints: NameConstraints): ReadonlyMap<GeneralName["form"], Subtrees> {
  const known = prepared.get(constraints);
  if (known !== undefined) return known;
  const { permitted, excluded } = constraints;
  const forms = new Set([...permitted, ...excluded].map(({ form }) => form));
  const ofForm = (form: GeneralName["form"], names: readonly GeneralName[]) =>
    names.filter((name) => name.form === form).map(subtree);
  const hidden = new Set(
    excluded.flatMap((name) => (name.form === "directory" ? name.value.rdns.flat().map(({ type }) => type) : [])),
  );
  const subtrees = new Map(
    Array.from(forms, (form) => [form, { permitted: ofForm(form, permitted), excluded: ofForm(form, excluded), hidden }]),
  );
  prepared.set(constraints, subtrees);
  return subtrees;
}
const prepared = new WeakMap<NameConstraints, ReadonlyMap<GeneralName["form"], Subtrees>>();
const unconstrained: Subtrees = { permitted: [], excluded: [], hidden: new Set() };

function subtree(name: GeneralName): Subtree {
  switch (name.form) {
    case "dns":
    case "uri":
      return { form: name.form, host: name.value.toLowerCase() };
    case "email": {
      const { local, host } = parseMailbox(name.value) ?? { local: undefined, host: name.value };
      return { form: "email", local, host: host.toLowerCase() };
    }
    case "ip":
      return { form: "ip", network: name.value };
    case "directory":
      return { form: "directory", base: name.value };
    default:
      return { form: name.form };
  }
}

/** The subject, all alternative names, and for want of a mail address there the subject's (§4.2.1.10). */
function constrainedNames({ subject, extensions }: Certificate): readonly GeneralName[] {
  const names: GeneralName[] = [...(extensions.subjectAlternativeName?.value ?? [])];
  if (!isEmpty(subject)) names.push({ form: "directory", value: subject });
  if (!names.some(({ form }) => form === "email")) {
    for (const value of valuesOf(subject, attributeTypes.emailAddress)) names.push({ form: "email", value: value ?? "" });
  }
  return names;
}

/** undefined: of no form, or in no spelling, that can be compared. */
function comparable(name: GeneralName): Comparable | undefined {
  switch (name.form) {
    case "dns": {
      if (!isDnsPattern(name.value)) return undefined;
      const value = name.value.toLowerCase();
      const isWildcard = value.startsWith("*.");
      return { form: "dns", host: isWildcard ? value.slice(2) : value, isWildcard };
    }
    case "email": {
      const mailbox = parseMailbox(name.value);
      return mailbox && { form: "email", local: mailbox.local, host: mailbox.host.toLowerCase() };
    }
    case "uri": {
      const host = uriHost(name.value)?.toLowerCase();
      return host === undefined ? undefined : { form: "uri", host };
    }
    case "ip":
      return { form: "ip", address: name.value };
    case "directory":
      return { form: "directory", name: name.value };
    default:
      return undefined;
  }
}

/** A directory name with a value in no known character set, of a type by which names are excluded: it could be any of them. */
function hidesFrom(name: GeneralName, hidden: ReadonlySet<string>): boolean {
  return name.form === "directory" && name.value.rdns.flat().some(({ type, value }) => value === undefined && hidden.has(type));
}

/** All that the name covers lies in the subtree. */
function lies(name: Comparable, subtree: Subtree): boolean {
  switch (name.form) {
    case "dns":
      // `*.example.com` covers one label more than its base, so it lies where its base does.
      return subtree.form === "dns" && isBelow(name.host, subtree.host);
    case "ip":
      return subtree.form === "ip" && isInNetwork(name.address, subtree.network);
    case "email":
      return subtree.form === "email" && isMailWithin(name, subtree);
    case "uri":
      return subtree.form === "uri" && isHostWithin(name.host, subtree.host);
    case "directory":
      return subtree.form === "directory" && isWithin(name.name, subtree.base);
  }
}

/** Something that the name covers lies in the subtree. */
function overlaps(name: Comparable, subtree: Subtree): boolean {
  if (lies(name, subtree)) return true;
  if (name.form !== "dns" || subtree.form !== "dns" || !name.isWildcard) return false;
  const dot = subtree.host.indexOf(".");
  return dot > 0 && subtree.host.slice(dot + 1) === name.host;
}

/** The name itself, and every name with labels added on the left; the empty base is the whole tree. */
function isBelow(inner: string, outer: string): boolean {
  return outer === "" || inner === outer || (inner.at(-outer.length - 1) === "." && inner.endsWith(outer));
}

function isInNetwork(address: Uint8Array, network: Uint8Array): boolean {
  const { length } = address;
  return (
    network.length === 2 * length &&
    address.every((octet, at) => ((octet ^ (network[at] ?? 0)) & (network[length + at] ?? 0)) === 0)
  );
}

/** A mailbox, all mailboxes of a host, or with a leading period those of all hosts below it. */
function isMailWithin(
  { local, host }: Extract<Comparable, { form: "email" }>,
  subtree: Extract<Subtree, { form: "email" }>,
): boolean {
  return subtree.local === undefined ? isHostWithin(host, subtree.host) : subtree.local === local && subtree.host === host;
}

function isHostWithin(inner: string, outer: string): boolean {
  return outer.startsWith(".") ? inner.endsWith(outer) : inner === outer;
}

/** undefined: no authority with a host name, which must be refused under a URI constraint. */
function uriHost(uri: string): string | undefined {
  // A character that RFC 3986 has not (a backslash, say) lets two parsers find two hosts.
  if (!/^[\w\-.~:/?#[\]@!$&'()*+,;=%]*$/.test(uri)) return undefined;
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:@[\]]+)(?::\d*)?(?:[/?#]|$)/i.exec(uri)?.[1];
  return host !== undefined && isDnsName(host) && parseAddress(host) === undefined ? host : undefined;
}
