import { generateKeyPairSync, randomBytes, webcrypto } from "node:crypto";
import { fingerprintOf, type Identity, type Issuer, identifierOf, leafFor, pemOf, signAuthority } from "../ca/issue.ts";

export type { Identity } from "../ca/issue.ts";

/** A local CA, and what it signed. */
export interface Authority {
  /** What its certificate is called in a trust store. */
  readonly name: string;
  readonly pem: string;
  /** SHA-256 over the certificate, as trust stores show it: `AB:CD:…`. */
  readonly fingerprint: string;
  readonly leaf: Identity;
  /** The same names, for an RSA key. Nobody is served with it: it is there because refusals depend on the kind of key. */
  readonly rsaLeaf: Identity;
}

/**
 * Makes a CA and two leaves for localhost. The CA's key signs them and is gone: WebCrypto holds it, not extractable, until this
 * function returns. Its certificate is good for localhost alone (critical name constraints), so that whoever forgets it in a
 * trust store has lost nothing.
 */
export async function makeAuthority(): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const publicKey = new Uint8Array(await webcrypto.subtle.exportKey("spki", keys.publicKey));
  const name = `Sallyport demo CA ${randomBytes(3).toString("hex")} (localhost only)`;
  const issuer: Issuer = { name: `CN=${name}`, key: keys.privateKey, keyIdentifier: identifierOf(publicKey) };
  const certificate = await signAuthority(issuer, publicKey, days, localhostOnly);
  const names = [
    { type: "dns", value: "localhost" },
    { type: "ip", value: "127.0.0.1" },
    { type: "ip", value: "::1" },
  ] as const;
  const { privateKey: ecdsa } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { privateKey: rsa } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    name,
    pem: pemOf(certificate),
    fingerprint: fingerprintOf(new Uint8Array(certificate.rawData)),
    leaf: await leafFor(ecdsa, issuer, "localhost", [...names], days),
    rsaLeaf: await leafFor(rsa, issuer, "localhost", [...names], days),
  };
}

const days = 30;

/** NameConstraints (RFC 5280 §4.2.1.10): permitted are localhost, 127.0.0.1 and ::1, and no other name of these two kinds. */
const localhostOnly: Uint8Array<ArrayBuffer> = Uint8Array.from(
  Buffer.from(
    "303fa03d" +
      `300b8209${Buffer.from("localhost").toString("hex")}` +
      "300a87087f000001ffffffff" +
      `30228720${"0".repeat(31)}1${"f".repeat(32)}`,
    "hex",
  ),
);
