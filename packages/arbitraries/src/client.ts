// A client that keeps every rule but those that its script breaks: TLS 1.3 or 1.2, as the server chooses.
import type { Bytes } from "@sallyport/core";
import {
  certificateMessage,
  certificateMessageTls12,
  compressionsIn,
  noWishes,
  offeredTypes,
  type Wishes,
} from "./certificate-message.ts";
import { encodeHello, extensionsIn } from "./hello.ts";
import { binderOf, earlyTraffic, hashOf, Schedule, verifyData } from "./key-schedule.ts";
import { certificateTypes, contentTypes, extensionTypes, handshakeTypes, retryRandom, schemeIds, versionIds } from "./numbers.ts";
import { type Extension, extension, join, message, repeat, sameBytes, u16, u32, v16, v8 } from "./octets.ts";
import { type Flight, Peer, type Utterance } from "./peer.ts";
import type { KeysTls13 } from "./record-keys.ts";
import { type HandshakeTls12, ScheduleTls12 } from "./schedule-tls12.ts";
import type { PeerSession, Role } from "./script.ts";
import { type Fault, filler } from "./faults.ts";

export class ClientPeer extends Peer {
  /** The subject chose, and there are keys in common. */
  helloHeard = false;
  readonly #pairs = new Map<number, { readonly share: Bytes; readonly key: unknown }>();
  #serverRandom: Bytes = repeat(32);
  #sessionId: Bytes = repeat(0);
  #retry: { readonly group: number | undefined; readonly cookie: Bytes | undefined } | undefined;
  #schedule: Schedule | undefined;
  #handshakeKeys: KeysTls13 | undefined;
  #applicationKeys: KeysTls13 | undefined;
  /** As the last hello has them, and which of their binders are wrong. */
  #offered: readonly PeerSession[] = [];
  readonly #wrongBinders = new Set<number>();
  #resumes = false;
  #takesEarly = false;
  #asked = false;
  #wishes: Wishes = noWishes;
  #showsRawKey = false;
  #extendedMasterSecret = false;
  #serverShare: { readonly group: number; readonly share: Bytes } | undefined;
  #tls12: ScheduleTls12 | undefined;
  #handshakeHash: Bytes = repeat(0);
  #finishedHash: Bytes | undefined;

  protected *converse(): Generator<Flight, void, void> {
    const { script } = this;
    const early = this.#offers13 === undefined ? [] : script.early;
    const first: Utterance[] = [
      this.handshake(
        () => this.#hello(),
        () => this.#startEarly(early.length > 0),
      ),
    ];
    if (early.length > 0 && script.changeCipherSpec) first.push(this.#changeCipherSpec());
    for (const length of early) first.push({ type: contentTypes.data, make: () => filler(length, length) });
    yield { says: first, answered: () => this.helloHeard || this.#retry !== undefined };
    if (this.#retry !== undefined && !this.helloHeard) {
      this.write = undefined;
      const second = this.handshake(() => this.#hello());
      yield { says: script.changeCipherSpec ? [this.#changeCipherSpec(), second] : [second], answered: () => this.helloHeard };
    }
    if (this.version === "tls1.3") yield this.#flightTls13();
    else yield* this.#flightsTls12();
    yield* this.talkFlights();
  }

  exported(label: string): Bytes | undefined {
    if (this.version === "tls1.3") return this.#finishedHash && this.#schedule?.exported(this.#finishedHash, label);
    return this.#extendedMasterSecret ? this.#tls12?.exported(label) : undefined;
  }

  // ── ClientHello ─────────────────────────────────────────────────────────────────────────────────────────────────────

  get #offers13(): PeerSession | undefined {
    return this.script.resumes && this.session?.version === "tls1.3" ? this.session : undefined;
  }
  get #offers12(): PeerSession | undefined {
    return this.script.resumes && this.session?.version === "tls1.2" ? this.session : undefined;
  }
  #hello(): Bytes {
    const { hello, early } = this.script;
    // Behind a HelloRetryRequest the second hello's binders count alone.
    this.forged.delete("binder");
    this.#wrongBinders.clear();
    this.#offered = this.#fittingPsks();
    const session = this.#offers13;
    const retry = this.#retry;
    // RFC 5077 §3.4: who offers a ticket tells by the id's echo that it was taken.
    const sessionIdLength = this.#offers12 === undefined ? hello.sessionIdLength : 32;
    const shares = retry?.group === undefined ? hello.shares : [retry.group];
    const asked = { ...hello, sessionIdLength, shares };
    const added: Extension[] = [];
    if (retry?.cookie !== undefined) added.push(extension(extensionTypes.cookie, v16(retry.cookie)));
    if (session !== undefined && early.length > 0 && retry === undefined) added.push(extension(extensionTypes.early_data));
    const ticket = this.#offers12?.ticket ?? repeat(0);
    if (ticket.length > 0) added.push(extension(extensionTypes.session_ticket, ticket));
    if (this.rawKey !== undefined) added.push(...offeredTypes());
    const write = (last: readonly Extension[]): Bytes =>
      this.#withId(encodeHello(asked, (group) => this.#pair(group).share, added, last));
    if (this.#offered.length === 0) return write([]);
    const identities = v16(...this.#offered.map((psk) => join(v16(psk.ticket), u32(psk.ageAdd))));
    const unbound = v16(...this.#offered.map(({ suite }) => v8(repeat(this.hashFor(suite).length))));
    const whole = write([extension(extensionTypes.pre_shared_key, identities, unbound)]);
    return this.#bound(whole.subarray(0, -unbound.length));
  }
  /** A session first, then the external ones; behind a retry those that go with its suite (RFC 9846 §4.2.2). */
  #fittingPsks(): readonly PeerSession[] {
    const session = this.#offers13;
    const external = this.script.hello.versions?.includes(versionIds["tls1.3"]) === true ? this.psks : [];
    const psks = session === undefined ? external : [session, ...external];
    return this.#retry === undefined ? psks : psks.filter(({ suite }) => this.hashFor(suite) === this.hashImplementation);
  }
  /** @param front a hello up to its binders (§4.3.11.2) */
  #bound(front: Bytes): Bytes {
    const binders = this.#offered.map(({ suite, secret, binder = "res binder" }) => {
      const hash = this.hashFor(suite);
      return v8(binderOf(hash, secret, binder, hashOf(hash, ...this.transcript, front)));
    });
    return join(front, v16(...binders));
  }
  /** By session id TLS 1.2 finds a session again. */
  #withId(hello: Bytes): Bytes {
    const id = this.#offers12?.id ?? repeat(0);
    const before = hello[38] ?? 0;
    if (id.length === 0) return hello;
    return message(handshakeTypes.client_hello, hello.subarray(4, 38), v8(id), hello.subarray(39 + before));
  }
  #pair(group: number): { readonly share: Bytes; readonly key: unknown } {
    const pair = this.#pairs.get(group) ?? this.group(group)?.start() ?? { share: repeat(32, 9), key: undefined };
    this.#pairs.set(group, pair);
    return pair;
  }
  /** A binder over what was really said, or over what should have been. */
  protected override mend(bytes: Bytes, faults: readonly Fault[]): Bytes {
    const placed = bytes[0] === handshakeTypes.client_hello ? extensionsIn(bytes, "tls1.3") : undefined;
    const last = placed?.extensions.at(-1);
    if (this.#offered.length === 0 || last?.type !== extensionTypes.pre_shared_key || placed?.tail.length !== 0) return bytes;
    const lengths = this.#offered.map(({ suite }) => 1 + this.hashFor(suite).length);
    const right = this.#bound(bytes.subarray(0, -lengths.reduce((sum, length) => sum + length, 2)));
    // A length that is made wrong stays so.
    if (!faults.some(({ act, value }) => act === "forge" || act === "length" || value % 4 === 0)) return right;
    for (const [index] of lengths.entries()) {
      const from = right.length - lengths.slice(index).reduce((sum, length) => sum + length, 0);
      const to = from + (lengths[index] ?? 0);
      if (!sameBytes(bytes.subarray(from, to), right.subarray(from, to))) this.#wrongBinders.add(index);
    }
    // Which of them counts says the server: until then the first, a session's if there is one.
    if (this.#wrongBinders.has(0)) this.forged.add("binder");
    return bytes;
  }
  #startEarly(offers: boolean): void {
    const session = this.#offers13;
    if (!offers || session === undefined) return;
    const hash = this.hashFor(session.suite);
    const secret = earlyTraffic(hash, session.secret, hashOf(hash, ...this.transcript));
    this.suite = session.suite;
    [this.write] = this.keysOf("early", secret, session.suite);
  }
  #changeCipherSpec(): Utterance {
    return { type: contentTypes.changeCipherSpec, make: () => Uint8Array.of(1) };
  }

  // ── TLS 1.3 ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #flightTls13(): Flight {
    const says: Utterance[] = [];
    const useHandshakeKeys = (): void => {
      this.write = this.#handshakeKeys ?? this.write;
    };
    if (this.#takesEarly) says.push(this.handshake(() => message(handshakeTypes.end_of_early_data), useHandshakeKeys));
    else useHandshakeKeys();
    if (this.script.changeCipherSpec && this.script.early.length === 0 && this.#retry === undefined)
      says.unshift(this.#changeCipherSpec());
    if (this.#asked) {
      const own = this.#shown;
      says.push(this.handshake(() => certificateMessage(own, this.script, this.#wishes, this.compressor)));
      if (own !== undefined) says.push(this.handshake(() => this.#certificateVerify(own, this.toBeSigned("client"))));
    }
    says.push(
      this.handshake(
        () => this.#finished(),
        () => {
          this.#handshakeHash = this.hash();
          this.write = this.#applicationKeys ?? this.write;
        },
      ),
    );
    return { says, answered: () => true };
  }
  get #shown(): Peer["identity"] {
    if (!this.script.shows) return undefined;
    return this.#showsRawKey ? this.rawKey : this.identity;
  }
  #certificateVerify({ signer }: NonNullable<Peer["identity"]>, signed: Bytes): Bytes {
    const [scheme = "ed25519"] = signer.schemes;
    return message(handshakeTypes.certificate_verify, u16(schemeIds[scheme]), v16(signer.sign(scheme, signed)));
  }
  #finished(): Bytes {
    const keys = this.#handshakeKeys;
    return message(
      handshakeTypes.finished,
      keys === undefined ? repeat(32, 0xf1) : verifyData(this.hashImplementation, keys.secret, this.hash()),
    );
  }

  protected understand(heard: Bytes): void {
    const before = this.transcript.length;
    if (heard[0] === handshakeTypes.server_hello) return this.#serverHello(heard);
    if (heard[0] === handshakeTypes.finished && this.version === "tls1.2") this.#checkFinishedTls12(heard);
    if (heard[0] === handshakeTypes.finished && this.version === "tls1.3") this.#serverFinished(heard);
    if (heard[0] === handshakeTypes.new_session_ticket && this.version === "tls1.3") return this.#remember(heard);
    if (this.transcript.length === before) this.transcript.push(heard);
    if (heard[0] === handshakeTypes.certificate_request) this.#certificateRequest(heard);
    if (heard[0] === handshakeTypes.encrypted_extensions) {
      const answers = extensionsIn(heard, "tls1.3")?.extensions ?? [];
      this.#takesEarly = answers.some(({ type }) => type === extensionTypes.early_data);
      this.#heedTypes(answers);
    }
    if (heard[0] === handshakeTypes.server_key_exchange) {
      this.#serverShare = { group: (heard[5] ?? 0) * 256 + (heard[6] ?? 0), share: heard.subarray(8, 8 + (heard[7] ?? 0)) };
    }
    if (heard[0] === handshakeTypes.new_session_ticket && this.#tls12 !== undefined) {
      this.sessions.push(this.#sessionTls12(heard.subarray(10)));
    }
  }
  #heedTypes(answers: readonly Extension[]): void {
    const [chosen] = answers.find(({ type }) => type === extensionTypes.client_certificate_type)?.body ?? [];
    this.#showsRawKey = chosen === certificateTypes.raw;
  }
  #certificateRequest(heard: Bytes): void {
    this.#asked = true;
    if (this.version === "tls1.2") return;
    const asks = extensionsIn(heard, "tls1.3")?.extensions ?? [];
    this.#wishes = {
      status: asks.some(({ type }) => type === extensionTypes.status_request),
      compressions: compressionsIn(asks.find(({ type }) => type === extensionTypes.compress_certificate)?.body ?? repeat(0)),
    };
  }
  #serverHello(heard: Bytes): void {
    const random = heard.subarray(6, 38);
    const end = 39 + (heard[38] ?? 0);
    const suite = (heard[end] ?? 0) * 256 + (heard[end + 1] ?? 0);
    const answers = extensionsIn(heard, "tls1.3")?.extensions ?? [];
    const answer = (type: number): Bytes | undefined => answers.find((each) => each.type === type)?.body;
    const share = answer(extensionTypes.key_share);
    if (sameBytes(random, retryRandom)) {
      if (this.#retry !== undefined) this.complaints.push("a second HelloRetryRequest");
      this.suite = suite;
      this.version = "tls1.3";
      const cookie = answer(extensionTypes.cookie)?.subarray(2);
      this.#retry = { group: share && (share[0] ?? 0) * 256 + (share[1] ?? 0), cookie };
      return this.retried(heard);
    }
    this.transcript.push(heard);
    this.helloHeard = true;
    this.suite = suite;
    this.#serverRandom = random;
    this.version = answer(extensionTypes.supported_versions) === undefined ? "tls1.2" : "tls1.3";
    if (this.version === "tls1.2") return this.#serverHelloTls12(heard.subarray(39, end), answers);
    const group = (share?.[0] ?? 0) * 256 + (share?.[1] ?? 0);
    const implementation = this.group(group);
    const secret = share && implementation?.complete(this.#pair(group).key, share.subarray(4));
    const psk = this.#selected(answer(extensionTypes.pre_shared_key));
    if (secret === undefined) {
      this.isLost = true;
      return;
    }
    this.#schedule = new Schedule(this.hashImplementation, secret, psk?.secret);
    const { client, server } = this.#schedule.handshake(this.hash());
    [this.#handshakeKeys] = this.keysOf("handshake", client);
    this.read = this.keysOf("handshake", server);
  }
  #selected(answer: Bytes | undefined): PeerSession | undefined {
    if (answer === undefined) return undefined;
    const index = (answer[0] ?? 0) * 256 + (answer[1] ?? 0);
    if (this.#wrongBinders.has(index)) this.forged.add("binder");
    else this.forged.delete("binder");
    return this.#offered[index];
  }
  #serverFinished(heard: Bytes): void {
    const [keys] = this.read;
    const right = keys === undefined ? undefined : verifyData(this.hashImplementation, (keys as KeysTls13).secret, this.hash());
    if (right !== undefined && !sameBytes(right, heard.subarray(4))) this.finishedIsWrong();
    this.finishedHeard = true;
    this.transcript.push(heard);
    this.#finishedHash = this.hash();
    const application = this.#schedule?.application(this.#finishedHash);
    if (application === undefined) return;
    [this.#applicationKeys] = this.keysOf("application", application.client);
    this.read = this.keysOf("application", application.server);
  }
  /** Which no client says. */
  protected ticket(): Bytes {
    return message(handshakeTypes.new_session_ticket, u32(7200), u32(0), v8([7]), v16(repeat(40, 0x71)), u16(0));
  }
  #remember(heard: Bytes): void {
    if (this.#schedule === undefined || this.suite === undefined) return;
    const nonceEnd = 13 + (heard[12] ?? 0);
    const length = (heard[nonceEnd] ?? 0) * 256 + (heard[nonceEnd + 1] ?? 0);
    const ageAdd = new DataView(heard.buffer, heard.byteOffset + 8).getUint32(0);
    const secret = this.#schedule.session(this.#handshakeHash, heard.subarray(13, nonceEnd));
    const ticket = heard.subarray(nonceEnd + 2, nonceEnd + 2 + length);
    this.sessions.push({ version: "tls1.3", suite: this.suite, ticket, id: repeat(0), secret, ageAdd });
  }

  // ── TLS 1.2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  *#flightsTls12(): Generator<Flight, void, void> {
    if (this.#resumes) {
      yield { says: this.#ending(), answered: () => true };
      return;
    }
    const says: Utterance[] = [];
    const own = this.#shown;
    if (this.#asked) says.push(this.handshake(() => certificateMessageTls12(own)));
    says.push(
      this.handshake(
        () => this.#clientKeyExchange(),
        () => this.#derive(),
      ),
    );
    if (this.#asked && own !== undefined) says.push(this.handshake(() => this.#certificateVerify(own, join(...this.transcript))));
    yield { says: [...says, ...this.#ending()], answered: () => this.finishedHeard };
  }
  #ending(): Utterance[] {
    const useKeys = (): void => {
      this.write = this.#tls12?.keys?.client ?? this.write;
    };
    return [
      { ...this.#changeCipherSpec(), after: useKeys },
      this.handshake(() => message(handshakeTypes.finished, this.#verifyDataTls12("client"))),
    ];
  }
  #clientKeyExchange(): Bytes {
    const { group = 0x001d } = this.#serverShare ?? {};
    return message(handshakeTypes.client_key_exchange, v8(this.#pair(group).share));
  }
  #derive(): void {
    const theirs = this.#serverShare;
    const secret = theirs && this.group(theirs.group)?.complete(this.#pair(theirs.group).key, theirs.share);
    if (secret === undefined) return;
    this.#tls12 = ScheduleTls12.of(this.#handshakeTls12, secret, this.#extendedMasterSecret ? this.hash() : undefined);
    if (this.#sessionId.length > 0) this.sessions.push(this.#sessionTls12(repeat(0)));
  }
  #sessionTls12(ticket: Bytes): PeerSession {
    return {
      version: "tls1.2",
      suite: this.suite ?? 0,
      ticket,
      id: this.#sessionId,
      secret: this.#tls12?.master ?? repeat(48),
      ageAdd: 0,
    };
  }
  get #handshakeTls12(): HandshakeTls12 {
    return this.handshakeTls12({ client: repeat(32, this.script.hello.random), server: this.#serverRandom });
  }
  #serverHelloTls12(id: Bytes, answers: readonly Extension[]): void {
    this.#extendedMasterSecret = answers.some(({ type }) => type === extensionTypes.extended_master_secret);
    this.#sessionId = id;
    this.#heedTypes(answers);
    const session = this.#offers12;
    const sent = session !== undefined && session.id.length > 0 ? session.id : repeat(32, 0x5e);
    this.#resumes = session !== undefined && id.length > 0 && sameBytes(id, sent);
    if (!this.#resumes || session === undefined) return;
    this.#tls12 = new ScheduleTls12(this.#handshakeTls12, session.secret);
  }
  protected understandChangeCipherSpec(): void {
    if (this.version !== "tls1.2") return;
    const { keys } = this.#tls12 ?? {};
    if (keys === undefined) this.isLost = true;
    else this.read = [keys.server];
  }
  #checkFinishedTls12(heard: Bytes): void {
    if (!sameBytes(heard.subarray(4), this.#verifyDataTls12("server"))) this.finishedIsWrong();
    this.finishedHeard = true;
  }
  #verifyDataTls12(role: Role): Bytes {
    return this.#tls12?.verifyData(role, this.hash()) ?? repeat(12, 0xf1);
  }
}
