// A pair that agrees on what surrounds certificates and records: raw public keys both ways, compressed where there is TLS 1.3, in
// small records.
import { type Credential, type ProtocolVersion, rawPublicKey, rawPublicKeys } from "@sallyport/core";
import { certificateCompressors } from "@sallyport/crypto-node";
import type { PairOptions } from "./pair.ts";
import { seededCredential } from "./seeded.ts";

/** Brotli takes its time, and configs are made often here. */
const certificateCompression = certificateCompressors.filter(({ algorithm }) => algorithm === "zlib");

export function extendedPair(version: ProtocolVersion): PairOptions {
  const own = (name: string): Credential => rawPublicKey(seededCredential(name).signer, ["localhost"]);
  const knows = (name: string) => rawPublicKeys({ allowed: [own(name).publicKey] });
  return {
    version,
    server: {
      credentials: [own("server")],
      clientAuthentication: { mode: "required", verifier: knows("client") },
      maxRecordSize: 500,
      ...(version === "tls1.3" && { certificateCompression }),
    },
    client: {
      credentials: [own("client")],
      verifier: knows("server"),
      maxRecordSize: 700,
      certificateCompression,
    },
  };
}
