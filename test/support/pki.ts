import type { KeyObject } from "node:crypto";
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { MlDsa } from "@sallyport/core";
import { mlDsaPair, pem } from "./ml-dsa.ts";

/** `rsa` is an rsaEncryption key, `rsa-pss` an id-RSASSA-PSS one (SHA-256, salt of 32 bytes); both have 2048 bits. */
export type KeyKind = ClassicalKind | MlDsa;
type ClassicalKind = "ecdsa-p256" | "ecdsa-p384" | "ecdsa-p521" | "ed25519" | "rsa" | "rsa-pss";

/** A throw-away public key infrastructure with two roots, of which tests trust one. */
export interface Pki {
  readonly ca: Certificate;
  /** Signs as well as the other, and nobody trusts it. */
  readonly strangerCa: Certificate;
  /** The same options give the same identity. */
  leaf(options?: LeafOptions): Promise<Identity>;
}

export interface Certificate {
  readonly pem: string;
  readonly der: Uint8Array<ArrayBuffer>;
}

export interface Identity {
  readonly key: KeyKind;
  readonly certificate: Certificate;
  /** DER, leaf first, without the root. */
  readonly chain: readonly [Uint8Array<ArrayBuffer>, ...Uint8Array<ArrayBuffer>[]];
  /** The same in PEM. */
  readonly chainPem: string;
  /** PKCS#8. */
  readonly keyPem: string;
}

export interface LeafOptions {
  /** Default ecdsa-p256. */
  readonly key?: KeyKind;
  /** Default localhost. */
  readonly dns?: readonly string[];
  /** Default 127.0.0.1 and ::1. */
  readonly ips?: readonly string[];
  /** The extended key usage; default server. */
  readonly usage?: "server" | "client" | "code-signing";
  readonly validity?: "now" | "expired" | "not-yet";
  /** Default root: the trusted CA signs. */
  readonly issuer?: "root" | "intermediate" | "stranger" | "self";
  /** Distinguishes identities that are else alike. */
  readonly commonName?: string;
}

/** Made once a process. */
export function makePki(): Promise<Pki> {
  pki ??= create();
  return pki;
}
let pki: Promise<Pki> | undefined;

async function create(): Promise<Pki> {
  const root = await authority("Sallyport test root");
  const stranger = await authority("Sallyport test stranger");
  const intermediate = await authority("Sallyport test intermediate", root);
  const made = new Map<string, Promise<Identity>>();

  async function make(options: LeafOptions): Promise<Identity> {
    const { key = "ecdsa-p256", issuer = "root", commonName = "localhost" } = options;
    const { publicKey, keyPem, sign: signSelf } = ownKey(key);
    const certificate = encoded(
      await sign(await signer(), `CN=${commonName}`, publicKey, leafExtensions(options), lifetime(options)),
    );
    const above = issuer === "intermediate" ? [intermediate.certificate] : [];
    return {
      key,
      certificate,
      chain: [certificate.der, ...above.map(({ der }) => der)],
      chainPem: [certificate, ...above].map(({ pem }) => pem).join(""),
      keyPem,
    };

    async function signer(): Promise<Signer> {
      if (issuer !== "self") return { root, intermediate, stranger }[issuer];
      const subject = `CN=${commonName}`;
      return { subject, signingKey: await signSelf(), keyIdentifier: identifierOf(publicKey) };
    }
  }

  return {
    ca: root.certificate,
    strangerCa: stranger.certificate,
    leaf(options = {}) {
      const name = JSON.stringify(Object.entries(options).sort());
      const identity = made.get(name) ?? make(options);
      made.set(name, identity);
      return identity;
    },
  };
}

interface Signer {
  readonly subject: string;
  readonly signingKey: CryptoKey;
  /** Hex. */
  readonly keyIdentifier: string;
}

async function authority(commonName: string, issuer?: Signer): Promise<Signer & { readonly certificate: Certificate }> {
  const pair = keyPair("ecdsa-p256");
  const publicKey = spki(pair);
  const self: Signer = {
    subject: `CN=${commonName}`,
    signingKey: await signingKey(pair.privateKey, "ecdsa-p256"),
    keyIdentifier: identifierOf(publicKey),
  };
  const extensions = [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  ];
  return { ...self, certificate: encoded(await sign(issuer ?? self, self.subject, publicKey, extensions, lifetime({}))) };
}

function leafExtensions({ dns = ["localhost"], ips = ["127.0.0.1", "::1"], usage = "server" }: LeafOptions): x509.Extension[] {
  const names = [
    ...dns.map((value) => ({ type: "dns", value }) as const),
    ...ips.map((value) => ({ type: "ip", value }) as const),
  ];
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([purposes[usage]]),
    ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
  ];
}
const purposes = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2", "code-signing": "1.3.6.1.5.5.7.3.3" } as const;

interface Lifetime {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

function lifetime({ validity = "now" }: LeafOptions): Lifetime {
  const days = { expired: [-30, -1], now: [-1, 30], "not-yet": [1, 30] }[validity];
  const [from, to] = days.map((count) => new Date(Date.now() + count * 86_400_000));
  if (from === undefined || to === undefined) throw new Error("two dates");
  return { notBefore: from, notAfter: to };
}

async function sign(
  { subject: issuer, signingKey, keyIdentifier }: Signer,
  subject: string,
  publicKey: Uint8Array<ArrayBuffer>,
  usages: readonly x509.Extension[],
  { notBefore, notAfter }: Lifetime,
): Promise<x509.X509Certificate> {
  const serialNumber = `01${randomBytes(15).toString("hex")}`;
  const identifiers = [
    new x509.SubjectKeyIdentifierExtension(identifierOf(publicKey)),
    new x509.AuthorityKeyIdentifierExtension(keyIdentifier),
  ];
  const extensions = [...usages, ...identifiers];
  const signingAlgorithm = { name: signingKey.algorithm.name, hash: "SHA-256" };
  return x509.X509CertificateGenerator.create(
    { serialNumber, issuer, subject, publicKey, extensions, notBefore, notAfter, signingKey, signingAlgorithm },
    crypto,
  );
}

function encoded(certificate: x509.X509Certificate): Certificate {
  return { pem: `${certificate.toString("pem").trim()}\n`, der: new Uint8Array(certificate.rawData) };
}

/** A hash of the key (RFC 7093, method 4). */
function identifierOf(publicKey: Uint8Array): string {
  return createHash("sha256").update(publicKey).digest("hex").slice(0, 40);
}

function spki({ publicKey }: KeyPair): Uint8Array<ArrayBuffer> {
  return new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function ownKey(kind: KeyKind): {
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly keyPem: string;
  sign(): Promise<CryptoKey>;
} {
  if (kind === "mldsa44" || kind === "mldsa65" || kind === "mldsa87") {
    const { spki: publicKey, pkcs8 } = mlDsaPair(kind, 9);
    const sign = (): never => {
      throw new Error("WebCrypto of Node.js 20 has no ML-DSA: another must issue it");
    };
    return { publicKey, keyPem: pem("PRIVATE KEY", pkcs8), sign };
  }
  const pair = keyPair(kind);
  const keyPem = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { publicKey: spki(pair), keyPem, sign: () => signingKey(pair.privateKey, kind) };
}

function keyPair(kind: ClassicalKind): KeyPair {
  switch (kind) {
    case "ecdsa-p256":
      return generateKeyPairSync("ec", { namedCurve: "P-256" });
    case "ecdsa-p384":
      return generateKeyPairSync("ec", { namedCurve: "P-384" });
    case "ecdsa-p521":
      return generateKeyPairSync("ec", { namedCurve: "P-521" });
    case "ed25519":
      return generateKeyPairSync("ed25519");
    case "rsa":
      return generateKeyPairSync("rsa", { modulusLength: 2048 });
    case "rsa-pss":
      return generateKeyPairSync("rsa-pss", { modulusLength: 2048, hashAlgorithm: "sha256", mgf1HashAlgorithm: "sha256" });
  }
}

function signingKey(key: KeyObject, kind: ClassicalKind): Promise<CryptoKey> {
  const algorithms = {
    "ecdsa-p256": { name: "ECDSA", namedCurve: "P-256" },
    "ecdsa-p384": { name: "ECDSA", namedCurve: "P-384" },
    "ecdsa-p521": { name: "ECDSA", namedCurve: "P-521" },
    ed25519: { name: "Ed25519" },
    rsa: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    "rsa-pss": { name: "RSA-PSS", hash: "SHA-256" },
  } as const;
  const pkcs8 = key.export({ type: "pkcs8", format: "der" });
  return crypto.subtle.importKey("pkcs8", pkcs8, algorithms[kind], false, ["sign"]);
}
