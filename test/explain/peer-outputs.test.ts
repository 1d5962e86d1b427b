// What openssl, curl and GnuTLS (broken-peers.sh), Node.js, Go, Mbed TLS, wolfSSL and Chromium (broken-programs.ts) said when they were
// really run with broken configs: the true cause ranks first.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { explain, toText } from "@sallyport/explain";

interface PeerOutput {
  readonly id: string;
  readonly peer: string;
  readonly cause: string;
  readonly output: string;
}
const outputsIn = (file: string): readonly PeerOutput[] => JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8"));
const outputs = [...outputsIn("./peer-outputs.json"), ...outputsIn("./program-outputs.json")];

test("there are thirty and more, of every peer that is installed", () => {
  expect(outputs.length).toBeGreaterThanOrEqual(60);
  const peers = new Set(outputs.map(({ peer }) => peer));
  expect([...peers].sort()).toEqual(["chromium", "curl", "gnutls", "go", "mbedtls", "node", "openssl", "wolfssl"]);
});

test.each(outputs.map((each): [string, PeerOutput] => [each.id, each]))("%s", (_, { cause, output }) => {
  const report = explain(output);
  expect(report.causes[0]?.id).toBe(cause);
  expect(report.causes[0]?.remedies.length).toBeGreaterThan(0);
  expect(toText(report)).toMatch(/^[\n -~]*$/);
});
