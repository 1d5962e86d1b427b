import { dangerousAssertVerified } from "../config/identity.ts";
import { defaultLimits } from "../config/limits.ts";
import type { ConnectionOptions } from "../config/options.ts";
import type { CryptoProvider, HashImplementation, SuiteImplementation } from "../crypto/provider.ts";
import { ApiMisuse } from "../errors.ts";
import { ReadKeys, WriteKeys } from "../record/keys.ts";
import { ReadKeysTls12, WriteKeysTls12 } from "../record/keys-tls12.ts";
import type { ReadProtection, WriteProtection } from "../record/protection.ts";
import { copy } from "../wire/bytes.ts";
import type { Agreement } from "./connection.ts";
import { exporterOf } from "./exporters.ts";
import { Link } from "./link.ts";
import type { ConnectionSecrets, DirectionSecrets } from "./types.ts";

/** A link as it was when its secrets were extracted. @param secrets are copied. */
export function restore(
  secrets: ConnectionSecrets, provider: CryptoProvider, options: ConnectionOptions,
): { readonly link: Link; readonly agreement: Agreement; readonly peerClosed: boolean } {
  const { role, version, read, write, exporter, unread, info, peer } = secrets;
  const suite = provider.suites.find(({ name }) => name === secrets.suite);
  const hash = suite && provider.hashes.find(({ name }) => name === suite.hash);
  if (suite === undefined || hash === undefined) throw new ApiMisuse("bad-argument", `the provider has no ${secrets.suite}`);
  const limits = { ...defaultLimits, ...options.limits };
  const link = new Link(role, limits, undefined);
  link.phase = "established";
  link.serverName = info.serverName;
  link.writeClosed = write.closed;
  if (!write.closed) link.outgoing.protect(writeKeys(suite, hash, write));
  if (!read.closed) link.incoming.protect(readKeys(suite, hash, read), "extraction");
  if (version === "tls1.2") link.incoming.takesWarnings = true;
  link.incoming.feed(copy(unread));
  const agreement: Agreement = {
    info: { ...info, peer: peer && dangerousAssertVerified(peer.presented, { path: peer.path, names: peer.names }) },
    suite,
    exporter: exporter && exporterOf(version, hash, exporter),
    limits,
    truncation: options.truncation ?? "strict",
    mayExtract: true,
  };
  return { link, agreement, peerClosed: read.closed };
}

function writeKeys(suite: SuiteImplementation, hash: HashImplementation, { secret, key, iv, sequence }: DirectionSecrets): WriteProtection {
  if (secret !== undefined) return new WriteKeys(suite, hash, copy(secret), expectSequence(sequence));
  return new WriteKeysTls12(suite, copy(key), copy(iv), expectSequence(sequence));
}

function readKeys(suite: SuiteImplementation, hash: HashImplementation, { secret, key, iv, sequence }: DirectionSecrets): ReadProtection {
  if (secret !== undefined) return new ReadKeys(suite, hash, copy(secret), expectSequence(sequence));
  return new ReadKeysTls12(suite, copy(key), copy(iv), expectSequence(sequence));
}

/** A number used twice would give the key away. */
function expectSequence(sequence: unknown): number {
  if (Number.isSafeInteger(sequence) && Number(sequence) >= 0) return Number(sequence);
  throw new ApiMisuse("bad-argument", "a sequence number is an integer from 0 to 2^53 - 1");
}
