// A connection that ends here and goes on elsewhere: out of its link as plain data, and back.
import { dangerousAssertVerified, plainIdentity } from "../config/identity.ts";
import { readLimits } from "../config/limits.ts";
import type { ConnectionOptions } from "../config/options.ts";
import { suiteMeanings } from "../config/parameters.ts";
import { isRecord, Problems } from "../config/problems.ts";
import { readChoice } from "../config/read-option.ts";
import type { CryptoProvider, HashImplementation, SuiteImplementation } from "../crypto/provider.ts";
import { ApiMisuse } from "../errors.ts";
import { maxPlaintext } from "../record/format.ts";
import { ReadKeys, WriteKeys } from "../record/keys.ts";
import { ivLengthOf, ReadKeysTls12, WriteKeysTls12 } from "../record/keys-tls12.ts";
import type { ReadProtection, WriteProtection } from "../record/protection.ts";
import { copy, empty } from "../wire/bytes.ts";
import type { Agreement } from "./connection.ts";
import { exporterLength, exporterOf } from "./exporters.ts";
import { Link } from "./link.ts";
import type { ConnectionSecrets, DirectionSecrets } from "./types.ts";

/** What goes on with a connection elsewhere; copied. @param peerClosed the peer's close_notify has come: nothing is read any more. */
export function secretsOf(
  link: Link,
  { info: { peer, ...info }, suite, exporter }: Agreement,
  peerClosed: boolean,
): ConnectionSecrets {
  return {
    role: link.role,
    version: info.version,
    suite: suite.name,
    read: peerClosed ? endedDirection : { ...link.incoming.extract(), closed: false },
    write: { ...link.outgoing.extract(), closed: link.writeClosed },
    exporter: exporter?.secret(),
    unread: link.incoming.unread,
    info,
    peer: peer && plainIdentity(peer),
  };
}

/** Keys of a direction that has ended are gone. */
const endedDirection = { secret: undefined, key: empty, iv: empty, sequence: 0, closed: true };

/** A link as it was when its secrets were extracted. @param secrets are copied. @throws ApiMisuse if they are none. */
export function restore(
  secrets: ConnectionSecrets,
  provider: CryptoProvider,
  options: ConnectionOptions,
): { readonly link: Link; readonly agreement: Agreement; readonly peerClosed: boolean } {
  const { suite, hash } = expectSecrets(secrets, provider);
  const { role, version, read, write, exporter, unread, info, peer } = secrets;
  const problems = new Problems();
  const limits = readLimits(options.limits, problems);
  const truncation = readChoice(options.truncation, "truncation", ["strict", "lenient"], problems);
  if (problems.count > 0) throw new ApiMisuse("bad-argument", problems.toString());
  const link = new Link(role, limits, undefined);
  link.phase = "established";
  link.serverName = info.serverName;
  link.writeClosed = write.closed;
  link.recordSizes = info.maxRecordSize;
  if (!write.closed) link.outgoing.protect(writeKeys(suite, hash, write));
  if (!read.closed) link.incoming.protect(readKeys(suite, hash, read), "extraction");
  if (version === "tls1.2") link.incoming.takesWarnings = true;
  link.incoming.feed(copy(unread));
  const agreement: Agreement = {
    info: { ...info, peer: peer && dangerousAssertVerified(peer.presented, peer) },
    suite,
    exporter: exporter && exporterOf(version, hash, exporter),
    limits,
    truncation,
    mayExtract: true,
  };
  return { link, agreement, peerClosed: read.closed };
}

function writeKeys(
  suite: SuiteImplementation,
  hash: HashImplementation,
  { secret, key, iv, sequence }: DirectionSecrets,
): WriteProtection {
  if (secret !== undefined) return new WriteKeys(suite, hash, copy(secret), sequence);
  return new WriteKeysTls12(suite, copy(key), copy(iv), sequence);
}

function readKeys(
  suite: SuiteImplementation,
  hash: HashImplementation,
  { secret, key, iv, sequence }: DirectionSecrets,
): ReadProtection {
  if (secret !== undefined) return new ReadKeys(suite, hash, copy(secret), sequence);
  return new ReadKeysTls12(suite, copy(key), copy(iv), sequence);
}

/** All that was bytes still is: secrets that JSON carried would be empty ones, and their keys anybody's. */
function expectSecrets(
  secrets: ConnectionSecrets,
  provider: CryptoProvider,
): { readonly suite: SuiteImplementation; readonly hash: HashImplementation } {
  if (!isRecord(secrets)) throw new ApiMisuse("bad-argument", "resume takes what extractSecrets gave");
  const { role, version, read, write, exporter, unread, info, peer } = secrets;
  const suite = provider.suites.find(({ name }) => name === secrets.suite);
  const hash = suite && provider.hashes.find(({ name }) => name === suite.hash);
  if (suite === undefined || hash === undefined) throw new ApiMisuse("bad-argument", `the provider has no ${secrets.suite}`);
  expect(role === "client" || role === "server", "role");
  expect(suiteMeanings[suite.name].version === version, "version");
  expect(isRecord(info), "info");
  expect(isRecord(info.maxRecordSize), "info.maxRecordSize");
  for (const size of [info.maxRecordSize.send, info.maxRecordSize.receive]) {
    expect(Number.isInteger(size) && size > 0 && size <= maxPlaintext, "info.maxRecordSize");
  }
  expect(peer === undefined || (isRecord(peer) && isRecord(peer.presented)), "peer");
  expect(unread instanceof Uint8Array, "unread");
  expect(exporter === undefined || hasLength(exporter, exporterLength(version, hash)), "exporter");
  for (const [name, direction] of Object.entries({ read, write })) {
    expect(isRecord(direction) && typeof direction.closed === "boolean", name);
    if (direction.closed) continue;
    const { secret, key, iv, sequence } = direction;
    if (version === "tls1.3") expect(hasLength(secret, hash.length), `${name}.secret`);
    else expect(secret === undefined && hasLength(key, suite.keyLength) && hasLength(iv, ivLengthOf(suite)), `${name}.key`);
    // A number used twice would give the key away.
    expect(Number.isSafeInteger(sequence) && sequence >= 0, `${name}.sequence`);
  }
  return { suite, hash };
}

function hasLength(bytes: unknown, length: number): boolean {
  return bytes instanceof Uint8Array && bytes.length === length;
}
function expect(holds: boolean, name: string): void {
  if (!holds) throw new ApiMisuse("bad-argument", `secrets.${name} is not what extractSecrets gave`);
}
