import { createECDH, createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { x25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import type { MlKem, NamedGroup } from "@sallyport/core";
import { mlKem1024Groups as mlKem1024GroupsOfNoble, noble } from "@sallyport/crypto-noble";
import { mlKem1024Groups, node } from "@sallyport/crypto-node";
import { wasmCrypto } from "@sallyport/crypto-wasm";
import { webCrypto } from "@sallyport/crypto-web";
import { mlKem } from "../../packages/crypto-noble/src/ml-kem.ts";
import { inJavaScript, native, works } from "../../packages/crypto-node/src/ml-kem.ts";
import { curves, Key } from "../../packages/crypto-web/src/groups.ts";
import type { KemSubject, Subject } from "./provider-contract.ts";

type Parameters = KemSubject["parameters"];
const parameterSets: readonly Parameters[] = [768, 1024];

function drawing(parameters: Parameters, bytes: Uint8Array): MlKem {
  return mlKem(parameters, () => Uint8Array.from(bytes));
}

const ofNoble = (parameters: Parameters): KemSubject => ({
  name: "@noble/post-quantum",
  parameters,
  kem: mlKem(parameters, (length) => Uint8Array.from(randomBytes(length))),
  absent: undefined,
  keyPair: (seed) => drawing(parameters, seed).generate(),
  encapsulate: (encapsulationKey, message) => drawing(parameters, message).encapsulate(encapsulationKey),
});

/** PKCS #8 with the seed alone: what stands before it. */
const pkcs8 = {
  768: "3054020100300b060960864801650304040204428040",
  1024: "3054020100300b060960864801650304040304428040",
} as const;

const ofOpenssl = (parameters: Parameters): KemSubject => ({
  name: "node:crypto",
  parameters,
  kem: native(parameters),
  absent: works(native(parameters)) ? undefined : "this runtime's node:crypto has no ML-KEM",
  keyPair: (seed) => {
    const decapsulationKey = createPrivateKey({
      key: Buffer.concat([Buffer.from(pkcs8[parameters], "hex"), seed]),
      format: "der",
      type: "pkcs8",
    });
    const { pub } = createPublicKey(decapsulationKey).export({ format: "jwk" });
    return { encapsulationKey: Uint8Array.from(Buffer.from(String(pub), "base64url")), decapsulationKey };
  },
});

const inNode = (parameters: Parameters): KemSubject => ({
  name: "@noble/post-quantum with node:crypto's randomness",
  parameters,
  kem: inJavaScript(parameters),
  absent: undefined,
  keyPair: ofNoble(parameters).keyPair,
});

/** The providers that the contract is for. */
export const subjects: { readonly noble: Subject; readonly node: Subject; readonly web: Subject; readonly wasm: Subject } = {
  noble: {
    provider: noble({ random: randomBytes }),
    privateKey: (_, scalar) => scalar,
    kems: parameterSets.map(ofNoble),
    unlisted: mlKem1024GroupsOfNoble({ random: randomBytes }),
  },
  node: {
    provider: node,
    privateKey: (group, scalar) => {
      if (group === "x25519") {
        const key = Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), scalar]);
        return createPrivateKey({ key, format: "der", type: "pkcs8" });
      }
      if (group === "secp521r1") return createPrivateKey({ key: jwk(group, scalar), format: "jwk" });
      const key = createECDH(group === "secp256r1" ? "prime256v1" : group);
      key.setPrivateKey(scalar);
      return key;
    },
    kems: parameterSets.flatMap((parameters) => [ofOpenssl(parameters), inNode(parameters)]),
    unlisted: mlKem1024Groups(),
  },
  web: {
    provider: webCrypto(noble({ random: randomBytes })),
    privateKey: async (group, scalar) => {
      const key = jwk(group, scalar);
      const algorithm = group === "x25519" ? { name: "X25519" } : { name: "ECDH", namedCurve: key.crv };
      const imported = await crypto.subtle.importKey("jwk", key, algorithm, false, ["deriveBits"]);
      return new Key(group, curves[group as keyof typeof curves].half(imported)); // the contract has scalars of these alone
    },
    kems: [],
    unlisted: [],
  },
  wasm: {
    provider: await wasmCrypto(noble({ random: randomBytes })),
    privateKey: (_, scalar) => scalar,
    kems: [],
    unlisted: [],
  },
};

const curveNames: Readonly<Record<string, { readonly crv: string; publicKey(scalar: Uint8Array): Uint8Array }>> = {
  secp256r1: { crv: "P-256", publicKey: (scalar) => p256.getPublicKey(scalar, false) },
  secp384r1: { crv: "P-384", publicKey: (scalar) => p384.getPublicKey(scalar, false) },
  secp521r1: { crv: "P-521", publicKey: (scalar) => p521.getPublicKey(scalar, false) },
};

/** @param scalar of full length */
function jwk(group: NamedGroup, scalar: Uint8Array): { kty: string; crv: string; d: string; x: string; y?: string } {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
  const curve = curveNames[group];
  if (curve === undefined) return { kty: "OKP", crv: "X25519", d: text(scalar), x: text(x25519.getPublicKey(scalar)) };
  const point = curve.publicKey(scalar);
  const half = (point.length + 1) / 2;
  return { kty: "EC", crv: curve.crv, d: text(scalar), x: text(point.subarray(1, half)), y: text(point.subarray(half)) };
}
