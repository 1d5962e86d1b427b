// Certificates field by field, right in every one of them unless a test wants it wrong; what is wrong is signed all the same.
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { Bytes } from "@sallyport/core";
import { noon, purposes } from "./chains.ts";
import { bitString, explicit, extension, implicit, integer, octetString, oid, sequence, tlv, utcTime, yes } from "./der.ts";
import { join, type Octets, text } from "./octets.ts";

export interface Keys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}
export const newKeys = (): Keys => generateKeyPairSync("ec", { namedCurve: "P-256" });

/** Elements in DER, but for the keys. */
export interface Fields {
  readonly version: Octets;
  readonly serial: Bytes;
  readonly innerAlgorithm: Bytes;
  readonly algorithm: Bytes;
  readonly issuer: Bytes;
  readonly notBefore: Bytes;
  readonly notAfter: Bytes;
  readonly subject: Bytes;
  readonly publicKey: Bytes;
  readonly uniqueIds: Octets;
  /** By their OIDs; undefined leaves it out. */
  readonly extensions: Readonly<Record<string, Bytes | undefined>>;
  /** Who signs. */
  readonly signer: KeyObject;
}

export const ids = {
  ski: "2.5.29.14",
  ku: "2.5.29.15",
  san: "2.5.29.17",
  ian: "2.5.29.18",
  bc: "2.5.29.19",
  nc: "2.5.29.30",
  crldp: "2.5.29.31",
  policies: "2.5.29.32",
  mappings: "2.5.29.33",
  aki: "2.5.29.35",
  pc: "2.5.29.36",
  eku: "2.5.29.37",
  freshest: "2.5.29.46",
  inhibitAny: "2.5.29.54",
  aia: "1.3.6.1.5.5.7.1.1",
  sia: "1.3.6.1.5.5.7.1.11",
  poison: "1.3.6.1.4.1.11129.2.4.3",
} as const;

const day = 86_400_000;
export const ecdsaSha256: Bytes = sequence(oid("1.2.840.10045.4.3.2"));

export function certificate(fields: Fields): Bytes {
  const { version, serial, innerAlgorithm, algorithm, issuer, notBefore, notAfter, subject, publicKey, uniqueIds, signer } =
    fields;
  const list = Object.values(fields.extensions).filter((one) => one !== undefined);
  const extensions = list.length === 0 ? [] : [explicit(3, sequence(...list))];
  const validity = sequence(notBefore, notAfter);
  const tbs = sequence(version, serial, innerAlgorithm, issuer, validity, subject, publicKey, uniqueIds, ...extensions);
  return sequence(tbs, algorithm, bitString(sign("sha256", tbs, signer)));
}

// ── Extensions ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const ski = (keys: Keys, critical = false): Bytes => extension(ids.ski, critical, octetString(keyIdentifier(keys)));
/** @param more beside the key's, in order: [1] issuer, [2] serial number */
export const aki = (keys: Keys | undefined, critical = false, ...more: readonly Octets[]): Bytes =>
  extension(ids.aki, critical, sequence(...(keys === undefined ? [] : [implicit(0, keyIdentifier(keys))]), ...more));
export const bc = (ca: boolean, pathLength?: number, critical = true): Bytes =>
  extension(ids.bc, critical, sequence(...(ca ? [yes] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])));
/** @param bits positions, such as 0 for digitalSignature */
export function ku(bits: readonly number[], critical = true): Bytes {
  const last = Math.max(...bits);
  const octets = Array.from({ length: (last >> 3) + 1 }, (_, at) =>
    bits.filter((bit) => bit >> 3 === at).reduce((sum, bit) => sum | (0x80 >> (bit & 7)), 0),
  );
  return extension(ids.ku, critical, tlv(3, [7 - (last & 7), ...octets]));
}
export const eku = (purposeIds: readonly string[], critical = false): Bytes =>
  extension(ids.eku, critical, sequence(...purposeIds.map(oid)));
export const san = (names: readonly Bytes[], critical = false): Bytes => extension(ids.san, critical, sequence(...names));
export const nc = (permitted: readonly Bytes[], excluded: readonly Bytes[] = [], critical = true): Bytes => {
  const subtrees = (number: number, names: readonly Bytes[]): readonly Bytes[] =>
    names.length === 0 ? [] : [explicit(number, ...names.map((name) => sequence(name)))];
  return extension(ids.nc, critical, sequence(...subtrees(0, permitted), ...subtrees(1, excluded)));
};

export const email = (value: string): Bytes => implicit(1, text(value));
export const dns = (value: string): Bytes => implicit(2, text(value));
export const directory = (name: Bytes): Bytes => explicit(4, name);
export const uri = (value: string): Bytes => implicit(6, text(value));
export const ip = (...octets: readonly number[]): Bytes => implicit(7, octets);
export const otherName = (id = "1.3.6.1.4.1.311.20.2.3"): Bytes =>
  explicit(0, oid(id), explicit(0, tlv(12, text("u@example.com"))));

/** One attribute an RDN, in the order given. */
export function name(
  ...attributes: readonly (readonly [type: "CN" | "O" | "emailAddress", value: string, tag?: number])[]
): Bytes {
  const types = { CN: "2.5.4.3", O: "2.5.4.10", emailAddress: "1.2.840.113549.1.9.1" };
  return sequence(...attributes.map(([type, value, tag = 12]) => tlv(0x31, sequence(oid(types[type]), tlv(tag, text(value))))));
}

// ── A chain of three ────────────────────────────────────────────────────────────────────────────────────────────────

export const rootKeys: Keys = newKeys();
export const intermediateKeys: Keys = newKeys();
export const leafKeys: Keys = newKeys();

export type Change = Partial<Fields>;

export function root(change: Change = {}): Bytes {
  const subject = change.subject ?? name(["CN", "Root"]);
  return made(change, {
    subject,
    issuer: subject,
    keys: rootKeys,
    by: rootKeys,
    extensions: { ...caExtensions, [ids.ski]: ski(rootKeys) },
  });
}
export function intermediate(change: Change = {}): Bytes {
  const extensions = { ...caExtensions, [ids.ski]: ski(intermediateKeys), [ids.aki]: aki(rootKeys) };
  return made(change, {
    subject: name(["CN", "Intermediate"]),
    issuer: name(["CN", "Root"]),
    keys: intermediateKeys,
    by: rootKeys,
    extensions,
  });
}
/** @param purpose `server` for example.com, or `client` */
export function leaf(change: Change = {}, purpose: "server" | "client" = "server"): Bytes {
  const extensions = {
    [ids.bc]: bc(false),
    [ids.ku]: ku([0]),
    [ids.eku]: eku([purposes[purpose]]),
    [ids.ski]: ski(leafKeys),
    [ids.aki]: aki(intermediateKeys),
    [ids.san]: san([dns("example.com")]),
  };
  const subject = name(["CN", "example.com"]);
  return made(change, { subject, issuer: name(["CN", "Intermediate"]), keys: leafKeys, by: intermediateKeys, extensions });
}
const caExtensions = { [ids.bc]: bc(true), [ids.ku]: ku([5, 6]) };

interface Place {
  readonly subject: Bytes;
  readonly issuer: Bytes;
  readonly keys: Keys;
  readonly by: Keys;
  readonly extensions: Fields["extensions"];
}
function made(change: Change, { subject, issuer, keys, by, extensions }: Place): Bytes {
  return certificate({
    version: explicit(0, integer(2)),
    serial: integer(1, 0xa5),
    innerAlgorithm: ecdsaSha256,
    algorithm: ecdsaSha256,
    issuer,
    notBefore: utcTime(noon - 30 * day),
    notAfter: utcTime(noon + 30 * day),
    subject,
    publicKey: spki(keys),
    uniqueIds: [],
    signer: by.privateKey,
    ...change,
    extensions: { ...extensions, ...change.extensions },
  });
}

export const spki = ({ publicKey }: Keys): Bytes => join(publicKey.export({ type: "spki", format: "der" }));
const keyIdentifier = (keys: Keys): Bytes => join(createHash("sha1").update(spki(keys).subarray(-65)).digest());
