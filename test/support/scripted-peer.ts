// Peers that say what a test wants, at any moment of a handshake of TLS 1.3, and that understand the answer with a key schedule,
// transcript and records of their own: what a machine tells its peer is asserted on bytes that were opened here.
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  sign,
} from "node:crypto";
import {
  Acceptor,
  type Bytes,
  clientConfig,
  type ClientConfig,
  type ClientOptions,
  type ClientStage,
  type Connection,
  type ConnectionEvent,
  Connector,
  dangerousAssertVerified,
  type EarlyDataOutcome,
  type ErrorAndAlert,
  type Received,
  serverConfig,
  type ServerConfig,
  type ServerOptions,
  type ServerStage,
  type SyncVerifier,
} from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { credential } from "@sallyport/x509";
import { hexOf } from "./hex.ts";
import {
  block,
  type Extension,
  extension,
  join,
  message,
  type Octets,
  record,
  repeat,
  replaced,
  text,
  u16,
  u32,
  v16,
  v24,
  v8,
} from "./octets.ts";
import { makePki } from "./pki.ts";

export type Role = "client" | "server";
export type Epoch = "plaintext" | "early" | "handshake" | "application";

/** What a peer understood. */
export interface Heard {
  readonly kind: "handshake" | "alert" | "change_cipher_spec" | "data";
  /** Of a handshake message: all of it. */
  readonly bytes: Bytes;
  readonly under: Epoch;
}

export const content = { changeCipherSpec: 20, alert: 21, handshake: 22, data: 23 } as const;
export const types = {
  clientHello: 1,
  serverHello: 2,
  newSessionTicket: 4,
  endOfEarlyData: 5,
  encryptedExtensions: 8,
  certificate: 11,
  certificateRequest: 13,
  certificateVerify: 15,
  finished: 20,
  keyUpdate: 24,
  messageHash: 254,
} as const;
export const extensions = {
  serverName: 0,
  supportedGroups: 10,
  signatureAlgorithms: 13,
  alpn: 16,
  padding: 21,
  recordSizeLimit: 28,
  preSharedKey: 41,
  earlyData: 42,
  supportedVersions: 43,
  cookie: 44,
  pskModes: 45,
  authorities: 47,
  oidFilters: 48,
  postHandshakeAuth: 49,
  certificateSchemes: 50,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const;
export const groups = { x25519: 0x001d, secp256r1: 0x0017, secp384r1: 0x0018 } as const;

export const identity = await makePki().then((pki) => pki.leaf());
export const ownCredential = credential({ chain: identity.chainPem, signer: signer(identity.keyPem) });

// ── The machine under test ──────────────────────────────────────────────────────────────────────────────────────────

/** A machine with a driver that answers all pauses at once. */
export class Machine {
  readonly role: Role;
  readonly data: Uint8Array[] = [];
  readonly events: ConnectionEvent[] = [];
  failure: ErrorAndAlert | undefined;
  connection: Connection | undefined;
  closed = false;
  /** Early data that came, a record each. */
  readonly early: Uint8Array[] = [];
  /** What became of early data; undefined: nobody said. */
  outcome: EarlyDataOutcome | "none" | undefined;
  /** How often bytes, an end or a call came to it. */
  turns = 0;
  readonly #config: ReturnType<typeof serverConfig> | undefined;
  #stage: ServerStage | ClientStage;
  #started: Bytes | undefined;

  constructor(role: Role, stage: ServerStage | ClientStage, config?: ReturnType<typeof serverConfig>) {
    this.role = role;
    this.#config = config;
    this.#stage = stage;
    this.#started = stage.output;
  }

  /** Output that came with the first stage. */
  begin(): Bytes {
    const started = this.#started ?? repeat(0);
    this.#started = undefined;
    return started;
  }
  receive(chunk: Uint8Array): Bytes {
    this.turns++;
    const lent = Uint8Array.from(chunk);
    if (this.connection !== undefined) return this.#received(this.connection.receive(lent));
    if (this.#stage.kind === "failed" && this.failure !== undefined) return this.failure.abort("reset").output;
    if (this.#stage.kind !== "needs-input") throw new Error(`a machine that waits at ${this.#stage.kind}`);
    return this.#step(this.#stage.receive(lent));
  }
  receiveEnd(): Bytes {
    this.turns++;
    if (this.connection !== undefined) return this.#received(this.connection.receiveEnd());
    if (this.#stage.kind !== "needs-input") throw new Error(`a machine that waits at ${this.#stage.kind}`);
    return this.#step(this.#stage.receiveEnd());
  }
  /** A call of the application's. */
  call(run: (at: Connection | ServerStage | ClientStage) => { readonly kind: string; readonly output?: Bytes }): Bytes {
    this.turns++;
    const result = run(this.connection ?? this.#stage);
    if (result.kind === "failed") this.#fail(result as ErrorAndAlert);
    return result.output ?? repeat(0);
  }

  #step(stage: ServerStage | ClientStage): Bytes {
    this.#stage = stage;
    if (stage.kind === "accepted" && this.#config !== undefined)
      return join(stage.output, this.#step(stage.choose(this.#config)));
    if (stage.kind === "early-data") this.early.push(Uint8Array.from(stage.data.replayable));
    if (stage.kind === "early-data-end") this.outcome = stage.outcome;
    if (stage.kind === "early-data" || stage.kind === "early-data-end") return join(stage.output, this.#step(stage.next()));
    if (stage.kind === "failed") this.#fail(stage);
    if (stage.kind !== "established") return stage.output;
    if ("earlyData" in stage) this.outcome = stage.earlyData;
    this.connection = stage.connection;
    return join(stage.output, this.#received(stage.received));
  }
  #received(received: Received): Bytes {
    this.data.push(...received.data.map((data) => Uint8Array.from(data)));
    this.events.push(...received.events);
    if (received.kind === "failed") this.#fail(received);
    if (received.kind === "closed") this.closed = true;
    return received.output;
  }
  #fail(failure: ErrorAndAlert): void {
    this.failure ??= failure;
  }
}

// ── Protection and key schedule (RFC 9846 §5.2, §7), once more ──────────────────────────────────────────────────────

const hashOf = (...parts: readonly Uint8Array[]): Bytes => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
};
const hmac = (key: Uint8Array, data: Uint8Array): Bytes => Uint8Array.from(createHmac("sha256", key).update(data).digest());
const verifyData = (secret: Uint8Array, transcriptHash: Uint8Array): Bytes =>
  hmac(expandLabel(secret, "finished", repeat(0), 32), transcriptHash);
/** One block is enough: nothing here is longer than the hash. */
const expandLabel = (secret: Uint8Array, label: string, context: Uint8Array, length: number): Bytes =>
  hmac(secret, join(u16(length), v8(text(`tls13 ${label}`)), v8(context), [1])).slice(0, length);

/** What protects one direction. */
export interface RecordKeys {
  readonly epoch: Epoch;
  /** Whether a record was sealed or opened. */
  readonly used: boolean;
  /** Whether every record is application_data on the outside. */
  readonly hidesType: boolean;
  sealAs(type: number, bytes: Octets, padding: number): Bytes;
  open(sealed: Uint8Array): { readonly type: number; readonly content: Bytes };
  next(): RecordKeys;
}

export type CipherName = "aes-128-gcm" | "chacha20-poly1305";

export class Keys implements RecordKeys {
  readonly epoch: Epoch;
  readonly hidesType = true;
  readonly #secret: Bytes;
  readonly #key: Bytes;
  readonly #iv: Bytes;
  readonly #cipher: CipherName;
  #sequence = 0;

  get used(): boolean {
    return this.#sequence > 0;
  }

  constructor(epoch: Epoch, secret: Bytes, cipher: CipherName = "aes-128-gcm") {
    this.epoch = epoch;
    this.#secret = secret;
    this.#cipher = cipher;
    this.#key = expandLabel(secret, "key", repeat(0), cipher === "aes-128-gcm" ? 16 : 32);
    this.#iv = expandLabel(secret, "iv", repeat(0), 12);
  }
  next(): Keys {
    return new Keys(this.epoch, expandLabel(this.#secret, "traffic upd", repeat(0), 32));
  }
  finished(transcriptHash: Uint8Array): Bytes {
    return verifyData(this.#secret, transcriptHash);
  }

  sealAs(type: number, bytes: Octets, padding: number): Bytes {
    return this.seal(join(bytes, [type], repeat(padding)));
  }
  /** @param inner content, type and padding as they are to be. */
  seal(inner: Octets, version = 0x0303): Bytes {
    const header = join([content.data], u16(version), u16(inner.length + 16));
    const cipher = createCipheriv(this.#cipher as "aes-128-gcm", this.#key, this.#nonce(), { authTagLength: 16 });
    cipher.setAAD(header);
    return join(header, cipher.update(Uint8Array.from(inner)), cipher.final(), cipher.getAuthTag());
  }
  open(sealed: Uint8Array): { readonly type: number; readonly content: Bytes } {
    const cipher = createDecipheriv(this.#cipher as "aes-128-gcm", this.#key, this.#nonce(), { authTagLength: 16 });
    cipher.setAAD(sealed.subarray(0, 5));
    cipher.setAuthTag(sealed.subarray(-16));
    const inner = join(cipher.update(sealed.subarray(5, -16)), cipher.final());
    const end = inner.findLastIndex((byte) => byte !== 0);
    return { type: inner[end] ?? 0, content: inner.slice(0, end) };
  }
  #nonce(): Bytes {
    const sequence = join(repeat(4), new Uint8Array(new BigUint64Array([BigInt(this.#sequence++)]).buffer).reverse());
    return this.#iv.map((byte, at) => byte ^ (sequence[at] ?? 0)) as Bytes;
  }
}

interface Secrets {
  readonly handshake: { readonly client: Keys; readonly server: Keys };
  application(transcriptHash: Uint8Array): { readonly client: Keys; readonly server: Keys };
  /** @param transcriptHash to the client's Finished. */
  session(transcriptHash: Uint8Array, nonce: Octets): Bytes;
}

/** @param psk of a session that is taken up. */
function schedule(sharedSecret: Uint8Array, transcriptHash: Uint8Array, psk: Uint8Array = repeat(32)): Secrets {
  const zeros = repeat(32);
  const derived = (secret: Uint8Array): Bytes => expandLabel(secret, "derived", hashOf(), 32);
  const handshake = hmac(derived(hmac(zeros, psk)), sharedSecret);
  const main = hmac(derived(handshake), zeros);
  const keys = (epoch: Epoch, secret: Bytes, name: string, hash: Uint8Array): { client: Keys; server: Keys } => ({
    client: new Keys(epoch, expandLabel(secret, `c ${name} traffic`, hash, 32)),
    server: new Keys(epoch, expandLabel(secret, `s ${name} traffic`, hash, 32)),
  });
  return {
    handshake: keys("handshake", handshake, "hs", transcriptHash),
    application: (hash) => keys("application", main, "ap", hash),
    session: (hash, nonce) => expandLabel(expandLabel(main, "res master", hash, 32), "resumption", Uint8Array.from(nonce), 32),
  };
}

/** What a ticket stands for (§4.7.1). */
export interface ScriptedSession {
  readonly ticket: Bytes;
  /** As it is said: no time has gone by. */
  readonly ageAdd: number;
  readonly secret: Bytes;
  /** Default "res binder"; of a PSK from elsewhere "ext binder" or "imp binder". */
  readonly binder?: string;
}
/** What protects early data. @param clientHello the first, and only one. */
function earlyKeys(psk: Uint8Array, clientHello: Uint8Array, cipher?: CipherName): Keys {
  return new Keys("early", expandLabel(hmac(repeat(32), psk), "c e traffic", hashOf(clientHello), 32), cipher);
}
/** @param transcriptHash to the ClientHello up to its binders (§4.3.11.2). */
function binderOf({ secret, binder = "res binder" }: ScriptedSession, transcriptHash: Uint8Array): Bytes {
  const early = hmac(repeat(32), secret);
  return verifyData(expandLabel(early, binder, hashOf(), 32), transcriptHash);
}

export interface DiffieHellman {
  readonly share: Bytes;
  secret(peerShare: Uint8Array): Bytes;
}
export function keyPair(group: number): DiffieHellman {
  if (group === groups.x25519) {
    const { publicKey, privateKey } = generateKeyPairSync("x25519");
    const share = Uint8Array.from(publicKey.export({ type: "spki", format: "der" }).subarray(-32));
    const spki = (raw: Uint8Array): Buffer => Buffer.concat([Buffer.from("302a300506032b656e032100", "hex"), raw]);
    return {
      share,
      secret: (peer) =>
        Uint8Array.from(
          diffieHellman({ privateKey, publicKey: createPublicKey({ key: spki(peer), type: "spki", format: "der" }) }),
        ),
    };
  }
  const pair = createECDH(group === groups.secp256r1 ? "prime256v1" : "secp384r1");
  return { share: Uint8Array.from(pair.generateKeys()), secret: (peer) => Uint8Array.from(pair.computeSecret(peer)) };
}

// ── Peers ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a test saw at the end: the alert that was told in bytes, `close` for a failure without one, or `none`. */
export interface Outcome {
  readonly machine: Role;
  readonly where: string;
  readonly told: string;
}

export abstract class ScriptedPeer<State extends string = string> {
  readonly machine: Machine;
  readonly heard: Heard[] = [];
  /** Where the machine stood when the test began to speak for itself. */
  abstract where: State;
  write: RecordKeys | undefined;
  read: RecordKeys | undefined;
  /** Most bytes of a handshake record. */
  fragment: number = 2 ** 14;
  /** Most bytes that the machine is given at once. */
  slice: number = Number.POSITIVE_INFINITY;
  protected readonly transcript: Bytes[] = [];
  /** Handshake bytes that are no whole message yet. */
  #partial: Bytes = repeat(0);

  constructor(machine: Machine) {
    this.machine = machine;
  }
  /** Says all that is right until the machine waits there. */
  abstract to(state: State): this;
  /** The message that is right where the machine waits; it was not said. */
  abstract next(): Bytes;
  /** All the way, then data both ways. @throws if the machine does not go along. */
  proceed(): this {
    this.to(this.connected);
    const { connection, closed } = this.machine;
    if (connection === undefined) throw new Error("not connected");
    if (!closed) {
      const before = this.machine.data.length;
      this.record(content.data, text("from the peer"));
      const data = this.machine.data.slice(before).map((bytes) => Buffer.from(bytes).toString());
      if (data.join() !== "from the peer") throw new Error(`the machine read ${JSON.stringify(data)}`);
    }
    this.listen(this.machine.call(() => connection.send(text("from the machine"))));
    const last = this.heard.at(-1);
    if (last?.kind !== "data" || Buffer.from(last.bytes).toString() !== "from the machine")
      throw new Error("the peer read nothing");
    return this;
  }
  protected abstract readonly connected: State;
  protected abstract understand(heard: Bytes): void;
  /** TLS 1.2, where it means something. */
  protected understandChangeCipherSpec(): void {}

  /** Any bytes, as they are. */
  bytes(...chunks: readonly Octets[]): this {
    for (const chunk of chunks) {
      const size = Math.min(this.slice, Math.max(1, chunk.length));
      for (let at = 0; at === 0 || at < chunk.length; at += size)
        this.listen(this.machine.receive(Uint8Array.from(chunk.slice(at, at + size))));
    }
    return this;
  }
  end(): this {
    this.listen(this.machine.receiveEnd());
    return this;
  }
  /** Sealed, if there are keys. */
  record(type: number, bytes: Octets, padding = 0): this {
    return this.bytes(this.sealed(type, bytes, padding));
  }
  sealed(type: number, bytes: Octets, padding = 0): Bytes {
    return this.write === undefined ? record(type, bytes) : this.write.sealAs(type, bytes, padding);
  }
  /** Handshake messages back to back, which count. */
  say(...messages: readonly Bytes[]): this {
    this.counted(...messages);
    const all = join(...messages);
    for (let at = 0; at < all.length; at += this.fragment) this.record(content.handshake, all.subarray(at, at + this.fragment));
    return this;
  }
  /** They go to the machine in another way. */
  counted(...messages: readonly Bytes[]): this {
    this.transcript.push(...messages);
    return this;
  }
  alert(level: number, description: number): this {
    return this.record(content.alert, [level, description]);
  }
  updateKeys(request = 0): this {
    this.record(content.handshake, message(types.keyUpdate, [request]));
    this.write = this.write?.next();
    return this;
  }

  /** Everything that the machine writes goes through here. */
  listen(output: Uint8Array): void {
    for (let at = 0; at < output.length; ) {
      const [type = 0, , , high = 0, low = 0] = output.subarray(at, at + 5);
      const end = at + 5 + high * 256 + low;
      if (end > output.length) throw new Error("the machine wrote a part of a record");
      this.#open(type, output.subarray(at, end));
      at = end;
    }
  }
  #open(type: number, sealed: Uint8Array): void {
    if (type === content.changeCipherSpec && this.read?.hidesType !== false) {
      this.heard.push({ kind: "change_cipher_spec", bytes: sealed.slice(5) as Bytes, under: "plaintext" });
      this.understandChangeCipherSpec();
    } else if (this.read === undefined || (type === content.alert && this.read.epoch !== "application" && !this.read.used)) {
      // A client that fails on ServerHello has no keys yet.
      this.#take(type, sealed.slice(5) as Bytes, "plaintext");
    } else {
      if (this.read.hidesType && type !== content.data)
        throw new Error(`the machine wrote ${hexOf(sealed)} in clear after it had keys`);
      const opened = this.read.open(sealed);
      this.#take(opened.type, opened.content, this.read.epoch);
    }
  }
  #take(type: number, bytes: Bytes, under: Epoch): void {
    if (type === content.alert) this.heard.push({ kind: "alert", bytes, under });
    else if (type === content.data) this.heard.push({ kind: "data", bytes, under });
    else if (type !== content.handshake) throw new Error(`the machine wrote content type ${type}`);
    else {
      this.#partial = join(this.#partial, bytes);
      for (;;) {
        const [, high = 0, middle = 0, low = 0] = this.#partial;
        const length = 4 + high * 65536 + middle * 256 + low;
        if (this.#partial.length < Math.max(4, length)) return;
        const whole = this.#partial.slice(0, length);
        this.#partial = this.#partial.slice(length);
        this.heard.push({ kind: "handshake", bytes: whole, under });
        if (whole[0] === types.keyUpdate) this.read = this.read?.next();
        else this.understand(whole);
      }
    }
  }

  protected hash(): Bytes {
    return hashOf(...this.transcript);
  }
  /** CertificateVerify (§4.5.2). */
  protected proof(scheme: number, context: string, keyPem: string): Bytes {
    const signed = join(repeat(64, 0x20), text(context), [0], this.hash());
    const signature = sign("sha256", signed, { key: keyPem, dsaEncoding: "der" });
    return message(types.certificateVerify, u16(scheme), v16(signature));
  }
  /** RFC 9846 §4.5.1: behind HelloRetryRequest the first hello is a hash. */
  protected retried(): void {
    const first = this.transcript.splice(0, this.transcript.length, message(types.messageHash, this.hash()));
    if (first.length !== 1) throw new Error("a HelloRetryRequest behind more than a ClientHello");
  }

  /** The alerts that were heard, by level and number. */
  get alerts(): readonly Heard[] {
    return this.heard.filter(({ kind }) => kind === "alert");
  }
}

export type ServerState = "START" | "RETRIED" | "WAIT_EOED" | "WAIT_CERT" | "WAIT_CV" | "WAIT_FINISHED" | "CONNECTED";
const serverStates: readonly ServerState[] = [
  "START",
  "RETRIED",
  "WAIT_EOED",
  "WAIT_CERT",
  "WAIT_CV",
  "WAIT_FINISHED",
  "CONNECTED",
];

/** A certificate, and the key that proves it. */
export interface Shown {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  /** PKCS#8. */
  readonly keyPem: string;
}

/** A ClientHello, each part as the test wants it. */
export interface HelloScript {
  readonly legacyVersion: number;
  readonly random: Bytes;
  readonly sessionId: Bytes;
  /** Bytes: what is inside the vector. */
  readonly suites: readonly number[] | Bytes;
  readonly compression: readonly number[];
  readonly extensions: readonly Extension[] | undefined;
}

export interface ScriptedClientOptions {
  readonly config?: Partial<ServerOptions>;
  /** The machine's, whole. */
  readonly configured?: ServerConfig;
  /** Groups for which the first hello has a share; default x25519. None: HelloRetryRequest. */
  readonly shares?: readonly number[];
  /** What it shows when it is asked; default nothing. */
  readonly shows?: Shown;
  /** Sessions that it offers, the last extension of each hello. */
  readonly sessions?: readonly ScriptedSession[];
  /** Whose shares it says; default its own. Who has the same says the same hello. */
  readonly pairs?: Map<number, DiffieHellman>;
  /** Their binders, instead of the right ones. */
  readonly binders?: (right: readonly Bytes[]) => readonly Octets[];
}

/** Speaks to a server. */
export class ScriptedClient extends ScriptedPeer<ServerState> {
  where: ServerState = "START";
  protected readonly connected = "CONNECTED";
  readonly #pairs: Map<number, DiffieHellman>;
  readonly #shares: readonly number[];
  #hello: HelloScript;
  #retry: { readonly group: number | undefined; readonly cookie: Bytes | undefined } | undefined;
  #secrets: Secrets | undefined;
  #application: { readonly client: Keys; readonly server: Keys } | undefined;
  readonly #shows: Shown | undefined;
  #offered: readonly ScriptedSession[];
  readonly #binders: (right: readonly Bytes[]) => readonly Octets[];
  /** The certificate that is due, or the proof of one that was said. */
  #owes: "certificate" | "proof" | undefined;
  #handshakeHash: Bytes = repeat(0);
  /** What the server's tickets stand for. */
  readonly tickets: ScriptedSession[] = [];
  /** Which session the server took up. */
  selected: number | undefined;

  constructor({
    config = {},
    configured,
    shares = [groups.x25519],
    shows,
    sessions = [],
    pairs = new Map(),
    binders = (right) => right,
  }: ScriptedClientOptions = {}) {
    const options: ServerOptions = {
      provider: node,
      now: Date.now,
      versions: ["tls1.3"],
      credentials: [ownCredential],
      alpn: ["h2", "http/1.1"],
      ...config,
    };
    super(new Machine("server", new Acceptor().start(), configured ?? serverConfig(options)));
    this.#pairs = pairs;
    this.#shares = shares;
    this.#shows = shows;
    this.#offered = sessions;
    this.#binders = binders;
    this.#hello = {
      legacyVersion: 0x0303,
      random: repeat(32, 0xc1),
      sessionId: repeat(32, 0x5e),
      suites: [0x1301],
      compression: [0],
      extensions: [
        extension(extensions.serverName, v16([0], v16(text("localhost")))),
        extension(extensions.supportedGroups, v16(u16(groups.x25519, groups.secp256r1))),
        extension(extensions.signatureAlgorithms, v16(u16(0x0403, 0x0804))),
        extension(extensions.alpn, v16(v8(text("h2")))),
        extension(extensions.supportedVersions, v8(u16(0x0304))),
        extension(extensions.pskModes, v8([1])),
        this.keyShare(...shares),
      ],
    };
  }

  get hello(): HelloScript {
    return this.#hello;
  }
  /** From here on the hello has these parts. */
  with(change: Partial<HelloScript> | ((hello: HelloScript) => Partial<HelloScript>)): this {
    this.#hello = { ...this.#hello, ...(typeof change === "function" ? change(this.#hello) : change) };
    return this;
  }
  /** From here on the hello offers these sessions. */
  offer(...sessions: readonly ScriptedSession[]): this {
    this.#offered = sessions;
    return this;
  }
  /** With these extensions, where they stand or at the end. */
  extend(...added: readonly Extension[]): this {
    return this.with(({ extensions = [] }) => ({ extensions: replaced(extensions, ...added) }));
  }
  keyShare(...shares: readonly number[]): Extension {
    return extension(extensions.keyShare, v16(...shares.map((group) => join(u16(group), v16(this.#pair(group).share)))));
  }
  /** As a handshake message. */
  encodedHello(): Bytes {
    return this.#encode(this.#hello);
  }
  /** By HelloRetryRequest. */
  get asked(): { readonly group: number | undefined; readonly cookie: Bytes | undefined } {
    return this.#retry ?? { group: undefined, cookie: undefined };
  }
  /** The hello that a HelloRetryRequest asks for. */
  secondHello(): Bytes {
    const { group, cookie } = this.asked;
    const { extensions: before = [] } = this.#hello;
    const after = replaced(
      before,
      this.keyShare(...(group === undefined ? this.#shares : [group])),
      ...(cookie === undefined ? [] : [extension(extensions.cookie, v16(cookie))]),
    );
    return this.#encode({ ...this.#hello, extensions: after });
  }
  #encode(hello: HelloScript): Bytes {
    const { extensions: before } = hello;
    if (this.#offered.length === 0 || before === undefined) return encodeHello(hello);
    const identities = v16(...this.#offered.map(({ ticket, ageAdd }) => join(v16(ticket), u32(ageAdd))));
    const withBinders = (binders: readonly Octets[]): Bytes =>
      encodeHello({
        ...hello,
        extensions: [...before, extension(extensions.preSharedKey, identities, v16(...binders.map((binder) => v8(binder))))],
      });
    const whole = withBinders(this.#offered.map(() => repeat(32)));
    const transcriptHash = hashOf(...this.transcript, whole.subarray(0, -2 - 33 * this.#offered.length));
    return withBinders(this.#binders(this.#offered.map((session) => binderOf(session, transcriptHash))));
  }
  /** Its own, or none. */
  certificate(chain: readonly Uint8Array[] = this.#shows?.chain ?? []): Bytes {
    return message(types.certificate, v8(), v24(...chain.map((der) => join(v24(der), u16(0)))));
  }
  certificateVerify(scheme = 0x0403, context = "TLS 1.3, client CertificateVerify"): Bytes {
    if (this.#shows === undefined) throw new Error("nothing to prove");
    return this.proof(scheme, context, this.#shows.keyPem);
  }
  finished(): Bytes {
    if (this.#secrets === undefined) throw new Error("no keys yet");
    return message(types.finished, this.#secrets.handshake.client.finished(this.hash()));
  }

  to(state: ServerState): this {
    this.where = state;
    for (const each of serverStates.slice(1, serverStates.indexOf(state) + 1)) {
      if (this.transcript.length === 0) this.say(this.encodedHello());
      if (each === "RETRIED" && state === "RETRIED" && this.#retry === undefined) throw new Error("the server asked for nothing");
      if (each === "WAIT_EOED" && state === "WAIT_EOED" && this.write?.epoch !== "early")
        throw new Error("the server takes no early data");
      if (each === "WAIT_CERT" && this.#secrets === undefined) this.say(this.secondHello());
      if (each === "WAIT_CERT" && this.write?.epoch === "early") this.endEarlyData();
      if (each === "WAIT_CERT" && state === "WAIT_CERT" && this.#owes !== "certificate")
        throw new Error("the server asked for nobody");
      if (each === "WAIT_CV" && this.#owes === "certificate") this.say(this.certificate());
      if (each === "WAIT_FINISHED" && this.#owes === "proof") this.say(this.certificateVerify());
      if (each === "CONNECTED" && this.machine.connection === undefined) this.finish();
    }
    return this;
  }
  override counted(...messages: readonly Bytes[]): this {
    for (const { 0: type, length } of messages) {
      // Context and list, both empty.
      if (type === types.certificate) this.#owes = length > 8 ? "proof" : undefined;
      if (type === types.certificateVerify) this.#owes = undefined;
    }
    return super.counted(...messages);
  }
  next(): Bytes {
    switch (this.where) {
      case "START":
        return this.encodedHello();
      case "RETRIED":
        return this.secondHello();
      case "WAIT_EOED":
        return message(types.endOfEarlyData);
      case "WAIT_CERT":
        return this.certificate();
      case "WAIT_CV":
        return this.certificateVerify();
      case "WAIT_FINISHED":
        return this.finished();
      case "CONNECTED":
        return message(types.keyUpdate, [0]);
    }
  }
  /** EndOfEarlyData, and the keys behind it. */
  endEarlyData(): this {
    this.say(message(types.endOfEarlyData));
    this.useHandshakeKeys();
    return this;
  }
  useHandshakeKeys(): void {
    this.write = this.#secrets?.handshake.client;
  }
  /** What early data of the first session would be under, whoever takes it. */
  earlyKeys(): Keys {
    const [hello] = this.transcript;
    const [session] = this.#offered;
    if (hello === undefined || session === undefined) throw new Error("no session was offered");
    return earlyKeys(session.secret, hello);
  }
  /** Finished, and the keys behind it. */
  finish(): this {
    const finished = this.finished();
    this.#handshakeHash = hashOf(...this.transcript, finished);
    this.say(finished);
    this.useApplicationKeys();
    return this;
  }
  useApplicationKeys(): void {
    this.write = this.#application?.client;
  }

  protected understand(heard: Bytes): void {
    this.transcript.push(heard);
    const type = heard[0];
    if (type === types.serverHello) this.#serverHello(heard);
    if (type === types.encryptedExtensions && typesIn(heard.subarray(4)).includes(extensions.earlyData))
      this.write = this.earlyKeys();
    if (type === types.finished && this.#secrets !== undefined) {
      const before = hashOf(...this.transcript.slice(0, -1));
      if (hexOf(heard.subarray(4)) !== hexOf(this.#secrets.handshake.server.finished(before)))
        throw new Error("the server's Finished is wrong");
      this.#application = this.#secrets.application(this.hash());
      this.read = this.#application.server;
    }
    if (type === types.certificateRequest) this.#owes = "certificate";
    if (type === types.newSessionTicket && this.#secrets !== undefined) {
      const nonceEnd = 13 + (heard[12] ?? 0);
      const ticketEnd = nonceEnd + 2 + (heard[nonceEnd] ?? 0) * 256 + (heard[nonceEnd + 1] ?? 0);
      this.tickets.push({
        ticket: heard.slice(nonceEnd + 2, ticketEnd),
        ageAdd: Buffer.from(heard).readUInt32BE(8),
        secret: this.#secrets.session(this.#handshakeHash, heard.subarray(13, nonceEnd)),
      });
    }
  }
  #serverHello(heard: Bytes): void {
    const session = heard[38] ?? 0;
    let at = 4 + 2 + 32 + 1 + session + 2 + 1 + 2;
    const parts = new Map<number, Bytes>();
    while (at < heard.length) {
      const [a = 0, b = 0, c = 0, d = 0] = heard.subarray(at, at + 4);
      parts.set(a * 256 + b, heard.slice(at + 4, at + 4 + c * 256 + d));
      at += 4 + c * 256 + d;
    }
    const [high = 0, low = 0] = parts.get(extensions.keyShare) ?? [];
    const group = high * 256 + low;
    if (hexOf(heard.subarray(6, 38)) === retryRandom) {
      this.transcript.pop();
      this.retried();
      this.transcript.push(heard);
      this.#retry = { group: parts.has(extensions.keyShare) ? group : undefined, cookie: parts.get(extensions.cookie)?.slice(2) };
      return;
    }
    const secret = this.#pair(group).secret((parts.get(extensions.keyShare) ?? repeat(0)).subarray(4));
    const selected = parts.get(extensions.preSharedKey);
    this.selected = selected && (selected[0] ?? 0) * 256 + (selected[1] ?? 0);
    const psk = this.selected === undefined ? undefined : this.#offered[this.selected]?.secret;
    this.#secrets = schedule(secret, this.hash(), psk);
    this.read = this.#secrets.handshake.server;
    this.write = this.#secrets.handshake.client;
  }
  #pair(group: number): DiffieHellman {
    const pair = this.#pairs.get(group) ?? keyPair(group);
    this.#pairs.set(group, pair);
    return pair;
  }
}

export type ClientState =
  | "WAIT_SH"
  | "WAIT_SH_AGAIN"
  | "WAIT_EE"
  | "WAIT_CERT_CR"
  | "WAIT_CERT"
  | "WAIT_CV"
  | "WAIT_FINISHED"
  | "CONNECTED";

/** A ServerHello or HelloRetryRequest, each part as the test wants it. */
export interface ServerHelloScript {
  readonly legacyVersion: number;
  readonly random: Bytes;
  readonly sessionId: Bytes;
  readonly suite: number;
  readonly compression: number;
  readonly extensions: readonly Extension[] | undefined;
}

export interface ScriptedServerOptions extends Partial<Shown> {
  readonly config?: Partial<ClientOptions>;
  /** The machine's, whole. */
  readonly configured?: ClientConfig;
  /** Sends a CertificateRequest. */
  readonly requests?: boolean;
  /** Sends a HelloRetryRequest for this group. */
  readonly retryFor?: number;
  /** Takes it up if the client offers it. */
  readonly session?: ScriptedSession;
  /** Of the session's connection; all that the peer writes itself is AES. */
  readonly earlyCipher?: CipherName;
}

/** Speaks to a client. */
export class ScriptedServer extends ScriptedPeer<ClientState> {
  where: ClientState = "WAIT_SH";
  protected readonly connected = "CONNECTED";
  readonly options: Shown & Pick<ScriptedServerOptions, "requests" | "retryFor" | "session" | "earlyCipher">;
  readonly #pairs: Map<number, DiffieHellman> = new Map();
  #secrets: Secrets | undefined;
  #application: { readonly client: Keys; readonly server: Keys } | undefined;
  #state: ClientState = "WAIT_SH";
  #offered: { readonly sessionId: Bytes; readonly shares: ReadonlyMap<number, Bytes> } = {
    sessionId: repeat(0),
    shares: new Map(),
  };
  /** Where the client's offer has our session. */
  selected: number | undefined;
  #handshakeHash: Bytes = repeat(0);

  constructor({ config = {}, configured, ...options }: ScriptedServerOptions = {}) {
    const verifier: SyncVerifier = { schemes: ["ecdsa_secp256r1_sha256"], label: "trusts", verify: dangerousAssertVerified };
    const all: ClientOptions = {
      provider: node,
      now: Date.now,
      versions: ["tls1.3"],
      verifier,
      suites: ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"],
      alpn: ["h2", "http/1.1"],
      ...config,
    };
    super(new Machine("client", new Connector(configured ?? clientConfig(all), "localhost").start()));
    this.options = { chain: identity.chain, keyPem: identity.keyPem, requests: false, ...options };
    this.listen(this.machine.begin());
  }

  get sessionId(): Bytes {
    return this.#offered.sessionId;
  }
  get shares(): ReadonlyMap<number, Bytes> {
    return this.#offered.shares;
  }
  serverHello(change: Partial<ServerHelloScript> | ((hello: ServerHelloScript) => Partial<ServerHelloScript>) = {}): Bytes {
    const group = this.#group();
    return this.#encode(
      {
        legacyVersion: 0x0303,
        random: repeat(32, 0x5a),
        sessionId: this.sessionId,
        suite: 0x1301,
        compression: 0,
        extensions: [
          extension(extensions.supportedVersions, u16(0x0304)),
          this.keyShare(group),
          ...(this.selected === undefined ? [] : [extension(extensions.preSharedKey, u16(this.selected))]),
        ],
      },
      change,
    );
  }
  retryRequest(change: Partial<ServerHelloScript> | ((hello: ServerHelloScript) => Partial<ServerHelloScript>) = {}): Bytes {
    return this.#encode(
      {
        legacyVersion: 0x0303,
        random: Uint8Array.from(Buffer.from(retryRandom, "hex")),
        sessionId: this.sessionId,
        suite: 0x1301,
        compression: 0,
        extensions: [
          extension(extensions.supportedVersions, u16(0x0304)),
          extension(extensions.keyShare, u16(this.options.retryFor ?? groups.secp256r1)),
        ],
      },
      change,
    );
  }
  /** The first that was offered with a share and that it can do itself, which no hybrid is. */
  #group(): number {
    const own: readonly number[] = Object.values(groups);
    return [...this.shares.keys()].find((group) => own.includes(group)) ?? groups.x25519;
  }
  keyShare(group: number): Extension {
    return extension(extensions.keyShare, u16(group), v16(this.#pair(group).share));
  }
  encryptedExtensions(...answers: readonly Extension[]): Bytes {
    return message(types.encryptedExtensions, block(answers));
  }
  /** NewSessionTicket, and what it stands for. */
  newSessionTicket(...offers: readonly Extension[]): ScriptedSession {
    if (this.#secrets === undefined) throw new Error("no keys yet");
    const session = { ticket: text("a ticket of ours"), ageAdd: 77, secret: this.#secrets.session(this.#handshakeHash, [9]) };
    this.record(
      content.handshake,
      message(types.newSessionTicket, u32(7200), u32(session.ageAdd), v8([9]), v16(session.ticket), block(offers)),
    );
    return session;
  }
  certificateRequest(...wishes: readonly Extension[]): Bytes {
    const all = replaced([extension(extensions.signatureAlgorithms, v16(u16(0x0403)))], ...wishes);
    return message(types.certificateRequest, v8(), block(all));
  }
  certificate(chain: readonly Uint8Array[] = this.options.chain): Bytes {
    return message(types.certificate, v8(), v24(...chain.map((der) => join(v24(der), u16(0)))));
  }
  certificateVerify(scheme = 0x0403, context = "TLS 1.3, server CertificateVerify"): Bytes {
    return this.proof(scheme, context, this.options.keyPem);
  }
  finished(): Bytes {
    if (this.#secrets === undefined) throw new Error("no keys yet");
    return message(types.finished, this.#secrets.handshake.server.finished(this.hash()));
  }

  to(target: ClientState): this {
    while (this.#state !== target) this.#state = this.#step(target);
    this.where = target;
    return this;
  }
  next(): Bytes {
    switch (this.where) {
      case "WAIT_SH":
      case "WAIT_SH_AGAIN":
        return this.serverHello();
      case "WAIT_EE":
        return this.encryptedExtensions();
      case "WAIT_CERT_CR":
        return this.certificateRequest();
      case "WAIT_CERT":
        return this.certificate();
      case "WAIT_CV":
        return this.certificateVerify();
      case "WAIT_FINISHED":
        return this.finished();
      case "CONNECTED":
        return message(types.keyUpdate, [0]);
    }
  }
  /** What the test has said itself is behind us. */
  skipTo(state: ClientState): this {
    this.#state = state;
    return this;
  }
  #step(target: ClientState): ClientState {
    switch (this.#state) {
      case "WAIT_SH":
        if (target !== "WAIT_SH_AGAIN" && this.options.retryFor === undefined) return this.#hello();
        this.retry(this.retryRequest());
        return "WAIT_SH_AGAIN";
      case "WAIT_SH_AGAIN":
        return this.#hello();
      case "WAIT_EE":
        if (this.read?.epoch === "early") this.read = this.#secrets?.handshake.client;
        this.say(this.encryptedExtensions());
        return this.selected === undefined ? "WAIT_CERT_CR" : "WAIT_FINISHED";
      case "WAIT_CERT_CR":
        if (target !== "WAIT_CERT" && this.options.requests !== true) return this.#certificate();
        this.say(this.certificateRequest());
        return "WAIT_CERT";
      case "WAIT_CERT":
        return this.#certificate();
      case "WAIT_CV":
        this.say(this.certificateVerify());
        return "WAIT_FINISHED";
      case "WAIT_FINISHED":
        this.finish();
        return "CONNECTED";
      case "CONNECTED":
        throw new Error("the handshake is behind us");
    }
  }
  #hello(): ClientState {
    this.hello(this.serverHello());
    return "WAIT_EE";
  }
  #certificate(): ClientState {
    this.say(this.certificate());
    return "WAIT_CV";
  }
  retry(request: Bytes): this {
    this.retried();
    this.read = undefined;
    return this.say(request);
  }
  /** ServerHello, and the keys behind it. */
  hello(hello: Bytes, version = 0x0303): this {
    const group = this.#group();
    this.counted(hello);
    this.#useKeys(this.transcript, group);
    for (let at = 0; at < hello.length; at += this.fragment) {
      this.bytes(record(content.handshake, hello.subarray(at, at + this.fragment), version));
    }
    return this;
  }
  /** Finished, and the keys behind it. */
  finish(): this {
    const finished = this.finished();
    this.#application = this.#secrets?.application(hashOf(...this.transcript, finished));
    this.say(finished);
    this.write = this.#application?.server;
    return this;
  }

  /** EncryptedExtensions that take the early data. */
  acceptEarlyData(...answers: readonly Extension[]): this {
    this.#state = "WAIT_FINISHED";
    return this.say(this.encryptedExtensions(...answers, extension(extensions.earlyData)));
  }

  protected understand(heard: Bytes): void {
    if (heard[0] === types.clientHello) this.#clientHello(heard);
    this.transcript.push(heard);
    if (heard[0] === types.endOfEarlyData) this.read = this.#secrets?.handshake.client;
    if (heard[0] === types.finished && this.#secrets !== undefined) {
      const before = hashOf(...this.transcript.slice(0, -1));
      if (hexOf(heard.subarray(4)) !== hexOf(this.#secrets.handshake.client.finished(before)))
        throw new Error("the client's Finished is wrong");
      this.#handshakeHash = this.hash();
      this.read = this.#application?.client;
    }
  }
  #clientHello(heard: Bytes): void {
    const at = (offset: number): number => heard[offset] ?? 0;
    const sessionId = heard.slice(39, 39 + at(38));
    let offset = 39 + at(38);
    offset += 2 + at(offset) * 256 + at(offset + 1);
    offset += 1 + at(offset) + 2;
    const shares = new Map<number, Bytes>();
    let offersEarly = false;
    this.selected = undefined;
    while (offset < heard.length) {
      const type = at(offset) * 256 + at(offset + 1);
      const end = offset + 4 + at(offset + 2) * 256 + at(offset + 3);
      for (let inside = offset + 6; type === extensions.keyShare && inside < end; ) {
        const length = at(inside + 2) * 256 + at(inside + 3);
        shares.set(at(inside) * 256 + at(inside + 1), heard.slice(inside + 4, inside + 4 + length));
        inside += 4 + length;
      }
      if (type === extensions.preSharedKey) this.#psks(heard, offset + 4);
      if (type === extensions.earlyData) offersEarly = true;
      offset = end;
    }
    this.#offered = { sessionId, shares };
    const { session, earlyCipher } = this.options;
    // Early data comes directly behind the hello.
    if (offersEarly && session !== undefined && this.selected !== undefined)
      this.read = earlyKeys(session.secret, heard, earlyCipher);
  }
  /** @param start of the extension, which is the hello's last. */
  #psks(heard: Bytes, start: number): void {
    const { session } = this.options;
    const at = (offset: number): number => heard[offset] ?? 0;
    const end = start + 2 + at(start) * 256 + at(start + 1);
    for (let offset = start + 2, index = 0, binder = end + 2; offset < end; index++, binder += 1 + at(binder)) {
      const length = at(offset) * 256 + at(offset + 1);
      if (session !== undefined && hexOf(heard.subarray(offset + 2, offset + 2 + length)) === hexOf(session.ticket)) {
        const right = binderOf(session, hashOf(...this.transcript, heard.subarray(0, end)));
        if (hexOf(heard.subarray(binder + 1, binder + 1 + at(binder))) !== hexOf(right))
          throw new Error("the client's binder is wrong");
        this.selected = index;
      }
      offset += 2 + length + 4;
    }
  }
  /** The client answers under handshake keys as soon as it has read ServerHello. */
  #useKeys(transcript: readonly Bytes[], group: number): void {
    const peerShare = this.#offered.shares.get(group);
    if (peerShare === undefined) throw new Error("the client has sent no share of that group");
    const psk = this.selected === undefined ? undefined : this.options.session?.secret;
    this.#secrets = schedule(this.#pair(group).secret(peerShare), hashOf(...transcript), psk);
    // A client that was taken up waits for EncryptedExtensions.
    if (this.read?.epoch !== "early" || psk === undefined) this.read = this.#secrets.handshake.client;
    this.write = this.#secrets.handshake.server;
  }
  #pair(group: number): DiffieHellman {
    const pair = this.#pairs.get(group) ?? keyPair(group);
    this.#pairs.set(group, pair);
    return pair;
  }
  #encode(
    hello: ServerHelloScript,
    change: Partial<ServerHelloScript> | ((hello: ServerHelloScript) => Partial<ServerHelloScript>),
  ): Bytes {
    const {
      legacyVersion,
      random,
      sessionId,
      suite,
      compression,
      extensions: answers,
    } = {
      ...hello,
      ...(typeof change === "function" ? change(hello) : change),
    };
    const end = answers === undefined ? [] : block(answers);
    return message(types.serverHello, u16(legacyVersion), random, v8(sessionId), u16(suite), [compression], end);
  }
}

/** The types in a block of extensions. */
function typesIn(block: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 2; at < block.length; at += 4 + (block[at + 2] ?? 0) * 256 + (block[at + 3] ?? 0)) {
    found.push((block[at] ?? 0) * 256 + (block[at + 1] ?? 0));
  }
  return found;
}

export function encodeHello({ legacyVersion, random, sessionId, suites, compression, extensions: offered }: HelloScript): Bytes {
  const end = offered === undefined ? [] : block(offered);
  return message(
    types.clientHello,
    u16(legacyVersion),
    random,
    v8(sessionId),
    v16(suites instanceof Uint8Array ? suites : u16(...suites)),
    v8(compression),
    end,
  );
}

/** SHA-256 of "HelloRetryRequest" (RFC 9846 §4.2.3). */
export const retryRandom: string = hexOf(hashOf(text("HelloRetryRequest")));
