// Trust anchors that are no certificates: a name, a key, and what it may vouch for (RFC 5280 §6.1.1 (d), RFC 5914).
import { ConfigError, type ConfigProblem } from "@sallyport/core";
import { type PublicKey, publicKey } from "./algorithms.ts";
import { own } from "./bytes.ts";
import { DerError, DerReader } from "./der.ts";
import { type DistinguishedName, parseDistinguishedName } from "./distinguished-name.ts";
import { extensionIds, type NameConstraints, nameConstraints, noExtensions } from "./extensions.ts";
import type { Certificate } from "./certificate.ts";
import { readCertificates } from "./pem.ts";
import type { KnownAuthority } from "./profile.ts";

/** DER, each of them. */
export interface TrustAnchor {
  /** Name. */
  readonly subject: Uint8Array;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** NameConstraints: only those are vouched for. */
  readonly nameConstraints?: Uint8Array;
}

export interface TrustAnchorsOptions {
  /**
   * Told of each that can't be an anchor, which is then left out: for lists that are not yours to mend, such as an operating
   * system's, in which somebody may trust a server for itself. Without it, that is a ConfigError.
   */
  readonly leftOut?: (problem: ConfigProblem) => void;
}

/**
 * Roots reduced to what an anchor is: how long they hold, and how their certificates are formed, no longer counts. That is how
 * browsers take their roots, and what a root asks for that breaks the profile by its form.
 * @param roots PEM text or DER
 * @throws ConfigError if one can't be read, or is no CA's, and nobody is told of it
 * @example trustAnchors(platformRoots(), { leftOut: ({ problem }) => console.warn(problem) })
 */
export function trustAnchors(
  roots: string | readonly Uint8Array[],
  { leftOut }: TrustAnchorsOptions = {},
): readonly TrustAnchor[] {
  const { certificates, paths, problems } = readCertificates(roots, "roots");
  const noAuthorities = certificates.flatMap((certificate, at): readonly ConfigProblem[] =>
    isAuthority(certificate)
      ? []
      : [
          {
            kind: "not-a-ca",
            path: paths[at] ?? "roots",
            problem: `${certificate.subject.text} is no CA, and as an anchor it could issue certificates`,
            remedy: "give it to the verifier as one of the roots: then it is trusted for itself alone",
          },
        ],
  );
  const [first, ...more] = [...problems, ...noAuthorities];
  if (first !== undefined && leftOut === undefined) throw new ConfigError([first, ...more]);
  if (first !== undefined && leftOut !== undefined) for (const problem of [first, ...more]) leftOut(problem);
  return certificates.filter(isAuthority).map(({ subject, publicKey: key, extensions }) => {
    const constraints = extensions.all.find(({ oid }) => oid === extensionIds.nameConstraints)?.value;
    return { subject: subject.raw, publicKey: key.raw, ...(constraints && { nameConstraints: constraints }) };
  });
}

/** RFC 5280 §4.2.1.9: of version 3, who does not say so is none; before, nobody could. §4.2.1.3: nor is who may not sign any. */
function isAuthority({ version, extensions: { basicConstraints, keyUsage } }: Certificate): boolean {
  return (basicConstraints?.value.ca ?? version < 3) && keyUsage?.value.has("keyCertSign") !== false;
}

/** What can be read, and of the rest what is wrong. */
export function readAnchors(anchors: readonly TrustAnchor[]): {
  readonly authorities: readonly KnownAuthority[];
  readonly problems: readonly ConfigProblem[];
} {
  const problems: ConfigProblem[] = [];
  const authorities = anchors.flatMap((anchor, index): readonly KnownAuthority[] => {
    try {
      const subject = parseDistinguishedName(own(anchor.subject));
      if (subject.rdns.length === 0) throw new DerError("an empty name, which nobody has for an issuer", 0);
      const key = readKey(own(anchor.publicKey));
      const constraints = anchor.nameConstraints && readConstraints(own(anchor.nameConstraints));
      return [known(subject, key, constraints, index)];
    } catch (thrown) {
      if (!(thrown instanceof DerError)) throw thrown;
      problems.push({
        kind: "anchor-malformed",
        path: `anchors[${index}]`,
        problem: `no trust anchor: ${thrown.message}`,
        remedy: "give subject, publicKey and nameConstraints in DER, as trustAnchors() makes them",
      });
      return [];
    }
  });
  return { authorities, problems };
}

function known(
  subject: DistinguishedName,
  key: PublicKey,
  constraints: NameConstraints | undefined,
  index: number,
): KnownAuthority {
  const extensions = { ...noExtensions, nameConstraints: constraints && { critical: true, value: constraints } };
  const reference = { source: "anchors", index, subject: subject.text, issuer: subject.text } as const;
  return { certificate: { subject, issuer: subject, publicKey: key, extensions }, reference };
}

function readKey(der: Uint8Array): PublicKey {
  const reader = new DerReader(der);
  const key = publicKey(reader);
  reader.end("publicKey");
  return key;
}

function readConstraints(der: Uint8Array): NameConstraints {
  const reader = new DerReader(der);
  const constraints = nameConstraints(reader, "nameConstraints");
  reader.end("nameConstraints");
  return constraints;
}
