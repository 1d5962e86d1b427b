// Two machines in memory, and what each of them gave. Nothing waits: asynchronous answers are given from the stages at once.
import {
  Acceptor,
  type AsyncClientSessionStore,
  type AsyncServerSessionStore,
  type ClientConfig,
  type ClientOptions,
  type ClientSessionStore,
  type ClientStage,
  clientConfig,
  type Connection,
  type ConnectionEvent,
  Connector,
  type ConnectorOptions,
  type Credential,
  type CryptoProvider,
  type EarlyDataOutcome,
  type ErrorAndAlert,
  type ExternalPsk,
  memoryClientSessions,
  memorySingleUse,
  type NamedGroup,
  type ProtocolVersion,
  type Received,
  type Sent,
  type ServerConfig,
  type ServerOptions,
  type ServerSessions,
  type ServerStage,
  serverConfig,
  type SyncClientSessionStore,
  type SyncServerSessionStore,
  type SyncSingleUse,
  ticketKeys,
  type TicketKeys,
} from "@sallyport/core";
import {
  asyncClientSessions,
  asyncPicker,
  asyncProvider,
  asyncServerSessions,
  asyncSigner,
  asyncSingleUse,
  asyncVerifier,
  keptSessions,
  now,
  seededCredential,
  seededNode,
  seededRandom,
  syncTwin,
  trusting,
} from "./seeded.ts";

export interface PairOptions {
  readonly seed?: string;
  /** Everything that may wait does. */
  readonly asynchronous?: boolean;
  /** The server's only one; the client offers both. Default 1.3. */
  readonly version?: ProtocolVersion;
  /** The server has another group than the client's first: HelloRetryRequest. */
  readonly retry?: boolean;
  /** The client shows a certificate, which the server requires. */
  readonly clientAuth?: boolean;
  /** They have met before: the server sealed its tickets, or kept what they (1.3) or ids (1.2) stand for. */
  readonly resumed?: "sealed" | "stored";
  /** What the client sends as early data, a record each; both allow it. */
  readonly early?: readonly Uint8Array[];
  /** The server's. Default: a fresh one, old enough. */
  readonly singleUse?: SyncSingleUse;
  readonly provider?: (seed: string) => CryptoProvider;
  readonly server?: Partial<ServerOptions>;
  readonly client?: Partial<ClientOptions>;
  /** External PSKs of both, or of each. */
  readonly psks?: readonly ExternalPsk[] | { readonly client: readonly ExternalPsk[]; readonly server: readonly ExternalPsk[] };
  /** Who has no certificate, or takes none. */
  readonly pskOnly?: "both" | "client" | "server";
  readonly serverName?: string;
  readonly connector?: ConnectorOptions;
  /** Shown every stage, behind its output and before it is answered. */
  readonly watch?: Watch;
  /** Called when both configs are made, and no machine runs. */
  readonly atStart?: () => void;
}
export type Watch = (stage: Stage, role: "client" | "server") => void;

export interface Pair {
  readonly client: Side;
  readonly server: Side;
}

/** Not yet speaking: the client's first bytes wait in its `unsent`. */
export function makePair(options: PairOptions = {}): Pair {
  const configs = makeConfigs(options);
  options.atStart?.();
  const client = makeClient(configs.client, options);
  return { client, server: makeServer(configs.server, options) };
}

export interface Configured<Config> {
  readonly config: Config;
  /** Filled while connections run. */
  readonly keyLog: string[];
}

export interface Configs {
  readonly client: Configured<ClientConfig>;
  readonly server: Configured<ServerConfig>;
}

export function makeConfigs(options: PairOptions = {}): Configs {
  return configure(options, options.resumed === undefined ? undefined : acquainted(options));
}

function configure(options: PairOptions, sessions: Sessions | undefined): Configs {
  const {
    seed = "pair",
    asynchronous = false,
    retry = false,
    provider = seededNode,
    version = "tls1.3",
    clientAuth = false,
  } = options;
  const providerOf = (role: string): CryptoProvider => {
    const plain = provider(`${seed}/${role}`);
    return asynchronous ? asyncProvider(plain) : plain;
  };
  const own = (name: string): Credential => {
    const credential = seededCredential(name);
    return asynchronous ? { ...credential, signer: asyncSigner(credential.signer) } : credential;
  };
  const verifier = asynchronous ? asyncVerifier(trusting) : trusting;
  const groups: readonly NamedGroup[] = ["secp256r1"];
  const { singleUse = oldSingleUse() } = options;
  const logs: { client: string[]; server: string[] } = { client: [], server: [] };
  const { psks } = options;
  const pskOnly = (role: string): boolean => options.pskOnly === "both" || options.pskOnly === role;
  const server = serverConfig({
    provider: providerOf("server"),
    now,
    ...(pskOnly("server") ? {} : { credentials: [own("server")] as const }),
    ...(psks && { psks: "server" in psks ? psks.server : psks }),
    alpn: ["sally/1"],
    dangerousKeyLog: (line) => void logs.server.push(line),
    ...(pskOnly("server") ? {} : { versions: [version] }),
    ...(retry ? { groups } : {}),
    ...(clientAuth ? { clientAuthentication: { mode: "required", verifier } } : {}),
    ...(sessions === undefined ? {} : { sessions: sessions.server }),
    ...(options.early === undefined || sessions === undefined
      ? {}
      : { earlyData: { maxBytes: 20_000, singleUse: asynchronous ? asyncSingleUse(singleUse) : singleUse } }),
    ...options.server,
    // What lacks is left out as callers without types would.
  } as ServerOptions);
  const client = clientConfig({
    provider: providerOf("client"),
    now,
    ...(pskOnly("client") ? {} : { verifier }),
    ...(psks && { psks: "client" in psks ? psks.client : psks }),
    ...(clientAuth
      ? {
          credentials: asynchronous
            ? asyncPicker({ pick: ({ schemes }) => (schemes.includes("ed25519") ? own("client") : undefined) })
            : [own("client")],
        }
      : {}),
    ...(sessions === undefined ? {} : { sessions: sessions.client, earlyData: options.early !== undefined }),
    alpn: ["sally/1"],
    dangerousKeyLog: (line) => void logs.client.push(line),
    ...options.client,
  } as ClientOptions);
  return { client: { config: client, keyLog: logs.client }, server: { config: server, keyLog: logs.server } };
}

interface Sessions {
  readonly client: ClientSessionStore;
  readonly server: ServerSessions;
}
/** What both have put away at a first meeting. */
interface Remembered {
  readonly client: Parameters<SyncClientSessionStore["put"]>[];
  readonly server: Parameters<SyncServerSessionStore["put"]>[];
}
const meetings = new Map<string, Remembered>();

/** Stores as they are behind a first meeting, which is held once for all that are alike. */
function acquainted(options: PairOptions): Sessions {
  const { seed = "pair", asynchronous = false, version, retry, clientAuth, resumed, early } = options;
  const isOwn = options.provider !== undefined || options.server !== undefined || options.client !== undefined;
  const key = JSON.stringify([seed, version, retry, clientAuth, resumed, early !== undefined]);
  const remembered =
    (isOwn ? undefined : meetings.get(key)) ?? meet({ ...options, seed: `${seed}, before`, asynchronous: false });
  if (!isOwn) meetings.set(key, remembered);
  const { client, server, sealed } = stores(seed);
  for (const put of remembered.client) client.put(...put);
  for (const put of remembered.server) server.put(...put);
  return {
    client: asynchronous ? asyncClientSessions(client) : client,
    server: resumed === "sealed" ? sealed : asynchronous ? asyncServerSessions(server) : server,
  };

  function meet(before: PairOptions): Remembered {
    const puts: Remembered = { client: [], server: [] };
    const client: SyncClientSessionStore = { take: () => undefined, put: (...given) => void puts.client.push(given) };
    const server: SyncServerSessionStore = { find: () => undefined, put: (...given) => void puts.server.push(given) };
    const configs = configure(before, { client, server: resumed === "sealed" ? stores(seed).sealed : server });
    const pair = {
      client: makeClient(configs.client, { serverName: before.serverName ?? "localhost" }),
      server: makeServer(configs.server),
    };
    converse(pair);
    if (puts.client.length === 0) throw new Error(`no session of a first meeting: ${String(pair.client.failure?.error)}`);
    return puts;
  }
}

/** One that has seen its whole window, so that it knows of everything that is fresh. */
export function oldSingleUse(clock: () => number = now): SyncSingleUse {
  let bornMs: number | undefined = clock() - 60_000;
  const store = memorySingleUse({ now: () => bornMs ?? clock() });
  bornMs = undefined;
  return store;
}

function stores(seed: string): { client: SyncClientSessionStore; server: SyncServerSessionStore; sealed: TicketKeys } {
  const sealed = ticketKeys({ random: seededRandom(`${seed}, tickets`), now });
  return { client: memoryClientSessions(), server: keptSessions(), sealed };
}

export function makeServer({ config, keyLog }: Configured<ServerConfig>, { watch }: PairOptions = {}): Side {
  return new Side("server", keyLog, new Acceptor().start(), watch, config);
}
export function makeClient(
  { config, keyLog }: Configured<ClientConfig>,
  { serverName = "localhost", connector, watch, early }: PairOptions = {},
): Side {
  return new Side("client", keyLog, new Connector(config, serverName, connector).start(), watch, undefined, early);
}

/** All that both have to say goes to the other, until both are silent. */
export function converse({ client, server }: Pair): void {
  for (let turn = 0; turn < 1000; turn++) {
    const fromClient = client.take();
    const fromServer = server.take();
    if (fromClient.length + fromServer.length === 0) return;
    server.hear(fromClient);
    client.hear(fromServer);
  }
  throw new Error("two machines that never fall silent");
}

/** A pair whose handshake is complete. */
export function establishedPair(options: PairOptions = {}): {
  client: Side;
  server: Side;
  both: readonly [Connection, Connection];
} {
  const pair = makePair(options);
  converse(pair);
  return { ...pair, both: [pair.client.established, pair.server.established] };
}

export type Stage = ServerStage | ClientStage;

/** One machine, and all that it gave so far. */
export class Side {
  readonly role: "client" | "server";
  /** NSS key log lines. */
  readonly keyLog: readonly string[];
  readonly stages: Stage[] = [];
  readonly outputs: Uint8Array[] = [];
  readonly #heard: Uint8Array[] = [];
  readonly data: Uint8Array[] = [];
  readonly events: ConnectionEvent[] = [];
  /** Early data that came, a stage each. */
  readonly early: Uint8Array[] = [];
  /** What became of it; undefined: nobody said. */
  outcome: EarlyDataOutcome | "none" | undefined;
  connection: Connection | undefined;
  failure: ErrorAndAlert | undefined;
  /** The peer's close_notify has come, or its bare end where that is allowed. */
  closed = false;
  readonly #config: ServerConfig | undefined;
  readonly #watch: Watch;
  readonly #toSendEarly: Uint8Array[];
  #unsent: Uint8Array[] = [];

  constructor(
    role: "client" | "server",
    keyLog: readonly string[],
    first: Stage,
    watch: Watch = () => {},
    config?: ServerConfig,
    early: readonly Uint8Array[] = [],
  ) {
    this.#toSendEarly = [...early];
    this.role = role;
    this.keyLog = keyLog;
    this.#watch = watch;
    this.#config = config;
    this.#enter(first);
  }

  get stage(): Stage {
    const stage = this.stages.at(-1);
    if (stage === undefined) throw new Error("a side has begun");
    return stage;
  }
  get established(): Connection {
    if (this.connection === undefined)
      throw new Error(`the ${this.role} is at ${this.stage.kind}: ${String(this.failure?.error)}`);
    return this.connection;
  }
  get output(): Uint8Array {
    return Buffer.concat(this.outputs);
  }
  /** All that it was given. */
  get heard(): Uint8Array {
    return Buffer.concat(this.#heard);
  }
  /** What the wire has not fetched. */
  take(): Uint8Array {
    const bytes = Buffer.concat(this.#unsent);
    this.#unsent = [];
    return new Uint8Array(bytes);
  }

  /** Works on a copy, as a chunk may be overwritten. Does nothing once the side has failed. */
  hear(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.failure !== undefined) return;
    const chunk = Uint8Array.from(bytes);
    this.#heard.push(Uint8Array.from(bytes));
    const { stage } = this;
    if (this.connection !== undefined) {
      this.received(this.connection.receive(chunk));
    } else if (stage.kind === "needs-input") {
      const next = stage.receive(chunk);
      // What was lent is the caller's again before a pause is answered; only data may be views into it.
      if (next.kind !== "established") chunk.fill(0xee);
      this.#enter(next);
    } else {
      throw new Error(`nothing is received at ${stage.kind}`);
    }
    chunk.fill(0xee);
  }
  hearEnd(): void {
    if (this.failure !== undefined) return;
    const { stage } = this;
    if (this.connection !== undefined) this.received(this.connection.receiveEnd());
    else if (stage.kind === "needs-input") this.#enter(stage.receiveEnd());
  }
  send(plaintext: Uint8Array): void {
    this.sent(this.established.send(plaintext));
  }
  /** What a call on the connection gave. */
  sent(result: Sent | { readonly kind: "ended"; readonly output: Uint8Array } | ErrorAndAlert): void {
    if (result.kind === "failed") this.#fail(result);
    else this.#write(result.output);
  }
  received(received: Received): void {
    this.data.push(...received.data.map((bytes) => Uint8Array.from(bytes)));
    this.events.push(...received.events);
    received.events.forEach(store);
    if (received.kind === "failed") return this.#fail(received, true);
    this.#write(received.output);
    if (received.kind === "closed") this.closed = true;
  }

  #enter(first: Stage): void {
    for (let stage = first; ; ) {
      this.stages.push(stage);
      if (stage.kind === "failed") return this.#fail(stage);
      this.#write(stage.output);
      this.#watch(stage, this.role);
      switch (stage.kind) {
        case "needs-input":
          if ("early" in stage && stage.early !== undefined) {
            for (const bytes of this.#toSendEarly.splice(0)) this.sent(stage.early.send(bytes));
          }
          return;
        case "early-data":
          this.early.push(Uint8Array.from(stage.data.replayable));
          stage = stage.next();
          break;
        case "early-data-end":
          this.outcome = stage.outcome;
          stage = stage.next();
          break;
        case "established":
          this.connection = stage.connection;
          if ("earlyData" in stage) this.outcome = stage.earlyData;
          return this.received(stage.received);
        case "accepted":
          if (this.#config === undefined) throw new Error("a server has a config");
          stage = stage.choose(this.#config);
          break;
        default:
          stage = answered(stage);
      }
    }
  }
  #fail(failure: ErrorAndAlert, told = false): void {
    this.#write(failure.output);
    if (!told) {
      this.data.push(...failure.data);
      this.events.push(...failure.events);
    }
    this.failure = failure;
  }
  #write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.outputs.push(bytes);
    this.#unsent.push(bytes);
  }
}

/** What the synchronous twin would have answered. */
export function answered(stage: Stage): Stage {
  switch (stage.kind) {
    case "needs-key-shares":
      return stage.provide(stage.groups.map((group) => ({ group: group.name, ...syncTwin(group).start() })));
    case "needs-secret": {
      const { group, peerShare, started } = stage;
      if (started === undefined) return stage.provide(syncTwin(group).respond(peerShare));
      const secret = syncTwin(group).complete(started.key, peerShare);
      return stage.provide(secret && { secret });
    }
    case "needs-signature":
      return stage.provide(syncTwin(stage.key).sign(stage.scheme, stage.message));
    case "needs-signature-check": {
      const { publicKey, message, signature } = stage.check;
      return stage.answer(syncTwin(stage.verification).verify(publicKey, message, signature));
    }
    case "needs-verdict": {
      const verdict = syncTwin(stage.verifier).verify(stage.presented);
      return "reason" in verdict ? stage.distrust(verdict) : stage.trust(verdict);
    }
    case "needs-credential":
      return stage.present(syncTwin(stage.picker).pick(stage.request));
    case "needs-session": {
      if ("key" in stage) return stage.resume(syncTwin(stage.store).take(stage.key));
      const { store, candidates } = stage;
      return stage.resume(
        candidates.flatMap(({ index, id }) => {
          const state = syncTwin(store).find(id);
          return state === undefined ? [] : [{ index, state }];
        }),
      );
    }
    case "needs-single-use":
      return stage.answer(syncTwin(stage.singleUse).use(stage.key, stage.forgetAfterMs));
    case "early-data":
    case "early-data-end":
      return stage.next();
    case "needs-input":
    case "accepted":
    case "established":
    case "failed":
      throw new Error(`${stage.kind} is nobody's question here`);
  }
}

/** What an asynchronous store is given by its driver. */
function store(event: ConnectionEvent): void {
  if (event.kind !== "new-session" || event.store === undefined || !("putAsync" in event.store)) return;
  if (event.role === "client") syncTwin(event.store as AsyncClientSessionStore).put(event.key, event.session);
  else syncTwin(event.store as AsyncServerSessionStore).put(event.key, event.session);
}

/** The bytes that came, as one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
