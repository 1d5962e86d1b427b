// A key that both sides have from elsewhere (RFC 9846 §2.2), as a peer has it: `PeerOptions.psks`.
import type { CryptoProvider, HashName } from "@sallyport/core";
import { expandLabel, hashOf } from "./key-schedule.ts";
import { versionIds } from "./numbers.ts";
import { join, repeat, u16, v16 } from "./octets.ts";
import type { PeerSession } from "./script.ts";

export interface ExternalPskOptions {
  readonly identity: Uint8Array;
  readonly key: Uint8Array;
  /** `imported`: by SHA-256 for its suites, with an empty context (RFC 9258). Else as it is, for the suites of that hash. */
  readonly as: "imported" | "sha256" | "sha384";
}

/** @throws TypeError if the provider has no SHA-256 */
export function externalPsk({ hashes }: CryptoProvider, { identity, key, as }: ExternalPskOptions): PeerSession {
  const common = { version: "tls1.3", id: repeat(0), ageAdd: 0 } as const;
  if (as !== "imported")
    return { ...common, suite: suiteOf[as], ticket: join(identity), secret: join(key), binder: "ext binder" };
  const hash = hashes.find(({ name }) => name === "sha256");
  if (hash === undefined) throw new TypeError("the provider has no sha256");
  // §5.1: the identity, the context, TLS 1.3, HKDF_SHA256.
  const ticket = join(v16(identity), v16(), u16(versionIds["tls1.3"], 1));
  const secret = expandLabel(hash, hash.hmac(repeat(hash.length), key), "derived psk", hashOf(hash, ticket), hash.length);
  return { ...common, suite: suiteOf.sha256, ticket, secret, binder: "imp binder" };
}
/** Any suite of the hash will do. */
const suiteOf: Readonly<Record<Exclude<HashName, "sha512">, number>> = { sha256: 0x1301, sha384: 0x1302 };
