// The scripted peers of TLS 1.2: ECDHE_ECDSA with AES-128-GCM, with a PRF and records of their own.
import { sign } from "node:crypto";
import {
  Acceptor,
  type Bytes,
  clientConfig,
  type ClientOptions,
  Connector,
  dangerousAssertVerified,
  serverConfig,
  type ServerOptions,
  type SyncVerifier,
} from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
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
  without,
} from "./octets.ts";
import {
  content,
  type DiffieHellman,
  encodeHello,
  extensions,
  groups,
  type HelloScript,
  identity,
  keyPair,
  Machine,
  ownCredential,
  type RecordKeys,
  ScriptedPeer,
  type ServerHelloScript,
  type Shown,
  types,
} from "./scripted-peer.ts";
import { aes128, prf, type ProtectionTls12, protectionsTls12 } from "./wiretap.ts";

export const typesTls12 = {
  helloRequest: 0,
  serverKeyExchange: 12,
  serverHelloDone: 14,
  clientKeyExchange: 16,
  certificateStatus: 22,
} as const;
export const extensionsTls12 = { statusRequest: 5, pointFormats: 11, extendedMasterSecret: 23, sessionTicket: 35 } as const;
const suite = 0xc02b;

export class KeysTls12 implements RecordKeys {
  readonly epoch = "application";
  readonly hidesType = false;
  readonly protection: ProtectionTls12;

  constructor(protection: ProtectionTls12) {
    this.protection = protection;
  }
  get used(): boolean {
    return this.protection.sequence > 0;
  }
  sealAs(type: number, bytes: Octets): Bytes {
    return Uint8Array.from(this.protection.seal(type, Uint8Array.from(bytes)));
  }
  open(sealed: Uint8Array): { readonly type: number; readonly content: Bytes } {
    const opened = this.protection.open(sealed);
    if (opened === undefined) throw new Error(`the machine wrote ${hexOf(sealed)}, which its key does not open`);
    return { type: opened.type, content: Uint8Array.from(opened.content) };
  }
  next(): never {
    throw new Error("TLS 1.2 has no key update");
  }
}

/** What a peer remembers: the secret, and by what the server finds it again. */
export interface ScriptedSessionTls12 {
  readonly master: Uint8Array;
  readonly id: Octets;
  readonly ticket: Octets;
}

abstract class ScriptedPeerTls12<State extends string> extends ScriptedPeer<State> {
  protected readonly randoms: { client: Bytes; server: Bytes } = { client: repeat(32), server: repeat(32) };
  protected extendedMasterSecret = false;
  /** Its own side of the key exchange. */
  protected pair: DiffieHellman = keyPair(groups.x25519);
  #secrets:
    | { readonly master: Uint8Array; readonly keys: { readonly client: ProtectionTls12; readonly server: ProtectionTls12 } }
    | undefined;

  protected get secrets(): {
    readonly master: Uint8Array;
    readonly keys: { readonly client: ProtectionTls12; readonly server: ProtectionTls12 };
  } {
    if (this.#secrets === undefined) throw new Error("no keys yet");
    return this.#secrets;
  }
  /** Once ClientKeyExchange counts. */
  protected derive(peerShare: Uint8Array): void {
    const { client, server } = this.randoms;
    const secret = this.pair.secret(peerShare);
    const master = this.extendedMasterSecret
      ? prf("sha256", secret, "extended master secret", this.hash(), 48)
      : prf("sha256", secret, "master secret", join(client, server), 48);
    this.deriveFrom(master);
  }
  /** Of a resumption, once both randoms are known. */
  protected deriveFrom(master: Uint8Array): void {
    this.#secrets = { master, keys: protectionsTls12(aes128, master, this.randoms.client, this.randoms.server) };
  }
  /** By this side. */
  finished(): Bytes {
    return message(types.finished, this.#verifyData(this.machine.role === "client" ? "server" : "client", this.hash()));
  }
  /** All that follows is protected. */
  changeCipherSpec(body: Octets = [1]): this {
    this.bytes(record(content.changeCipherSpec, body));
    this.useKeys();
    return this;
  }
  useKeys(): void {
    this.write = new KeysTls12(this.secrets.keys[this.machine.role === "client" ? "server" : "client"]);
  }

  protected override understandChangeCipherSpec(): void {
    this.read = new KeysTls12(this.secrets.keys[this.machine.role]);
  }
  protected understand(heard: Bytes): void {
    if (heard[0] === types.finished) {
      const expected = this.#verifyData(this.machine.role, this.hash());
      if (hexOf(heard.subarray(4)) !== hexOf(expected)) throw new Error(`the ${this.machine.role}'s Finished is wrong`);
    }
    this.transcript.push(heard);
  }
  #verifyData(from: string, hash: Bytes): Uint8Array {
    return prf("sha256", this.secrets.master, `${from} finished`, hash, 12);
  }
}

export type ServerStateTls12 = "START" | "WAIT_CERT" | "WAIT_CKE" | "WAIT_CV" | "WAIT_CCS" | "WAIT_FINISHED" | "CONNECTED";
const serverStates: readonly ServerStateTls12[] = [
  "START",
  "WAIT_CERT",
  "WAIT_CKE",
  "WAIT_CV",
  "WAIT_CCS",
  "WAIT_FINISHED",
  "CONNECTED",
];

/** Speaks to a server. */
export class ScriptedClientTls12 extends ScriptedPeerTls12<ServerStateTls12> {
  where: ServerStateTls12 = "START";
  protected readonly connected = "CONNECTED";
  #state: ServerStateTls12 = "START";
  #serverShare: Bytes = repeat(0);
  readonly #shows: Shown | undefined;
  /** The server has sent a CertificateRequest. */
  #asked = false;
  #offered: ScriptedSessionTls12 | undefined;
  /** The server has taken the session up. */
  resumes = false;
  #id: Bytes = repeat(0);
  #ticket: Bytes = repeat(0);
  #hello: HelloScript = {
    legacyVersion: 0x0303,
    random: repeat(32, 0xc1),
    sessionId: repeat(0),
    suites: [suite],
    compression: [0],
    extensions: [
      extension(extensions.serverName, v16([0], v16(text("localhost")))),
      extension(extensions.supportedGroups, v16(u16(groups.x25519, groups.secp256r1))),
      extension(extensionsTls12.pointFormats, v8([0])),
      extension(extensions.signatureAlgorithms, v16(u16(0x0403, 0x0804))),
      extension(extensions.alpn, v16(v8(text("h2")))),
      extension(extensionsTls12.extendedMasterSecret),
      extension(extensions.renegotiationInfo, v8()),
    ],
  };

  /** @param shows when it is asked; default nothing. */
  constructor(config: Partial<ServerOptions> = {}, shows?: Shown) {
    const options: ServerOptions = {
      provider: node,
      now: Date.now,
      credentials: [ownCredential],
      alpn: ["h2", "http/1.1"],
      ...config,
    };
    super(new Machine("server", new Acceptor().start(), serverConfig(options)));
    this.#shows = shows;
  }

  get hello(): HelloScript {
    return this.#hello;
  }
  /** From here on the hello has these parts. */
  with(change: Partial<HelloScript>): this {
    this.#hello = { ...this.#hello, ...change };
    return this;
  }
  /** With these extensions, where they stand or at the end. */
  extend(...added: readonly Extension[]): this {
    return this.with({ extensions: replaced(this.#hello.extensions ?? [], ...added) });
  }
  leaveOut(...leftOut: readonly number[]): this {
    return this.with({ extensions: without(this.#hello.extensions ?? [], ...leftOut) });
  }
  /** By its ticket, with an id that is made up, or by its id. */
  offering(session: ScriptedSessionTls12): this {
    this.#offered = session;
    const hasTicket = session.ticket.length > 0;
    this.with({ sessionId: hasTicket ? repeat(32, 0x77) : Uint8Array.from(session.id) });
    if (!hasTicket) return this.leaveOut(extensionsTls12.sessionTicket);
    return this.extend(extension(extensionsTls12.sessionTicket, session.ticket));
  }
  /** What a full handshake has left. */
  get session(): ScriptedSessionTls12 {
    return { master: this.secrets.master, id: this.#id, ticket: this.#ticket };
  }
  encodedHello(): Bytes {
    return encodeHello(this.#hello);
  }
  /** Says the hello, and waits where a server that likes it waits. */
  greet(): this {
    this.say(this.encodedHello());
    this.#state = this.resumes ? "WAIT_CCS" : this.#asked ? "WAIT_CERT" : "WAIT_CKE";
    return this;
  }
  /** Its own, or none. */
  certificate(chain: readonly Uint8Array[] = this.#shows?.chain ?? []): Bytes {
    return message(types.certificate, v24(...chain.map((der) => v24(der))));
  }
  /** RFC 5246 §7.4.8: over all that was said. */
  certificateVerify(scheme = 0x0403, hash = "sha256"): Bytes {
    if (this.#shows === undefined) throw new Error("nothing to prove");
    const signature = sign(hash, join(...this.transcript), { key: this.#shows.keyPem, dsaEncoding: "der" });
    return message(types.certificateVerify, u16(scheme), v16(signature));
  }
  clientKeyExchange(share: Octets = this.pair.share): Bytes {
    return message(typesTls12.clientKeyExchange, v8(share));
  }
  /** ClientKeyExchange, and the keys behind it. */
  exchangeKeys(): this {
    const exchange = this.clientKeyExchange();
    this.counted(exchange);
    this.derive(this.#serverShare);
    this.#state = this.#asked && this.#shows !== undefined ? "WAIT_CV" : "WAIT_CCS";
    for (let at = 0; at < exchange.length; at += this.fragment)
      this.record(content.handshake, exchange.subarray(at, at + this.fragment));
    return this;
  }
  override changeCipherSpec(body?: Octets): this {
    this.#state = "WAIT_FINISHED";
    return super.changeCipherSpec(body);
  }

  to(state: ServerStateTls12): this {
    this.where = state;
    while (serverStates.indexOf(this.#state) < serverStates.indexOf(state)) this.#step();
    return this;
  }
  next(): Bytes {
    switch (this.where) {
      case "START":
        return this.encodedHello();
      case "WAIT_CERT":
        return this.certificate();
      case "WAIT_CKE":
        return this.clientKeyExchange();
      case "WAIT_CV":
        return this.certificateVerify();
      case "WAIT_CCS":
      case "WAIT_FINISHED":
        return this.finished();
      case "CONNECTED":
        return this.encodedHello();
    }
  }
  /** What the test has said itself is behind us. */
  skipTo(state: ServerStateTls12): this {
    this.#state = state;
    return this;
  }
  #step(): void {
    switch (this.#state) {
      case "START":
        this.greet();
        break;
      case "WAIT_CERT":
        this.#state = "WAIT_CKE";
        this.say(this.certificate());
        break;
      case "WAIT_CKE":
        this.exchangeKeys();
        break;
      case "WAIT_CV":
        this.#state = "WAIT_CCS";
        this.say(this.certificateVerify());
        break;
      case "WAIT_CCS":
        this.changeCipherSpec();
        break;
      case "WAIT_FINISHED":
        this.#state = "CONNECTED";
        this.say(this.finished());
        break;
      case "CONNECTED":
        throw new Error("the handshake is behind us");
    }
  }

  protected override understand(heard: Bytes): void {
    super.understand(heard);
    if (heard[0] === types.serverHello) {
      this.randoms.client = this.#hello.random;
      this.randoms.server = heard.slice(6, 38);
      // The whole extension, which nothing else in these hellos looks like.
      this.extendedMasterSecret = hexOf(heard.subarray(38)).includes("00170000");
      this.#id = heard.slice(39, 39 + (heard[38] ?? 0));
      this.resumes =
        this.#offered !== undefined && this.#id.length > 0 && hexOf(this.#id) === hexOf(Uint8Array.from(this.#hello.sessionId));
      if (this.resumes && this.#offered !== undefined) this.deriveFrom(this.#offered.master);
    }
    if (heard[0] === types.newSessionTicket) this.#ticket = heard.slice(10);
    if (heard[0] === types.certificateRequest) this.#asked = true;
    if (heard[0] === typesTls12.serverKeyExchange) {
      this.pair = keyPair((heard[5] ?? 0) * 256 + (heard[6] ?? 0));
      this.#serverShare = heard.slice(8, 8 + (heard[7] ?? 0));
    }
  }
}

export type ClientStateTls12 =
  | "WAIT_SH"
  | "WAIT_CERT"
  | "WAIT_STATUS"
  | "WAIT_SKE"
  | "WAIT_SHD"
  | "WAIT_SHD_ONLY"
  | "WAIT_TICKET"
  | "WAIT_CCS"
  | "WAIT_FINISHED"
  | "CONNECTED";

export interface ScriptedServerTls12Options {
  readonly config?: Partial<ClientOptions>;
  /** DER, leaf first. */
  readonly chain?: readonly Uint8Array[];
  readonly keyPem?: string;
  readonly group?: number;
  /** Sends a CertificateRequest. */
  readonly requests?: boolean;
  /** Says that a CertificateStatus may follow, if it is asked. */
  readonly announcesStatus?: boolean;
  /** In ServerHello of a full handshake. */
  readonly id?: Octets;
  /** Announced in ServerHello; empty: none after all. */
  readonly ticket?: Octets | undefined;
  /** Taken up if the client offers it. */
  readonly session?: ScriptedSessionTls12 | undefined;
}

/** Parts of a ServerKeyExchange. */
export interface KeyExchangeScript {
  readonly curveType?: number;
  readonly group?: number;
  readonly share?: Octets;
  /** What it says. */
  readonly scheme?: number;
  /** How it is signed: the hash of the ECDSA or RSA signature. */
  readonly hash?: string;
  /** Instead of the right one. */
  readonly signature?: Octets;
}

/** Speaks to a client. */
export class ScriptedServerTls12 extends ScriptedPeerTls12<ClientStateTls12> {
  where: ClientStateTls12 = "WAIT_SH";
  protected readonly connected = "CONNECTED";
  readonly options: Required<Omit<ScriptedServerTls12Options, "config">>;
  #state: ClientStateTls12 = "WAIT_SH";
  #sessionId: Bytes = repeat(0);
  #offersSession = false;

  constructor({ config = {}, ...options }: ScriptedServerTls12Options = {}) {
    const verifier: SyncVerifier = {
      schemes: ["ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256"],
      label: "trusts",
      verify: dangerousAssertVerified,
    };
    const all: ClientOptions = { provider: node, now: Date.now, verifier, alpn: ["h2", "http/1.1"], ...config };
    super(new Machine("client", new Connector(clientConfig(all), "localhost").start()));
    this.options = {
      chain: identity.chain,
      keyPem: identity.keyPem,
      group: groups.x25519,
      requests: false,
      announcesStatus: false,
      id: repeat(0),
      ticket: undefined,
      session: undefined,
      ...options,
    };
    this.pair = keyPair(this.options.group);
    this.listen(this.machine.begin());
  }

  /** What the client sent. */
  get sessionId(): Bytes {
    return this.#sessionId;
  }
  /** What the client offers, if this server knows it. */
  get resumes(): ScriptedSessionTls12 | undefined {
    return this.#offersSession ? this.options.session : undefined;
  }
  /** What a full handshake has left. */
  get session(): ScriptedSessionTls12 {
    return { master: this.secrets.master, id: this.options.id, ticket: this.options.ticket ?? repeat(0) };
  }
  serverHello(change: Partial<ServerHelloScript> = {}): Bytes {
    const { resumes } = this;
    const hello: ServerHelloScript = {
      legacyVersion: 0x0303,
      random: repeat(32, 0x5a),
      sessionId: resumes === undefined ? Uint8Array.from(this.options.id) : this.#sessionId,
      suite,
      compression: 0,
      extensions: this.answers(),
      ...change,
    };
    this.randoms.server = hello.random;
    this.extendedMasterSecret = hello.extensions?.some(({ type }) => type === extensionsTls12.extendedMasterSecret) ?? false;
    if (resumes !== undefined) this.deriveFrom(resumes.master);
    const end = hello.extensions === undefined ? [] : block(hello.extensions);
    const { legacyVersion, random, sessionId, compression } = hello;
    return message(types.serverHello, u16(legacyVersion), random, v8(sessionId), u16(hello.suite), [compression], end);
  }
  answers(...changed: readonly Extension[]): Extension[] {
    const usual = [extension(extensionsTls12.extendedMasterSecret), extension(extensions.renegotiationInfo, v8())];
    if (this.options.announcesStatus) usual.push(extension(extensionsTls12.statusRequest));
    if (this.options.ticket !== undefined) usual.push(extension(extensionsTls12.sessionTicket));
    return replaced(usual, ...changed);
  }
  newSessionTicket(lifetimeHint = 3600, ticket: Octets = this.options.ticket ?? repeat(0)): Bytes {
    return message(types.newSessionTicket, u32(lifetimeHint), v16(ticket));
  }
  certificateStatus(response: Octets = [0x30, 0]): Bytes {
    return message(typesTls12.certificateStatus, [1], v24(response));
  }
  certificate(chain: readonly Uint8Array[] = this.options.chain): Bytes {
    return message(types.certificate, v24(...chain.map((der) => v24(der))));
  }
  serverKeyExchange(script: KeyExchangeScript = {}): Bytes {
    const { curveType = 3, group = this.options.group, share = this.pair.share, scheme = 0x0403, hash = "sha256" } = script;
    const params = join([curveType], u16(group), v8(share));
    const signed = join(this.randoms.client, this.randoms.server, params);
    const signature = script.signature ?? sign(hash, signed, { key: this.options.keyPem, dsaEncoding: "der" });
    return message(typesTls12.serverKeyExchange, params, u16(scheme), v16(signature));
  }
  /** @param keys ClientCertificateType: ecdsa_sign and rsa_sign. */
  certificateRequest(keys: Octets = [64, 1]): Bytes {
    return message(types.certificateRequest, v8(keys), v16(u16(0x0403, 0x0804)), v16());
  }
  serverHelloDone(): Bytes {
    return message(typesTls12.serverHelloDone);
  }
  override changeCipherSpec(body?: Octets): this {
    this.#state = "WAIT_FINISHED";
    return super.changeCipherSpec(body);
  }

  to(state: ClientStateTls12): this {
    while (this.#state !== state) this.#step(state);
    this.where = state;
    return this;
  }
  next(): Bytes {
    switch (this.where) {
      case "WAIT_SH":
        return this.serverHello();
      case "WAIT_CERT":
        return this.certificate();
      case "WAIT_STATUS":
        return this.certificateStatus();
      case "WAIT_SKE":
        return this.serverKeyExchange();
      case "WAIT_SHD":
        return this.certificateRequest();
      case "WAIT_SHD_ONLY":
        return this.serverHelloDone();
      case "WAIT_TICKET":
        return this.newSessionTicket();
      case "WAIT_CCS":
      case "WAIT_FINISHED":
        return this.finished();
      case "CONNECTED":
        return message(typesTls12.helloRequest);
    }
  }
  /** What the test has said itself is behind us. */
  skipTo(state: ClientStateTls12): this {
    this.#state = state;
    return this;
  }
  #step(target: ClientStateTls12): void {
    switch (this.#state) {
      case "WAIT_SH":
        return this.#sayThen(this.resumes === undefined ? "WAIT_CERT" : this.#last, this.serverHello());
      case "WAIT_CERT":
        return this.#sayThen(this.options.announcesStatus ? "WAIT_STATUS" : "WAIT_SKE", this.certificate());
      case "WAIT_STATUS":
        return this.#sayThen("WAIT_SKE", this.certificateStatus());
      case "WAIT_SKE":
        return this.#sayThen("WAIT_SHD", this.serverKeyExchange());
      case "WAIT_SHD":
        if (this.options.requests || target === "WAIT_SHD_ONLY") return this.#sayThen("WAIT_SHD_ONLY", this.certificateRequest());
        return this.#sayThen(this.#last, this.serverHelloDone());
      case "WAIT_SHD_ONLY":
        return this.#sayThen(this.#last, this.serverHelloDone());
      case "WAIT_TICKET":
        return this.#sayThen("WAIT_CCS", this.newSessionTicket());
      case "WAIT_CCS":
        return void this.changeCipherSpec();
      case "WAIT_FINISHED":
        return this.#sayThen("CONNECTED", this.finished());
      case "CONNECTED":
        throw new Error("the handshake is behind us");
    }
  }
  /** Where the last flight begins. */
  get #last(): ClientStateTls12 {
    return this.options.ticket === undefined ? "WAIT_CCS" : "WAIT_TICKET";
  }
  #sayThen(state: ClientStateTls12, said: Bytes): void {
    this.#state = state;
    this.say(said);
  }

  protected override understand(heard: Bytes): void {
    super.understand(heard);
    if (heard[0] === types.clientHello) {
      this.randoms.client = heard.slice(6, 38);
      this.#sessionId = heard.slice(39, 39 + (heard[38] ?? 0));
      const { id = [], ticket = [] } = this.options.session ?? {};
      const shown = ticket.length > 0 ? ticket : id;
      this.#offersSession = shown.length > 0 && hexOf(heard).includes(hexOf(Uint8Array.from(shown)));
    }
    if (heard[0] === typesTls12.clientKeyExchange) this.derive(heard.slice(5));
  }
}
