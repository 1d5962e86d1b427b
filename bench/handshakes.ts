// Handshakes on loopback, by the processor's time at each end.
import type { Loopback } from "./loopback.ts";
import type { Bars } from "./pictures.ts";
import type { Effort, Figure, Goal, Measured } from "./report.ts";
import { digits, inTurns, ratios, ratioText, spread, table } from "./rounds.ts";
import { type Contender, type Handshake, handshakes, type Outcome } from "./work.ts";

const contenders = ["node:tls", "bare", "crypto-node"] as const;
type Name = (typeof contenders)[number];

const what: Readonly<Record<Handshake, string>> = {
  full: "full",
  unverified: "full, the client verifies no chain",
  ticketed: "full, two tickets from either server",
  resumed: "resumed",
};
const goalsOf: Readonly<Record<Handshake, readonly { readonly of: "server" | "client"; readonly goal: Goal }[]>> = {
  full: [
    { of: "server", goal: x(1.3, 1.6) },
    { of: "client", goal: x(1.05, 1.2) },
  ],
  unverified: [{ of: "client", goal: x(1.05, 1.2) }],
  ticketed: [{ of: "server", goal: x(1.3, 1.6) }],
  resumed: [{ of: "server", goal: x(1.5, 1.8) }],
};

function x(mustReach: number, aim: number): Goal {
  return { better: "more", mustReach, aim, unit: "x" };
}

/** TLS 1.3, X25519, ECDSA P-256, one certificate under a CA, one byte from the server, 16 in flight. Ratios: node:tls's CPU to ours. */
export async function measureHandshakes(loopback: Loopback, { rounds, quick }: Effort): Promise<Measured> {
  const count = quick ? 200 : 500;
  const figures: Figure[] = [];
  const rates = { server: bars(), client: bars() };
  const rows = [
    [
      "handshakes on loopback",
      "node:tls, server",
      "client",
      "its calls and sockets alone, server",
      "client",
      "crypto-node, server",
      "client",
      "server, x",
      "client, x",
    ],
  ];
  for (const handshake of handshakes) {
    const shake = (contender: Contender, length = count): Promise<Outcome> =>
      loopback.run(contender, { kind: "handshakes", count: length, inFlight: 16, handshake });
    // A process gets twice as fast within its first thousands.
    for (const name of contenders) await shake(name, quick ? 500 : handshake === "full" ? 4000 : 1000);
    const results = await inTurns(rounds, {
      "node:tls": () => shake("node:tls"),
      bare: () => shake("bare"),
      "crypto-node": () => shake("crypto-node"),
    });
    const of = { server: "serverCpuSeconds", client: "cpuSeconds" } as const;
    const each = (name: Name, side: "server" | "client") => results[name].map((result) => result[of[side]]);
    const micros = (name: Name, side: "server" | "client") => `${digits((spread(each(name, side)).median / count) * 1e6)} µs`;
    const ratio = (side: "server" | "client", name: Name = "crypto-node") => ratios(each("node:tls", side), each(name, side));
    rows.push([
      what[handshake],
      micros("node:tls", "server"),
      micros("node:tls", "client"),
      micros("bare", "server"),
      micros("bare", "client"),
      micros("crypto-node", "server"),
      micros("crypto-node", "client"),
      ratioText(ratio("server")),
      ratioText(ratio("client")),
    ]);
    for (const side of ["server", "client"] as const) {
      for (const { name, values } of rates[side]) values.push(count / spread(each(name, side)).median);
    }
    for (const { of: side, goal } of goalsOf[handshake]) {
      figures.push({
        what: `handshake, ${what[handshake]}: ${side}'s CPU`,
        value: ratio(side),
        limit: ratio(side, "bare"),
        goal,
      });
    }
  }
  const picture: Bars = {
    kind: "bars",
    name: "handshakes",
    title: "Handshakes of TLS 1.3 on loopback, a CPU second",
    y: "handshakes a CPU second",
    groups: ["full", "unverified", "two tickets", "resumed"],
    panels: [
      { title: "of the server's", bars: rates.server },
      { title: "of the client's", bars: rates.client },
    ],
  };
  return { figures, tables: [table(rows)], pictures: [picture] };
}

function bars(): readonly { readonly name: Name; readonly values: number[] }[] {
  return contenders.map((name) => ({ name, values: [] }));
}
