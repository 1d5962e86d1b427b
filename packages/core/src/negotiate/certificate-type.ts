// Certificate types (RFC 7250 §4.2): a hello that names none takes and has X.509.
import type { Credential } from "../config/credential.ts";
import type { ServerSettings } from "../config/settings.ts";
import type { ClientHello } from "../wire/client-hello.ts";
import { type CertificateType, certificateTypeIds, type Registered, registered } from "../wire/registry.ts";
import { has } from "./common.ts";
import type { Refuse } from "./refusal.ts";

const unlessSaid: readonly Registered[] = [registered("certificateType", certificateTypeIds.x509)];

/** Those whose type the client takes; all of them, if it takes none. */
export function credentialsForType(
  { serverCertificateTypes: theirs = unlessSaid }: ClientHello,
  candidates: readonly Credential[],
  refuse: Refuse,
): readonly Credential[] {
  const fitting = candidates.filter(({ type }) => takes(theirs, type));
  if (fitting.length > 0) return fitting;
  const ours = [...new Set(candidates.map(({ type }) => type))];
  refuse({ kind: "no-common-certificate-type", whose: "server", theirs, ours });
  return candidates;
}

/** What a client is asked for; undefined: it is asked for nothing. */
export function chooseClientCertificateType(
  { clientCertificateTypes }: ClientHello,
  { clientAuthentication }: ServerSettings,
  refuse: Refuse,
): CertificateType | undefined {
  if (clientAuthentication === undefined) return undefined;
  const { mode, verifier } = clientAuthentication;
  const ours = verifier.types ?? (["x509"] as const);
  const theirs = clientCertificateTypes ?? unlessSaid;
  const type = ours.find((each) => takes(theirs, each));
  if (type !== undefined) return type;
  // A client that doesn't say has nothing to show that we could judge, which `optional` lets in; one that says is refused: §4.2.
  if (mode === "optional" && clientCertificateTypes === undefined) return undefined;
  return refuse({ kind: "no-common-certificate-type", whose: "client", theirs, ours });
}

function takes(theirs: readonly Registered[], type: CertificateType): boolean {
  return has(theirs, certificateTypeIds[type]);
}
