// A child of its own, whose heap holds nothing else: established connections that were used and are idle, and what they weigh.
import { readFileSync } from "node:fs";
import {
  Acceptor,
  type ClientConfig,
  type ClientStage,
  type Connection,
  Connector,
  type ProtocolVersion,
  type ServerConfig,
  type ServerStage,
} from "@sallyport/core";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import { client, type ProviderName, server } from "./sides.ts";

/** What it reads from its standard input. */
export interface IdleQuestion {
  readonly provider: ProviderName;
  readonly version: ProtocolVersion;
  readonly count: number;
  readonly authority: Authority;
}
/** Bytes a connection. */
export interface Weight {
  readonly heap: number;
  /** ArrayBuffers outside of the heap. */
  readonly external: number;
}
/** What it prints. */
export interface IdleAnswer {
  readonly client: Weight;
  readonly server: Weight;
}

const question: IdleQuestion = JSON.parse(readFileSync(0, "utf8"));
const serverOf = server(question.provider, question.authority, question.version);
const clientOf = client(question.provider, question.authority, question.version);
// What the first ones compile and fill is no connection's.
for (let warm = 0; warm < 200; warm++) shakeHands(serverOf, clientOf);

const kept: { client: (Connection | undefined)[]; server: (Connection | undefined)[] } = { client: [], server: [] };
for (let made = 0; made < question.count; made++) {
  const pair = shakeHands(serverOf, clientOf);
  kept.client.push(pair.client);
  kept.server.push(pair.server);
}
const both = weigh();
kept.client.fill(undefined);
const servers = weigh();
kept.server.fill(undefined);
const none = weigh();
const answer: IdleAnswer = { client: perConnection(both, servers), server: perConnection(servers, none) };
console.log(JSON.stringify(answer));

function weigh(): Weight {
  for (let round = 0; round < 4; round++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, external };
}
function perConnection(more: Weight, less: Weight): Weight {
  return { heap: (more.heap - less.heap) / question.count, external: (more.external - less.external) / question.count };
}

function shakeHands(server: ServerConfig, client: ClientConfig): { readonly client: Connection; readonly server: Connection } {
  let theirs: ServerStage = new Acceptor().start();
  let ours: ClientStage = new Connector(client, "localhost").start();
  for (;;) {
    if (theirs.kind === "needs-input") theirs = theirs.receive(ours.output);
    if (theirs.kind === "accepted") theirs = theirs.choose(server);
    if (ours.kind === "needs-input") ours = ours.receive(theirs.output);
    if (ours.kind === "established" && theirs.kind === "needs-input") {
      theirs = theirs.receive(ours.output);
      const { kind } = ours.connection.receive(theirs.output); // tickets
      if (kind !== "open") throw new Error(kind);
    }
    if (ours.kind === "established" && theirs.kind === "established") {
      use(ours.connection, theirs.connection);
      use(theirs.connection, ours.connection);
      return { client: ours.connection, server: theirs.connection };
    }
    if (ours.kind !== "needs-input" && ours.kind !== "established") throw new Error(ours.kind, { cause: ours });
  }
}

/** A record that arrives in two pieces is put together; what that took is nobody's afterwards. */
function use(from: Connection, to: Connection): void {
  const sent = from.send(new Uint8Array(1_000));
  if (sent.kind !== "sent") throw new Error(sent.kind, { cause: sent });
  const pieces = [sent.output.slice(0, 500), sent.output.slice(500)];
  const [, received] = pieces.map((piece) => to.receive(piece));
  if (received?.data[0]?.length !== 1_000) throw new Error("the record did not arrive");
}
