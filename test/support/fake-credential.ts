// Credentials whose certificates have the right form and prove nothing: core reads no more of them than the key.
import type { Credential, SignatureScheme } from "@sallyport/core";
import { fakeSigner } from "./fake-provider.ts";

export type FakeKey = "P-256" | "P-384" | "P-521" | "Ed25519" | "RSA" | "RSA-PSS";

export function fakeCredential(
  key: FakeKey,
  overrides: Partial<Credential> & { readonly schemes?: readonly SignatureScheme[] } = {},
): Credential {
  const { schemes = fakeKeys[key].schemes, ...others } = overrides;
  const publicKey = fakePublicKey(key);
  return {
    type: "x509",
    chain: [fakeCertificate(publicKey)],
    publicKey,
    names: ["example.com", "*.example.com"],
    signer: fakeSigner(publicKey, schemes),
    ...others,
  };
}

/** A DER SubjectPublicKeyInfo; `variant` gives another key of the kind. */
export function fakePublicKey(key: FakeKey, variant = 1): Uint8Array {
  const { algorithm, length } = fakeKeys[key];
  const content = Uint8Array.from({ length }, (_, at) => (at * 7 + variant) & 0xff);
  if (key === "RSA" || key === "RSA-PSS") {
    content[0] = 0x80;
    content[length - 1] = 1;
    const bits = der(0x30, der(0x02, Uint8Array.of(0), content), der(0x02, Uint8Array.of(1, 0, 1)));
    return der(0x30, algorithm, der(0x03, Uint8Array.of(0), bits));
  }
  if (key !== "Ed25519") content[0] = 4;
  return der(0x30, algorithm, der(0x03, Uint8Array.of(0), content));
}

/** RFC 5280 §4.1, with as little as its form allows. */
export function fakeCertificate(publicKey: Uint8Array): Uint8Array {
  const empty = der(0x30);
  const version = der(0xa0, der(0x02, Uint8Array.of(2)));
  const tbs = der(0x30, version, der(0x02, Uint8Array.of(1)), empty, empty, empty, empty, publicKey);
  return der(0x30, tbs, empty, der(0x03, Uint8Array.of(0)));
}

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));

const fakeKeys: Readonly<Record<FakeKey, { algorithm: Uint8Array; length: number; schemes: readonly SignatureScheme[] }>> = {
  "P-256": { algorithm: hex("301306072a8648ce3d020106082a8648ce3d030107"), length: 65, schemes: ["ecdsa_secp256r1_sha256"] },
  "P-384": { algorithm: hex("301006072a8648ce3d020106052b81040022"), length: 97, schemes: ["ecdsa_secp384r1_sha384"] },
  "P-521": { algorithm: hex("301006072a8648ce3d020106052b81040023"), length: 133, schemes: ["ecdsa_secp521r1_sha512"] },
  Ed25519: { algorithm: hex("300506032b6570"), length: 32, schemes: ["ed25519"] },
  RSA: {
    algorithm: hex("300d06092a864886f70d0101010500"),
    length: 256,
    schemes: [
      "rsa_pss_rsae_sha256",
      "rsa_pss_rsae_sha384",
      "rsa_pss_rsae_sha512",
      "rsa_pkcs1_sha256",
      "rsa_pkcs1_sha384",
      "rsa_pkcs1_sha512",
    ],
  },
  "RSA-PSS": {
    algorithm: hex("300b06092a864886f70d01010a"),
    length: 256,
    schemes: ["rsa_pss_pss_sha256", "rsa_pss_pss_sha384", "rsa_pss_pss_sha512"],
  },
};

function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  const length =
    content.length < 0x80
      ? [content.length]
      : content.length < 0x100
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 0xff];
  return Uint8Array.from([tag, ...length, ...content]);
}
