// A server that keeps every rule but those that its script breaks.
import type { Bytes, SignatureScheme } from "@sallyport/core";
import { certificateMessage, certificateMessageTls12, certificateStatus } from "./certificate-message.ts";
import { type Heard, hearHello, nothingHeard } from "./heard.ts";
import { earlierFinished, isRetry } from "./hello.ts";
import { earlyTraffic, hashOf, Schedule, verifyData } from "./key-schedule.ts";
import { messagesOf } from "./model.ts";
import {
  certificateTypes,
  contentTypes,
  extensionTypes,
  handshakeTypes,
  retryRandom,
  schemeIds,
  type SuiteFacts,
  suites,
  versionIds,
} from "./numbers.ts";
import {
  block,
  type Extension,
  extension,
  hexOf,
  join,
  latin1,
  message,
  repeat,
  sameBytes,
  u16,
  u32,
  v16,
  v8,
} from "./octets.ts";
import { type Flight, Peer, type Utterance } from "./peer.ts";
import type { KeysTls13 } from "./record-keys.ts";
import { type HandshakeTls12, ScheduleTls12 } from "./schedule-tls12.ts";
import type { PeerSession, Role } from "./script.ts";

export class ServerPeer extends Peer {
  #hello: Heard = nothingHeard;
  #helloCount = 0;
  #pair: { readonly group: number; readonly share: Bytes; readonly key: unknown } | undefined;
  /** Of a ServerHello of TLS 1.3. */
  #agreed: { readonly secret: Bytes; readonly psk: Bytes | undefined } | undefined;
  #schedule: Schedule | undefined;
  #handshakeKeys: { readonly client: KeysTls13 | undefined; readonly server: KeysTls13 | undefined } | undefined;
  #applicationSecret: Bytes | undefined;
  #earlyKeys: KeysTls13[] = [];
  #takesEarly = false;
  /** Nothing can be chosen of a hello without a share. */
  #retries = false;
  #tls12: ScheduleTls12 | undefined;
  #extendedMasterSecret = false;
  #finishedHash: Bytes | undefined;
  readonly #random: Bytes = this.#sayRandom();

  /** What the subject offered. */
  get offered(): {
    readonly suites: readonly number[];
    readonly groups: readonly number[];
    readonly extensions: readonly number[];
  } {
    return this.#hello;
  }

  protected *converse(): Generator<Flight, void, void> {
    const { script } = this;
    if (script.version === "tls1.2") {
      yield* this.#flightsTls12();
    } else {
      const hasShare = [...this.#hello.shares.keys()].some((id) => this.group(id) !== undefined);
      this.#retries = script.retry || !hasShare;
      if (this.#retries) {
        const count = this.#helloCount;
        this.#chooseSuite();
        yield { says: [this.#retryRequest(), ...this.#changeCipherSpec()], answered: () => this.#helloCount > count };
      }
      yield { says: this.#flightTls13(), answered: () => this.finishedHeard };
    }
    yield* this.talkFlights();
  }

  exported(label: string): Bytes | undefined {
    if (this.version === "tls1.3") return this.#finishedHash && this.#schedule?.exported(this.#finishedHash, label);
    return this.#extendedMasterSecret ? this.#tls12?.exported(label) : undefined;
  }
  /** RFC 9846 §4.2.3. */
  #sayRandom(): Bytes {
    const { version, hello, downgrades } = this.script;
    const random = repeat(32, hello.random);
    return version === "tls1.2" && downgrades === true ? join(random.subarray(0, 24), latin1("DOWNGRD"), [1]) : random;
  }

  // ── TLS 1.3 ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #chooseSuite(): void {
    const isRsa = this.identity?.signer.schemes[0]?.startsWith("rsa") === true;
    const fits = ({ name, version }: SuiteFacts): boolean =>
      version === this.script.version && (version === "tls1.3" || name.includes("_RSA_") === isRsa);
    const known = this.#hello.suites.filter((id) => {
      const facts = suites.get(id);
      return facts !== undefined && fits(facts) && this.suiteImplementation(id) !== undefined;
    });
    const session = this.#takesUp;
    const isExternal = session !== undefined && this.psks.includes(session);
    if (this.script.stubborn && (session === undefined || isExternal)) {
      const all = [...suites].filter(([, facts]) => fits(facts)).map(([id]) => id);
      this.suite = all[this.script.suite % all.length];
      return;
    }
    // A session's is its own; with an external PSK any of its hash.
    const usable = isExternal ? known.filter((id) => suites.get(id)?.hash === suites.get(session.suite)?.hash) : known;
    this.suite =
      (isExternal ? undefined : session?.suite) ??
      usable[this.script.suite % Math.max(1, usable.length)] ??
      session?.suite ??
      (this.script.version === "tls1.3" ? 0x1301 : 0xc02b);
  }
  /** A session that the subject has shown, or else an external PSK. */
  get #takesUp(): PeerSession | undefined {
    return this.#resumes ?? this.#external;
  }
  get #external(): PeerSession | undefined {
    if (this.script.version === "tls1.2") return undefined;
    return this.psks.find(({ ticket }) => this.#hello.tickets.includes(hexOf(ticket)));
  }
  get #resumes(): PeerSession | undefined {
    const { session } = this;
    if (!this.script.resumes || session?.version !== this.script.version) return undefined;
    if (session.version === "tls1.2") {
      const knows =
        this.#hello.tickets.includes(hexOf(session.ticket)) ||
        (session.id.length > 0 && sameBytes(session.id, this.#hello.sessionId));
      return knows ? session : undefined;
    }
    return this.#hello.tickets.includes(hexOf(session.ticket)) ? session : undefined;
  }
  #changeCipherSpec(): Utterance[] {
    return this.script.changeCipherSpec ? [{ type: contentTypes.changeCipherSpec, make: () => Uint8Array.of(1) }] : [];
  }
  #retryRequest(): Utterance {
    const others = this.#hello.groups.filter((id) => !this.#hello.shares.has(id) && this.group(id) !== undefined);
    const group = others[this.script.group % Math.max(1, others.length)];
    const make = (): Bytes => {
      // Early data, if there was any, is over: the next hello comes in clear; who has no next hello says so under early keys.
      this.spare = this.read;
      this.read = [];
      const first = hashOf(this.hashImplementation, ...this.transcript);
      this.transcript.splice(0, this.transcript.length, message(handshakeTypes.message_hash, first));
      const asks =
        group === undefined ? extension(extensionTypes.cookie, v16([1, 2, 3])) : extension(extensionTypes.key_share, u16(group));
      return this.#serverHello(retryRandom, [extension(extensionTypes.supported_versions, u16(0x0304)), asks]);
    };
    return this.handshake(make);
  }
  #serverHello(random: Bytes, extensions: readonly Extension[]): Bytes {
    const id = this.#hello.sessionId;
    return message(handshakeTypes.server_hello, u16(0x0303), random, v8(id), u16(this.suite ?? 0), [0], block(extensions));
  }
  #flightTls13(): Utterance[] {
    this.#chooseSuite();
    const session = this.#takesUp;
    const hello = this.handshake(
      () => this.#helloTls13(),
      () => this.#useHandshakeKeys(),
    );
    const says = [hello, ...(this.#retries ? [] : this.#changeCipherSpec()), this.handshake(() => this.#encryptedExtensions())];
    if (session === undefined) {
      if (this.script.asks) says.push(this.handshake(() => this.#certificateRequest()));
      says.push(this.handshake(() => certificateMessage(this.#shown, this.script, this.#hello.wishes, this.compressor)));
      says.push(this.handshake(() => this.#certificateVerify(this.toBeSigned("server"))));
    }
    says.push(
      this.handshake(
        () => this.#finished(),
        () => this.#useApplicationKeys(),
      ),
    );
    return says;
  }
  /** A raw public key, if the subject takes one. */
  get #shown(): Peer["identity"] {
    return this.#hello.types.taken.includes(certificateTypes.raw) ? (this.rawKey ?? this.identity) : this.identity;
  }
  /** @param isShown a certificate, or a key in its place: not where a session is resumed */
  #certificateTypes(isShown: boolean): Extension[] {
    if (!isShown) return [];
    const { types } = this.#hello;
    const { raw, x509 } = certificateTypes;
    const isAsked = this.script.asks && types.own.length > 0 && this.rawKey !== undefined;
    const asked = this.script.stubborn || !types.own.includes(raw) ? x509 : raw;
    return [
      ...(this.#shown === this.rawKey ? [extension(extensionTypes.server_certificate_type, [raw])] : []),
      ...(isAsked ? [extension(extensionTypes.client_certificate_type, [asked])] : []),
    ];
  }
  #helloTls13(): Bytes {
    const usable = this.script.stubborn
      ? someGroups
      : [...this.#hello.shares.keys()].filter((id) => this.group(id) !== undefined);
    const group = usable[this.script.group % Math.max(1, usable.length)] ?? 0x001d;
    const peerShare = this.#hello.shares.get(group) ?? repeat(32, 9);
    const done = this.group(group)?.respond(peerShare);
    const psk = this.#takesUp;
    this.#agreed = { secret: done?.secret ?? repeat(32), psk: psk?.secret };
    const answers = [
      extension(extensionTypes.supported_versions, u16(versionIds["tls1.3"])),
      extension(extensionTypes.key_share, u16(group), v16(done?.share ?? repeat(32, 9))),
      ...(psk === undefined
        ? []
        : [extension(extensionTypes.pre_shared_key, u16(this.#hello.tickets.indexOf(hexOf(psk.ticket))))]),
    ];
    return this.#serverHello(this.#random, answers);
  }
  /** Whoever takes the suite that stands there now, and that it has offered, has the keys of that one. */
  protected override mend(bytes: Bytes): Bytes {
    if (bytes[0] !== handshakeTypes.server_hello || isRetry(bytes)) return bytes;
    const at = 39 + (bytes[38] ?? 0);
    const said = (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
    const isKnown = suites.get(said)?.version === this.script.version && this.suiteImplementation(said) !== undefined;
    if (isKnown) this.suite = said;
    return bytes;
  }
  #useHandshakeKeys(): void {
    if (this.#agreed === undefined) return;
    this.#schedule = new Schedule(this.hashImplementation, this.#agreed.secret, this.#agreed.psk);
    const secrets = this.#schedule.handshake(this.hash());
    if (secrets === undefined) return;
    const [client] = this.keysOf("handshake", secrets.client);
    const [server] = this.keysOf("handshake", secrets.server);
    this.#handshakeKeys = { client, server };
    this.write = server;
    this.#takesEarly = this.#earlyKeys.length > 0 && this.script.early.length > 0 && !this.#retries;
    this.read = [...(this.#takesEarly ? this.#earlyKeys : []), ...(client === undefined ? [] : [client])];
  }
  #encryptedExtensions(): Bytes {
    const { alpn } = this.#hello;
    // Early data speaks the session's, which was the first.
    const own = this.script.stubborn ? [...alpn, latin1("spdy/9")] : alpn;
    const chosen = own[this.#takesEarly && !this.script.stubborn ? 0 : this.script.alpn % Math.max(1, own.length)];
    return message(
      handshakeTypes.encrypted_extensions,
      block([
        ...(chosen === undefined ? [] : [extension(extensionTypes.alpn, v16(v8(chosen)))]),
        ...(this.#takesEarly ? [extension(extensionTypes.early_data)] : []),
        ...this.#certificateTypes(this.#agreed?.psk === undefined),
      ]),
    );
  }
  #certificateRequest(): Bytes {
    return message(
      handshakeTypes.certificate_request,
      v8(),
      block([
        extension(extensionTypes.signature_algorithms, v16(u16(0x0403, 0x0807, 0x0804))),
        ...(this.compressor === undefined ? [] : [extension(extensionTypes.compress_certificate, v8(u16(1, 0x4001)))]),
        ...(this.script.staples ? [extension(extensionTypes.status_request)] : []),
      ]),
    );
  }
  #certificateVerify(signed: Bytes): Bytes {
    const [scheme, signature] = this.#sign(signed);
    return message(handshakeTypes.certificate_verify, u16(schemeIds[scheme]), v16(signature));
  }
  #sign(signed: Bytes): [SignatureScheme, Uint8Array] {
    const signer = this.#shown?.signer;
    const [scheme = "ed25519"] = signer?.schemes ?? [];
    return [scheme, signer?.sign(scheme, signed) ?? repeat(64)];
  }
  #finished(): Bytes {
    const keys = this.#handshakeKeys?.server;
    return message(
      handshakeTypes.finished,
      keys === undefined ? repeat(32, 0xf1) : verifyData(this.hashImplementation, keys.secret, this.hash()),
    );
  }
  #useApplicationKeys(): void {
    this.#finishedHash = this.hash();
    const secrets = this.#schedule?.application(this.#finishedHash);
    if (secrets === undefined) return;
    [this.write] = this.keysOf("application", secrets.server);
    this.#applicationSecret = secrets.client;
  }

  protected ticket(): Bytes {
    const ticket = repeat(40, 0x71);
    const ageAdd = 0x01020304;
    if (this.#schedule !== undefined && this.finishedHeard) {
      const secret = this.#schedule.session(this.hash(), Uint8Array.of(7));
      this.sessions.push({ version: "tls1.3", suite: this.suite ?? 0, ticket, id: repeat(0), secret, ageAdd });
    }
    const early = this.script.early.length > 0 ? [extension(extensionTypes.early_data, u32(2000))] : [];
    return message(handshakeTypes.new_session_ticket, u32(7200), u32(ageAdd), v8([7]), v16(ticket), block(early));
  }

  protected override get isAhead(): boolean {
    const clear = this.spoken.filter(({ by, epoch }) => by === "peer" && epoch === "clear");
    return this.#helloCount < 2 && messagesOf(clear).some(isRetry);
  }
  protected understand(heard: Bytes): void {
    if (heard[0] === handshakeTypes.client_hello) return this.#clientHello(heard);
    if (heard[0] === handshakeTypes.finished) return this.#clientFinished(heard);
    this.transcript.push(heard);
    if (heard[0] === handshakeTypes.end_of_early_data && this.read.length > 1) this.read.shift();
    if (heard[0] === handshakeTypes.client_key_exchange) this.#derive(heard.subarray(5));
  }
  #clientFinished(heard: Bytes): void {
    const tls13 = this.version === "tls1.3";
    const right = tls13
      ? this.#handshakeKeys?.client && verifyData(this.hashImplementation, this.#handshakeKeys.client.secret, this.hash())
      : this.#verifyDataTls12("client");
    if (right !== undefined && !sameBytes(right, heard.subarray(4))) this.finishedIsWrong();
    this.finishedHeard = true;
    this.transcript.push(heard);
    if (tls13 && this.#applicationSecret !== undefined) this.read = this.keysOf("application", this.#applicationSecret);
  }
  #clientHello(heard: Bytes): void {
    this.#helloCount++;
    this.#hello = hearHello(heard);
    this.transcript.push(heard);
    this.#extendedMasterSecret = this.#hello.extensions.includes(extensionTypes.extended_master_secret);
    const session = this.#resumes;
    if (session === undefined || this.script.version !== "tls1.3" || !this.#hello.extensions.includes(extensionTypes.early_data))
      return;
    this.suite = session.suite;
    const secret = earlyTraffic(this.hashImplementation, session.secret, hashOf(this.hashImplementation, heard));
    this.#earlyKeys = this.keysOf("early", secret, session.suite);
    // Early data comes directly behind the hello.
    this.read = [...this.#earlyKeys];
  }

  // ── TLS 1.2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  *#flightsTls12(): Generator<Flight, void, void> {
    this.#chooseSuite();
    const session = this.#takesUp;
    if (session !== undefined) {
      this.#tls12 = new ScheduleTls12(this.#handshakeTls12, session.secret);
      yield { says: [this.handshake(() => this.#helloTls12()), ...this.#endingTls12()], answered: () => this.finishedHeard };
      return;
    }
    const says = [this.handshake(() => this.#helloTls12())];
    says.push(this.handshake(() => certificateMessageTls12(this.#shown)));
    if (this.#announcesStatus) says.push(this.handshake(() => certificateStatus(this.identity)));
    says.push(this.handshake(() => this.#serverKeyExchange()));
    if (this.script.asks)
      says.push(
        this.handshake(() => message(handshakeTypes.certificate_request, v8([64, 1]), v16(u16(0x0403, 0x0807, 0x0804)), v16())),
      );
    says.push(this.handshake(() => message(handshakeTypes.server_hello_done)));
    yield { says, answered: () => this.finishedHeard };
    yield { says: this.#endingTls12(), answered: () => true };
  }
  #endingTls12(): Utterance[] {
    const useKeys = (): void => {
      this.write = this.#tls12?.keys?.server ?? this.write;
    };
    return [
      ...(this.#announcesTicket ? [this.handshake(() => this.#ticketTls12())] : []),
      { type: contentTypes.changeCipherSpec, make: () => Uint8Array.of(1), after: useKeys },
      this.handshake(() => message(handshakeTypes.finished, this.#verifyDataTls12("server"))),
    ];
  }
  #ticketTls12(): Bytes {
    const ticket = repeat(30, 0x72);
    const { master: secret } = this.#tls12 ?? {};
    if (secret !== undefined)
      this.sessions.push({ version: "tls1.2", suite: this.suite ?? 0, ticket, id: repeat(0), secret, ageAdd: 0 });
    return message(handshakeTypes.new_session_ticket, u32(7200), v16(ticket));
  }
  get #announcesTicket(): boolean {
    return this.script.ticket && this.#hello.extensions.includes(extensionTypes.session_ticket);
  }
  get #announcesStatus(): boolean {
    return this.script.staples && this.#hello.wishes.status && this.#takesUp === undefined && this.#shown?.type === "x509";
  }
  #helloTls12(): Bytes {
    const { extensions } = this.#hello;
    const alpn = this.script.stubborn ? [...this.#hello.alpn, latin1("spdy/9")] : this.#hello.alpn;
    const chosen = alpn[this.script.alpn % Math.max(1, alpn.length)];
    const answers = [
      ...(this.#extendedMasterSecret ? [extension(extensionTypes.extended_master_secret)] : []),
      ...(extensions.includes(extensionTypes.renegotiation_info)
        ? [extension(extensionTypes.renegotiation_info, v8(earlierFinished(this.script.hello)))]
        : []),
      ...(this.#announcesTicket ? [extension(extensionTypes.session_ticket)] : []),
      ...(this.#announcesStatus ? [extension(extensionTypes.status_request)] : []),
      ...this.#certificateTypes(this.#takesUp === undefined),
      ...(chosen === undefined ? [] : [extension(extensionTypes.alpn, v16(v8(chosen)))]),
    ];
    const id = this.#takesUp === undefined ? repeat(0) : this.#hello.sessionId;
    return message(handshakeTypes.server_hello, u16(0x0303), this.#random, v8(id), u16(this.suite ?? 0), [0], block(answers));
  }
  #serverKeyExchange(): Bytes {
    const usable = this.script.stubborn
      ? someGroups
      : this.#hello.groups.filter((id) => this.group(id) !== undefined && id < 0x1000);
    const id = usable[this.script.group % Math.max(1, usable.length)] ?? 0x001d;
    const started = this.group(id)?.start() ?? { share: repeat(32, 9), key: undefined };
    this.#pair = { group: id, ...started };
    const params = join([3], u16(id), v8(started.share));
    const [scheme, signature] = this.#sign(join(this.#hello.random, this.#random, params));
    return message(handshakeTypes.server_key_exchange, params, u16(schemeIds[scheme]), v16(signature));
  }
  #derive(share: Bytes): void {
    const secret = this.#pair && this.group(this.#pair.group)?.complete(this.#pair.key, share);
    if (secret === undefined) return;
    this.#tls12 = ScheduleTls12.of(this.#handshakeTls12, secret, this.#extendedMasterSecret ? this.hash() : undefined);
  }
  get #handshakeTls12(): HandshakeTls12 {
    return this.handshakeTls12({ client: this.#hello.random, server: this.#random });
  }
  protected understandChangeCipherSpec(): void {
    if (this.version !== "tls1.2") return;
    const { keys } = this.#tls12 ?? {};
    if (keys === undefined) this.isLost = true;
    else this.read = [keys.client];
  }
  #verifyDataTls12(role: Role): Bytes {
    return this.#tls12?.verifyData(role, this.hash()) ?? repeat(12, 0xf1);
  }
}

const someGroups: readonly number[] = [0x001d, 0x0017, 0x0018];
