// Our own Certificate of TLS 1.3: what is stapled is part of the message, so each choice has its own.
import { type Bytes, copy, empty } from "../wire/bytes.ts";
import { type CertificateEntry, encodeCertificate } from "../wire/certificate-message.ts";
import { ocspStaple, type StapleKind, stapleKinds, timestampsStaple } from "../wire/staples.ts";
import type { Credential } from "./credential.ts";

/** By what is stapled: see `stapleKey`. */
export type CertificateMessages = ReadonlyMap<Credential, ReadonlyMap<string, Bytes>>;

/** What peers may ask for. */
export const stapleChoices: readonly (readonly StapleKind[])[] = [[], ["ocsp"], ["sct"], ["ocsp", "sct"]];

export function encodeCertificates(credentials: readonly Credential[]): CertificateMessages {
  return new Map(
    credentials.map((credential) => {
      const messages = new Map<string, Bytes>();
      for (const asked of stapleChoices) {
        const key = stapleKey(shownStaples(credential, asked));
        if (!messages.has(key)) messages.set(key, encodeOwnCertificate(credential, asked));
      }
      return [credential, messages];
    }),
  );
}

/** @param asked what the peer would have stapled. @returns everybody's: for reading */
export function ownCertificate(
  credential: Credential,
  asked: readonly StapleKind[],
  { certificates }: { readonly certificates: CertificateMessages },
): Bytes {
  return certificates.get(credential)?.get(stapleKey(shownStaples(credential, asked))) ?? encodeOwnCertificate(credential, asked);
}

export function encodeOwnCertificate(credential: Credential, asked: readonly StapleKind[]): Bytes {
  return encodeCertificate(empty, certificateEntries(credential, asked));
}

export function stapleKey(staples: readonly StapleKind[]): string {
  return staples.join(" ");
}

/** What a credential has, of what the peer would have stapled. */
export function shownStaples(
  { ocspResponse, signedCertificateTimestamps = [] }: Credential,
  asked: readonly StapleKind[],
): readonly StapleKind[] {
  const has = { ocsp: ocspResponse !== undefined, sct: signedCertificateTimestamps.length > 0 };
  return stapleKinds.filter((kind) => has[kind] && asked.includes(kind));
}

function certificateEntries(credential: Credential, asked: readonly StapleKind[]): readonly CertificateEntry[] {
  const { chain, ocspResponse, signedCertificateTimestamps = [] } = credential;
  const staples = shownStaples(credential, asked).flatMap((kind) => {
    if (kind === "sct") return [timestampsStaple(signedCertificateTimestamps)];
    return ocspResponse === undefined ? [] : [ocspStaple(ocspResponse)];
  });
  return chain.map((data, at) => ({ data: copy(data), extensions: at === 0 ? staples : [] }));
}
