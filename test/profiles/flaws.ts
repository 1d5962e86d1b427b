// Certificates for localhost by one root, each with one thing that somebody may mind.
import { KeyObject } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { Bytes } from "@sallyport/core";
import { authority, keyPair, type Party, type PartyOptions, party, purposes } from "../support/chains.ts";
import { sequence, tlv } from "../support/der.ts";

export interface Flawed {
  readonly title: string;
  readonly der: Bytes;
  readonly chainPem: string;
  readonly keyPem: string;
}

export async function flawedCertificates(
  nowMs: number,
): Promise<{ readonly rootPem: string; readonly shown: readonly Flawed[] }> {
  const lasting = { notBefore: new Date(nowMs - day), notAfter: new Date(nowMs + 90 * day) };
  const root = await authority("CN=Sallyport profiles root", lasting);
  const { digitalSignature, keyEncipherment, keyAgreement, keyCertSign } = x509.KeyUsageFlags;
  const parts = {
    basics: new x509.BasicConstraintsExtension(false, undefined, true),
    usage: new x509.KeyUsagesExtension(digitalSignature, true),
    purpose: new x509.ExtendedKeyUsageExtension([purposes.server]),
    names: new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }]),
  };
  // Firefox refuses two certificates with the issuer and the serial number of each other.
  let serial = 0x2000;
  const leaf = async (
    title: string,
    changed: { readonly [K in keyof typeof parts]?: x509.Extension | undefined } = {},
    options: PartyOptions = {},
  ): Promise<Flawed> => {
    const extensions = Object.values({ ...parts, ...changed }).flatMap((extension) => extension ?? []);
    return flawed(
      title,
      await party("CN=localhost", { by: root, ...lasting, extensions, serialNumber: (serial++).toString(16), ...options }),
    );
  };
  const ofUsage = (bits: number): { readonly usage: x509.Extension } => ({ usage: new x509.KeyUsagesExtension(bits, true) });
  const ofPurpose = (oid: string): { readonly purpose: x509.Extension } => ({
    purpose: new x509.ExtendedKeyUsageExtension([oid]),
  });
  return {
    rootPem: pemOf("CERTIFICATE", root.der),
    shown: [
      await leaf("nothing is wrong"),
      await leaf("RSA, 2048 bits", {}, { keys: await keyPair("RSA") }),
      await leaf("P-384", {}, { keys: await keyPair("P-384") }),
      await leaf("P-521", {}, { keys: await keyPair("P-521") }),
      await leaf("Ed25519", {}, { keys: await keyPair("Ed25519") }),
      await flawed("self-signed", await party("CN=localhost", { ...lasting, extensions: [parts.names] })),
      await leaf("for another name", {
        names: new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "other.example" }]),
      }),
      await leaf("the name is the common name alone", { names: undefined }),
      await leaf("expired yesterday", {}, { notBefore: new Date(nowMs - 40 * day), notAfter: new Date(nowMs - day) }),
      await leaf("valid for 900 days", {}, { notAfter: new Date(nowMs + 899 * day) }),
      await leaf("signed with SHA-1", {}, { hash: "SHA-1" }),
      await leaf("a CA's own", {
        basics: new x509.BasicConstraintsExtension(true, undefined, true),
        ...ofUsage(digitalSignature | keyCertSign),
      }),
      await leaf("for clients", ofPurpose(purposes.client)),
      await leaf("for any purpose", ofPurpose("2.5.29.37.0")),
      await leaf("without a purpose", { purpose: undefined }),
      await leaf("RSA, its key only for key encipherment", ofUsage(keyEncipherment), { keys: await keyPair("RSA") }),
      await leaf("its key only for key agreement", ofUsage(keyAgreement)),
      await leaf("an unknown critical extension", {}, { more: [new x509.Extension("1.2.3.4", true, tlv(5))] }),
      await leaf(
        "must-staple, and nothing is stapled",
        {},
        { more: [new x509.Extension("1.3.6.1.5.5.7.1.24", false, sequence(tlv(2, Uint8Array.of(5))))] },
      ),
    ],
  };
}

const day = 86_400_000;

async function flawed(title: string, { der, keys }: Party): Promise<Flawed> {
  const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" });
  return { title, der, chainPem: pemOf("CERTIFICATE", der), keyPem: String(key) };
}
function pemOf(label: string, der: Uint8Array): string {
  return `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString("base64")
    .replace(/(.{64})(?=.)/g, "$1\n")}\n-----END ${label}-----\n`;
}
