// External PSKs, raw public keys and words of an earlier handshake, as the fuzzer has them: what is known completes, and what is
// not ends with its alert. Everything here is judged by all of the fuzzer's laws.
import { describeAccount, plainHello, plainPeer, type PeerScript } from "@sallyport/arbitraries";
import { describe, expect, test } from "vitest";
import { play } from "../fuzz/cases.ts";
import { type Features, plainFeatures, type ProviderName } from "../fuzz/features.ts";

const roles = ["server", "client"] as const;
const versions = ["tls1.3", "tls1.2"] as const;
const providers: readonly ProviderName[] = ["fuzz", "node", "noble"];
const hello = { ...plainHello, suites: [0x1302, ...plainHello.suites] };

/** @returns how it ended: the kind of handshake, or the alert */
function ending(provider: ProviderName, features: Partial<Features>, script: Partial<PeerScript>): string {
  const role = features.role ?? "server";
  const one = {
    features: { ...plainFeatures, ...features },
    script: plainPeer(role === "server" ? "client" : "server", { hello, ...script }),
    transport: { chunks: [], endsAfter: undefined },
  };
  const { machine, account, violations } = play(provider, one);
  expect(violations, describeAccount(account)).toEqual([]);
  const { connection, failure } = machine;
  if (connection === undefined) return failure?.alert.kind === "alert" ? failure.alert.description : "no alert";
  const { handshakeKind, psk, peer } = connection.info;
  return `${handshakeKind} ${psk === undefined ? (peer?.presented.type ?? "") : new TextDecoder().decode(psk.identity)}`.trim();
}

describe.each(providers)("on %s", (provider) => {
  const isReal = provider !== "fuzz";
  describe.each(roles)("a %s", (role) => {
    test("speaks by a PSK that both have, imported or raw, beside certificates or without, with and without a retry", () => {
      for (const psks of ["beside", "alone"] as const) {
        const features = { role, psks, versions: "tls1.3" } as const;
        expect(ending(provider, features, { psks: [0] })).toBe("psk imported");
        expect(ending(provider, features, { psks: [1] })).toBe("psk raw");
        expect(ending(provider, features, { psks: [3, 1] })).toBe("psk raw");
        // A server that asks for another group; a scripted one does by its script.
        expect(ending(provider, { ...features, retry: true }, { psks: [0], retry: true })).toBe("psk-after-retry imported");
      }
    });
    test("resumes by the ticket of a handshake by PSK, and remembers whose it is", () => {
      const features = { role, psks: "alone", versions: "tls1.3", sessions: "sealed" } as const;
      expect(ending(provider, features, { psks: [0], resumes: true })).toBe("resumed imported");
    });
    test.each(versions)("of %s speaks with whom it knows by a raw key, and with nobody else", (version) => {
      for (const rawKeys of ["beside", "alone"] as const) {
        const features = { role, rawKeys, authentication: "required" } as const;
        expect(ending(provider, features, { version, asks: true, rawKey: 0 })).toBe("full raw-public-key");
        expect(ending(provider, features, { version, asks: true, rawKey: 1 })).toBe("certificate_unknown");
      }
      expect(ending(provider, { role, rawKeys: "beside", authentication: "required" }, { version, asks: true })).toBe(
        "full x509",
      );
      expect(ending(provider, { role, rawKeys: "alone" }, { version })).toBe("unsupported_certificate");
    });
    test("of TLS 1.2 refuses a first handshake that another went before, by however many bytes", () => {
      for (const renegotiated of [1, 12, 24, 25, 48, 254])
        expect(ending(provider, { role }, { version: "tls1.2", hello: { ...hello, renegotiated } })).toBe("handshake_failure");
    });
  });

  test("a server refuses a wrong key for a name that it knows, and a name that it does not know where it has nothing else", () => {
    for (const psks of ["beside", "alone"] as const) {
      const wrong = ending(provider, { psks, versions: "tls1.3" }, { psks: [2] });
      expect(wrong).toBe(isReal ? "decrypt_error" : "psk imported");
    }
    expect(ending(provider, { psks: "alone", versions: "tls1.3" }, { psks: [3] })).toBe("decrypt_error");
    expect(ending(provider, { psks: "beside", versions: "tls1.3" }, { psks: [3] })).toBe("full");
    expect(ending(provider, {}, { psks: [0] })).toBe("full");
  });
  test("a client does not speak with a server that has another key, or a certificate where it takes none", () => {
    const wrong = ending(provider, { role: "client", psks: "alone", versions: "tls1.3" }, { psks: [2] });
    expect(wrong).toBe(isReal ? "bad_record_mac" : "psk imported");
    expect(ending(provider, { role: "client", psks: "alone", versions: "tls1.3" }, { psks: [3] })).toBe("missing_extension");
  });
  test("in TLS 1.3 renegotiation_info says nothing", () => {
    expect(ending(provider, {}, { hello: { ...hello, renegotiated: 48 } })).toBe("full");
  });
});
