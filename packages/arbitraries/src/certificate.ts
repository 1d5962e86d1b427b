// One certificate as plain data: written as it stands, and signed whatever is wrong with it.
import type { Bytes, SignatureScheme, SyncSigner } from "@sallyport/core";
import { bitString, explicit, implicit, integer, octetString, oid, sequence, tlv, utcTime, yes } from "./der.ts";
import { flip } from "./faults.ts";
import { latin1, type Octets, repeat } from "./octets.ts";

export interface CertificateScript {
  /** Common names. */
  readonly subject: string;
  readonly issuer: string;
  /** Of one octet. */
  readonly serial: number;
  /** As UTCTime has it: `260601120000Z`. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Its key, and the one that signs it, by their places among the keys. */
  readonly key: number;
  readonly signedBy: number;
  /** undefined: no basic constraints. */
  readonly ca: boolean | undefined;
  readonly pathLength: number | undefined;
  /** Bits as RFC 5280 §4.2.1.3 numbers them: 0 digitalSignature, 5 keyCertSign. */
  readonly usages: readonly number[];
  /** OIDs; none: no extended key usage. */
  readonly purposes: readonly string[];
  /** DNS names. */
  readonly names: readonly string[];
  /** DNS subtrees, of a CA. */
  readonly permitted: readonly string[];
  readonly excluded: readonly string[];
  /** A critical extension that nobody has heard of. */
  readonly critical: boolean;
  /** The first extension once more. */
  readonly twice: boolean;
  /** The signature's last octet is another. */
  readonly spoiled: boolean;
  /** So many octets are missing at its end. */
  readonly cut: number;
}

/** @param keys signers of ECDSA on P-256 or P-384, or of Ed25519 */
export function encodeCertificate(script: CertificateScript, keys: readonly SyncSigner[]): Bytes {
  const own = keyAt(keys, script.key);
  const signer = keyAt(keys, script.signedBy);
  const [scheme = "ed25519"] = signer.schemes;
  const algorithm = sequence(oid(algorithms.get(scheme) ?? "1.3.101.112"));
  const extensions = extensionsOf(script);
  const tbs = sequence(
    explicit(0, integer(2)),
    integer(script.serial),
    algorithm,
    name(script.issuer),
    sequence(utcTime(script.notBefore), utcTime(script.notAfter)),
    name(script.subject),
    own.publicKey,
    explicit(3, sequence(...extensions, ...(script.twice ? extensions.slice(0, 1) : []))),
  );
  const signature = Uint8Array.from(signer.sign(scheme, tbs));
  const whole = sequence(tbs, algorithm, bitString(script.spoiled ? flip(signature, signature.length - 1, 1) : signature));
  return whole.subarray(0, Math.max(0, whole.length - script.cut));
}
const algorithms: ReadonlyMap<SignatureScheme, string> = new Map([
  ["ecdsa_secp256r1_sha256", "1.2.840.10045.4.3.2"],
  ["ecdsa_secp384r1_sha384", "1.2.840.10045.4.3.3"],
  ["ed25519", "1.3.101.112"],
]);
function keyAt(keys: readonly SyncSigner[], at: number): SyncSigner {
  const key = keys[at % Math.max(1, keys.length)];
  if (key === undefined) throw new TypeError("a certificate needs keys");
  return key;
}

function extensionsOf(script: CertificateScript): Bytes[] {
  const { ca, pathLength, usages, purposes, names, permitted, excluded } = script;
  const length = pathLength === undefined ? [] : [integer(pathLength)];
  const said: Bytes[] = [];
  const say = (present: boolean, id: string, isCritical: boolean, value: () => Bytes): void => {
    if (present) said.push(sequence(oid(id), isCritical ? yes : [], octetString(value())));
  };
  say(ca !== undefined, "2.5.29.19", true, () => sequence(ca === true ? yes : [], ...length));
  say(usages.length > 0, "2.5.29.15", true, () => bits(usages));
  say(purposes.length > 0, "2.5.29.37", false, () => sequence(...purposes.map(oid)));
  say(names.length > 0, "2.5.29.17", false, () => sequence(...names.map(dns)));
  say(permitted.length + excluded.length > 0, "2.5.29.30", true, () => sequence(subtrees(0, permitted), subtrees(1, excluded)));
  say(true, "2.5.29.14", false, () => octetString(identifier(script.key)));
  say(true, "2.5.29.35", false, () => sequence(implicit(0, identifier(script.signedBy))));
  say(script.critical, "1.3.6.1.4.1.55555.1", true, () => tlv(5));
  return said;
}
/** Any will do that is one key's alone. */
const identifier = (key: number): Bytes => repeat(20, 1 + key);
const dns = (value: string): Bytes => implicit(2, latin1(value));
const subtrees = (number: number, names: readonly string[]): Octets =>
  names.length === 0 ? [] : explicit(number, ...names.map((each) => sequence(dns(each))));
const name = (common: string): Bytes => sequence(tlv(0x31, sequence(oid("2.5.4.3"), tlv(12, latin1(common)))));
/** The nine fit into two octets; at the end there is no zero bit (X.690 §11.2.2). */
function bits(positions: readonly number[]): Bytes {
  const last = Math.max(...positions);
  const octets = Array.from({ length: (last >> 3) + 1 }, (_, at) =>
    positions.reduce((sum, bit) => (bit >> 3 === at ? sum | (0x80 >> (bit & 7)) : sum), 0),
  );
  return bitString(octets, 7 - (last & 7));
}
