// Who is fuzzed: machines of ours in both roles and versions, with features on and off, over three providers. A world is made once
// for all conversations that have the same features.
import { dangerousFuzzCredential, dangerousFuzzProvider, type Account, ClientPeer, converse, Machine, type Peer, type PeerScript, type PeerSession, plainPeer, type Role, ServerPeer, type TransportScript } from "@sallyport/arbitraries";
import {
  Acceptor, type ClientConfig, clientConfig, Connector, type Credential, type CryptoProvider, dangerousAssertVerified, type ProtocolVersion, type ServerConfig,
  serverConfig, type StoredSession, type SyncSigner, type SyncVerifier, ticketKeys,
} from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { node } from "@sallyport/crypto-node";
import { keptSessions, now, seededCredential, seededRandom, trusting } from "../support/seeded.ts";

export type ProviderName = "fuzz" | "node" | "noble";

/** What a machine's config has. */
export interface Features {
  /** Whose machine it is. */
  readonly role: Role;
  readonly versions: "both" | ProtocolVersion;
  /** A server asks for a certificate; a client has one. */
  readonly authentication: "none" | "optional" | "required";
  readonly sessions: "none" | "sealed" | "stored";
  readonly early: boolean;
  /** Groups for which a peer has no share in its first hello. */
  readonly retry: boolean;
  /** GREASE, padding, cookies, small records, another order. */
  readonly manners: boolean;
  readonly smallRecords: boolean;
}

interface World {
  readonly config: ServerConfig | ClientConfig;
  /** Of a first meeting, by version. */
  readonly sessions: Map<ProtocolVersion, PeerSession | undefined>;
  /** What a client's store gives. */
  readonly remembered: Map<ProtocolVersion, StoredSession | undefined>;
  put: (session: StoredSession) => void;
  toTake: StoredSession | undefined;
}

interface Cast {
  readonly machine: CryptoProvider;
  readonly peer: CryptoProvider;
  readonly own: Credential & { readonly signer: SyncSigner };
  readonly verifier: SyncVerifier;
  readonly restart: (seed: number) => void;
}
const fuzz = dangerousFuzzProvider();
const ownFuzz = dangerousFuzzCredential();
const ownReal = seededCredential("fuzzed");
const casts: Readonly<Record<ProviderName, Cast>> = {
  fuzz: {
    machine: fuzz, peer: fuzz, own: ownFuzz, restart: (seed) => fuzz.restart(seed),
    verifier: { schemes: ["ecdsa_secp256r1_sha256"], label: "trusts", verify: dangerousAssertVerified },
  },
  node: { machine: node, peer: node, own: ownReal, restart: () => {}, verifier: trusting },
  noble: { machine: noble({ random: seededRandom("fuzzed") }), peer: node, own: ownReal, restart: () => {}, verifier: trusting },
};

const worlds = new Map<string, World>();

/** @returns what came of it, and the machine */
export function meet(
  provider: ProviderName, features: Features, script: PeerScript, transport: TransportScript, seed = 1,
): { readonly account: Account; readonly machine: Machine } {
  const world = worldOf(provider, features);
  const session = script.resumes ? sessionOf(provider, features, world, versionOf(features, script)) : undefined;
  world.toTake = script.resumes && features.role === "client" ? world.remembered.get(versionOf(features, script)) : undefined;
  casts[provider].restart(seed);
  const { peer, machine } = cast(provider, features, world, script, session);
  return { account: converse(peer, machine, transport, provider !== "fuzz"), machine };
}

/** Of the conversation; a client that has both takes what its hello offers first. */
function versionOf({ versions }: Features, { version }: PeerScript): ProtocolVersion {
  return versions === "both" ? version : versions;
}

function cast(provider: ProviderName, features: Features, { config }: World, script: PeerScript, session: PeerSession | undefined): { peer: Peer; machine: Machine } {
  const { peer: cryptography, own } = casts[provider];
  const options = { provider: cryptography, identity: own, session };
  if (features.role === "server") {
    const offered = versionOf(features, script) === "tls1.2" ? { ...script.hello, versions: [0x0303], suites: script.hello.suites } : script.hello;
    const machine = new Machine(new Acceptor().start(), { config: config as ServerConfig });
    return { peer: new ClientPeer({ ...script, hello: offered }, options), machine };
  }
  const early = script.early.map((length) => new Uint8Array(length).fill(0xea));
  const machine = new Machine(new Connector(config as ClientConfig, "localhost").start(), { early });
  return { peer: new ServerPeer({ ...script, version: versionOf(features, script) }, options), machine };
}

/** From a first meeting in which nothing goes wrong. */
function sessionOf(provider: ProviderName, features: Features, world: World, version: ProtocolVersion): PeerSession | undefined {
  if (features.sessions === "none") return undefined;
  if (!world.sessions.has(version)) {
    const script = plainPeer(features.role === "server" ? "client" : "server", {
      version, talk: [{ kind: "data", length: 5 }, ...(features.role === "client" ? [{ kind: "ticket" } as const] : []), { kind: "close" }],
      early: features.early ? [1] : [],
    });
    world.toTake = undefined;
    world.put = (stored) => void world.remembered.set(version, stored);
    const { peer, machine } = cast(provider, features, world, script, undefined);
    converse(peer, machine, { chunks: [], endsAfter: undefined });
    world.put = () => {};
    world.sessions.set(version, peer.sessions.at(-1));
  }
  return world.sessions.get(version);
}

function worldOf(provider: ProviderName, features: Features): World {
  const key = JSON.stringify([provider, features]);
  const known = worlds.get(key);
  if (known !== undefined) return known;
  const world: World = { config: makeConfig(provider, features, () => world), sessions: new Map(), remembered: new Map(), put: () => {}, toTake: undefined };
  worlds.set(key, world);
  return world;
}

function makeConfig(provider: ProviderName, features: Features, world: () => World): ServerConfig | ClientConfig {
  const { machine, own, verifier } = casts[provider];
  const { role, versions, authentication, sessions, early, retry, manners, smallRecords } = features;
  const common = {
    provider: machine, now, alpn: ["h2", "http/1.1"],
    ...(versions !== "both" && { versions: [versions] }),
    ...(smallRecords && { maxRecordSize: 300 }),
  };
  if (role === "server") {
    return serverConfig({
      ...common, credentials: [own],
      ...(authentication !== "none" && { clientAuthentication: { mode: authentication, verifier } }),
      ...(sessions !== "none" && { sessions: sessions === "sealed" ? ticketKeys({ random: seededRandom("fuzz"), now }) : keptSessions() }),
      ...(sessions !== "none" && early && versions !== "tls1.2" && { earlyData: { maxBytes: 2000, singleUse: { use: () => "fresh" } } }),
      ...(retry ? { groups: ["secp256r1"] } : { groups: ["x25519", "secp256r1"] }),
      ...(manners && versions !== "tls1.2" && { retryCookie: true }),
    });
  }
  const store = {
    take: () => world().toTake,
    put: (_: unknown, session: StoredSession) => world().put(session),
  };
  return clientConfig({
    ...common, verifier, groups: ["x25519", "secp256r1", "secp384r1"],
    ...(versions !== "tls1.2" && { keyShares: retry ? 0 : 1 }),
    ...(authentication !== "none" && { credentials: [own] }),
    ...(sessions !== "none" && { sessions: store, earlyData: early && versions !== "tls1.2" }),
    ...(manners && { grease: true, padding: true, clientHelloRecordSize: 100 }),
  });
}
