import { createECDH, createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { p521 } from "@noble/curves/nist.js";
import type { MlKem } from "@sallyport/core";
import { mlKem1024Groups as mlKem1024GroupsOfNoble, noble } from "@sallyport/crypto-noble";
import { mlKem1024Groups, node } from "@sallyport/crypto-node";
import { mlKem } from "../../packages/crypto-noble/src/ml-kem.ts";
import { inJavaScript, native, works } from "../../packages/crypto-node/src/ml-kem.ts";
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
export const subjects: { readonly noble: Subject; readonly node: Subject } = {
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
        const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), scalar]);
        return createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
      }
      if (group === "secp521r1") {
        const point = Buffer.from(p521.getPublicKey(scalar, false));
        const [x, y] = [point.toString("base64url", 1, 67), point.toString("base64url", 67)];
        const d = Buffer.from(scalar).toString("base64url");
        return createPrivateKey({ key: { kty: "EC", crv: "P-521", x, y, d }, format: "jwk" });
      }
      const key = createECDH(group === "secp256r1" ? "prime256v1" : group);
      key.setPrivateKey(scalar);
      return key;
    },
    kems: parameterSets.flatMap((parameters) => [ofOpenssl(parameters), inNode(parameters)]),
    unlisted: mlKem1024Groups(),
  },
};
