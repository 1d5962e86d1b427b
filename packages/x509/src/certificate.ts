// X.509 certificates (RFC 5280 §4.1), decoded once and completely, with the octets of all that is signed, compared or hashed.
import { type AlgorithmIdentifier, algorithmIdentifier, type PublicKey, publicKey } from "./algorithms.ts";
import { equal } from "./bytes.ts";
import { bitString, constructed, context, DerError, DerReader, enter, integer, smallInteger, tags, time } from "./der.ts";
import { type DistinguishedName, distinguishedName } from "./distinguished-name.ts";
import { type Extensions, extensions, noExtensions } from "./extensions.ts";

export interface Certificate {
  readonly der: Uint8Array;
  /** What is signed. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** Content octets of the INTEGER, big endian, two's complement. */
  readonly serial: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  readonly issuer: DistinguishedName;
  /** Seconds since 1970, both inclusive. */
  readonly validity: { readonly notBefore: number; readonly notAfter: number };
  readonly subject: DistinguishedName;
  readonly publicKey: PublicKey;
  readonly extensions: Extensions;
  /** What nobody may write and old roots have all the same; a peer's certificate is refused for it. */
  readonly irregularities: readonly Irregularity[];
}
export interface Irregularity {
  readonly problem: string;
  readonly section: string;
}

/**
 * Decodes; judges nothing but the form. The views in it are of `der`, which must stay as it is.
 * @throws DerError with the offset
 */
export function parseCertificate(der: Uint8Array): Certificate {
  const reader = new DerReader(der);
  const outer = reader.sequence("certificate");
  reader.end("certificate");
  const tbsElement = outer.read(tags.sequence, "tbsCertificate");
  const algorithmAt = outer.offset;
  const signatureAlgorithm = algorithmIdentifier(outer, "signatureAlgorithm");
  const signature = bitString(outer.read(tags.bitString, "signatureValue"), "signatureValue");
  outer.end("certificate");

  const tbs = enter(tbsElement);
  const version = versionOf(tbs);
  const serial = integer(tbs.read(tags.integer, "serialNumber"), "serialNumber");
  const inner = algorithmIdentifier(tbs, "signature");
  // RFC 5280 §4.1.1.2: the field that is signed and the one that is not must be the same.
  if (!equal(inner.raw, signatureAlgorithm.raw)) throw new DerError("signatureAlgorithm is not what was signed", algorithmAt);
  const issuer = distinguishedName(tbs.read(tags.sequence, "issuer"), "issuer");
  const dates = tbs.sequence("validity");
  const notBefore = time(dates, "notBefore");
  const notAfter = time(dates, "notAfter");
  dates.end("validity");
  const subject = distinguishedName(tbs.read(tags.sequence, "subject"), "subject");
  const key = publicKey(tbs);
  const uniqueIds = version === 1 ? [] : [1, 2].flatMap((number) => tbs.optional(context(number), "unique identifier") ?? []);
  // §4.1.2.9: extensions are of version 3
  const extensionsElement = version === 3 ? tbs.optional(constructed(3), "extensions") : undefined;
  tbs.end("tbsCertificate");
  const decoded = extensionsElement === undefined ? noExtensions : wrapped(enter(extensionsElement));
  const irregularities: Irregularity[] = [];
  if (!notBefore.isProper || !notAfter.isProper) irregularities.push(irregular.time);
  if (decoded.keyUsage?.isMinimal === false) irregularities.push(irregular.bits);
  if (uniqueIds.length > 0) irregularities.push(irregular.uniqueId);
  return {
    der,
    tbs: tbsElement.raw,
    version,
    serial,
    signatureAlgorithm,
    signature,
    issuer,
    validity: { notBefore: notBefore.seconds, notAfter: notAfter.seconds },
    subject,
    publicKey: key,
    extensions: decoded,
    irregularities,
  };
}

const irregular = {
  time: { problem: "has a date before 2050 that is not a UTCTime", section: "RFC 5280 §4.1.2.5" },
  uniqueId: { problem: "has a unique identifier", section: "RFC 5280 §4.1.2.8" },
  bits: { problem: "has a key usage with zero bits at its end", section: "X.690 §11.2.2" },
} as const;

function wrapped(reader: DerReader): Extensions {
  const decoded = extensions(reader);
  reader.end("extensions");
  return decoded;
}

function versionOf(tbs: DerReader): 1 | 2 | 3 {
  const element = tbs.optional(constructed(0), "version");
  if (element === undefined) return 1;
  const inner = enter(element);
  const version = smallInteger(inner.read(tags.integer, "version"), "version");
  inner.end("version");
  if (version === 1 || version === 2) return version === 1 ? 2 : 3;
  throw new DerError(
    version === 0 ? "version 1 in writing, which is its default" : `version ${version + 1} is unknown`,
    element.offset,
  );
}
