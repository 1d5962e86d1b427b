// A provider and certificates on paper: names and sizes, and no cryptography. `negotiate` looks at nothing else, so a config of
// them decides as a real one would; who shook hands with it would get internal_error.
import type {
  CipherSuiteName,
  Credential,
  CryptoProvider,
  HashImplementation,
  HashName,
  NamedGroup,
  SignatureScheme,
  SuiteImplementation,
  SyncGroup,
} from "@sallyport/core";
import { fromHex } from "../read/hex.ts";

export type PaperKey = "P-256" | "P-384" | "P-521" | "Ed25519" | "RSA";

export function paperProvider(
  suites: readonly CipherSuiteName[],
  groups: readonly NamedGroup[],
  schemes: readonly SignatureScheme[],
): CryptoProvider {
  return {
    name: "paper",
    suites: suites.map(suiteOf),
    groups: groups.map(groupOf),
    verifications: schemes.map((scheme) => ({ scheme, verify: nobody })),
    hashes: [hashOf("sha256", 32), hashOf("sha384", 48), hashOf("sha512", 64)],
    // Nothing is drawn of it but a config's first look.
    random: (length) => Uint8Array.from({ length }, (_, at) => (at * 37 + 11) & 0xff),
  };
}

export function paperCredential(key: PaperKey): Credential {
  const { prefix, length, schemes } = keys[key];
  const content = new Uint8Array(length).fill(0x5b);
  if (key === "RSA") {
    content[0] = 0xc5;
    content[length - 1] = 1;
  } else if (key !== "Ed25519") {
    content[0] = 4;
  }
  const publicKey = key === "RSA" ? join(fromHex(prefix), content, fromHex("0203010001")) : join(fromHex(prefix), content);
  const certificate = der(
    0x30,
    der(0x30, fromHex("a003020102020101"), ...new Array(4).fill(fromHex("3000")), publicKey),
    fromHex("3000030100"),
  );
  return {
    type: "x509",
    chain: [certificate],
    publicKey,
    names: ["paper.invalid"],
    signer: { publicKey, schemes, sign: nobody },
  };
}

function nobody(): never {
  throw new TypeError("a provider on paper can't do cryptography");
}

function suiteOf(name: CipherSuiteName): SuiteImplementation {
  const long = name.includes("AES_128") ? 16 : 32;
  return { name, hash: name.endsWith("SHA384") ? "sha384" : "sha256", keyLength: long, seal: nobody, open: nobody };
}

function groupOf(name: NamedGroup): SyncGroup {
  const [client, server = client] = shareLengths[name];
  return { name, shareLength: { client, server }, start: nobody, complete: nobody, respond: nobody };
}
const shareLengths: { readonly [G in NamedGroup]: readonly [number, number?] } = {
  x25519: [32],
  secp256r1: [65],
  secp384r1: [97],
  secp521r1: [133],
  X25519MLKEM768: [1216, 1120],
  SecP256r1MLKEM768: [1249, 1153],
  SecP384r1MLKEM1024: [1665, 1665],
  MLKEM1024: [1568, 1568],
};

function hashOf(name: HashName, length: 32 | 48 | 64): HashImplementation {
  const zeros = (): Uint8Array<ArrayBuffer> => new Uint8Array(length);
  // A config is given an id by hashing it; on paper all have the same.
  const hash = { update: () => hash, clone: () => hash, digest: zeros };
  return { name, length, create: () => hash, hmac: zeros };
}

const rsaSchemes = [
  "rsa_pss_rsae_sha256",
  "rsa_pss_rsae_sha384",
  "rsa_pss_rsae_sha512",
  "rsa_pkcs1_sha256",
  "rsa_pkcs1_sha384",
  "rsa_pkcs1_sha512",
] as const;
/** SubjectPublicKeyInfo up to the key's own bytes. */
const keys: {
  readonly [K in PaperKey]: { readonly prefix: string; readonly length: number; readonly schemes: readonly SignatureScheme[] };
} = {
  "P-256": { prefix: "3059301306072a8648ce3d020106082a8648ce3d030107034200", length: 65, schemes: ["ecdsa_secp256r1_sha256"] },
  "P-384": { prefix: "3076301006072a8648ce3d020106052b81040022036200", length: 97, schemes: ["ecdsa_secp384r1_sha384"] },
  "P-521": { prefix: "30819b301006072a8648ce3d020106052b8104002303818600", length: 133, schemes: ["ecdsa_secp521r1_sha512"] },
  Ed25519: { prefix: "302a300506032b6570032100", length: 32, schemes: ["ed25519"] },
  RSA: { prefix: "30820122300d06092a864886f70d01010105000382010f003082010a0282010100", length: 256, schemes: rsaSchemes },
};

function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = join(...contents);
  const length =
    content.length < 0x80
      ? [content.length]
      : content.length < 0x100
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 0xff];
  return join(Uint8Array.from([tag, ...length]), content);
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
