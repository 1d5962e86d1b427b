import { ConfigError, type ConfigProblem, type Credential, type Signer } from "@sallyport/core";
import { equal } from "./bytes.ts";
import { nameTexts } from "./names.ts";
import { readCertificates } from "./pem.ts";

export interface CredentialOptions {
  /** PEM text, or DER; the leaf first. */
  readonly chain: string | readonly Uint8Array[];
  readonly signer: Signer;
  /** Shown only to peers that name one of its issuers. Default false: then it is a hint, and decides among several. */
  readonly onlyForItsIssuers?: boolean;
  /** DER, stapled for peers that ask (RFC 6066 §8). */
  readonly ocspResponse?: Uint8Array;
  /** As a log gave them (RFC 6962 §3.3). */
  readonly signedCertificateTimestamps?: readonly Uint8Array[];
}

/**
 * A chain and who signs for it, as configs take them: the leaf's key and names, and the issuers of the chain, are read from the
 * certificates. Whether `signer` has the leaf's key the config checks.
 * @throws ConfigError naming each certificate that can't be read, and the offset
 * @example credential({ chain: await readFile("chain.pem", "utf8"), signer: signer(await readFile("key.pem", "utf8")) })
 */
export function credential(options: CredentialOptions): Credential {
  const { certificates, problems } = readCertificates(options.chain, "chain");
  const { signer, onlyForItsIssuers, ocspResponse, signedCertificateTimestamps } = options;
  const [leaf, ...others] = certificates;
  const [first, ...more] = problems;
  if (first !== undefined) throw new ConfigError([first, ...more]);
  if (leaf === undefined) throw new ConfigError([emptyChain]);
  const issuers: Uint8Array[] = [];
  for (const { issuer } of certificates) if (!issuers.some((known) => equal(known, issuer.raw))) issuers.push(issuer.raw);
  return {
    type: "x509",
    chain: [leaf.der, ...others.map(({ der }) => der)],
    publicKey: leaf.publicKey.raw,
    names: nameTexts(leaf.extensions.subjectAlternativeName?.value ?? [], "services"),
    issuers,
    signer,
    ...(onlyForItsIssuers === undefined ? {} : { onlyForItsIssuers }),
    ...(ocspResponse && { ocspResponse }),
    ...(signedCertificateTimestamps && { signedCertificateTimestamps }),
  };
}

const emptyChain: ConfigProblem = {
  kind: "chain-empty",
  path: "chain",
  problem: "the chain is empty",
  remedy: "give the certificate of the key, and the intermediates up to the root",
};
