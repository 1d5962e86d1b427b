import { readOwnCredentials } from "../../config/check-credentials.ts";
import type { Credential, CredentialRequest } from "../../config/credential.ts";
import { signsIn } from "../../config/parameters.ts";
import { Problems } from "../../config/problems.ts";
import type { ClientSettings } from "../../config/settings.ts";
import { firstForAuthorities, mayBeShown } from "../../negotiate/credential.ts";
import type { ProtocolVersion, SignatureScheme } from "../../wire/registry.ts";

/** Of those that can sign, by what the server asks for; undefined: none of them is for it. */
export function chooseCredential(fitting: readonly Credential[], { authorities }: CredentialRequest): Credential | undefined {
  const shown = fitting.filter((credential) => mayBeShown(credential, authorities));
  return firstForAuthorities(shown, authorities, (credential) => credential);
}

/** By which it signs: the signer's first that the server takes; undefined: it can't be shown. */
export function schemeFor(
  { signer, type }: Credential,
  { schemes, certificateTypes }: CredentialRequest,
  version: ProtocolVersion,
  { ownSchemes }: ClientSettings,
): SignatureScheme | undefined {
  if (!certificateTypes.includes(type)) return undefined;
  return signer.schemes.find((scheme) => schemes.includes(scheme) && ownSchemes.includes(scheme) && signsIn(version, scheme));
}

export type Picked =
  | { readonly kind: "picked"; readonly credential: Credential | undefined }
  | { readonly kind: "unusable"; readonly problem: string };

/** What a picker gave: held to what a config's own credentials are held to. undefined: none is shown. */
export function readPicked(
  given: unknown,
  request: CredentialRequest,
  version: ProtocolVersion,
  settings: ClientSettings,
): Picked {
  if (given === undefined) return { kind: "picked", credential: undefined };
  const problems = new Problems();
  // Whatever it is: reading finds out.
  const [credential] = readOwnCredentials([given as Credential], settings.ownSchemes, settings, problems);
  if (credential === undefined || problems.count > 0) return { kind: "unusable", problem: problems.toString() };
  if (!mayBeShown(credential, request.authorities)) {
    return { kind: "unusable", problem: "a credential that is only for its issuers, none of which the server names" };
  }
  if (schemeFor(credential, request, version, settings) !== undefined) return { kind: "picked", credential };
  const wanted = `${request.certificateTypes.join()} that signs by ${request.schemes.join(" or ")}`;
  return { kind: "unusable", problem: `a credential that is no ${wanted}` };
}
