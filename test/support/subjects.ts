import { createECDH, createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { p521 } from "@noble/curves/nist.js";
import type { MlKem768 } from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { node } from "@sallyport/crypto-node";
import { mlKem768 } from "../../packages/crypto-noble/src/ml-kem.ts";
import { inJavaScript, native, works } from "../../packages/crypto-node/src/ml-kem.ts";
import type { KemSubject, Subject } from "./provider-contract.ts";

const drawing = (bytes: Uint8Array): MlKem768 => mlKem768(() => Uint8Array.from(bytes));

const ofNoble: KemSubject = {
  name: "@noble/post-quantum",
  kem: mlKem768((length) => Uint8Array.from(randomBytes(length))),
  absent: undefined,
  keyPair: (seed) => drawing(seed).generate(),
  encapsulate: (encapsulationKey, message) => drawing(message).encapsulate(encapsulationKey),
};

const ofOpenssl: KemSubject = {
  name: "node:crypto",
  kem: native,
  absent: works(native) ? undefined : "this runtime's node:crypto has no ML-KEM",
  keyPair: (seed) => {
    const prefix = "3054020100300b060960864801650304040204428040"; // PKCS #8 with the seed alone
    const decapsulationKey = createPrivateKey({
      key: Buffer.concat([Buffer.from(prefix, "hex"), seed]),
      format: "der",
      type: "pkcs8",
    });
    const { pub } = createPublicKey(decapsulationKey).export({ format: "jwk" });
    return { encapsulationKey: Uint8Array.from(Buffer.from(String(pub), "base64url")), decapsulationKey };
  },
};

const inNode: KemSubject = {
  name: "@noble/post-quantum with node:crypto's randomness",
  kem: inJavaScript,
  absent: undefined,
  keyPair: ofNoble.keyPair,
};

/** The providers that the contract is for. */
export const subjects: { readonly noble: Subject; readonly node: Subject } = {
  noble: { provider: noble({ random: randomBytes }), privateKey: (_, scalar) => scalar, kems: [ofNoble] },
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
    kems: [ofOpenssl, inNode],
  },
};
