import type { Limits } from "./options.ts";
import { isRecord, type Problems, rejectUnknownKeys } from "./problems.ts";

const KiB = 1024;

export const defaultLimits: Limits = Object.freeze({
  // Today's largest honest one is 2 KiB (browsers, with a hybrid share and ECH); the rest is for tickets and larger keys.
  clientHello: 16 * KiB,
  // Ten certificates of RSA-4096 are 20 KiB, ten of ML-DSA-65 are 55 KiB.
  certificateMessage: 64 * KiB,
  // Public chains have two to four; the work of building a path grows with each.
  certificateChain: 10,
  // All but Certificate. The largest honest one is a CertificateRequest that names some hundred authorities.
  handshakeMessage: 16 * KiB,
  // Where our tickets allow none, only a client with another host's session sends any (RFC 9846 §4.3.10).
  skippedEarlyData: 16 * KiB,
  // An empty record costs a tag's work and brings nothing; OpenSSL and BoringSSL stop there too.
  emptyRecordsInARow: 32,
  // BoringSSL's number. In TLS 1.3 only user_canceled is a warning at all.
  warningAlerts: 4,
  // Middlebox compatibility needs one (RFC 9846, Appendix E.4); some clients repeat it behind the second ClientHello.
  changeCipherSpecs: 2,
  // BoringSSL's number for KeyUpdate; tickets count too, and servers send two or four.
  postHandshakeInARow: 32,
  // RFC 9846 §5.5 lets AES-GCM seal 2^24.5 full records a key; less than half of that leaves a margin for a late KeyUpdate.
  recordsPerKey: 2 ** 23,
});

/** Below it no honest peer gets through. */
const least: Limits = {
  clientHello: 512,
  certificateMessage: KiB,
  certificateChain: 1,
  handshakeMessage: KiB,
  skippedEarlyData: 1,
  emptyRecordsInARow: 1,
  warningAlerts: 1,
  changeCipherSpecs: 1,
  postHandshakeInARow: 2,
  // KeyUpdate is a record itself: some must be left for data.
  recordsPerKey: 4,
};

/** Above it something breaks that is not ours to loosen. */
const most: Partial<Limits> = {
  recordsPerKey: 2 ** 24,
};

/** The defaults, with what the options say put over them. */
export function readLimits(given: Partial<Limits> | undefined, problems: Problems): Limits {
  const limits: { -readonly [K in keyof Limits]: Limits[K] } = { ...defaultLimits };
  if (given === undefined) return defaultLimits;
  if (!isRecord(given)) {
    problems.add("wrong-type", "limits", "is no object", "give an object with the limits that differ from the defaults");
    return defaultLimits;
  }
  rejectUnknownKeys(given, limitNames, "limits", problems);
  for (const name of limitNames) {
    const value = given[name];
    if (value === undefined) continue;
    const path = `limits.${name}`;
    const greatest = most[name] ?? Number.MAX_SAFE_INTEGER;
    if (!Number.isSafeInteger(value) || value <= 0) {
      problems.add("not-a-positive-integer", path, `is ${String(value)}`, "give a whole number above zero");
    } else if (value < least[name]) {
      problems.add("limit-too-small", path, `is ${value}, by which no honest peer gets through`, `give at least ${least[name]}`);
    } else if (value > greatest) {
      problems.add("limit-too-large", path, `is ${value}, which the cipher does not bear`, `give at most ${greatest}`);
    } else {
      limits[name] = value;
    }
  }
  return Object.freeze(limits);
}

// `least` is a literal of ours: it has the type's keys and no others.
const limitNames = Object.keys(least) as readonly (keyof Limits)[];
