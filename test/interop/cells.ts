import type { CipherSuiteName, NamedGroup, ProtocolVersion, SignatureScheme } from "@sallyport/core";
import type { KeyKind } from "../support/pki.ts";

/** One handshake of the matrix. With `retry` the client's first key share is for another group, or there is none. */
export interface Cell {
  readonly version: ProtocolVersion;
  readonly suite: CipherSuiteName;
  readonly group: NamedGroup;
  readonly retry: boolean;
  readonly key: KeyKind;
}

const suites = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] as const;
const suitesTls12 = {
  ecdsa: [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
  ],
  rsa: [
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
  ],
} as const;
export const groups = ["x25519", "secp256r1", "secp384r1"] as const;
/** With one certificate: neither has anything to do with the other. */
export const moreGroups = ["secp521r1", "X25519MLKEM768", "SecP256r1MLKEM768"] as const;
export const classicalGroups: readonly NamedGroup[] = [...groups, "secp521r1"];
export const keys = ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa"] as const;

export const allCells: Readonly<Record<ProtocolVersion, readonly Cell[]>> = {
  "tls1.3": [
    ...keys.flatMap((key) => [false, true].flatMap((retry) => cellsOf("tls1.3", groups, retry, key))),
    ...[false, true].flatMap((retry) => cellsOf("tls1.3", moreGroups, retry, "ecdsa-p256")),
  ],
  "tls1.2": [
    ...keys.flatMap((key) => cellsOf("tls1.2", groups, false, key)),
    ...cellsOf("tls1.2", ["secp521r1"], false, "ecdsa-p256"),
  ],
};

function cellsOf(version: ProtocolVersion, named: readonly NamedGroup[], retry: boolean, key: KeyKind): readonly Cell[] {
  const fitting = version === "tls1.3" ? suites : suitesTls12[key === "rsa" ? "rsa" : "ecdsa"];
  return named.flatMap((group) => fitting.map((suite) => ({ version, suite, group, retry, key })));
}

/** What the cell's key proves itself with (§4.5.2). In TLS 1.2 a scheme doesn't bind its hash to a curve (§4.3.3), and RSA has two paddings. */
export function schemesOf({ version, key }: Cell): readonly SignatureScheme[] {
  if (version === "tls1.3") return schemes[key];
  if (key.startsWith("ecdsa")) return [...schemes["ecdsa-p256"], ...schemes["ecdsa-p384"], ...schemes["ecdsa-p521"]];
  return key === "rsa" ? [...schemes.rsa, "rsa_pkcs1_sha256", "rsa_pkcs1_sha384", "rsa_pkcs1_sha512"] : schemes[key];
}
const schemes: Readonly<Record<KeyKind, readonly SignatureScheme[]>> = {
  "ecdsa-p256": ["ecdsa_secp256r1_sha256"],
  "ecdsa-p384": ["ecdsa_secp384r1_sha384"],
  "ecdsa-p521": ["ecdsa_secp521r1_sha512"],
  ed25519: ["ed25519"],
  rsa: ["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512"],
  "rsa-pss": ["rsa_pss_pss_sha256"],
  mldsa44: ["mldsa44"],
  mldsa65: ["mldsa65"],
  mldsa87: ["mldsa87"],
};

/** The certificate's curve, which a client of TLS 1.2 must have among its groups (RFC 8422 §5.1). */
const curves: Partial<Record<KeyKind, NamedGroup>> = {
  "ecdsa-p256": "secp256r1",
  "ecdsa-p384": "secp384r1",
  "ecdsa-p521": "secp521r1",
};

/** What a client offers for the cell: in TLS 1.3 the group, behind another one for a retry; in TLS 1.2 the certificate's curve too. */
export function offeredGroups({ version, group, retry, key }: Cell): readonly NamedGroup[] {
  if (version === "tls1.3") return retry ? [otherGroup(group), group] : [group];
  const curve = curves[key];
  return curve === undefined || curve === group ? [group] : [group, curve];
}

/** A group that a client can offer first so that `group` needs a HelloRetryRequest. */
function otherGroup(group: NamedGroup): NamedGroup {
  return group === "x25519" ? "secp256r1" : "x25519";
}

/** `ecdsa-p256` → `x25519 after retry` → how many suites. */
export type Counts = Record<string, Record<string, number>>;

export function count(cells: readonly Cell[]): Counts {
  const counts: Counts = {};
  for (const cell of cells) {
    counts[cell.key] ??= {};
    const row = counts[cell.key] ?? {};
    row[column(cell)] = (row[column(cell)] ?? 0) + 1;
  }
  return counts;
}

export function nameOf(cell: Cell): string {
  return `${cell.suite}, ${column(cell)}, ${cell.key}`;
}

/** The matrix for people: a row a certificate, a column a group, the number of suites in each cell. */
export function table(title: string, counts: Counts): string {
  const columns = [...new Set(Object.values(counts).flatMap(Object.keys))];
  const rows = Object.entries(counts).map(([key, row]) => [key, ...columns.map((name) => String(row[name] ?? "-"))]);
  const total = Object.values(counts)
    .flatMap((row) => Object.values(row))
    .reduce((sum, suites) => sum + suites, 0);
  const widths = ["certificate", ...columns].map((name, at) => Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const lines = [["certificate", ...columns], ...rows].map((row) =>
    row
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [`${title}: ${total} handshakes (suites a cell)`, ...lines.map((line) => `  ${line}`)].join("\n");
}

/** Of the counts those whose group is among these. */
export function countsOf(counts: Counts | undefined, named: readonly NamedGroup[]): Counts {
  const columns = new Set(
    Object.values(allCells)
      .flat()
      .filter(({ group }) => named.includes(group))
      .map(column),
  );
  const rows = Object.entries(counts ?? {}).map(([key, row]): [string, Record<string, number>] => [
    key,
    Object.fromEntries(Object.entries(row).filter(([name]) => columns.has(name))),
  ]);
  return Object.fromEntries(rows);
}

function column({ group, retry }: Cell): string {
  return retry ? `${group} after retry` : group;
}
