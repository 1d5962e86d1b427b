import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { arrows, wrongArrows } from "../support/arrows.ts";
import { packageNames, root, sourcesOf, withoutComments } from "../support/sources.ts";

test("imports follow the arrows between packages, and between the rooms of core", () => {
  expect(wrongArrows(packageNames().flatMap(sourcesOf))).toEqual([]);
});

test.each([
  ["packages/core/src/wire/reader.ts", 'import { guard } from "../handshake/guard.ts";'],
  ["packages/core/src/connection/connection.ts", 'import type { Stage } from "../handshake/stages/stage.ts";'],
  ["packages/core/src/wire/reader.ts", 'import {\n  readFileSync,\n} from "node:fs";'],
  ["packages/core/src/errors.ts", 'import { Reader } from "./wire/reader.ts";'],
  ["packages/core/src/record/record.ts", 'export * from "../config/options.ts";'],
  ["packages/core/src/record/record.ts", 'const noble = await import("@noble/hashes/sha2.js");'],
  ["packages/drive/src/loop.ts", 'import "node:timers";'],
  ["packages/x509/src/der.ts", 'import { Reader } from "../../core/src/wire/reader.ts";'],
  ["packages/webstreams/src/index.ts", 'import { createServer } from "@sallyport/node";'],
  ["packages/crypto-node/src/index.ts", 'import { dangerousFuzzProvider } from "@sallyport/arbitraries";'],
  ["packages/cli/src/main.ts", 'import { dangerousFuzzProvider } from "../../arbitraries/src/fuzz-provider.ts";'],
  ["packages/core/src/config/options.ts", 'import type { Bytes } from "../../../../test/support/octets.ts";'],
])("a wrong arrow is seen: %s with %j", (path, text) => {
  expect(wrongArrows([{ path, text }])).toHaveLength(1);
});

test.each([
  ["packages/core/src/errors.ts", 'import type { Limits } from "./config/options.ts";'],
  ["packages/core/src/handshake/driver.ts", 'import { Connection } from "../connection/connection.ts";'],
  ["packages/crypto-noble/src/groups.ts", 'import { x25519 } from "@noble/curves/ed25519.js";'],
  ["packages/core/src/wire/reader.ts", '// as in import { guard } from "../handshake/guard.ts";'],
])("a right arrow passes: %s with %j", (path, text) => {
  expect(wrongArrows([{ path, text }])).toEqual([]);
});

test("no package is allowed what is for fuzzing alone", () => {
  expect(
    Object.entries(arrows)
      .filter(([, allowed]) => allowed.includes("arbitraries"))
      .map(([room]) => room),
  ).toEqual([]);
});

test("a package depends on the packages that its arrows name, and on no other", () => {
  for (const name of packageNames()) {
    const { dependencies = {} } = JSON.parse(readFileSync(`${root}packages/${name}/package.json`, "utf8"));
    const allowed = name === "core" ? [] : (arrows[name] ?? []);
    const known = new Set(packageNames());
    const extra = Object.keys(dependencies).filter((dependency) => {
      const short = dependency.replace(/^@sallyport\//, "");
      return !allowed.includes(known.has(short) && dependency !== short ? short : dependency);
    });
    expect(extra, name).toEqual([]);
  }
});

test.each(["core", "drive", "x509", "explain", "crypto-noble", "crypto-wasm", "arbitraries"])(
  "%s takes neither time nor randomness nor globals from the platform",
  (name) => {
    const taken = sourcesOf(name).flatMap(({ path, text }) =>
      platformWords(withoutComments(text)).map((word) => `${path}: ${word}`),
    );
    expect(taken).toEqual([]);
  },
);

test("a platform's clock, randomness and globals are seen", () => {
  expect(
    platformWords('const a = Math.random() + Date.now(); globalThis.crypto; new Date(0); performance.now(); "Date"'),
  ).toHaveLength(5);
  expect(platformWords("validFrom: GeneralizedTime; update; random(length); DateField")).toEqual([]);
});

/** Words inside string literals don't count. */
function platformWords(code: string): string[] {
  const bare = code.replaceAll(/"(?:\\.|[^"\\\n])*"/g, '""');
  return bare.match(/\bMath\.random\b|\bDate\b(?!\s*[:?])|\bglobalThis\b|\bperformance\b/g) ?? [];
}
