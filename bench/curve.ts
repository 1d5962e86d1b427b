// Record throughput by size: each suite on each provider, beside the bare cipher under it. In memory, by the processor's time.
import type { CipherGCMTypes } from "node:crypto";
import type { CipherSuiteName } from "@sallyport/core";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import { bareCipher, chacha20 } from "./bare.ts";
import { rates, shakeHands, sizeText, throughRecords } from "./memory.ts";
import type { Line } from "./pictures.ts";
import type { Effort, Measured } from "./report.ts";
import { digits, inTurns, spread, table } from "./rounds.ts";
import { type ProviderName, providerNames } from "./sides.ts";

const sizes = [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384] as const;
const suites: readonly { readonly suite: CipherSuiteName; readonly cipher: CipherGCMTypes }[] = [
  { suite: "TLS_AES_128_GCM_SHA256", cipher: "aes-128-gcm" },
  { suite: "TLS_AES_256_GCM_SHA384", cipher: "aes-256-gcm" },
  { suite: "TLS_CHACHA20_POLY1305_SHA256", cipher: chacha20 },
];

/** crypto-web brings no suites: its records are those of the provider that it goes over. */
export async function measureCurve(authority: Authority, effort: Effort): Promise<Measured> {
  const panels: { readonly title: string; readonly lines: readonly Line[] }[] = [];
  for (const { suite, cipher } of suites) {
    const lines: Line[] = [];
    // crypto-wasm's AES is crypto-noble's.
    for (const provider of providerNames.filter((name) => name !== "crypto-wasm" || cipher === chacha20)) {
      lines.push(...(await linesOf(provider, authority, suite, cipher, effort)));
    }
    panels.push({ title: suite.slice("TLS_".length), lines });
  }
  const head = ["sealing, MB a CPU second", ...sizes.map(sizeText)];
  const rows = panels.flatMap(({ title, lines }) =>
    lines.map(({ name, points }) => [`${title}, ${name}`, ...points.map(([, rate]) => digits(rate))]),
  );
  return {
    figures: [],
    tables: [table([head, ...rows])],
    pictures: [
      {
        kind: "lines",
        name: "records",
        title: "Records sealed in memory, by plaintext bytes a record",
        x: { title: "bytes", scale: "size" },
        y: { title: "MB a CPU second", scale: "log" },
        panels,
      },
    ],
  };
}

async function linesOf(
  provider: ProviderName,
  authority: Authority,
  suite: CipherSuiteName,
  cipher: CipherGCMTypes,
  { quick }: Effort,
): Promise<Line[]> {
  const milliseconds = quick ? 10 : 40;
  const pair = shakeHands(provider, authority, suite);
  const [ours, bare]: [[number, number][], [number, number][]] = [[], []];
  for (const size of sizes) {
    const results = await inTurns(quick ? 2 : 5, {
      ours: () => throughRecords(pair, size, milliseconds).seal,
      bare: () => rates(milliseconds, size, bareCipher(provider, size, cipher)).seal,
    });
    ours.push([size, spread(results.ours).median]);
    bare.push([size, spread(results.bare).median]);
  }
  return [
    { name: provider, points: ours },
    { name: libraries[provider], bounds: provider, points: bare },
  ];
}

const libraries: Readonly<Record<ProviderName, string>> = {
  "crypto-node": "node:crypto alone",
  "crypto-noble": "@noble/ciphers alone",
  "crypto-wasm": "libsodium alone",
};
