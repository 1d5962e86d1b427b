// What openssl, curl and GnuTLS said when they were really run with broken configs (broken-peers.sh): the true cause ranks first.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { explain, toText } from "@sallyport/explain";

interface PeerOutput {
  readonly id: string;
  readonly peer: string;
  readonly cause: string;
  readonly output: string;
}
const outputs: readonly PeerOutput[] = JSON.parse(readFileSync(new URL("./peer-outputs.json", import.meta.url), "utf8"));

test("there are thirty and more", () => {
  expect(outputs.length).toBeGreaterThanOrEqual(30);
});

test.each(outputs.map((each): [string, PeerOutput] => [each.id, each]))("%s", (_, { cause, output, peer }) => {
  const report = explain(output);
  expect(report.causes[0]?.id).toBe(cause);
  expect(report.causes[0]?.remedies.length).toBeGreaterThan(0);
  expect(toText(report)).toMatch(/^[\n -~]*$/);
  expect(["openssl", "curl", "gnutls"]).toContain(peer);
});
