// Where a certificate says that a CRL is to be had, and where a CRL says that it is (RFC 5280 §4.2.1.13, §5.2.5).
import { constructed, context, type DerElement, DerError, type DerReader, enter, opaque } from "./der.ts";
import { each, generalName } from "./general-names.ts";

export interface DistributionPoint {
  /** DER of each GeneralName; empty: none, or one that is relative to an issuer's name. */
  readonly names: readonly Uint8Array[];
  /** The list there is for some reasons only. */
  readonly hasReasons: boolean;
  /** The list there is another authority's. */
  readonly hasIssuer: boolean;
}

/** @throws DerError */
export function distributionPoint(list: DerReader, what: string): DistributionPoint {
  const inner = list.sequence(what);
  const { offset } = inner;
  const point = inner.optional(constructed(0), what);
  const reasons = inner.optional(context(1), what);
  const issuer = inner.optional(constructed(2), what);
  inner.end(what);
  // §4.2.1.13: "a DistributionPoint MUST NOT consist of only the reasons field"
  if (point === undefined && issuer === undefined) throw new DerError(`${what} names no place`, offset);
  if (issuer !== undefined) each(enter(issuer), (names) => generalName(names, what));
  const names = point === undefined ? [] : distributionPointNames(point, what);
  return { names, hasReasons: reasons !== undefined, hasIssuer: issuer !== undefined };
}

/** DistributionPointName: DER of each full name; none if it is relative to the issuer's. */
export function distributionPointNames(element: DerElement, what: string): readonly Uint8Array[] {
  const inner = enter(element);
  const name = inner.any(what);
  inner.end(what);
  if (opaque(name, what).tag === constructed(1)) return [];
  if (name.tag !== constructed(0)) throw new DerError(`${what} has a name of no known form`, name.offset);
  const list = enter(name);
  return each(enter(name), (names) => {
    generalName(names, what);
    return list.any(what).raw;
  });
}
