// ML-DSA in a handshake (draft-ietf-tls-mldsa): TLS 1.3 alone, for either side, beside other keys.
import { type Credential, clientConfig, type MlDsa, serverConfig, type SyncVerifier } from "@sallyport/core";
import { signer } from "@sallyport/crypto-noble";
import { serverVerifier } from "@sallyport/x509";
import { describe, expect, test } from "vitest";
import * as chains from "../support/chains.ts";
import { fakeCertificate } from "../support/fake-credential.ts";
import { mlDsaPair, mlDsaSchemes, resigned } from "../support/ml-dsa.ts";
import { converse, makePair, type PairOptions } from "../support/pair.ts";
import { now, seededCredential, seededNoble, trusting } from "../support/seeded.ts";
import { clientSettings } from "../support/settings.ts";

const credentials = Object.fromEntries(mlDsaSchemes.map((scheme, at) => [scheme, credentialOf(scheme, at)])) as Record<
  MlDsa,
  Credential
>;
const judge: SyncVerifier = { ...trusting, schemes: [...mlDsaSchemes, "ed25519"] };
const lattice = { provider: seededNoble, client: { verifier: judge } } as const satisfies PairOptions;

function credentialOf(scheme: MlDsa, tag: number): Credential {
  const own = signer(mlDsaPair(scheme, tag).pkcs8);
  return { type: "x509", chain: [fakeCertificate(own.publicKey)], publicKey: own.publicKey, names: ["localhost"], signer: own };
}

function meet(options: PairOptions) {
  const pair = makePair({ ...lattice, ...options });
  converse(pair);
  return pair;
}

describe.each(mlDsaSchemes)("%s", (scheme) => {
  test("proves a server", () => {
    const { client } = meet({ server: { credentials: [credentials[scheme]] } });
    expect(client.established.info).toMatchObject({ peerSignatureScheme: scheme, version: "tls1.3" });
  });

  test("proves a client", () => {
    const clientAuthentication = { mode: "required", verifier: judge } as const;
    const { server } = meet({
      server: { clientAuthentication },
      client: { verifier: judge, credentials: [credentials[scheme]] },
    });
    expect(server.established.info.peerSignatureScheme).toBe(scheme);
  });

  test("signs what TLS 1.3 says and nothing else: a signature with one bit changed is decrypt_error", () => {
    const own = credentials[scheme].signer;
    if (!("sign" in own)) throw new Error("it signs at once");
    const damaged = { ...own, sign: (...given: Parameters<typeof own.sign>) => own.sign(...given).with(-1, 1) };
    const { client } = meet({ server: { credentials: [{ ...credentials[scheme], signer: damaged }] } });
    expect(client.failure).toMatchObject({ alert: { description: "decrypt_error" } });
  });
});

describe("beside other keys", () => {
  const both = [credentials.mldsa44, seededCredential("server")] as const;

  test("a client that takes it gets it, and one that doesn't gets the other", () => {
    expect(meet({ server: { credentials: both } }).client.established.info.peerSignatureScheme).toBe("mldsa44");
    const classical = meet({ server: { credentials: both }, client: { schemes: ["ed25519"] } });
    expect(classical.client.established.info.peerSignatureScheme).toBe("ed25519");
  });

  test("in TLS 1.2 the other one signs, whatever the client offers", () => {
    const { client } = meet({
      server: { credentials: both, versions: ["tls1.3", "tls1.2"] },
      client: { verifier: judge, versions: ["tls1.2"] },
    });
    expect(client.established.info).toMatchObject({ version: "tls1.2", peerSignatureScheme: "ed25519" });
  });

  test("a hello of both versions offers it, as Node.js 24 and Chromium do: first", () => {
    const { verifications } = clientSettings(clientConfig({ provider: seededNoble("a"), now, verifier: judge }));
    expect([...verifications.keys()].slice(0, 3)).toEqual(mlDsaSchemes);
  });
});

describe("in configs", () => {
  test("with no other key TLS 1.3 is all that is spoken, and TLS 1.2 by name is refused", () => {
    const common = { provider: seededNoble("a"), now, credentials: [credentials.mldsa65] } as const;
    const { server } = meet({ server: { credentials: common.credentials, versions: ["tls1.3"] } });
    expect(server.established.info.version).toBe("tls1.3");
    expect(() => serverConfig(common)).not.toThrow();
    expect(() => serverConfig({ ...common, versions: ["tls1.2", "tls1.3"] })).toThrow("has none that can sign in tls1.2");
    expect(() =>
      clientConfig({ provider: seededNoble("a"), now, verifier: judge, schemes: ["mldsa44"], versions: ["tls1.2"] }),
    ).toThrow("schemes: has none");
  });

  test("a signer that names another parameter set than its key's is refused", () => {
    const { signer: own, ...others } = credentials.mldsa44;
    const wrong = { ...others, signer: { ...own, schemes: ["mldsa65"] as const } };
    expect(() => serverConfig({ provider: seededNoble("a"), now, credentials: [wrong] })).toThrow(
      "mldsa65 is not made by this key",
    );
  });
});

describe("certificates (RFC 9881)", async () => {
  const keys = await chains.keyPair("Ed25519");
  const plain = { keys }; // whose hash names every key here
  const root = mlDsaPair("mldsa87", 1);
  const middle = mlDsaPair("mldsa65", 2);
  const leaf = mlDsaPair("mldsa44", 3);
  const rootDer = resigned((await chains.authority("CN=Root", plain)).der, root, root);
  const by = (name: string) => ({ by: { name, keys } });
  const middleDer = resigned((await chains.authority("CN=Middle", { ...plain, ...by("CN=Root") })).der, middle, root);
  const unsigned = await chains.server({ name: "CN=Middle", keys }, plain);
  const leafDer = resigned(unsigned.der, leaf, middle);
  const verifier = serverVerifier({ provider: seededNoble("x509"), roots: [rootDer] });

  test("a chain of three parameter sets is followed to its root", () => {
    expect(chains.verdict(verifier, chains.presented([leafDer, middleDer]))).toBe("trusted");
  });

  test("each signature is looked at, and the parameter set of the key that made it", () => {
    const damaged = leafDer.with(-1, (leafDer.at(-1) ?? 0) ^ 1);
    expect(chains.verdict(verifier, chains.presented([damaged, middleDer]))).toContain("bad-signature");
    const otherSet = resigned(unsigned.der, leaf, { ...mlDsaPair("mldsa44", 2) });
    expect(chains.verdict(verifier, chains.presented([otherSet, middleDer]))).not.toBe("trusted");
  });

  test("a handshake on them: the whole way, with certificates of 17 KiB in two messages' limits", () => {
    const own = signer(leaf.pkcs8);
    const credential: Credential = {
      type: "x509",
      chain: [leafDer, middleDer],
      publicKey: own.publicKey,
      names: ["example.com"],
      signer: own,
    };
    const { client } = meet({
      serverName: "example.com",
      server: { credentials: [credential] },
      client: { verifier, now: () => chains.noon },
    });
    expect(client.established.info.peer?.path.length).toBe(3);
  });
});
