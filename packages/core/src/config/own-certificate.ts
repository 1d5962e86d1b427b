import { copy } from "../wire/bytes.ts";
import type { CertificateEntry } from "../wire/certificate-message.ts";
import { ocspStaple, type StapleKind, stapleKinds, timestampsStaple } from "../wire/staples.ts";
import type { Credential } from "./credential.ts";

/** What a credential has, of what the peer would have stapled. */
export function shownStaples(
  { ocspResponse, signedCertificateTimestamps = [] }: Credential, asked: readonly StapleKind[],
): readonly StapleKind[] {
  const has = { ocsp: ocspResponse !== undefined, sct: signedCertificateTimestamps.length > 0 };
  return stapleKinds.filter((kind) => has[kind] && asked.includes(kind));
}

/** The chain as a Certificate of TLS 1.3 shows it, with what the peer would have stapled. */
export function certificateEntries(credential: Credential, asked: readonly StapleKind[]): readonly CertificateEntry[] {
  const { chain, ocspResponse, signedCertificateTimestamps = [] } = credential;
  const staples = shownStaples(credential, asked).flatMap((kind) => {
    if (kind === "sct") return [timestampsStaple(signedCertificateTimestamps)];
    return ocspResponse === undefined ? [] : [ocspStaple(ocspResponse)];
  });
  return chain.map((data, at) => ({ data: copy(data), extensions: at === 0 ? staples : [] }));
}
