// Certificate policies (RFC 5280 §6.1). Nobody here asks for one, so they decide only where a certificate on the path demands that
// one hold for all of it (requireExplicitPolicy). Of the tree of policies only the lowest level is kept, each policy once (RFC 9618):
// whoever would take any policy looks at nothing else, and the work grows with the certificates, not with the product of their
// policies.
import { isSame } from "./distinguished-name.ts";
import type { Extensions } from "./extensions.ts";
import type { Finding } from "./findings.ts";
import { anyPolicy, type PolicyMapping } from "./policy-extensions.ts";
import { isWhole, type KnownAuthority } from "./profile.ts";

/** undefined: no policy is demanded, or one holds. @param path from the leaf to its anchor */
export function policyFinding(path: readonly KnownAuthority[]): Finding | undefined {
  const certificates = path.filter(isWhole).reverse();
  const demanding = certificates.find(({ certificate: { extensions } }) => demands(extensions) !== undefined);
  if (demanding === undefined) return undefined;
  const missing: Finding = { kind: "explicit-policy-required", certificate: demanding.reference };
  const skip: Skip = { explicit: Number.POSITIVE_INFINITY, mapping: Number.POSITIVE_INFINITY, any: Number.POSITIVE_INFINITY };
  let level: Level | undefined = new Map([[anyPolicy, new Set([anyPolicy])]]);
  for (const [at, { certificate }] of certificates.entries()) {
    const { extensions, subject, issuer } = certificate;
    const isLeaf = at === certificates.length - 1;
    const isSelfIssued = isSame(subject, issuer);
    // Of an anchor's certificate what it demands counts, as elsewhere; which policies it has is not part of a path.
    const isAnchor = at === 0 && certificates.length === path.length;
    if (!isAnchor) {
      level = below(level, extensions, skip.any > 0 || (isSelfIssued && !isLeaf)); // §6.1.3 (d), (e)
      if (level === undefined && skip.explicit === 0) return missing; // §6.1.3 (f)
      if (!isLeaf) level = mapped(level, extensions.policyMappings?.value ?? [], skip.mapping > 0); // §6.1.4 (b)
    }
    // §6.1.4 (h), §6.1.5 (a)
    if (!isSelfIssued || isLeaf)
      for (const what of ["explicit", "mapping", "any"] as const) skip[what] = Math.max(skip[what] - 1, 0);
    if (!isLeaf) tighten(skip, extensions);
    else if (demands(extensions) === 0) skip.explicit = 0;
  }
  return level === undefined && skip.explicit === 0 ? missing : undefined;
}

/** The policies that hold down to here, and what each is called in the certificate below. */
type Level = ReadonlyMap<string, ReadonlySet<string>>;
/** How many certificates more until a policy must hold, none may be renamed, and anyPolicy stands for nothing. */
type Skip = Record<"explicit" | "mapping" | "any", number>;

function below(level: Level | undefined, { certificatePolicies }: Extensions, mayBeAny: boolean): Level | undefined {
  if (level === undefined || certificatePolicies === undefined) return undefined;
  const named = new Set(certificatePolicies.value.map(({ policy }) => policy));
  const expected = new Set([...level.values()].flatMap((names) => [...names]));
  const next = new Map<string, ReadonlySet<string>>();
  for (const policy of named) {
    if (policy !== anyPolicy && (expected.has(policy) || level.has(anyPolicy))) next.set(policy, new Set([policy]));
  }
  if (named.has(anyPolicy) && mayBeAny) for (const policy of expected) next.set(policy, new Set([policy]));
  return next.size === 0 ? undefined : next;
}

function mapped(level: Level | undefined, mappings: readonly PolicyMapping[], isAllowed: boolean): Level | undefined {
  if (level === undefined) return undefined;
  const next = new Map(level);
  if (!isAllowed) for (const { issuer } of mappings) next.delete(issuer);
  else {
    const names = new Map<string, Set<string>>();
    for (const { issuer, subject } of mappings) names.set(issuer, (names.get(issuer) ?? new Set()).add(subject));
    for (const [issuer, subjects] of names) if (level.has(issuer) || level.has(anyPolicy)) next.set(issuer, subjects);
  }
  return next.size === 0 ? undefined : next;
}

function tighten(skip: Skip, { policyConstraints, inhibitAnyPolicy }: Extensions): void {
  const { requireExplicitPolicy: explicit, inhibitPolicyMapping: mapping } = policyConstraints?.value ?? {};
  for (const [what, by] of [
    ["explicit", explicit],
    ["mapping", mapping],
    ["any", inhibitAnyPolicy?.value],
  ] as const) {
    skip[what] = Math.min(skip[what], by ?? skip[what]);
  }
}

const demands = ({ policyConstraints }: Extensions): number | undefined => policyConstraints?.value.requireExplicitPolicy;
