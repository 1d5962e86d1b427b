// CRLs and OCSP responses of any authority, right unless a test wants them wrong.
import { KeyObject } from "node:crypto";
import type { Bytes } from "@sallyport/core";
import { parseCertificate } from "@sallyport/x509";
import { noon, type Party } from "./chains.ts";
import {
  algorithmOf,
  digest,
  enumerated,
  explicit,
  extension,
  generalizedTime,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  signed,
  tlv,
  utcTime,
} from "./der.ts";
import { join, type Octets } from "./octets.ts";

const day = 86_400_000;
type Signer = Pick<Party, "der" | "keys">;

export interface ListScript {
  readonly revoked?: readonly {
    readonly serial: readonly number[];
    readonly reason?: number;
    readonly extensions?: readonly Bytes[];
  }[];
  readonly thisUpdate?: number;
  readonly nextUpdate?: number | "none";
  /** Instead of number and key identifier. */
  readonly extensions?: readonly Bytes[];
  /** Beside them. */
  readonly more?: readonly Bytes[];
  readonly version?: Octets;
  /** Default: its issuer's. */
  readonly keys?: CryptoKeyPair;
}

export const crlNumber = (critical = false): Bytes => extension("2.5.29.20", critical, integer(7));
export const listKey = ({ keys }: Signer): Bytes => extension("2.5.29.35", false, sequence(implicit(0, keyHash(keys))));
/** Critical; what is in it, such as `explicit(0, …)` for its place. */
export const issuingPoint = (...fields: readonly Octets[]): Bytes => extension("2.5.29.28", true, sequence(...fields));

export function crl(issuer: Signer, script: ListScript = {}): Bytes {
  const { revoked = [], thisUpdate = noon - day, nextUpdate = noon + day, keys = issuer.keys, more = [] } = script;
  const { extensions = [crlNumber(), listKey(issuer)], version = integer(1) } = script;
  const entries = revoked.map(({ serial, reason, extensions: own = [] }) => {
    const all = [...(reason === undefined ? [] : [extension("2.5.29.21", false, enumerated(reason))]), ...own];
    return sequence(tlv(2, serial), utcTime(noon - 2 * day), ...(all.length === 0 ? [] : [sequence(...all)]));
  });
  const all = [...extensions, ...more];
  return signed(
    sequence(
      version,
      algorithmOf(keys),
      parseCertificate(issuer.der).subject.raw,
      utcTime(thisUpdate),
      ...(nextUpdate === "none" ? [] : [utcTime(nextUpdate)]),
      ...(entries.length === 0 ? [] : [sequence(...entries)]),
      ...(all.length === 0 ? [] : [explicit(0, sequence(...all))]),
    ),
    keys,
  );
}

export interface ResponseScript {
  readonly status?: "good" | "unknown" | "revoked";
  readonly thisUpdate?: number;
  readonly nextUpdate?: number | "none";
  readonly hash?: "sha1" | "sha256";
  /** Default: the issuer. Another one's certificate comes along. */
  readonly by?: Signer;
  /** Signs in the place of who it says. */
  readonly keys?: CryptoKeyPair;
  readonly responder?: "name" | "key";
  /** Instead of the certificate's. */
  readonly serial?: Uint8Array;
  readonly responseExtensions?: readonly Bytes[];
  readonly certificates?: readonly Uint8Array[];
}

/** What the issuer's responder says of a certificate. */
export function ocsp(certificate: Uint8Array, issuer: Signer, script: ResponseScript = {}): Bytes {
  const { hash = "sha1", by = issuer, keys = by.keys, responder = "name", responseExtensions = [] } = script;
  const { thisUpdate = noon - day, nextUpdate = noon + day, status = "good" } = script;
  const { certificates = by === issuer ? [] : [by.der] } = script;
  const { subject } = parseCertificate(issuer.der);
  const hashId = hash === "sha1" ? "1.3.14.3.2.26" : "2.16.840.1.101.3.4.2.1";
  const id = sequence(
    sequence(oid(hashId), tlv(5)),
    octetString(digest(hash, subject.raw)),
    octetString(keyHash(issuer.keys, hash)),
    tlv(2, script.serial ?? parseCertificate(certificate).serial),
  );
  const statuses = {
    good: implicit(0),
    unknown: implicit(2),
    revoked: explicit(1, generalizedTime(noon - 2 * day), explicit(0, enumerated(1))),
  };
  const answer = sequence(
    id,
    statuses[status],
    generalizedTime(thisUpdate),
    ...(nextUpdate === "none" ? [] : [explicit(0, generalizedTime(nextUpdate))]),
  );
  const responderId =
    responder === "name" ? explicit(1, parseCertificate(by.der).subject.raw) : explicit(2, octetString(keyHash(by.keys)));
  const tbs = sequence(
    responderId,
    generalizedTime(noon),
    sequence(answer),
    ...(responseExtensions.length === 0 ? [] : [explicit(1, sequence(...responseExtensions))]),
  );
  const chain = certificates.length === 0 ? [] : [explicit(0, sequence(...certificates))];
  return successful(signed(tbs, keys, ...chain));
}

export const successful = (basic: Octets): Bytes =>
  sequence(enumerated(0), explicit(0, sequence(oid("1.3.6.1.5.5.7.48.1.1"), octetString(basic))));
/** 3: try later. */
export const unsuccessful = (status: number): Bytes => sequence(enumerated(status));

/** Of the key, as CertID and ResponderID have it: without its algorithm. */
function keyHash({ publicKey }: CryptoKeyPair, hash: "sha1" | "sha256" = "sha1"): Bytes {
  const spki = KeyObject.from(publicKey).export({ type: "spki", format: "der" });
  const point = spki.subarray(-{ "P-256": 65, "P-384": 97 }[(publicKey.algorithm as EcKeyAlgorithm).namedCurve as "P-256"]);
  return digest(hash, join(point));
}
