// Chains of three certificates, ECDSA on P-256: what a client does at every full handshake, at a server that it meets anew, and at one
// that it has met before.
import { randomBytes, X509Certificate } from "node:crypto";
import * as peculiar from "@peculiar/x509";
import type { PresentedIdentity } from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { node } from "@sallyport/crypto-node";
import { serverVerifier } from "@sallyport/x509";
import type { Effort, Measured } from "./report.ts";
import { digits, inTurns, ratios, ratioText, spread, table } from "./rounds.ts";

interface Chain {
  readonly root: Uint8Array<ArrayBuffer>;
  readonly intermediate: Uint8Array<ArrayBuffer>;
  readonly leaf: Uint8Array<ArrayBuffer>;
}

/** Two certificates of each come from the peer: together more than a verifier remembers. */
const chainsInTurn = 40;

export async function measureChains({ rounds, quick }: Effort): Promise<Measured> {
  const milliseconds = quick ? 40 : 200; // each contender in a round
  const chain = await makeChain(0);
  const chains = [chain, ...(await Promise.all(Array.from({ length: chainsInTurn - 1 }, (_, at) => makeChain(at + 1))))];
  const pure = noble({ random: (length) => new Uint8Array(randomBytes(length)) });
  // By the processor's time, which neighbours don't take; whatever other threads of the process do is in it.
  const perSecond = (judge: () => Promise<boolean> | boolean) => async (): Promise<number> => {
    const before = process.cpuUsage();
    let [count, taken] = [0, 0];
    while (taken < milliseconds) {
      if (!(await judge())) throw new Error("a chain that is in order");
      count += 1;
      const { user, system } = process.cpuUsage(before);
      taken = (user + system) / 1000;
    }
    return (count * 1000) / taken;
  };
  const results = await inTurns(rounds, {
    "x509, crypto-node": perSecond(sallyport(chains, node)),
    "x509, crypto-noble": perSecond(sallyport(chains, pure)),
    "x509, crypto-node, met before": perSecond(sallyport([chain], node)),
    "x509, crypto-noble, met before": perSecond(sallyport([chain], pure)),
    "node:crypto": perSecond(nodeCrypto(chain)),
    "@peculiar/x509": perSecond(peculiarX509(chain)),
  });
  const theirs = results["node:crypto"];
  const rows = Object.entries(results).map(([name, values]) => [
    name,
    digits(spread(values).median),
    name === "node:crypto" ? "1" : ratioText(ratios(values, theirs)),
  ]);
  return { figures: [], tables: [table([["chains judged", "a CPU second", "of node:crypto"], ...rows])] };
}

/** Judges one after the other. */
function sallyport(chains: readonly Chain[], provider: typeof node): () => boolean {
  const verifier = serverVerifier({ provider, roots: chains.map(({ root }) => root) });
  let turn = 0;
  return () => {
    const chain = chains[turn++ % chains.length];
    if (chain === undefined) throw new TypeError("no chains");
    const { leaf, intermediate } = chain;
    const presented: PresentedIdentity = {
      role: "server",
      type: "x509",
      chain: [leaf, intermediate],
      serverName: "example.com",
      ocspResponse: undefined,
      signedCertificateTimestamps: [],
      nowMs: Date.now(),
    };
    return "names" in verifier.verify(presented);
  };
}

/** Two signatures, who issued whom, the name, and the dates; no profile, no constraints, no search. */
function nodeCrypto({ root, intermediate, leaf }: Chain): () => boolean {
  const anchor = new X509Certificate(root);
  return () => {
    const [below, above] = [new X509Certificate(leaf), new X509Certificate(intermediate)];
    const now = Date.now();
    const isCurrent = [below, above].every((one) => Date.parse(one.validFrom) <= now && now <= Date.parse(one.validTo));
    return (
      isCurrent &&
      below.checkHost("example.com") !== undefined &&
      below.checkIssued(above) &&
      above.checkIssued(anchor) &&
      below.verify(above.publicKey) &&
      above.verify(anchor.publicKey)
    );
  };
}

function peculiarX509({ root, intermediate, leaf }: Chain): () => Promise<boolean> {
  const anchor = new peculiar.X509Certificate(root);
  return async () => {
    const builder = new peculiar.X509ChainBuilder({ certificates: [new peculiar.X509Certificate(intermediate), anchor] });
    const items = await builder.build(new peculiar.X509Certificate(leaf));
    if (items.length !== 3) return false;
    for (const [at, item] of items.entries()) {
      const issuer = items[at + 1];
      if (issuer !== undefined && !(await item.verify({ publicKey: issuer.publicKey }))) return false;
    }
    return true;
  };
}

/** @param at tells its names apart from those of others. */
async function makeChain(at: number): Promise<Chain> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const [root, intermediate, leaf] = await Promise.all([keys(), keys(), keys()]);
  const make = async (
    subject: string,
    pair: CryptoKeyPair,
    issuer: string,
    by: CryptoKeyPair,
    extensions: readonly peculiar.Extension[],
  ): Promise<Uint8Array<ArrayBuffer>> => {
    const { rawData } = await peculiar.X509CertificateGenerator.create({
      serialNumber: "01a5",
      subject,
      issuer,
      publicKey: pair.publicKey,
      signingKey: by.privateKey,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - 86_400_000),
      notAfter: new Date(Date.now() + 86_400_000),
      extensions: [
        ...extensions,
        await peculiar.SubjectKeyIdentifierExtension.create(pair.publicKey),
        await peculiar.AuthorityKeyIdentifierExtension.create(by.publicKey),
      ],
    });
    return new Uint8Array(rawData);
  };
  const authority = [
    new peculiar.BasicConstraintsExtension(true, undefined, true),
    new peculiar.KeyUsagesExtension(peculiar.KeyUsageFlags.keyCertSign, true),
  ];
  const server = [
    new peculiar.KeyUsagesExtension(peculiar.KeyUsageFlags.digitalSignature, true),
    new peculiar.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1"]),
    new peculiar.SubjectAlternativeNameExtension([{ type: "dns", value: "example.com" }]),
  ];
  return {
    root: await make(`CN=Root ${at}`, root, `CN=Root ${at}`, root, authority),
    intermediate: await make(`CN=Intermediate ${at}`, intermediate, `CN=Root ${at}`, root, authority),
    leaf: await make("CN=Leaf", leaf, `CN=Intermediate ${at}`, intermediate, server),
  };
  function keys(): Promise<CryptoKeyPair> {
    return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  }
}
