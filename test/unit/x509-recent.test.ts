// What a verifier remembers of certificates that it has seen: that they parse, and who signed them. Everything else is judged anew.
import { randomBytes } from "node:crypto";
import { VerifiedIdentity } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { serverVerifier } from "@sallyport/x509";
import { describe, expect, test } from "vitest";
import { authority, noon, presented, server, verdict } from "../support/chains.ts";

const root = await authority("CN=Root");
const intermediate = await authority("CN=Intermediate", { by: root });
const leaf = await server(intermediate);
const chain = [leaf.der, intermediate.der] as const;

function counted(): { readonly verifier: ReturnType<typeof serverVerifier>; checks(): number } {
  let checks = 0;
  const provider = {
    ...node,
    verifications: node.verifications.map((verification) =>
      "verify" in verification
        ? {
            ...verification,
            verify: (...inputs: Parameters<typeof verification.verify>) => (checks++, verification.verify(...inputs)),
          }
        : verification,
    ),
  };
  return { verifier: serverVerifier({ provider, roots: [root.der] }), checks: () => checks };
}

describe("a chain that came before", () => {
  test("has its signatures computed once", () => {
    const { verifier, checks } = counted();
    const verdicts = Array.from({ length: 3 }, () => verdict(verifier, presented(chain)));
    expect([verdicts, checks()]).toEqual([["trusted", "trusted", "trusted"], 2]);
  });

  test("is judged anew by the clock, by the name, and for what it is used", () => {
    const { verifier } = counted();
    const year = 366 * 86_400_000;
    expect([
      verdict(verifier, presented(chain)),
      verdict(verifier, presented(chain, { nowMs: noon + year })),
      verdict(verifier, presented(chain, { serverName: "other.example" })),
      verdict(verifier, presented(chain, { role: "client" })),
      verdict(verifier, presented(chain)),
    ]).toEqual([
      "trusted",
      expect.stringMatching(/^certificate_expired/),
      expect.stringMatching(/^bad_certificate: wrong-name/),
      expect.stringContaining("wrong-role"),
      "trusted",
    ]);
  });

  test("vouches for no other one: a bit of it makes it another, wherever it is", () => {
    const { verifier } = counted();
    expect(verdict(verifier, presented(chain))).toBe("trusted");
    for (let at = 0; at < leaf.der.length; at += 7) {
      const changed = Uint8Array.from(leaf.der);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(verdict(verifier, presented([changed, intermediate.der]))).not.toBe("trusted");
    }
    expect(verdict(verifier, presented(chain))).toBe("trusted");
  });

  test("is not changed by what a caller does with the bytes that it gave or got", () => {
    const { verifier } = counted();
    const [own, above] = [Uint8Array.from(leaf.der), Uint8Array.from(intermediate.der)];
    const first = verifier.verify(presented([own, above]));
    if (!(first instanceof VerifiedIdentity)) throw new Error("distrusted", { cause: first });
    expect(first.path.slice(0, 2)).toEqual([own, above]);
    const again = verifier.verify(presented(chain));
    if (!(again instanceof VerifiedIdentity)) throw new Error("distrusted", { cause: again });
    own.fill(0);
    above.fill(0);
    expect(verdict(verifier, presented(chain))).toBe("trusted");
    expect(again.path).toEqual([leaf.der, intermediate.der, root.der]);
  });

  test("is forgotten behind many others, so that nobody makes a verifier grow", async () => {
    const { verifier, checks } = counted();
    verdict(verifier, presented(chain));
    const before = checks();
    const junk = Array.from({ length: 64 }, () =>
      Uint8Array.from(leaf.der, (octet, at) => (at < leaf.der.length - 16 ? octet : (randomBytes(1)[0] ?? 0))),
    );
    for (const other of junk) verifier.verify(presented([other]));
    const between = checks();
    expect(verdict(verifier, presented(chain))).toBe("trusted");
    expect([before, checks() - between]).toEqual([2, 2]);
  });
});
