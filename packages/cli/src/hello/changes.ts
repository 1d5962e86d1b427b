// The changes that `replay --search` tries: each mends one obstacle, by adding to an offer what every usual server has.
import { isIP } from "node:net";
import type { ClientHello } from "@sallyport/core";
import type { CauseId } from "@sallyport/explain";
import { type HelloParts, listOf16, partsOf, serverName, u16, vector, without, withExtension } from "./edit.ts";

export interface Change {
  /** Such as `offer the groups x25519 and secp256r1`. */
  readonly title: string;
  /** The causes that it would mend. */
  readonly mends: readonly CauseId[];
  apply(parts: HelloParts): HelloParts;
}

/** Those that change anything in this hello. */
export function changesFor(hello: ClientHello, host: string): readonly Change[] {
  const before = JSON.stringify(plain(partsOf(hello)));
  return changes(host).filter((change) => JSON.stringify(plain(change.apply(partsOf(hello)))) !== before);
}
function plain({ suites, extensions, legacyVersion, compressions }: HelloParts): unknown {
  return [suites, legacyVersion, compressions, extensions.map(({ type, data }) => [type, [...data]])];
}

const changes = (host: string): readonly Change[] => [
  {
    title: "offer the groups x25519 and secp256r1",
    mends: ["no-common-group", "no-supported-groups", "missing-extension"],
    apply: (parts) => withExtension(withPoints(parts), 10, listOf16(added(read16(parts, 10), [0x1d, 0x17]))),
  },
  {
    title: "offer ECDHE suites for RSA certificates",
    mends: ["suite-needs-other-key", "no-common-suite"],
    apply: (parts) => withSuites(parts, [0xc02f, 0xc030, 0xc013, 0xc014]),
  },
  {
    title: "offer ECDHE suites for ECDSA certificates",
    mends: ["suite-needs-other-key", "no-common-suite"],
    apply: (parts) => withSuites(parts, [0xc02b, 0xc02c, 0xc009, 0xc00a]),
  },
  {
    title: "accept signatures by ECDSA and RSA with SHA-256, RSA-PSS among them",
    mends: ["no-common-scheme"],
    apply: (parts) =>
      withExtension(parts, 13, listOf16(added(read16(parts, 13), [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501]))),
  },
  {
    title: "offer TLS 1.2",
    mends: ["no-common-version"],
    apply: (parts) => {
      const raised = { ...parts, legacyVersion: Math.max(parts.legacyVersion, 0x0303) };
      const versions = parts.extensions.find(({ type }) => type === 43);
      if (versions === undefined) return raised;
      const known = pairs(versions.data.subarray(1));
      return withExtension(raised, 43, vector(1, added(known, [0x0303]).flatMap(u16)));
    },
  },
  {
    title: `ask for the server by name (server_name ${host})`,
    mends: ["server-name-missing", "server-name-unknown"],
    apply: (parts) => (isIP(host) === 0 ? withExtension(parts, 0, serverName(host)) : parts),
  },
  { title: "offer no application protocol (ALPN)", mends: ["no-common-alpn"], apply: (parts) => without(parts, 16) },
  {
    title: "offer extended_master_secret and secure renegotiation",
    mends: ["extended-master-secret-required", "legacy-renegotiation"],
    apply: (parts) => withExtension(withSuites(parts, [0x00ff]), 23, []),
  },
];

function withSuites(parts: HelloParts, suites: readonly number[]): HelloParts {
  return { ...parts, suites: added(parts.suites, suites) };
}
/** TLS 1.2: uncompressed points. */
function withPoints(parts: HelloParts): HelloParts {
  return parts.extensions.some(({ type }) => type === 11) ? parts : withExtension(parts, 11, [1, 0]);
}
function added(known: readonly number[], more: readonly number[]): readonly number[] {
  return [...known, ...more.filter((value) => !known.includes(value))];
}
function read16(parts: HelloParts, type: number): readonly number[] {
  const data = parts.extensions.find((each) => each.type === type)?.data;
  return data === undefined ? [] : pairs(data.subarray(2));
}
function pairs(bytes: Uint8Array): readonly number[] {
  return Array.from({ length: bytes.length >> 1 }, (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0));
}
