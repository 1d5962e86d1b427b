import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { type Credential, negotiate, serverConfig } from "@sallyport/core";
import { groupIds, schemeIds, suiteIds, versionIds } from "../../packages/core/src/wire/registry.ts";
import { expectSignature } from "../../packages/core/src/negotiate/negotiate.ts";
import { offer } from "../support/client-hello.ts";
import { fakeCredential, type FakeKey } from "../support/fake-credential.ts";
import { fakeProvider } from "../support/fake-provider.ts";

const some = (ids: Readonly<Record<string, number>>, others: readonly number[]): fc.Arbitrary<number[]> =>
  fc.uniqueArray(fc.constantFrom(...Object.values(ids), ...others), { maxLength: 8 });
const orNone = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { freq: 6 });
const offers = fc.record({
  versions: some(versionIds, [0x0302, 0x7a7a]),
  suites: some(suiteIds, [0x002f, 0x00ff, 0x5600, 0x7a7a]),
  groups: orNone(some(groupIds, [0x0015, 0x7a7a])),
  shares: orNone(some(groupIds, [0x7a7a])),
  schemes: orNone(some(schemeIds, [0x0203, 0x7a7a])),
  alpn: fc.subarray(["h2", "http/1.1", "h3"]),
});
const keys: readonly FakeKey[] = ["P-256", "P-384", "P-521", "Ed25519", "RSA", "RSA-PSS"];
const configs = fc.record({
  versions: fc.subarray(["tls1.3", "tls1.2"] as const, { minLength: 1 }),
  keys: fc.shuffledSubarray([...keys], { minLength: 1 }),
  suiteOrder: fc.constantFrom("server" as const, "client" as const),
  alpn: fc.subarray(["h2", "http/1.1"]),
});

test.prop([offers, configs])(
  "whatever is agreed on was offered, and whatever is refused has a reason and its alert",
  (said, chosen) => {
    const {
      keys: [first = "P-256", ...others],
      ...options
    } = chosen;
    const credentials: [Credential, ...Credential[]] = [fakeCredential(first), ...others.map((key) => fakeCredential(key))];
    const hello = offer(said);
    const negotiation = negotiate(hello, serverConfig({ provider: fakeProvider(), now: () => 1, ...options, credentials }));
    if (negotiation.kind === "refused") {
      expect(negotiation.reasons.length).toBeGreaterThan(0);
      return;
    }
    const { version, suite, group, alpn, needsRetry } = negotiation;
    const { scheme, credential } = expectSignature(negotiation);
    expect(said.versions).toContain(versionIds[version]);
    expect(said.suites).toContain(suiteIds[suite]);
    expect(said.groups).toContain(groupIds[group]);
    expect(said.schemes).toContain(schemeIds[scheme]);
    expect(credential.signer.schemes).toContain(scheme);
    expect(options.versions).toContain(version);
    if (alpn !== undefined) expect(said.alpn).toContain(alpn);
    expect(needsRetry).toBe(version === "tls1.3" && !said.shares?.includes(groupIds[group]));
  },
);
