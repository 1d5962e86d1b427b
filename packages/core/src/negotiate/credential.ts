import type { Credential } from "../config/credential.ts";
import { goesWith, schemeMeanings } from "../config/parameters.ts";
import type { ServerSettings, Signature } from "../config/settings.ts";
import { equal } from "../wire/bytes.ts";
import type { ClientHello } from "../wire/client-hello.ts";
import {
  type CipherSuiteName,
  groupIds,
  isGrease,
  type NamedGroup,
  type ProtocolVersion,
  type Registered,
  registered,
  type SignatureScheme,
  schemeIds,
} from "../wire/registry.ts";
import { has } from "./common.ts";
import type { Refuse } from "./refusal.ts";

/** TLS 1.3: the first candidate whose signer has a scheme that the client takes; the signer says which of them. */
export function chooseCredential(
  hello: ClientHello,
  settings: ServerSettings,
  candidates: readonly Credential[],
  refuse: Refuse,
): Signature | undefined {
  const shown = thoseToShow(candidates, hello, refuse);
  // RFC 9846 §4.3.3: a client that wants a certificate must send it.
  if (hello.signatureSchemes === undefined) return refuse({ kind: "missing-extension", extension: "signature_algorithms" });
  const { signatureSchemes: offered } = hello;
  const ours = signaturesOf(shown, "tls1.3", settings);
  const chosen = preferred(
    ours.filter(({ scheme }) => takes(offered, scheme)),
    hello,
  );
  if (chosen !== undefined) return chosen;
  return refuse({ kind: "no-common-scheme", theirs: offered.filter(({ id }) => !isGrease(id)), ours: schemesOf(ours) });
}

/**
 * TLS 1.2: the first suite for which there is a candidate, since a suite names the kind of key that signs.
 *
 * @param suites that both have; empty is a reason that was told
 * @param group that was agreed; undefined: likewise
 */
export function chooseSuiteAndCredential(
  suites: readonly CipherSuiteName[],
  group: NamedGroup | undefined,
  hello: ClientHello,
  settings: ServerSettings,
  candidates: readonly Credential[],
  refuse: Refuse,
): (Signature & { readonly suite: CipherSuiteName }) | undefined {
  const theirs = hello.signatureSchemes?.filter(({ id }) => !isGrease(id)) ?? schemesUnlessSaid;
  const ours = signaturesOf(thoseToShow(candidates, hello, refuse), "tls1.2", settings);
  const common = ours.filter(({ scheme }) => takes(theirs, scheme));
  const fitting = common.filter(({ scheme }) => takesCurve(hello, scheme));
  for (const suite of suites) {
    const signature = preferred(
      fitting.filter(({ scheme }) => goesWith(suite, scheme)),
      hello,
    );
    if (signature !== undefined) return { suite, ...signature };
  }

  const signable = suites.filter((suite) => ours.some(({ scheme }) => goesWith(suite, scheme)));
  if (signable.length === 0) {
    for (const suite of suites) refuse({ kind: "suite-needs-other-key", suite, ours: schemesOf(ours) });
  }
  // Without a suite to sign for, any kind of key will do.
  const relevant = ({ scheme }: Signature): boolean => signable.length === 0 || signable.some((suite) => goesWith(suite, scheme));
  const wanted = common.filter(relevant);
  if (wanted.length === 0) return refuse({ kind: "no-common-scheme", theirs, ours: schemesOf(ours.filter(relevant)) });
  if (group !== undefined && signable.length > 0) {
    // All but the curve fits, or it would have been taken.
    const curves = wanted.map(({ scheme }) => schemeMeanings[scheme].curve).filter((curve) => curve !== undefined);
    const offered = hello.groups?.filter(({ id }) => !isGrease(id)) ?? [];
    return refuse({ kind: "no-common-group", theirs: offered, ours: [...new Set(curves)] });
  }
  return undefined;
}

/** Without those that are only for others; all, if none is left, which is a reason. */
function thoseToShow(
  candidates: readonly Credential[],
  { certificateAuthorities: theirs = [] }: ClientHello,
  refuse: Refuse,
): readonly Credential[] {
  const shown = candidates.filter((credential) => mayBeShown(credential, theirs));
  if (shown.length > 0) return shown;
  refuse({ kind: "no-credential-for-authorities", theirs });
  return candidates;
}

/** What a client of TLS 1.2 means that doesn't say (RFC 5246 §7.4.1.4.1), and that nobody should sign with any more. */
const schemesUnlessSaid: readonly Registered[] = [registered("scheme", 0x0201), registered("scheme", 0x0203)];

/** Every way for these credentials to sign, in the credentials' order, then in the signer's. */
function signaturesOf(
  credentials: readonly Credential[],
  version: ProtocolVersion,
  { signatures }: ServerSettings,
): readonly Signature[] {
  return credentials.flatMap((credential) => signatures.get(credential)?.[version] ?? []);
}

function schemesOf(signatures: readonly Signature[]): readonly SignatureScheme[] {
  return [...new Set(signatures.map(({ scheme }) => scheme))];
}

function takes(theirs: readonly Registered[], scheme: SignatureScheme): boolean {
  return has(theirs, schemeIds[scheme]);
}

/** RFC 8422 §5.1: supported_groups speaks of the certificate's curve too. In TLS 1.3 the scheme names it. */
function takesCurve({ groups }: ClientHello, scheme: SignatureScheme): boolean {
  const { curve } = schemeMeanings[scheme];
  return curve === undefined || groups === undefined || has(groups, groupIds[curve]);
}

/** Whether it may be shown to a peer that names these. */
export function mayBeShown(credential: Credential, authorities: readonly Uint8Array[]): boolean {
  return credential.onlyForItsIssuers !== true || isNamed(credential, authorities);
}

function isNamed({ issuers }: Credential, authorities: readonly Uint8Array[]): boolean {
  return issuers === undefined || issuers.some((issuer) => authorities.some((authority) => equal(authority, issuer)));
}

/** The first whose issuers the peer names; the first of all, if it names none of theirs: it is a hint (RFC 9846 §4.3.4). */
export function firstForAuthorities<Way>(
  ways: readonly Way[],
  authorities: readonly Uint8Array[],
  credentialOf: (way: Way) => Credential,
): Way | undefined {
  if (authorities.length === 0) return ways[0];
  return ways.find((way) => isNamed(credentialOf(way), authorities)) ?? ways[0];
}

function preferred(signatures: readonly Signature[], { certificateAuthorities = [] }: ClientHello): Signature | undefined {
  return firstForAuthorities(signatures, certificateAuthorities, ({ credential }) => credential);
}
