import { createECDH, createPrivateKey, randomBytes } from "node:crypto";
import { noble } from "@sallyport/crypto-noble";
import { node } from "@sallyport/crypto-node";
import type { Subject } from "./provider-contract.ts";

/** The providers that the contract is for. */
export const subjects: { readonly noble: Subject; readonly node: Subject } = {
  noble: { provider: noble({ random: randomBytes }), privateKey: (_, scalar) => scalar },
  node: {
    provider: node,
    privateKey: (group, scalar) => {
      if (group === "x25519") {
        const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), scalar]);
        return createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
      }
      const key = createECDH(group === "secp256r1" ? "prime256v1" : group);
      key.setPrivateKey(scalar);
      return key;
    },
  },
};
