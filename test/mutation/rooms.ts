// Which tests a room of core is tried against: first what speaks of that room alone, then handshakes, quick ones first. They kill
// most, and what is dead is not tried again.
const rooms: readonly { readonly sources: string; readonly tests: readonly string[]; readonly handshakes: boolean }[] = [
  {
    sources: "packages/core/src/negotiate/",
    tests: [
      "unit/negotiate",
      "property/negotiate",
      "unit/policies",
      "unit/raw-public-keys",
      "unit/external-psk",
      "unit/client-auth",
    ],
    handshakes: false,
  },
  {
    sources: "packages/core/src/wire/",
    tests: [
      "unit/wire-",
      "unit/certificate-spki",
      "vectors/rfc8448-messages",
      "unit/oid-filters",
      "unit/staples",
      "alerts/alerts",
      "unit/client-hello-manners",
      "unit/raw-public-keys",
      "unit/certificate-compression",
    ],
    handshakes: false,
  },
  { sources: "packages/core/src/alerts.ts", tests: ["unit/errors"], handshakes: false },
  { sources: "packages/core/src/errors.ts", tests: ["unit/errors"], handshakes: false },
  {
    sources: "packages/core/src/session/",
    tests: [
      "unit/single-use",
      "unit/session-data",
      "unit/tickets-and-bindings",
      "property/session-states",
      "unit/remembered-group",
      "unit/session-attacks",
      "vectors/rfc8448",
    ],
    handshakes: false,
  },
  {
    sources: "packages/core/src/connection/",
    tests: [
      "unit/extract-secrets",
      "unit/first-bytes",
      "unit/half-rtt",
      "unit/tickets-and-bindings",
      "property/connection",
      "property/data-path",
      "property/limits",
      "property/stages",
      "unit/session-attacks",
    ],
    handshakes: false,
  },
  {
    sources: "packages/core/src/record/",
    tests: [
      "unit/first-bytes",
      "unit/record-",
      "unit/compatibility-mode",
      "unit/extract-secrets",
      "property/data-path",
      "unit/early-data",
      "property/limits",
      "property/wiped-secrets",
      "property/connection",
      "alerts/alerts",
      "property/failing-provider",
    ],
    handshakes: false,
  },
  { sources: "", tests: [], handshakes: true },
];
const handshakes = [
  "property/wiped-secrets",
  "unit/compatibility-mode",
  "unit/hello-checks",
  "unit/oid-filters",
  "unit/staples",
  "unit/tickets-and-bindings",
  "unit/psk-attacks",
  "unit/early-data",
  "unit/policies",
  "unit/client-auth",
  "unit/remembered-group",
  "unit/session-data",
  "unit/raw-public-keys",
  "unit/half-rtt",
  "unit/certificate-compression",
  "unit/external-psk",
  "unit/single-use",
  "unit/tls12-client",
  "unit/extract-secrets",
  "alerts/alerts",
  "unit/client-hello-manners",
  "unit/resumption",
  "unit/session-attacks",
  "vectors/rfc8448",
  "property/tls12",
  "property/limits",
  "property/proof-of",
  "property/boundaries",
  "property/stages",
];

/** @param sources from the root */
export function testsFor(sources: readonly string[]): readonly string[] {
  const touched = new Set(sources.map((source) => rooms.find((room) => source.startsWith(room.sources))));
  const own = [...touched].flatMap((room) => room?.tests ?? []);
  return [...new Set([...own, ...([...touched].some((room) => room?.handshakes === true) ? handshakes : [])])];
}
