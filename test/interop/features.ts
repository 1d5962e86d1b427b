// One table of all that was met: peer × version × feature × role. A test says what it has shown (`shows`), and counts if it passed;
// what no test shows has its reason here. test/support/reporter.ts prints it.
import type { ProtocolVersion } from "@sallyport/core";

/** In the order of the table's columns. */
export const features = {
  full: "full",
  retry: "HelloRetryRequest",
  resumption: "resumption",
  early: "0-RTT",
  client: "client certificate",
  psk: "external PSK",
  update: "KeyUpdate",
  staples: "staples",
  hybrid: "hybrid group",
  alpn: "ALPN",
  close: "closing",
} as const;
export type Feature = keyof typeof features;
/** Ours: as a server we have met the peer's client. */
export type OurRole = "server" | "client";

export interface Met {
  readonly peer: string;
  readonly role: OurRole;
  readonly version: ProtocolVersion;
  readonly feature: Feature;
}
declare module "vitest" {
  interface TaskMeta {
    interop?: Met[];
  }
}

/** Whom we meet, in which roles of ours; by default in both versions. */
const peers: Readonly<Record<string, { readonly roles: readonly OurRole[]; readonly versions?: readonly ProtocolVersion[] }>> = {
  openssl: { roles: ["server", "client"] },
  curl: { roles: ["server"] },
  gnutls: { roles: ["server", "client"] },
  "node:tls": { roles: ["server", "client"] },
  "node:tls with ML-KEM": { roles: ["server", "client"], versions: ["tls1.3"] },
  go: { roles: ["server", "client"] },
  mbedtls: { roles: ["server", "client"] },
  wolfssl: { roles: ["server", "client"] },
  bun: { roles: ["server", "client"], versions: ["tls1.3"] },
  deno: { roles: ["server", "client"], versions: ["tls1.3"] },
  chromium: { roles: ["server"], versions: ["tls1.3"] },
  firefox: { roles: ["server"], versions: ["tls1.3"] },
};

const onlyTls13: ReadonlySet<Feature> = new Set(["retry", "early", "psk", "update", "hybrid"]);

/** The first that fits is the cell's. `can't`: the peer has no way. `untried`: it may have one. */
interface Reason {
  readonly peer?: readonly string[];
  readonly role?: OurRole;
  readonly version?: ProtocolVersion;
  readonly feature: readonly Feature[];
  readonly why: string;
  readonly kind: "can't" | "untried";
}
const browsers = ["chromium", "firefox"];
const nodes = ["node:tls", "node:tls with ML-KEM", "bun", "deno"];
export const reasons: readonly Reason[] = [
  {
    feature: ["hybrid"],
    peer: ["openssl", "curl", "gnutls", "mbedtls", "wolfssl", "node:tls"],
    kind: "can't",
    why: "this release of it, or its OpenSSL, has no hybrid group",
  },
  { feature: ["early"], peer: ["go", "curl", ...nodes], kind: "can't", why: "its API has no early data over TCP" },
  { feature: ["psk"], peer: ["go", "curl", ...browsers], kind: "can't", why: "its API has no external PSK of TLS 1.3" },
  {
    feature: ["psk"],
    peer: nodes,
    kind: "can't",
    why: "its pskCallback is TLS 1.2's and knows no import; openssl stands for its OpenSSL",
  },
  { feature: ["update"], peer: ["go", "curl", ...nodes, ...browsers], kind: "can't", why: "its API asks for no KeyUpdate" },
  { feature: ["retry"], peer: browsers, kind: "can't", why: "it shows a share of every group that it has in common with us" },
  {
    feature: ["full", "retry", "resumption", "early", "client", "psk", "staples", "alpn", "close"],
    peer: ["mbedtls"],
    version: "tls1.3",
    kind: "can't",
    why: "this release of it has no TLS 1.3 in its default build",
  },
  {
    feature: ["psk", "alpn", "early", "staples"],
    peer: ["mbedtls", "wolfssl"],
    kind: "untried",
    why: "our program on the library does not ask for it",
  },
  { feature: ["update"], peer: ["mbedtls"], kind: "can't", why: "the library has no KeyUpdate" },
  {
    feature: ["staples"],
    peer: ["openssl", "curl", "gnutls", "go", ...browsers, "node:tls with ML-KEM", "bun", "deno"],
    kind: "untried",
    why: "node:tls stands for them: staples are bytes that are carried",
  },
  { feature: ["resumption", "client", "alpn"], peer: ["node:tls with ML-KEM"], kind: "untried", why: "node:tls stands for it" },
  {
    feature: ["resumption", "client", "alpn", "close"],
    peer: ["bun", "deno"],
    kind: "untried",
    why: "it is met for its hybrid group; wherever it has node:tls' API, Node.js stands for it",
  },
  { feature: ["retry"], peer: ["bun"], kind: "untried", why: "it shows a share of its first groups at once" },
  { feature: ["retry"], peer: ["deno"], role: "client", kind: "untried", why: "its server takes the share that is there" },
  {
    feature: ["client", "close"],
    peer: browsers,
    kind: "untried",
    why: "a headless browser asks its user which certificate, and tells no page how a connection ended",
  },
  { feature: ["early"], peer: browsers, kind: "untried", why: "nothing in a headless page says whether it was sent" },
  { feature: ["client", "resumption"], peer: ["curl"], kind: "untried", why: "openssl stands for its OpenSSL" },
];

export interface Cell extends Met {
  /** "met" by a test that passed; else why not; undefined: nobody says. */
  readonly outcome: "met" | Reason | undefined;
}

/** @param met by tests that passed */
export function cellsOf(met: readonly Met[]): readonly Cell[] {
  const shown = new Set(met.map(keyOf));
  return wanted().map((cell) => ({
    ...cell,
    outcome: shown.has(keyOf(cell)) ? "met" : reasons.find((reason) => fits(reason, cell)),
  }));
}
function wanted(): readonly Met[] {
  const versions: readonly ProtocolVersion[] = ["tls1.3", "tls1.2"];
  return Object.entries(peers).flatMap(([peer, { roles, versions: spoken = versions }]) =>
    roles.flatMap((role) =>
      spoken.flatMap((version) =>
        namesOfFeatures
          .filter((feature) => version === "tls1.3" || !onlyTls13.has(feature))
          .map((feature) => ({ peer, role, version, feature })),
      ),
    ),
  );
}
export function keyOf({ peer, role, version, feature }: Met): string {
  return `${peer}, our ${role}, ${version}, ${features[feature]}`;
}
const namesOfFeatures = Object.keys(features) as readonly Feature[]; // of an object of ours
function fits({ peer, role, version, feature }: Reason, cell: Met): boolean {
  return (
    feature.includes(cell.feature) &&
    peer?.includes(cell.peer) !== false &&
    (role ?? cell.role) === cell.role &&
    (version ?? cell.version) === cell.version
  );
}

/** For people. `yes`; a number is a reason below, `?` a cell that neither a test nor a reason speaks of, `-` what TLS 1.2 has not. */
export function tableText(cells: readonly Cell[]): readonly string[] {
  const whys: string[] = [];
  const mark = ({ outcome }: Cell): string => {
    if (outcome === "met") return "yes";
    if (outcome === undefined) return "?";
    const why = `${outcome.kind === "can't" ? "can't" : "not tried"}: ${outcome.why}`;
    if (!whys.includes(why)) whys.push(why);
    return String(whys.indexOf(why) + 1);
  };
  const rows = new Map<string, Map<Feature, string>>();
  for (const cell of cells) {
    const name = `${cell.peer.padEnd(21)} ${cell.role === "server" ? "its client, our server" : "our client, its server"}  ${cell.version.slice(3)}`;
    const row = rows.get(name) ?? new Map<Feature, string>();
    rows.set(name, row.set(cell.feature, mark(cell)));
  }
  const widths = namesOfFeatures.map((feature) => features[feature].length);
  const line = (head: string, entries: readonly string[]): string =>
    `${head.padEnd(49)}  ${entries.map((entry, at) => entry.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd();
  const met = cells.filter(({ outcome }) => outcome === "met").length;
  return [
    `interop: ${met} cells met, of ${cells.length}; a number is a reason below`,
    line(
      "",
      namesOfFeatures.map((feature) => features[feature]),
    ),
    ...[...rows].map(([name, row]) =>
      line(
        name,
        namesOfFeatures.map((feature) => row.get(feature) ?? "-"),
      ),
    ),
    ...whys.map((why, at) => `${at + 1}  ${why}`),
  ];
}
