// Who is fuzzed: machines of ours in both roles and versions, with features on and off, over three providers. A world is made once
// for all conversations that have the same features.
import {
  anotherOf,
  dangerousFuzzCredential,
  dangerousFuzzProvider,
  type Account,
  ClientPeer,
  converse,
  Machine,
  type Peer,
  type PeerScript,
  type PeerSession,
  plainPeer,
  type Role,
  ServerPeer,
  storedCompression,
  type Spoken,
  type TransportScript,
} from "@sallyport/arbitraries";
import {
  Acceptor,
  type ClientConfig,
  clientConfig,
  type ClientSessionKey,
  Connector,
  type Credential,
  type CryptoProvider,
  dangerousAssertVerified,
  type Hash,
  type ProtocolVersion,
  type ServerConfig,
  memoryClientSessions,
  serverConfig,
  type StoredSession,
  type SyncClientSessionStore,
  type SyncServerSessionStore,
  type SyncSigner,
  type SyncVerifier,
  ticketKeys,
} from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { node } from "@sallyport/crypto-node";
import { answered } from "../support/pair.ts";
import {
  asyncClientSessions,
  asyncProvider,
  asyncServerSessions,
  asyncSigner,
  asyncSingleUse,
  asyncVerifier,
  keptSessions,
  now,
  seededCredential,
  seededRandom,
  trusting,
} from "../support/seeded.ts";

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
  /** One suite of each version, one group and one protocol. */
  readonly narrow: boolean;
  /** Status is asked for and stapled, certificates are compressed. */
  readonly extras: boolean;
  /** Its user closes behind the first data. Default false. */
  readonly closes?: boolean;
  /** What can be asked asynchronously is. Default false. */
  readonly waits?: boolean;
  /** What is another than when the session was made. Default nothing. */
  readonly changed?: Changed;
}
/**
 * The server's name; the config; the time, by more than any session lives, or by more than early data may be late; `seen`: early
 * data that was taken before.
 */
export type Changed = "nothing" | "name" | "config" | "time" | "age" | "seen";
const laterBy: Readonly<Record<Changed, number>> = { nothing: 0, name: 0, config: 0, time: 7 * 3_600_000, age: 11_000, seen: 0 };

/** What was counted in one conversation. */
export interface Watched {
  singleUses: number;
  /** What a client offered is still in its store. */
  isStillThere: boolean;
  nonceReused: boolean;
  /** Spoken in the connection that the session is of; undefined: there is none. */
  readonly sessionProtocol: string | undefined;
  readonly work: Work;
}
/** By provider calls; counted on node alone. */
export interface Work {
  /** Key pairs, exchanges and verifications; signatures are not among them. */
  publicKey: number;
  opens: number;
  /** Bytes that went into hashes and HMACs. */
  hashed: number;
}
const noWork = (): Work => ({ publicKey: 0, opens: 0, hashed: 0 });
let work = noWork();
/** How late it is. */
let laterMs = 0;

/** What a first meeting leaves. */
interface Memory {
  readonly session: PeerSession | undefined;
  /** What a client's store gives. */
  readonly stored: StoredSession | undefined;
  readonly protocol: string | undefined;
}

interface World {
  readonly config: ServerConfig | ClientConfig;
  /** Of first meetings. */
  readonly memories: Map<string, Memory>;
  readonly kept: SyncServerSessionStore;
  /** Whose sessions are found: another config's, if that is what changed. */
  found: SyncServerSessionStore;
  changed: Changed;
  put: (session: StoredSession) => void;
  toTake: StoredSession | undefined;
  store: SyncClientSessionStore;
  takenBy: ClientSessionKey | undefined;
  watched: Watched;
  isFirst: boolean;
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
    machine: fuzz,
    peer: fuzz,
    own: ownFuzz,
    restart: (seed) => fuzz.restart(seed),
    verifier: { schemes: ["ecdsa_secp256r1_sha256"], label: "trusts", verify: dangerousAssertVerified },
  },
  node: { machine: watching(node), peer: node, own: ownReal, restart: () => {}, verifier: trusting },
  noble: {
    machine: inOrderOf(node, noble({ random: seededRandom("fuzzed") })),
    peer: node,
    own: ownReal,
    restart: () => {},
    verifier: trusting,
  },
};

const worlds: Readonly<Record<ProviderName, Map<number, World>>> = { fuzz: new Map(), node: new Map(), noble: new Map() };
/** Another number for other features. */
function numberOf(features: Features): number {
  const { role, versions, authentication, sessions, early, retry, manners, smallRecords, narrow, extras } = features;
  let number = role === "server" ? 1 : 0;
  number = 3 * number + (versions === "both" ? 0 : versions === "tls1.3" ? 1 : 2);
  number = 3 * number + (authentication === "none" ? 0 : authentication === "optional" ? 1 : 2);
  number = 3 * number + (sessions === "none" ? 0 : sessions === "sealed" ? 1 : 2);
  for (const flag of [early, retry, manners, smallRecords, narrow, extras, features.waits === true])
    number = 2 * number + (flag ? 1 : 0);
  return number;
}

/** noble prefers ChaCha20-Poly1305; early data is taken under its session's very suite alone, so that the same peer would meet another answer. */
function inOrderOf({ suites, groups }: CryptoProvider, other: CryptoProvider): CryptoProvider {
  const rank = (names: readonly { readonly name: string }[], name: string): number =>
    names.findIndex((each) => each.name === name);
  return {
    ...other,
    suites: other.suites.toSorted((one, two) => rank(suites, one.name) - rank(suites, two.name)),
    groups: other.groups.toSorted((one, two) => rank(groups, one.name) - rank(groups, two.name)),
  };
}

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
  laterMs = laterBy[world.changed];
  world.found = world.changed === "config" ? worldOf(provider, otherwise(features)).kept : keptOf(provider, features, world);
  casts[provider].restart(seed);
  sealedWith.clear();
  nonceReused = false;
  work = noWork();
  world.watched = { singleUses: 0, isStillThere: false, nonceReused: false, sessionProtocol: memory?.protocol, work };
  world.store = memoryClientSessions();
  world.takenBy = undefined;
  const { session } = memory ?? {};
  const { peer, machine } = cast(provider, features, world, script, session, another);
  const account = converse(peer, machine, transport, provider !== "fuzz");
  const { takenBy, toTake } = world;
  laterMs = 0;
  if (takenBy !== undefined && toTake !== undefined)
    world.watched.isStillThere = world.store.take(takenBy)?.state === toTake.state;
  world.watched.nonceReused = nonceReused;
  return { account, machine, watched: world.watched };
}

const sealedWith = new Set<string>();
let nonceReused = false;
/** Every nonce is remembered with its key, and the work is counted. */
function watching(provider: CryptoProvider): CryptoProvider {
  const exchange = <Result>(run: () => Result): Result => {
    work.publicKey++;
    return run();
  };
  const running = (hash: Hash): Hash => {
    const self: Hash = {
      update: (data) => {
        work.hashed += data.length;
        hash.update(data);
        return self;
      },
      clone: () => running(hash.clone()),
      digest: () => hash.digest(),
    };
    return self;
  };
  return {
    ...provider,
    groups: provider.groups.map((group) =>
      "start" in group
        ? {
            ...group,
            start: () => exchange(() => group.start()),
            complete: (key, peerShare) => exchange(() => group.complete(key, peerShare)),
            respond: (peerShare) => exchange(() => group.respond(peerShare)),
          }
        : group,
    ),
    verifications: provider.verifications.map((verification) =>
      "verify" in verification
        ? {
            ...verification,
            verify: (publicKey, message, signature) => exchange(() => verification.verify(publicKey, message, signature)),
          }
        : verification,
    ),
    hashes: provider.hashes.map((hash) => ({
      ...hash,
      create: () => running(hash.create()),
      hmac: (key, data) => {
        work.hashed += data.length;
        return hash.hmac(key, data);
      },
    })),
    suites: provider.suites.map((suite) => ({
      ...suite,
      open: (key) => {
        const opener = suite.open(key);
        return {
          open: (nonce, additionalData, sealed) => {
            work.opens++;
            return opener.open(nonce, additionalData, sealed);
          },
          destroy: () => opener.destroy(),
        };
      },
      seal: (key) => {
        const sealer = suite.seal(key);
        const name = key.join();
        return {
          seal: (nonce, additionalData, plaintext, target, offset) => {
            const use = `${name}/${nonce.join()}`;
            if (sealedWith.has(use)) nonceReused = true;
            sealedWith.add(use);
            sealer.seal(nonce, additionalData, plaintext, target, offset);
          },
          destroy: () => sealer.destroy(),
        };
      },
    })),
  };
}

/** Of the conversation; a client that has both takes what its hello offers first. */
function versionOf({ versions }: Features, { version }: PeerScript): ProtocolVersion {
  return versions === "both" ? version : versions;
}

function cast(
  provider: ProviderName,
  features: Features,
  { config }: World,
  script: PeerScript,
  session: PeerSession | undefined,
  another?: readonly Spoken[],
): { peer: Peer; machine: Machine } {
  const { peer: cryptography, own } = casts[provider];
  const options = {
    provider: cryptography,
    identity: own,
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
/** Bytes that tickets allow. */
export const mostEarlyData = 2000;

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

/** Another config whose sessions are no less valuable. */
function otherwise(features: Features): Features {
  const plain = { ...features, waits: false, closes: false, changed: "nothing" } as const;
  if (features.role === "client") return { ...plain, narrow: !features.narrow };
  return { ...plain, authentication: features.authentication === "none" ? "required" : "none" };
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
  const world: World = {
    config: makeConfig(provider, features, () => world),
    memories: new Map(),
    kept,
    found: kept,
    changed: "nothing",
    put: () => {},
    toTake: undefined,
    isFirst: false,
    store: memoryClientSessions(),
    takenBy: undefined,
    watched: { singleUses: 0, isStillThere: false, nonceReused: false, sessionProtocol: undefined, work },
  };
  worlds[provider].set(key, world);
  return world;
}

/** Keeps those of first meetings alone, so that a conversation finds what any other found. */
function firstSessions(world: () => World): SyncServerSessionStore {
  return {
    find: (id) => world().found.find(id),
    put: (id, session) => {
      if (world().isFirst) world().kept.put(id, session);
    },
  };
}

function makeConfig(provider: ProviderName, features: Features, world: () => World): ServerConfig | ClientConfig {
  const { machine, own: plain, verifier: trusted } = casts[provider];
  const { role, versions, authentication, sessions, early, retry, manners, smallRecords, narrow, extras } = features;
  const { waits = false } = features;
  const stapled = extras ? { ...plain, ocspResponse: new Uint8Array(70).fill(0x0c) } : plain;
  const own = waits ? { ...stapled, signer: asyncSigner(stapled.signer) } : stapled;
  const judge: SyncVerifier = extras ? { ...trusted, asksFor: ["ocsp"] } : trusted;
  const verifier = waits ? asyncVerifier(judge) : judge;
  const stored = firstSessions(world);
  const singleUse = {
    use: () => {
      world().watched.singleUses++;
      return world().changed === "seen" ? ("seen" as const) : ("fresh" as const);
    },
  };
  const common = {
    provider: waits ? asyncProvider(machine) : machine,
    now: () => now() + laterMs,
    alpn: narrow ? ["h2"] : ["h2", "http/1.1"],
    ...(narrow && {
      suites: (
        [
          ["tls1.3", "TLS_AES_128_GCM_SHA256"],
          ["tls1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
        ] as const
      )
        .filter(([version]) => versions === "both" || version === versions)
        .map(([, suite]) => suite),
    }),
    ...(versions !== "both" && { versions: [versions] }),
    ...(smallRecords && { maxRecordSize: 300 }),
    ...(extras && versions !== "tls1.2" && { certificateCompression: [storedCompression] }),
  };
  if (role === "server") {
    return serverConfig({
      ...common,
      credentials: [own],
      ...(authentication !== "none" && { clientAuthentication: { mode: authentication, verifier } }),
      ...(sessions !== "none" && {
        sessions:
          sessions === "sealed"
            ? ticketKeys({ random: seededRandom("fuzz"), now })
            : waits
              ? asyncServerSessions(stored)
              : stored,
      }),
      ...(sessions !== "none" &&
        early &&
        versions !== "tls1.2" && {
          earlyData: { maxBytes: mostEarlyData, singleUse: waits ? asyncSingleUse(singleUse) : singleUse },
        }),
      ...(retry ? { groups: ["secp256r1"] } : { groups: ["x25519", "secp256r1"] }),
      ...(manners && versions !== "tls1.2" && { retryCookie: true }),
    });
  }
  const store = {
    take: (key: ClientSessionKey) => {
      const { toTake, store } = world();
      if (toTake !== undefined && world().takenBy === undefined) store.put(key, toTake);
      world().takenBy = key;
      return store.take(key);
    },
    put: (_: unknown, session: StoredSession) => world().put(session),
  };
  return clientConfig({
    ...common,
    verifier,
    groups: narrow && !retry ? ["secp256r1"] : ["x25519", "secp256r1", "secp384r1"],
    ...(versions !== "tls1.2" && { keyShares: retry ? 0 : 1 }),
    ...(authentication !== "none" && { credentials: [own] }),
    ...(sessions !== "none" && {
      sessions: waits ? asyncClientSessions(store) : store,
      earlyData: early && versions !== "tls1.2",
    }),
    ...(manners && { grease: true, padding: true, clientHelloRecordSize: 100 }),
  });
}
