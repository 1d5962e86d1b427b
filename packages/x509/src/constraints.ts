// Name constraints (RFC 5280 §4.2.1.10). A name that can't be compared where its form is constrained counts as a violation.
import type { Certificate } from "./certificate.ts";
import { attributeTypes, isEmpty, isWithin, valuesOf } from "./distinguished-name.ts";
import type { NameConstraints } from "./extensions.ts";
import type { GeneralName } from "./general-names.ts";
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
  const subtrees = byForm(constraints);
  for (const name of constrainedNames(certificate)) {
    const { excluded, permitted } = subtrees.get(name.form) ?? unconstrained;
    budget.left -= excluded.length + permitted.length;
    if (budget.left < 0) return "given-up";
    if (excluded.length + permitted.length === 0) continue;
    const violation = (because: Violation["because"]): Violation => ({ name: nameText(name), because });
    if (!isComparable(name) || hidesFrom(name, excluded)) return violation("can't be compared");
    if (excluded.some((subtree) => overlaps(name, subtree))) return violation("excluded");
    if (permitted.length > 0 && !permitted.some((subtree) => lies(name, subtree))) return violation("not permitted");
  }
  return undefined;
}

function byForm({ permitted, excluded }: NameConstraints): ReadonlyMap<GeneralName["form"], NameConstraints> {
  const forms = new Set([...permitted, ...excluded].map(({ form }) => form));
  const ofForm = (form: GeneralName["form"], names: readonly GeneralName[]) => names.filter((name) => name.form === form);
  return new Map(Array.from(forms, (form) => [form, { permitted: ofForm(form, permitted), excluded: ofForm(form, excluded) }]));
}
const unconstrained: NameConstraints = { permitted: [], excluded: [] };

/** The subject, all alternative names, and for want of a mail address there the subject's (§4.2.1.10). */
function constrainedNames({ subject, extensions }: Certificate): readonly GeneralName[] {
  const names: GeneralName[] = [...(extensions.subjectAlternativeName?.value ?? [])];
  if (!isEmpty(subject)) names.push({ form: "directory", value: subject });
  if (!names.some(({ form }) => form === "email")) {
    for (const value of valuesOf(subject, attributeTypes.emailAddress)) names.push({ form: "email", value: value ?? "" });
  }
  return names;
}

function isComparable(name: GeneralName): boolean {
  switch (name.form) {
    case "dns":
      return isDnsPattern(name.value);
    case "email":
      return parseMailbox(name.value) !== undefined;
    case "uri":
      return uriHost(name.value) !== undefined;
    case "ip":
    case "directory":
      return true;
    default:
      return false;
  }
}

/** A directory name with a value in no known character set, of a type by which names are excluded: it could be any of them. */
function hidesFrom(name: GeneralName, excluded: readonly GeneralName[]): boolean {
  if (name.form !== "directory") return false;
  const types = new Set(
    excluded.flatMap((subtree) => (subtree.form === "directory" ? subtree.value.rdns.flat().map(({ type }) => type) : [])),
  );
  return name.value.rdns.flat().some(({ type, value }) => value === undefined && types.has(type));
}

/** All that the name covers lies in the subtree. */
function lies(name: GeneralName, subtree: GeneralName): boolean {
  switch (name.form) {
    case "dns":
      // `*.example.com` covers one label more than its base, so it lies where its base does.
      return subtree.form === "dns" && isBelow(withoutWildcard(name.value), subtree.value);
    case "ip":
      return subtree.form === "ip" && isInNetwork(name.value, subtree.value);
    case "email":
      return subtree.form === "email" && isMailWithin(name.value, subtree.value);
    case "uri":
      return subtree.form === "uri" && isHostWithin(uriHost(name.value) ?? "", subtree.value);
    case "directory":
      return subtree.form === "directory" && isWithin(name.value, subtree.value);
    default:
      return false;
  }
}

/** Something that the name covers lies in the subtree. */
function overlaps(name: GeneralName, subtree: GeneralName): boolean {
  if (lies(name, subtree)) return true;
  if (name.form !== "dns" || subtree.form !== "dns" || !name.value.startsWith("*.")) return false;
  const dot = subtree.value.indexOf(".");
  return dot > 0 && subtree.value.slice(dot + 1).toLowerCase() === withoutWildcard(name.value).toLowerCase();
}

const withoutWildcard = (name: string): string => (name.startsWith("*.") ? name.slice(2) : name);

/** The name itself, and every name with labels added on the left; the empty base is the whole tree. */
function isBelow(name: string, base: string): boolean {
  const [inner, outer] = [name.toLowerCase(), base.toLowerCase()];
  return outer === "" || inner === outer || inner.endsWith(`.${outer}`);
}

function isInNetwork(address: Uint8Array, network: Uint8Array): boolean {
  const { length } = address;
  return (
    network.length === 2 * length &&
    address.every((octet, at) => ((octet ^ (network[at] ?? 0)) & (network[length + at] ?? 0)) === 0)
  );
}

/** A mailbox, all mailboxes of a host, or with a leading period those of all hosts below it. */
function isMailWithin(text: string, subtree: string): boolean {
  const mailbox = parseMailbox(text);
  if (mailbox === undefined) return false;
  const one = parseMailbox(subtree);
  if (one !== undefined) return one.local === mailbox.local && one.host.toLowerCase() === mailbox.host.toLowerCase();
  return isHostWithin(mailbox.host, subtree);
}

function isHostWithin(host: string, subtree: string): boolean {
  const [inner, outer] = [host.toLowerCase(), subtree.toLowerCase()];
  return outer.startsWith(".") ? inner.endsWith(outer) : inner === outer;
}

/** undefined: no authority with a host name, which must be refused under a URI constraint. */
function uriHost(uri: string): string | undefined {
  // A character that RFC 3986 has not (a backslash, say) lets two parsers find two hosts.
  if (!/^[\w\-.~:/?#[\]@!$&'()*+,;=%]*$/.test(uri)) return undefined;
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:@[\]]+)(?::\d*)?(?:[/?#]|$)/i.exec(uri)?.[1];
  return host !== undefined && isDnsName(host) && parseAddress(host) === undefined ? host : undefined;
}
