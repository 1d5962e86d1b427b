// Certificates with whatever a test wants to be in them, made on the spot.
import type { Bytes, DistrustReason, PresentedIdentity, SyncVerifier } from "@sallyport/core";
import { VerifiedIdentity } from "@sallyport/core";
import type { Explanation } from "@sallyport/x509";
import * as x509 from "@peculiar/x509";

export interface Party {
  readonly name: string;
  readonly keys: CryptoKeyPair;
  readonly der: Bytes;
}
export interface PartyOptions {
  /** Default: its own key, so self-signed. */
  readonly by?: Pick<Party, "name" | "keys">;
  readonly keys?: CryptoKeyPair;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly hash?: "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512";
  readonly serialNumber?: string;
  /** Instead of those of its kind; `identifiers` are added to whatever is given. */
  readonly extensions?: readonly x509.Extension[];
  /** Beside the others. */
  readonly more?: readonly x509.Extension[];
  readonly identifiers?: boolean;
}

export const noon = Date.UTC(2026, 5, 1, 12);
const day = 86_400_000;

export async function keyPair(
  algorithm: "P-256" | "P-384" | "P-521" | "Ed25519" | "RSA" | "RSA-PSS" | "RSA-1024",
): Promise<CryptoKeyPair> {
  const usages = ["sign", "verify"] as const;
  const rsa = { publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" };
  switch (algorithm) {
    case "Ed25519":
      return (await crypto.subtle.generateKey("Ed25519", true, usages)) as CryptoKeyPair;
    case "RSA":
      return crypto.subtle.generateKey({ name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, ...rsa }, true, usages);
    case "RSA-PSS":
      return crypto.subtle.generateKey({ name: "RSA-PSS", modulusLength: 2048, ...rsa }, true, usages);
    case "RSA-1024":
      return crypto.subtle.generateKey({ name: "RSASSA-PKCS1-v1_5", modulusLength: 1024, ...rsa }, true, usages);
    default:
      return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: algorithm }, true, usages);
  }
}

export async function party(name: string, options: PartyOptions = {}): Promise<Party> {
  const { keys = await keyPair("P-256"), extensions = [], more = [], identifiers = true, hash = "SHA-256" } = options;
  const by = options.by ?? { name, keys };
  const ids = identifiers
    ? [
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(by.keys.publicKey),
      ]
    : [];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: options.serialNumber ?? "01a5",
    subject: name,
    issuer: by.name,
    notBefore: options.notBefore ?? new Date(noon - 30 * day),
    notAfter: options.notAfter ?? new Date(noon + 30 * day),
    publicKey: keys.publicKey,
    signingKey: by.keys.privateKey,
    signingAlgorithm: { ...by.keys.privateKey.algorithm, hash },
    extensions: [...extensions, ...more, ...ids],
  });
  return { name, keys, der: new Uint8Array(certificate.rawData) };
}

export function authority(name: string, options: PartyOptions & { readonly pathLength?: number } = {}): Promise<Party> {
  const extensions = [
    new x509.BasicConstraintsExtension(true, options.pathLength, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
  ];
  return party(name, { extensions, ...options });
}

export function server(
  by: Pick<Party, "name" | "keys">,
  options: PartyOptions & { readonly names?: x509.JsonGeneralNames; readonly purpose?: string } = {},
): Promise<Party> {
  const { names = [{ type: "dns", value: "example.com" }], purpose = purposes.server } = options;
  const extensions = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([purpose]),
    new x509.SubjectAlternativeNameExtension(names),
  ];
  return party("CN=server", { by, extensions, ...options });
}
export const purposes = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2", mail: "1.3.6.1.5.5.7.3.4" } as const;

export function presented(chain: readonly [Bytes, ...Bytes[]], more: Partial<PresentedIdentity> = {}): PresentedIdentity {
  return {
    role: "server",
    type: "x509",
    chain,
    serverName: "example.com",
    ocspResponse: undefined,
    signedCertificateTimestamps: [],
    nowMs: noon,
    ...more,
  };
}

/** "trusted", or the kinds of all findings behind the alert. */
export function verdict(verifier: SyncVerifier, identity: PresentedIdentity): string {
  const result = verifier.verify(identity);
  return result instanceof VerifiedIdentity
    ? "trusted"
    : `${result.alert}: ${explanation(result)
        .findings.map(({ kind }) => kind)
        .join(", ")}`;
}

export function explanation(reason: DistrustReason): Explanation {
  return reason.detail as Explanation; // what x509's verifiers put there
}
