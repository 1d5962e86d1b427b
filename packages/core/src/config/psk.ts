// Keys that both sides have from elsewhere (RFC 9846 §2.2, RFC 9258).
import { type Bytes, copy, empty } from "../wire/bytes.ts";
import type { HashName } from "../wire/registry.ts";
import { write } from "../wire/writer.ts";
import { type ProblemKind, Problems } from "./problems.ts";

export interface ImportedPskOptions {
  /** What both sides call the key: 1 to 1024 bytes. It goes over the wire in clear. */
  readonly identity: Uint8Array;
  /** Random, 16 bytes or more; no password (RFC 9257 §4.2). Copied. */
  readonly key: Uint8Array;
  /**
   * What else both sides must agree on, 1024 bytes at most. Who is client of one peer and server of another by the same key
   * names both: a node that is led to itself then fails, since it is not both (Selfie: RFC 9257 §4.1; RFC 9258, Appendix A).
   */
  readonly context?: Uint8Array | { readonly client: Uint8Array; readonly server: Uint8Array };
  /** What the key was agreed on with. Default sha256 (RFC 9258 §5.1). The suites' hashes may be others. */
  readonly hash?: HashName;
}

export interface RawPskOptions {
  /** 1 to 1024 bytes; in clear on the wire. */
  readonly identity: Uint8Array;
  /** Random, 16 bytes or more. Copied. */
  readonly key: Uint8Array;
  /** The one hash that it goes with: suites of another are not spoken by it (RFC 9846 §4.3.11). */
  readonly hash: HashName;
}

/**
 * A key that is imported for each hash of the suites, so that none is used with two (RFC 9258). Give it to a config's `psks`.
 *
 * @example importedPsk({ identity: text("line 7"), key, context: { client: text("boiler"), server: text("house") } })
 * @throws ConfigError with every problem and its remedy
 */
export function importedPsk(options: ImportedPskOptions): ExternalPsk {
  return make("imported", options);
}

/**
 * A key that goes into the key schedule as it is, for peers that don't import: OpenSSL, GnuTLS. Nothing keeps it from being used
 * elsewhere with another hash or protocol, and a node that uses it in both roles can be led to itself (RFC 9257 §4.1).
 *
 * @throws ConfigError with every problem and its remedy
 */
export function dangerousRawPsk(options: RawPskOptions): ExternalPsk {
  return make("raw", options);
}

/** Shows its key to nobody; a config has its own copy. */
export class ExternalPsk {
  readonly kind: "imported" | "raw";
  readonly identity: Bytes;
  /** RFC 9258 §5.1; a raw one has none. */
  readonly context: Bytes;
  readonly hash: HashName;
  readonly #key: Bytes;
  private constructor(kind: "imported" | "raw", identity: Bytes, context: Bytes, hash: HashName, key: Bytes) {
    this.kind = kind;
    this.identity = identity;
    this.context = context;
    this.hash = hash;
    this.#key = key;
    Object.freeze(this);
  }
  /** @internal */
  static make(kind: "imported" | "raw", identity: Bytes, context: Bytes, hash: HashName, key: Bytes): ExternalPsk {
    return new ExternalPsk(kind, identity, context, hash, key);
  }
  /** @internal undefined: none of ours. */
  static keyOf(psk: unknown): Bytes | undefined {
    return typeof psk === "object" && psk !== null && #key in psk ? psk.#key : undefined;
  }
}

const leastKey = 16;
const mostBytes = 1024;
const hashes: readonly HashName[] = ["sha256", "sha384", "sha512"];

function make(kind: "imported" | "raw", given: ImportedPskOptions | RawPskOptions): ExternalPsk {
  const problems = new Problems();
  const { identity, key, hash = kind === "imported" ? "sha256" : undefined } = given;
  const context = "context" in given ? readContext(given.context, problems) : empty;
  expectBytes(identity, "identity", [1, mostBytes], "wrong-length", problems);
  expectBytes(key, "key", [leastKey, Number.POSITIVE_INFINITY], "weak-key", problems);
  if (key instanceof Uint8Array && key.length >= leastKey && key.every((byte) => byte === 0)) {
    problems.add("weak-key", "key", "is all zeros", "give a random one, and before it is wiped");
  }
  if (hash === undefined || !hashes.includes(hash)) {
    problems.add("unknown-name", "hash", `is ${String(hash)}`, `write ${hashes.join(" or ")}`);
  }
  if (problems.count > 0 || hash === undefined) return problems.refuse();
  return ExternalPsk.make(kind, copy(identity), context, hash, copy(key));
}

function readContext(given: ImportedPskOptions["context"], problems: Problems): Bytes {
  if (given === undefined) return empty;
  if (given instanceof Uint8Array) {
    expectBytes(given, "context", [0, mostBytes], "wrong-length", problems);
    return copy(given);
  }
  const { client, server } = given;
  const known = problems.count;
  expectBytes(client, "context.client", [1, 255], "wrong-length", problems);
  expectBytes(server, "context.server", [1, 255], "wrong-length", problems);
  // RFC 9258, Appendix A: opaque client<0..2^8-1>; opaque server<0..2^8-1>.
  return problems.count > known ? empty : write((writer) => writer.opaque(1, client).opaque(1, server));
}

function expectBytes(
  given: unknown,
  path: string,
  [least, most]: readonly [number, number],
  kind: ProblemKind,
  problems: Problems,
): void {
  if (!(given instanceof Uint8Array)) {
    problems.add("wrong-type", path, "is no Uint8Array", "give bytes");
  } else if (given.length < least || given.length > most) {
    const remedy = most === Number.POSITIVE_INFINITY ? `give ${least} or more` : `give ${least} to ${most}`;
    problems.add(kind, path, `has ${given.length} bytes`, remedy);
  }
}
