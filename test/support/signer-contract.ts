// Every signer on every kind of key, checked by every provider. Needs no test runner, as the provider contract.
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyPairKeyObjectResult, randomBytes } from "node:crypto";
import type { Signer } from "@sallyport/core";
import { signer as nobleSigner } from "@sallyport/crypto-noble";
import { signer as nodeSigner } from "@sallyport/crypto-node";
import { importSigner } from "@sallyport/crypto-web";
import { hasMlDsa } from "../../packages/crypto-node/src/import-key.ts";
import { mlDsaPair, mlDsaSchemes, pem } from "./ml-dsa.ts";
import { assertPlain, checking, pattern } from "./provider-contract.ts";
import { subjects } from "./subjects.ts";

export interface SignerCheck {
  readonly name: string;
  /** @throws AssertionError */
  run(): Promise<void>;
}

const keys = {
  "P-256": generateKeyPairSync("ec", { namedCurve: "P-256" }),
  "P-384": generateKeyPairSync("ec", { namedCurve: "P-384" }),
  "P-521": generateKeyPairSync("ec", { namedCurve: "P-521" }),
  Ed25519: generateKeyPairSync("ed25519"),
  RSA: generateKeyPairSync("rsa", { modulusLength: 2048 }),
};

export function signerContract(): readonly SignerCheck[] {
  const classical = Object.entries(keys).flatMap(([key, pair]) => {
    const pkcs8 = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const inNode = [
      signerCheck(`${key}: all take what crypto-node signs with a KeyObject`, pair, () => nodeSigner(pair.privateKey)),
      signerCheck(`${key}: all take what crypto-node signs with PEM`, pair, () => nodeSigner(pkcs8)),
      signerCheck(`${key}: all take what crypto-web signs`, pair, () => importSigner(pkcs8)),
    ];
    if (key === "RSA") return inNode;
    return [
      ...inNode,
      signerCheck(`${key}: all take what crypto-noble signs`, pair, () => nobleSigner(pkcs8)),
      signerCheck(`${key}: all take what crypto-noble signs, hedged`, pair, () => nobleSigner(pkcs8, { random: randomBytes })),
    ];
  });
  const lattice = mlDsaSchemes.flatMap((scheme, at) => {
    const { spki, pkcs8 } = mlDsaPair(scheme, at);
    const ours = [
      check(`${scheme}: all take what crypto-noble signs`, spki, () => nobleSigner(pkcs8)),
      check(`${scheme}: all take what crypto-noble signs, hedged`, spki, () => nobleSigner(pkcs8, { random: randomBytes })),
    ];
    if (!hasMlDsa()) return ours;
    return [...ours, check(`${scheme}: all take what crypto-node signs`, spki, () => nodeSigner(pem("PRIVATE KEY", pkcs8)))];
  });
  return [...classical, ...lattice];
}

function signerCheck(name: string, { publicKey }: KeyPairKeyObjectResult, make: () => Signer | Promise<Signer>): SignerCheck {
  return check(name, Uint8Array.from(publicKey.export({ type: "spki", format: "der" })), make);
}

function check(name: string, spki: Uint8Array, make: () => Signer | Promise<Signer>): SignerCheck {
  const message = pattern(130, 6);
  const { signal } = new AbortController();
  return {
    name,
    run: async () => {
      const signer = await make();
      assert.deepEqual(signer.publicKey, spki);
      assert.ok(signer.schemes.length > 0);
      // More than once: r and s of ECDSA begin with zeros or high bits now and then, and their DER differs.
      for (let round = 0; round < 4; round++) {
        for (const scheme of signer.schemes) {
          const signature = "sign" in signer ? signer.sign(scheme, message) : await signer.signAsync(scheme, message, signal);
          assertPlain(signature);
          for (const { provider } of Object.values(subjects)) {
            if (scheme.startsWith("mldsa") && provider.name === "node" && !hasMlDsa()) continue;
            const valid = await checking(provider, scheme).verify(signer.publicKey, message, signature);
            assert.ok(valid, `${scheme}, checked by ${provider.name}`);
          }
        }
      }
    },
  };
}
