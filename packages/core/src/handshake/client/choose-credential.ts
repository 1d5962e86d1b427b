import type { Credential, CredentialRequest } from "../../config/credential.ts";
import { schemeMeanings } from "../../config/parameters.ts";
import type { ClientSettings } from "../../config/settings.ts";
import { equal } from "../../wire/bytes.ts";
import type { ProtocolVersion, SignatureScheme } from "../../wire/registry.ts";

/** The first of ours whose issuers the server names; the first of all, if it names none of theirs: it is a hint (RFC 9846 §4.3.4). */
export function chooseCredential(fitting: readonly Credential[], { authorities }: CredentialRequest): Credential | undefined {
  const named = fitting.find(
    ({ issuers }) => issuers === undefined || issuers.some((issuer) => authorities.some((authority) => equal(authority, issuer))),
  );
  return authorities.length === 0 ? fitting[0] : (named ?? fitting[0]);
}

/** By which it signs: the signer's first that the server takes. */
export function schemeFor(
  { signer }: Credential, { schemes }: CredentialRequest, version: ProtocolVersion, { ownSchemes }: ClientSettings,
): SignatureScheme | undefined {
  return signer.schemes.find(
    (scheme) => schemes.includes(scheme) && ownSchemes.includes(scheme) && schemeMeanings[scheme].versions.includes(version),
  );
}
