import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

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

export interface Identity {
  readonly chainPem: string;
  /** PKCS #8. */
  readonly keyPem: string;
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
  const certificate = await sign(issuer, issuer.name, publicKey, [
    new x509.BasicConstraintsExtension(true, 0, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    new x509.Extension("2.5.29.30", true, localhostOnly),
  ]);
  return {
    name,
    pem: pemOf(certificate),
    fingerprint: (createHash("sha256").update(new Uint8Array(certificate.rawData)).digest("hex").toUpperCase().match(/../g) ?? []).join(":"),
    leaf: await leafFor(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, issuer),
    rsaLeaf: await leafFor(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey, issuer),
  };
}

interface Issuer {
  readonly name: string;
  readonly key: webcrypto.CryptoKey;
  /** Hex. */
  readonly keyIdentifier: string;
}

async function leafFor(privateKey: KeyObject, issuer: Issuer): Promise<Identity> {
  const publicKey = new Uint8Array(createPublicKey(privateKey).export({ type: "spki", format: "der" }));
  const certificate = await sign(issuer, "CN=localhost", publicKey, [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1"]), // serverAuth
    new x509.SubjectAlternativeNameExtension([
      { type: "dns", value: "localhost" },
      { type: "ip", value: "127.0.0.1" },
      { type: "ip", value: "::1" },
    ]),
  ]);
  return { chainPem: pemOf(certificate), keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

function sign(
  issuer: Issuer,
  subject: string,
  publicKey: Uint8Array<ArrayBuffer>,
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
      notAfter: new Date(now + 30 * 24 * hour),
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

/** A hash of the key (RFC 7093, method 4). */
function identifierOf(publicKey: Uint8Array): string {
  return createHash("sha256").update(publicKey).digest("hex").slice(0, 40);
}

function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem").trim()}\n`;
}
