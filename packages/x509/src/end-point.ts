import type { Bytes, CryptoProvider } from "@sallyport/core";
import { signatureHash } from "./algorithms.ts";
import { parseCertificate } from "./certificate.ts";

/**
 * The channel binding tls-server-end-point (RFC 5929 §4): a hash of the server's certificate, by the hash of its signature, or
 * by SHA-256 where that is MD5 or SHA-1. It binds to a certificate and not to a connection: `connection.channelBinding()` does.
 *
 * @param certificate the leaf in DER: at a client `info.peer?.presented.chain[0]`, at a server its credential's
 * @param provider has the hash
 * @returns undefined: the signature has no hash of its own (Ed25519, ML-DSA), for which nothing is defined; or the provider lacks it
 * @throws DerError if it is no certificate
 */
export function serverEndPoint(certificate: Uint8Array, { hashes }: Pick<CryptoProvider, "hashes">): Bytes | undefined {
  const { signatureAlgorithm } = parseCertificate(certificate);
  const name = signatureHash(signatureAlgorithm);
  const hash = hashes.find((candidate) => candidate.name === name);
  return hash?.create().update(certificate).digest();
}
