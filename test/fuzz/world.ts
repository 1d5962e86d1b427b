// Who is fuzzed: machines of ours in both roles and versions, with features on and off, over three providers. A world is made once
// for all conversations that have the same features.
import {
  type Account,
  anotherOf,
  ClientPeer,
  converse,
  Machine,
  type Peer,
  type PeerScript,
  type PeerSession,
  plainPeer,
  ServerPeer,
  type Spoken,
  storedCompression,
  type TransportScript,
} from "@sallyport/arbitraries";
import {
  Acceptor,
  type ClientConfig,
  Connector,
  memoryClientSessions,
  type ProtocolVersion,
  type ServerConfig,
  type StoredSession,
  type SyncServerSessionStore,
} from "@sallyport/core";
import { answered } from "../support/pair.ts";
import { keptSessions } from "../support/seeded.ts";
import { casts } from "./casts.ts";
import { makeConfig, type Surroundings } from "./config.ts";
import { type Features, laterBy, mostEarlyData, numberOf, otherwise, type ProviderName, versionOf } from "./features.ts";
import { startCounting, type Tally } from "./watching.ts";

/** What was counted in one conversation. */
export interface Watched extends Tally {
  singleUses: number;
  /** What a client offered is still in its store. */
  isStillThere: boolean;
  /** Spoken in the connection that the session is of; undefined: there is none. */
  readonly sessionProtocol: string | undefined;
}

/** What a first meeting leaves. */
interface Memory {
  readonly session: PeerSession | undefined;
  /** What a client's store gives. */
  readonly stored: StoredSession | undefined;
  readonly protocol: string | undefined;
}

interface World extends Surroundings {
  readonly config: ServerConfig | ClientConfig;
  /** Of first meetings. */
  readonly memories: Map<string, Memory>;
  watched: Watched;
}

const worlds: Readonly<Record<ProviderName, Map<number, World>>> = { fuzz: new Map(), node: new Map(), noble: new Map() };
interface Met {
  readonly account: Account;
  readonly machine: Machine;
  readonly watched: Watched;
}

/** @returns what came of it, and the machine. Where something of another connection is needed, that one is had first, of the same config. */
export function meet(provider: ProviderName, asked: Features, script: PeerScript, transport: TransportScript): Met {
  // Where all hashes are alike, so are all configs.
  const features = provider === "fuzz" && asked.changed === "config" ? ({ ...asked, changed: "nothing" } as const) : asked;
  const other = anotherOf(script);
  const another = other && meetOnce(provider, features, other, { chunks: [], endsAfter: undefined }, 2).account.peer.spoken;
  return meetOnce(provider, features, script, transport, 1, another);
}

function meetOnce(
  provider: ProviderName,
  features: Features,
  script: PeerScript,
  transport: TransportScript,
  seed: number,
  another?: readonly Spoken[],
): Met {
  const world = worldOf(provider, features);
  const memory = script.resumes ? memoryOf(provider, features, versionOf(features, script)) : undefined;
  world.toTake = features.role === "client" ? memory?.stored : undefined;
  world.changed = features.changed ?? "nothing";
  world.laterMs = laterBy[world.changed];
  world.found = world.changed === "config" ? worldOf(provider, otherwise(features)).kept : keptOf(provider, features, world);
  casts[provider].restart(seed);
  world.watched = Object.assign(startCounting(), { singleUses: 0, isStillThere: false, sessionProtocol: memory?.protocol });
  world.store = memoryClientSessions();
  world.takenBy = undefined;
  const { session } = memory ?? {};
  const { peer, machine } = cast(provider, features, world, script, session, another);
  const account = converse(peer, machine, transport, provider !== "fuzz");
  const { takenBy, toTake } = world;
  world.laterMs = 0;
  if (takenBy !== undefined && toTake !== undefined)
    world.watched.isStillThere = world.store.take(takenBy)?.state === toTake.state;
  return { account, machine, watched: world.watched };
}

function cast(
  provider: ProviderName,
  features: Features,
  { config }: World,
  script: PeerScript,
  session: PeerSession | undefined,
  another?: readonly Spoken[],
): { peer: Peer; machine: Machine } {
  const { peer: cryptography, own, psks, rawKeys } = casts[provider];
  const options = {
    provider: cryptography,
    identity: own,
    psks,
    rawKeys,
    session,
    another,
    ...(features.extras && { compressor: storedCompression }),
  };
  const { closes = false, changed } = features;
  const user = { echoes: true, closes, answer: answered };
  if (features.role === "server") {
    const version = versionOf(features, script);
    const hello = version === "tls1.2" ? { ...script.hello, versions: [0x0303] } : script.hello;
    const machine = new Machine(new Acceptor().start(), { config: config as ServerConfig, ...user });
    return { peer: new ClientPeer({ ...script, version, hello }, options), machine };
  }
  const early = atMost(mostEarlyData, script.early).map((length) => new Uint8Array(length).fill(0xea));
  const name = changed === "name" ? "elsewhere.example" : "localhost";
  const machine = new Machine(new Connector(config as ClientConfig, name).start(), { early, ...user });
  return { peer: new ServerPeer({ ...script, version: versionOf(features, script) }, options), machine };
}

/** As many of them as are no more than `most` together. */
function atMost(most: number, lengths: readonly number[]): number[] {
  let room = most;
  return lengths.map((length) => {
    const taken = Math.min(room, length);
    room -= taken;
    return taken;
  });
}
/** From a first meeting in which nothing goes wrong, and nothing waits. */
function memoryOf(provider: ProviderName, features: Features, version: ProtocolVersion): Memory | undefined {
  if (features.sessions === "none") return undefined;
  const { changed = "nothing" } = features;
  const then: Features = {
    ...(changed === "config" ? otherwise(features) : features),
    waits: false,
    closes: false,
    changed: "nothing",
  };
  const world = worldOf(provider, then);
  const isNameless = changed === "name" && features.role === "server";
  const key = `${version}${isNameless ? ", no name" : ""}`;
  const known = world.memories.get(key);
  if (known !== undefined) return known;
  const plain = plainPeer(features.role === "server" ? "client" : "server", {
    version,
    talk: [{ kind: "data", length: 5 }, ...(features.role === "client" ? [{ kind: "ticket" } as const] : []), { kind: "close" }],
    early: features.early ? [1] : [],
    psks: features.psks === "alone" ? [0] : [],
    rawKey: (features.rawKeys ?? "none") === "none" ? undefined : 0,
  });
  const script = isNameless ? { ...plain, hello: { ...plain.hello, serverName: undefined } } : plain;
  let stored: StoredSession | undefined;
  world.toTake = undefined;
  world.put = (session) => {
    stored = session;
  };
  world.isFirst = true;
  // By others than the world's other first meetings have had: ids of sessions are random.
  casts[provider].restart(10 + (isNameless ? 2 : 0) + (version === "tls1.2" ? 1 : 0));
  const { peer, machine } = cast(provider, then, world, script, undefined);
  converse(peer, machine, { chunks: [], endsAfter: undefined });
  world.put = () => {};
  world.isFirst = false;
  const memory = { session: peer.sessions.at(-1), stored, protocol: machine.connection?.info.alpn };
  world.memories.set(key, memory);
  return memory;
}

/** Who waits has the sessions of who does not. */
function keptOf(provider: ProviderName, features: Features, { kept }: World): SyncServerSessionStore {
  return features.waits === true ? worldOf(provider, { ...features, waits: false }).kept : kept;
}

function worldOf(provider: ProviderName, features: Features): World {
  const key = numberOf(features);
  const known = worlds[provider].get(key);
  if (known !== undefined) return known;
  const kept = keptSessions();
  const around: Omit<World, "config"> = {
    memories: new Map(),
    kept,
    found: kept,
    changed: "nothing",
    put: () => {},
    toTake: undefined,
    isFirst: false,
    store: memoryClientSessions(),
    takenBy: undefined,
    laterMs: 0,
    watched: Object.assign(startCounting(), { singleUses: 0, isStillThere: false, sessionProtocol: undefined }),
  };
  const world: World = Object.assign(around, { config: makeConfig(provider, features, around) });
  worlds[provider].set(key, world);
  return world;
}
