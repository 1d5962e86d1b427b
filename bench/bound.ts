// What a provider's own work is of a handshake in memory: the rest is ours. A bound that nothing above the provider can beat.
import { Acceptor, type ClientStage, Connector, type ServerStage } from "@sallyport/core";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import type { Effort, Figure, Measured } from "./report.ts";
import { digits, ratioText, type Spread, spread, table } from "./rounds.ts";
import { type ProviderName, watched } from "./sides.ts";

/** Seconds, by role: all that a handshake took, and what of it was spent inside the provider, its signer included. */
interface Shares {
  readonly server: Spread;
  readonly client: Spread;
  readonly micros: { readonly server: number; readonly client: number };
}

export function measureBound(authority: Authority, { rounds, quick }: Effort): Measured {
  const rows = [["a full handshake in memory", "server", "of it in the provider", "client", "of it in the provider"]];
  const figures: Figure[] = [];
  const few = quick ? 10 : 50;
  for (const [name, count] of [
    ["crypto-node", quick ? 200 : 1000],
    ["crypto-noble", few],
    ["crypto-wasm", few],
  ] as const) {
    const { server, client, micros } = shares(name, authority, rounds, count);
    rows.push([name, `${digits(micros.server)} µs`, ratioText(server), `${digits(micros.client)} µs`, ratioText(client)]);
    if (name !== "crypto-noble") continue;
    const goal = { better: "more", mustReach: 0.85, aim: 0.95, unit: "" } as const;
    figures.push({ what: "crypto-noble, full handshake, server: of the bound that its primitives set", value: server, goal });
    figures.push({ what: "crypto-noble, full handshake, client: of the bound that its primitives set", value: client, goal });
  }
  return { figures, tables: [table(rows)] };
}

function shares(name: ProviderName, authority: Authority, rounds: number, count: number): Shares {
  const meter = { milliseconds: 0 };
  const { server, client } = watched(name, authority, "full", (target, method, args) => {
    const begun = performance.now();
    try {
      return Reflect.apply(Reflect.get(target, method), target, args);
    } finally {
      meter.milliseconds += performance.now() - begun;
    }
  });
  const nothing = () => ({ server: { all: 0, provider: 0 }, client: { all: 0, provider: 0 } });
  let spent = nothing();
  const at = <Result>(role: "server" | "client", step: () => Result): Result => {
    const [begun, before] = [performance.now(), meter.milliseconds];
    const result = step();
    spent[role].all += performance.now() - begun;
    spent[role].provider += meter.milliseconds - before;
    return result;
  };
  const shake = (): void => {
    let theirs: ServerStage = at("server", () => new Acceptor().start());
    let ours: ClientStage = at("client", () => new Connector(client, "localhost").start());
    while (theirs.kind !== "established") {
      const stage: ServerStage = theirs;
      const hello = ours.output;
      if (stage.kind === "needs-input") theirs = at("server", (): ServerStage => stage.receive(hello));
      else if (stage.kind === "accepted") theirs = at("server", (): ServerStage => stage.choose(server));
      else throw new Error(stage.kind, { cause: stage });
      const waiting: ClientStage = ours;
      const answer = theirs.output;
      if (waiting.kind === "needs-input" && answer.length > 0) ours = at("client", (): ClientStage => waiting.receive(answer));
    }
  };
  for (let warm = 0; warm < count; warm++) shake();
  const results = Array.from({ length: rounds }, () => {
    spent = nothing();
    for (let made = 0; made < count; made++) shake();
    return spent;
  });
  const share = (role: "server" | "client") => spread(results.map((each) => each[role].provider / each[role].all));
  const micros = (role: "server" | "client") => (spread(results.map((each) => each[role].all)).median / count) * 1000;
  return { server: share("server"), client: share("client"), micros: { server: micros("server"), client: micros("client") } };
}
