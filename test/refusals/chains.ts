// Ten chains, each broken in one way, as people meet them.
import * as x509 from "@peculiar/x509";
import type { Bytes } from "@sallyport/core";
import { keyPair, type Party, type PartyOptions, party, purposes, server } from "../support/chains.ts";
import { implicit, sequence, tlv } from "../support/der.ts";
import { text } from "../support/octets.ts";
import { crl } from "../support/revocation.ts";

export interface BrokenChain {
  readonly title: string;
  readonly roots: readonly Bytes[];
  readonly chain: readonly [Bytes, ...Bytes[]];
  readonly keys: CryptoKeyPair;
  readonly crls: readonly Bytes[];
}
export const serverName = "example.com";

const lasting = { notBefore: new Date("2020-01-01T00:00:00Z"), notAfter: new Date("2040-01-01T00:00:00Z") };

export async function brokenChains(): Promise<readonly BrokenChain[]> {
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const usages = [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
  ];
  const root = await party("CN=Example Root", { extensions: usages, ...lasting });
  const below = (name: string, options: PartyOptions = {}): Promise<Party> =>
    party(name, { by: root, extensions: usages, ...lasting, ...options });
  const intermediate = await below("CN=Example Issuing CA");
  const leaf = (by: Party, options: Parameters<typeof server>[1] = {}): Promise<Party> => server(by, { ...lasting, ...options });
  const broken = (title: string, shown: Party, above: readonly Party[], more: Partial<BrokenChain> = {}): BrokenChain => ({
    title,
    roots: [root.der],
    chain: [shown.der, ...above.map(({ der }) => der)],
    keys: shown.keys,
    crls: [],
    ...more,
  });

  const whereabouts = new x509.AuthorityInfoAccessExtension({ caIssuers: "http://ca.example/issuing.cer" });
  const names = new x509.SubjectAlternativeNameExtension([{ type: "dns", value: serverName }]);
  const forServers = new x509.ExtendedKeyUsageExtension([purposes.server]);
  const selfSigned = await party("CN=localhost", {
    ...lasting,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true), names],
  });
  const caAsServer = await party("CN=Example Server CA", {
    by: root,
    ...lasting,
    extensions: [
      usages[0] ?? names,
      new x509.KeyUsagesExtension(keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      names,
      forServers,
    ],
  });
  const noAuthority = await leaf(intermediate);
  const impostor = await party("CN=Example Root", { extensions: usages, ...lasting, keys: await keyPair("P-256") });
  const onlyExampleOrg = sequence(tlv(0xa0, sequence(implicit(2, text("example.org")))));
  const current = { thisUpdate: Date.UTC(2026, 0, 1), nextUpdate: Date.UTC(2039, 0, 1) };
  const narrow = await below("CN=Example Narrow CA", { more: [new x509.Extension("2.5.29.30", true, onlyExampleOrg)] });
  const expiredAbove = await below("CN=Example Issuing CA", {
    keys: intermediate.keys,
    notAfter: new Date("2024-02-01T00:00:00Z"),
  });
  return [
    broken("The server does not send the intermediate", await leaf(intermediate, { more: [whereabouts] }), []),
    broken("The certificate is self-signed, as `openssl req -x509` makes it", selfSigned, []),
    broken("The intermediate has expired", await leaf(intermediate), [expiredAbove]),
    broken(
      "The certificate is for another name",
      await leaf(intermediate, { names: [{ type: "dns", value: "www.example.com" }] }),
      [intermediate],
    ),
    broken("The certificate is for clients", await leaf(intermediate, { purpose: purposes.client }), [intermediate]),
    broken("A CA's certificate is used for the server", caAsServer, []),
    broken("The issuer is no CA", await leaf({ ...noAuthority, name: "CN=server" }), [noAuthority, intermediate]),
    broken("The root that is trusted has the right name and another key", await leaf(intermediate), [intermediate], {
      roots: [impostor.der],
    }),
    broken("The intermediate may not issue for this name", await leaf(narrow), [narrow]),
    broken("The certificate is revoked", await leaf(intermediate, { serialNumber: "2a" }), [intermediate], {
      // Node.js wants one of every issuer.
      crls: [crl(intermediate, { ...current, revoked: [{ serial: [0x2a], reason: 1 }] }), crl(root, current)],
    }),
  ];
}
