// Certificates of servers and of clients, each with one thing wrong with it, and x509's verifiers that judge them.
import { createPublicKey } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { Bytes, ClientOptions, ServerOptions, SyncVerifier } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { clientVerifier, type RevocationOptions, serverVerifier } from "@sallyport/x509";
import { authority, keyPair, noon, type Party, purposes, server as endEntity } from "../support/chains.ts";
import { changed, join, text } from "../support/octets.ts";
import { makePki } from "../support/pki.ts";
import { crl, ocsp, unsuccessful } from "../support/revocation.ts";
import type { Role, Shown } from "../support/scripted-peer.ts";

/** What a peer shows to a machine that judges by x509, at `now`. */
export interface Judged extends Shown {
  readonly verifier: SyncVerifier;
  readonly now: () => number;
  /** What a server staples; an OCSP response. */
  readonly staple?: Bytes;
}

// NameConstraints (RFC 5280 §4.2.1.10): permitted is dNSName example.com alone.
const permitted = text("example.com");
const onlyExampleCom = join(
  [0x30, permitted.length + 6, 0xa0, permitted.length + 4, 0x30, permitted.length + 2, 0x82, permitted.length],
  permitted,
);

type Identities = Awaited<ReturnType<typeof make>>;
export const identities: Readonly<Record<Role, Identities>> = { server: await make("server"), client: await make("client") };

/** What the machine's config says of the peer. */
export const judgingServers = ({ verifier, now }: Judged): Partial<ClientOptions> => ({ verifier, now });
export const judgingClients = ({ verifier, now }: Judged): Partial<ServerOptions> => ({
  clientAuthentication: { mode: "required", verifier },
  now,
});

/** DER SubjectPublicKeyInfo. */
export function publicKeyOf({ keyPem }: Shown): Bytes {
  return Uint8Array.from(createPublicKey(keyPem).export({ type: "spki", format: "der" }));
}

async function make(usage: Role) {
  const pki = await makePki();
  const verifierOf = usage === "server" ? serverVerifier : clientVerifier;
  const ordinary = { verifier: verifierOf({ provider: node, roots: [pki.ca.der] }), now: Date.now };
  const leaf = async (options: Parameters<typeof pki.leaf>[0] = {}): Promise<Judged> => ({
    ...(await pki.leaf({ usage, ...options })),
    ...ordinary,
  });
  const good = await leaf();

  const root = await authority("CN=root");
  const rsaRoot = await authority("CN=RSA root", { keys: await keyPair("RSA") });
  const verifier = verifierOf({ provider: node, roots: [root.der, rsaRoot.der] });
  const revocation = async (options: RevocationOptions, staple?: Bytes): Promise<Judged> => ({
    ...(await special(listed, lister)),
    verifier: verifierOf({ provider: node, roots: [lister.der], revocation: options }),
    ...(staple && { staple }),
  });
  const special = async (party: Party, ...above: readonly Party[]): Promise<Judged> => ({
    chain: [party.der, ...above.map(({ der }) => der)],
    keyPem: await keyPem(party),
    verifier,
    now: () => noon,
  });
  const names: x509.JsonGeneralNames = [{ type: "dns", value: "localhost" }];
  const named = { names, purpose: purposes[usage] };
  const md5 = await endEntity(rsaRoot, named);
  const noAuthority = await endEntity(root, named);
  const nothingBelow = await authority("CN=nothing below", { by: root, pathLength: 0 });
  const below = await authority("CN=below", { by: nothingBelow });
  const constrained = await authority("CN=constrained", {
    by: root,
    more: [new x509.Extension("2.5.29.30", true, onlyExampleCom)],
  });
  const lister = await authority("CN=lists", {
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const listed = await endEntity(lister, { ...named, serialNumber: "2a" });
  const promising = await endEntity(lister, {
    ...named,
    more: [new x509.Extension("1.3.6.1.5.5.7.1.24", false, Uint8Array.of(0x30, 3, 2, 1, 5))],
  });
  const revoked = [{ serial: [0x2a] }];
  const day = 86_400_000;
  const old = { thisUpdate: noon - 9 * day, nextUpdate: noon - day };
  const agreementOnly = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.SubjectAlternativeNameExtension(names),
    new x509.ExtendedKeyUsageExtension([purposes[usage]]),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyAgreement, true),
  ];
  return {
    good,
    expired: await leaf({ validity: "expired" }),
    notYet: await leaf({ validity: "not-yet" }),
    stranger: await leaf({ issuer: "stranger" }),
    selfSigned: await leaf({ issuer: "self" }),
    // What a server may demand of its clients.
    otherUsage: {
      ...good,
      verifier: clientVerifier({
        provider: node,
        roots: [pki.ca.der],
        requires: { extendedKeyUsage: ["1.3.6.1.4.1.311.20.2.2"] },
      }),
    },
    otherName: await leaf({ dns: ["other.example"], ips: [] }),
    codeSigning: await leaf({ usage: "code-signing" }),
    badSignature: { ...good, chain: good.chain.map((der) => changed(der, -1)) },
    p384: await leaf({ key: "ecdsa-p384" }),
    ed25519: await leaf({ key: "ed25519" }),
    rsa: await leaf({ key: "rsa" }),
    noDigitalSignature: await special(await endEntity(root, { extensions: agreementOnly })),
    // md5WithRSAEncryption in both places: 1.2.840.113549.1.1.4 for …11.
    md5: {
      ...(await special(md5)),
      chain: [Buffer.from(Buffer.from(md5.der).toString("hex").replaceAll("2a864886f70d01010b", "2a864886f70d010104"), "hex")],
    },
    sha1: await special(await endEntity(root, { ...named, hash: "SHA-1" })),
    unknownCritical: await special(
      await endEntity(root, { ...named, more: [new x509.Extension("1.2.3.4.5", true, Uint8Array.of(5, 0))] }),
    ),
    issuerIsNoAuthority: await special(await endEntity({ ...noAuthority, name: "CN=server" }, named), noAuthority),
    pathTooLong: await special(await endEntity(below, named), below, nothingBelow),
    nameNotPermitted: await special(await endEntity(constrained, named), constrained),
    revoked: await revocation({ lists: [crl(lister, { revoked })] }),
    statusUnknown: await revocation({ lists: [crl(root)] }),
    listOutOfDate: await revocation({ lists: [crl(lister, old)] }),
    listOfAnotherKey: await revocation({ lists: [crl(lister, { keys: root.keys })] }),
    notStapled: await revocation({ policy: "hard", staples: true }),
    mustStaple: {
      ...(await special(promising)),
      verifier: verifierOf({ provider: node, roots: [lister.der], revocation: { staples: true } }),
    },
    staples: {
      good: await revocation({ policy: "hard", staples: true }, ocsp(listed.der, lister)),
      revoked: await revocation({ staples: true }, ocsp(listed.der, lister, { status: "revoked" })),
      unknown: await revocation({ staples: true }, ocsp(listed.der, lister, { status: "unknown" })),
      malformed: await revocation({ staples: true }, ocsp(listed.der, lister).subarray(0, -1)),
      unsigned: await revocation({ staples: true }, unsuccessful(3)),
      otherKey: await revocation({ staples: true }, ocsp(listed.der, lister, { keys: root.keys })),
      otherCertificate: await revocation({ staples: true }, ocsp(promising.der, lister)),
      outOfDate: await revocation({ staples: true }, ocsp(listed.der, lister, old)),
    },
    rsa1024: await special(await endEntity(root, { ...named, keys: await keyPair("RSA-1024") })),
  };
}

async function keyPem({ keys }: Party): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return `-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`;
}
