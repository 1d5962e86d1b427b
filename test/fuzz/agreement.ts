// Whether two must come to an agreement, if nothing goes wrong between them.
import type { PeerScript } from "@sallyport/arbitraries";
import { pskNames } from "./casts.ts";
import { type Features, mostEarlyData, versionOf } from "./features.ts";

export interface Agreement {
  /** By versions, suites, groups, and all else that hellos say. */
  readonly hellos: boolean;
  /** By what each proves, and whom the other trusts. */
  readonly identities: boolean;
  /** Nobody speaks of a handshake before this one, which in TLS 1.2 is the end of it. */
  readonly isFirst: boolean;
}

export function agreementOf(features: Features, script: PeerScript): Agreement {
  const isOld = versionOf(features, script) === "tls1.2";
  return {
    hellos: features.role === "client" ? likesServer(features, script) : likesClient(features, script),
    identities: isProven(features, script) && isTrusted(features, script),
    isFirst: !isOld || (script.hello.renegotiated ?? 0) === 0,
  };
}

function likesServer({ versions }: Features, { version, downgrades, stubborn }: PeerScript): boolean {
  const isDowngrade = downgrades === true && version === "tls1.2" && versions === "both";
  return !stubborn && !isDowngrade && !(version === "tls1.3" && versions === "tls1.2");
}

function likesClient(features: Features, script: PeerScript): boolean {
  const { hello } = script;
  if (script.talk.some(({ kind }) => kind === "flood")) return false;
  const shows = script.shows || features.authentication !== "required";
  const offersPsks = script.resumes || (script.psks ?? []).length > 0;
  return (
    shows &&
    script.early.reduce((sum, length) => sum + length, 0) <= mostEarlyData &&
    hello.versions?.includes(0x0304) === true &&
    hello.versions.includes(0x0303) &&
    hello.legacyVersion === 0x0303 &&
    hello.more.length === 0 &&
    hello.serverName === "localhost" &&
    hello.compression.join() === "0" &&
    hello.alpn?.includes("h2") === true &&
    [0x001d, 0x0017].every((group) => hello.groups?.includes(group)) &&
    hello.shares?.length === 1 &&
    hello.shares[0] === 0x001d &&
    [0x1301, 0xc02b].every((suite) => hello.suites.includes(suite)) &&
    [0x0403, 0x0807].every((scheme) => hello.schemes?.includes(scheme)) &&
    hello.sessionIdLength % 32 === 0 &&
    hello.renegotiationInfo &&
    (!offersPsks || (hello.pskModes?.includes(1) === true && hello.extendedMasterSecret))
  );
}

/** By external PSKs: no wrong key for a name that is known, and a right one where nothing else proves anything. */
function isProven({ role, psks = "none" }: Features, { psks: named = [], hello }: PeerScript): boolean {
  if (psks === "none") return true;
  const own = pskNamed(named);
  // The raw one goes with SHA-384.
  const isUsable = ({ name }: { readonly name: string }): boolean =>
    role === "client" || name !== "raw" || hello.suites.includes(0x1302);
  const known = own.filter(({ name }) => name !== "unknown").filter(isUsable);
  return known.every(({ isRight }) => isRight) && (psks === "beside" || known.length > 0);
}
/** @param numbers of a script */
export function pskNamed(numbers: readonly number[]): (typeof pskNames)[number][] {
  return numbers.flatMap((at) => pskNames[at % pskNames.length] ?? []);
}

function isTrusted({ rawKeys = "none" }: Features, { rawKey }: PeerScript): boolean {
  if (rawKeys === "none") return true;
  return rawKey === undefined ? rawKeys === "beside" : rawKey % 2 === 0;
}
