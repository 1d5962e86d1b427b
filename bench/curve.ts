// Record throughput by size: each suite on each provider, beside the bare cipher under it. In memory, by the processor's time.
import type { CipherGCMTypes } from "node:crypto";
import type { CipherSuiteName } from "@sallyport/core";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import { bareCipher } from "./bare.ts";
import { rates, shakeHands, sizeText, throughRecords } from "./memory.ts";
import type { Curve, Effort, Measured } from "./report.ts";
import { digits, inTurns, spread, table } from "./rounds.ts";
import { type ProviderName, providerNames } from "./sides.ts";

const chacha20 = "TLS_CHACHA20_POLY1305_SHA256";
const sizes = [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384] as const;
const suites: readonly { readonly suite: CipherSuiteName; readonly cipher: CipherGCMTypes }[] = [
  { suite: "TLS_AES_128_GCM_SHA256", cipher: "aes-128-gcm" },
  { suite: "TLS_AES_256_GCM_SHA384", cipher: "aes-256-gcm" },
  // It has the same methods, but other types (@types/node).
  { suite: chacha20, cipher: "chacha20-poly1305" as CipherGCMTypes },
];

export async function measureCurve(authority: Authority, { quick }: Effort): Promise<Measured> {
  const milliseconds = quick ? 10 : 40;
  const curves: Curve[] = [];
  for (const provider of providerNames) {
    for (const { suite, cipher } of suites.filter(({ suite: name }) => provider !== "crypto-wasm" || name === chacha20)) {
      const pair = shakeHands(provider, authority, suite);
      const [ours, bare]: [[number, number][], [number, number][]] = [[], []];
      for (const size of sizes) {
        const results = await inTurns(quick ? 2 : 5, {
          ours: () => throughRecords(pair, size, milliseconds).seal,
          bare: () => (hasBare(provider, suite) ? rates(milliseconds, size, bareCipher(provider, size, cipher)).seal : Number.NaN),
        });
        ours.push([size, spread(results.ours).median]);
        bare.push([size, spread(results.bare).median]);
      }
      const name = `${provider}, ${suite.slice(4)}`;
      curves.push({ name, points: ours });
      if (hasBare(provider, suite)) curves.push({ name: `${name}, bare cipher`, points: bare });
    }
  }
  const head = ["sealing, MB a CPU second", ...sizes.map(sizeText)];
  const rows = curves.map(({ name, points }) => [name, ...points.map(([, rate]) => digits(rate))]);
  return { figures: [], tables: [table([head, ...rows])], curves };
}

/** The bare loops of noble and libsodium know one cipher. libsodium has no other; crypto-noble's go on under crypto-wasm. */
function hasBare(provider: ProviderName, suite: CipherSuiteName): boolean {
  return provider === "crypto-node" || suite === chacha20;
}
