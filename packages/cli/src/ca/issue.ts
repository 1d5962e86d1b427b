// What a local CA signs, by WebCrypto and @peculiar/x509.
import { createHash, createPublicKey, type KeyObject, randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

export interface Issuer {
  /** As @peculiar/x509 writes a distinguished name: `CN=…`. */
  readonly name: string;
  readonly key: webcrypto.CryptoKey;
  /** Hex. */
  readonly keyIdentifier: string;
}

export interface Identity {
  readonly chainPem: string;
  /** PKCS #8. */
  readonly keyPem: string;
}

/** In days; every certificate is valid from an hour ago on, since clocks differ. */
export function sign(
  issuer: Issuer,
  subject: string,
  publicKey: Uint8Array<ArrayBuffer>,
  days: number,
  usages: readonly x509.Extension[],
): Promise<x509.X509Certificate> {
  const now = Date.now();
  return x509.X509CertificateGenerator.create(
    {
      serialNumber: `01${randomBytes(15).toString("hex")}`,
      issuer: issuer.name,
      subject,
      publicKey,
      notBefore: new Date(now - hour),
      notAfter: new Date(now + days * 24 * hour),
      extensions: [
        ...usages,
        new x509.SubjectKeyIdentifierExtension(identifierOf(publicKey)),
        new x509.AuthorityKeyIdentifierExtension(issuer.keyIdentifier),
      ],
      signingKey: issuer.key,
      signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    },
    webcrypto,
  );
}

const hour = 60 * 60 * 1000;

/** A CA's own certificate: no CA below it, and good for these names alone (RFC 5280 §4.2.1.10). */
export function signAuthority(
  issuer: Issuer,
  publicKey: Uint8Array<ArrayBuffer>,
  days: number,
  nameConstraints: Uint8Array<ArrayBuffer>,
): Promise<x509.X509Certificate> {
  return sign(issuer, issuer.name, publicKey, days, [
    new x509.BasicConstraintsExtension(true, 0, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    new x509.Extension("2.5.29.30", true, nameConstraints),
  ]);
}

/** For a server of these names. */
export async function leafFor(
  privateKey: KeyObject,
  issuer: Issuer,
  commonName: string,
  names: x509.JsonGeneralNames,
  days: number,
): Promise<Identity> {
  const publicKey = new Uint8Array(createPublicKey(privateKey).export({ type: "spki", format: "der" }));
  const certificate = await sign(issuer, `CN=${commonName}`, publicKey, days, [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1"]), // serverAuth
    new x509.SubjectAlternativeNameExtension(names),
  ]);
  return { chainPem: pemOf(certificate), keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

/** A hash of the key (RFC 7093, method 4). */
export function identifierOf(publicKey: Uint8Array): string {
  return createHash("sha256").update(publicKey).digest("hex").slice(0, 40);
}

/** SHA-256 over the certificate, as trust stores show it: `AB:CD:…`. */
export function fingerprintOf(der: Uint8Array): string {
  return (createHash("sha256").update(der).digest("hex").toUpperCase().match(/../g) ?? []).join(":");
}

export function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem").trim()}\n`;
}
