import { randomBytes } from "node:crypto";
import type { AsyncGroup, Bytes, CryptoProvider, NamedGroup, ProtocolVersion, SignatureScheme } from "@sallyport/core";
import { clientConfig, serverConfig } from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { node, signer } from "@sallyport/crypto-node";
import { webCrypto } from "@sallyport/crypto-web";
import { acceptTls, type BytePair, connectTls } from "@sallyport/webstreams";
import { credential, serverVerifier } from "@sallyport/x509";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { KeyKind } from "../support/pki.ts";
import { makePki } from "../support/pki.ts";
import { agreement, checking, pattern } from "../support/provider-contract.ts";

const base = noble({ random: (length) => Uint8Array.from(randomBytes(length)) });
const web = webCrypto(base);
const never = new AbortController().signal;
const pki = await makePki();

afterEach(() => void vi.restoreAllMocks());

function asyncGroup(name: NamedGroup): AsyncGroup {
  const found = web.groups.find((group) => group.name === name);
  if (found === undefined || !("startAsync" in found)) throw new Error(`${name} is not asynchronous`);
  return found;
}
/** Throws wherever its public-key operations are called. */
const unusable: CryptoProvider = {
  ...base,
  groups: base.groups.map(({ name, shareLength }) => ({ name, shareLength, start: fail, complete: fail, respond: fail })),
  verifications: base.verifications.map(({ scheme }) => ({ scheme, verify: fail })),
};
function fail(): never {
  throw new Error("called");
}

describe("what the provider lists", () => {
  test("is what its base lists, in the same order, under a name that tells both", () => {
    expect(web.name).toBe("noble with WebCrypto");
    expect(web.groups.map(({ name }) => name)).toEqual(base.groups.map(({ name }) => name));
    expect(web.verifications.map(({ scheme }) => scheme)).toEqual(base.verifications.map(({ scheme }) => scheme));
    expect(web.suites).toBe(base.suites);
  });

  test("is asynchronous, but for ML-DSA", () => {
    expect(web.groups.filter((group) => "start" in group)).toEqual([]);
    const synchronous = web.verifications.filter((one) => "verify" in one).map(({ scheme }) => scheme);
    expect(synchronous).toEqual(["mldsa44", "mldsa65", "mldsa87"]);
  });

  test("stays as it is where it is asynchronous already", () => {
    const twice = webCrypto(web);
    expect(twice.groups).toEqual(web.groups);
    expect(twice.verifications).toEqual(web.verifications);
  });
});

describe("key exchange", () => {
  test.each(["x25519", "secp256r1", "secp384r1", "secp521r1"] as const)("%s is WebCrypto's where it has it", async (name) => {
    const { start, complete, respond } = agreement(webCrypto(unusable), name);
    const { share, key } = await start();
    const answer = await respond(share);
    expect(answer?.secret).toEqual(await complete(key, answer?.share ?? new Uint8Array(0)));
  });

  test.each(base.groups.map(({ name }) => name))(
    "%s agrees with its base, in both roles, and without WebCrypto's as well",
    async (name) => {
      for (const isThere of [true, false]) {
        if (!isThere) vi.spyOn(crypto.subtle, "generateKey").mockRejectedValue(new DOMException("", "NotSupportedError"));
        const mixed = webCrypto(base);
        for (const [initiator, responder] of [
          [mixed, base],
          [base, mixed],
        ] as const) {
          const { share, key } = await agreement(initiator, name).start();
          const answer = await agreement(responder, name).respond(share);
          expect(answer?.secret).toBeDefined();
          expect(await agreement(initiator, name).complete(key, answer?.share ?? new Uint8Array(0))).toEqual(answer?.secret);
        }
      }
    },
  );

  test("another group's private key, and anything else, is the caller's mistake", async () => {
    const { key } = await asyncGroup("secp256r1").startAsync(never);
    for (const wrong of [key, {}, undefined]) {
      await expect(asyncGroup("x25519").completeAsync(wrong, pattern(32, 1), never)).rejects.toThrow("no private key of x25519");
    }
  });

  test("nothing begins once the handshake has been given up", async () => {
    const gone = AbortSignal.abort(new Error("gone"));
    const { startAsync, completeAsync, respondAsync } = asyncGroup("x25519");
    const { share, key } = await startAsync(never);
    const own: Bytes = Uint8Array.from(share);
    await expect(startAsync(gone)).rejects.toThrow("gone");
    await expect(completeAsync(key, own, gone)).rejects.toThrow("gone");
    await expect(respondAsync(own, gone)).rejects.toThrow("gone");
  });
});

describe("verification", () => {
  const message = pattern(50, 1);
  const keys: readonly (readonly [KeyKind, readonly SignatureScheme[]])[] = [
    ["ecdsa-p256", ["ecdsa_secp256r1_sha256"]],
    ["ecdsa-p384", ["ecdsa_secp384r1_sha384"]],
    ["ecdsa-p521", ["ecdsa_secp521r1_sha512"]],
    ["ed25519", ["ed25519"]],
    ["rsa", ["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512", "rsa_pkcs1_sha256", "rsa_pkcs1_sha512"]],
    ["rsa-pss", ["rsa_pss_pss_sha256"]],
  ];

  test.each(keys)("%s is WebCrypto's where it has it, and its base's where it hasn't", async (kind, schemes) => {
    const { keyPem } = await pki.leaf({ key: kind });
    const { publicKey, sign } = signer(keyPem);
    for (const scheme of schemes) {
      const signature = sign(scheme, message);
      const { verify } = checking(webCrypto(unusable), scheme);
      expect(await verify(publicKey, message, signature)).toBe(true);
      expect(await verify(publicKey, pattern(50, 2), signature)).toBe(false);
      vi.spyOn(crypto.subtle, "importKey").mockRejectedValue(new DOMException("", "NotSupportedError"));
      await expect(verify(publicKey, message, signature)).rejects.toThrow("called");
      expect(await checking(web, scheme).verify(publicKey, message, signature)).toBe(true);
      vi.restoreAllMocks();
    }
  });

  test("nothing begins once the handshake has been given up", async () => {
    const found = web.verifications.find(({ scheme }) => scheme === "ed25519");
    if (found === undefined || !("verifyAsync" in found)) throw new Error("ed25519 is not asynchronous");
    const empty: Bytes = new Uint8Array(0);
    await expect(found.verifyAsync(empty, empty, empty, AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
  });
});

const groupsOf: Readonly<Record<ProtocolVersion, readonly NamedGroup[]>> = {
  "tls1.3": ["X25519MLKEM768", "x25519", "secp256r1", "secp384r1"],
  "tls1.2": ["x25519", "secp256r1"],
};
const cells = (["ecdsa-p256", "rsa"] as const).flatMap((key) =>
  (["tls1.3", "tls1.2"] as const).flatMap((version) => groupsOf[version].map((group) => ({ key, version, group }))),
);

describe("a whole handshake", () => {
  test.each(cells)(
    "$version, $group, $key: between two that wait for WebCrypto, and with node:crypto on either side",
    async (cell) => {
      const { chainPem, keyPem } = await pki.leaf({ key: cell.key });
      const credentials = [credential({ chain: chainPem, signer: signer(keyPem) })] as const;
      const verifier = serverVerifier({ provider: base, roots: pki.ca.pem });
      // TLS 1.2: the certificate's curve must be among the client's groups.
      const offered = cell.version === "tls1.3" ? [cell.group] : [...new Set([cell.group, "secp256r1"] as const)];
      for (const [ours, theirs] of [
        [web, web],
        [web, node],
        [node, web],
      ] as const) {
        const common = { now: Date.now, versions: [cell.version] };
        const [left, right] = memoryPair();
        const tls = connectTls(left, {
          config: clientConfig({ ...common, provider: ours, verifier, groups: offered }),
          serverName: "localhost",
        });
        const server = serverConfig({ ...common, provider: theirs, credentials, groups: [cell.group] });
        const accepted = await acceptTls(right, () => server);
        expect(await tls.opened).toMatchObject({ version: cell.version, group: cell.group });
        if (accepted.kind !== "tls") throw new Error(accepted.kind);
        expect(await accepted.opened).toMatchObject({ group: cell.group });
      }
    },
  );
});

function memoryPair(): [BytePair, BytePair] {
  const there = new TransformStream<Bytes, Bytes>();
  const back = new TransformStream<Bytes, Bytes>();
  return [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable },
  ];
}
