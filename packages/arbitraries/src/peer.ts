// What both scripted peers have in common: they say what their script says, spoiled as it says, and open what they hear by keys of
// their own. Nothing here reads or writes a transport.
import type {
  Bytes,
  CertificateCompressor,
  Credential,
  CryptoProvider,
  HashImplementation,
  ProtocolVersion,
  SuiteImplementation,
  SyncGroup,
  SyncSigner,
} from "@sallyport/core";
import { Another } from "./another.ts";
import { type Fault, filler, flip, spoilMessage } from "./faults.ts";
import { extensionsIn } from "./hello.ts";
import { type Directions, hashOf } from "./key-schedule.ts";
import { alertNames, contentTypes, groupIds, handshakeTypes, messageName, suites } from "./numbers.ts";
import { copyOf, join, latin1, message, record, repeat, sameBytes, u16 } from "./octets.ts";
import type { HandshakeTls12 } from "./schedule-tls12.ts";
import type { PeerScript, PeerSession, Role, Talk } from "./script.ts";
import type { Said, Spoken } from "./spoken.ts";
import { flooding, innerPlaintext, insertion, split } from "./record-faults.ts";
import { type Epoch, KeysTls13, type RecordKeys } from "./record-keys.ts";

/** A fault, and the message in whose place it was. */
export interface Hit {
  readonly fault: Fault;
  readonly in: string;
  /** That was spoken; before it is known, the script's. */
  readonly version: ProtocolVersion;
  /** What of another connection was put there. */
  readonly from?: Said;
}

export interface PeerOptions {
  readonly provider: CryptoProvider;
  /** Servers need one. */
  readonly identity?: Credential & { readonly signer: SyncSigner };
  readonly session?: PeerSession | undefined;
  /** Which the script's `psks` names: `externalPsk`. */
  readonly psks?: readonly PeerSession[];
  /** Which the script's `rawKey` names: those of `rawPublicKey`. */
  readonly rawKeys?: readonly (Credential & { readonly signer: SyncSigner })[];
  readonly compressor?: CertificateCompressor;
  /** What was `spoken` in another connection, by a peer of `anotherOf` this script with the same subject's like: `splice` takes of it. */
  readonly another?: readonly Spoken[] | undefined;
}

/** Says something, in a moment. */
export interface Utterance {
  readonly type: number;
  /** Called once, when all before it was said. */
  readonly make: () => Bytes;
  /** It counts for nobody's transcript. */
  readonly outside?: boolean;
  /** Keys that change behind it. */
  readonly after?: () => void;
}

/** What a peer says at once, and when the answer to it is there. */
export interface Flight {
  readonly says: readonly Utterance[];
  readonly answered: () => boolean;
}

export abstract class Peer {
  readonly role: Role;
  readonly script: PeerScript;
  /** Everything in clear text, in its order. */
  readonly spoken: Spoken[] = [];
  /** What no TLS may do, whatever it hears. */
  readonly complaints: string[] = [];
  /** Sessions that the subject gave. */
  readonly sessions: PeerSession[] = [];
  /** Fatal alerts of the subject, and close_notify, by their numbers. */
  readonly alerts: number[] = [];
  /** From here on nothing can be opened: a fault has left the two without common keys. */
  isLost = false;
  /** The subject said close_notify. */
  closed = false;
  /** What the subject says of its handshake: its Finished was right. */
  finishedHeard = false;
  /** Faults that were reached. */
  readonly reached: Set<Fault> = new Set();
  /** The same, with what was due there, as long as the subject had not given up. */
  readonly hits: Hit[] = [];
  /** What proves something, and does not any more: of which message, or `binder`. */
  readonly forged: Set<string> = new Set();
  /** What was said under keys, behind its wire: nobody knows any more what the subject reads. */
  wireSpoiled = false;
  /** A server's: in one of its flights in clear. */
  #helloSpoiled = false;
  protected version: ProtocolVersion;
  protected readonly provider: CryptoProvider;
  protected readonly identity: PeerOptions["identity"];
  protected readonly session: PeerSession | undefined;
  /** External ones, as far as the script names them. */
  readonly psks: readonly PeerSession[];
  /** What is shown where a raw public key was agreed on. */
  protected readonly rawKey: PeerOptions["identity"];
  protected readonly compressor: CertificateCompressor | undefined;
  readonly #another: Another | undefined;
  protected readonly transcript: Bytes[] = [];
  protected suite: number | undefined;
  protected write: RecordKeys | undefined;
  /** Those that may come, in their order. */
  protected read: RecordKeys[] = [];
  /** In clear as long as nothing else came; but an alert may still come under these. */
  protected spare: readonly RecordKeys[] = [];
  readonly #flights: Generator<Flight, void, void>;
  #buffer: Bytes = repeat(0);
  #partial: Bytes = repeat(0);
  #messages = 0;
  #records = 0;
  readonly #history: Bytes[] = [];
  #held: Bytes | undefined;
  /** What is said behind what should have come after it. */
  readonly #late = new Map<Utterance, Fault>();
  #due = "";

  constructor(script: PeerScript, options: PeerOptions) {
    const { provider, identity, session, psks = [], rawKeys = [], compressor, another } = options;
    this.role = script.role;
    this.script = script;
    this.version = script.version;
    this.provider = provider;
    this.identity = identity;
    this.session = session;
    this.psks = (script.psks ?? []).flatMap((at) => psks[at % Math.max(1, psks.length)] ?? []);
    this.rawKey = script.rawKey === undefined ? undefined : rawKeys[script.rawKey % Math.max(1, rawKeys.length)];
    this.compressor = compressor;
    this.#another = another && new Another(another);
    this.#flights = this.converse();
  }

  /** Its next flight as bytes; undefined: all is said. */
  speak(): { readonly bytes: Bytes; readonly answered: () => boolean } | undefined {
    const { done, value } = this.#flights.next();
    if (done === true) return undefined;
    return { bytes: this.#emit(value.says), answered: value.answered };
  }

  /** What the subject's exporter gives, too, by that label and an empty context; undefined: there is none, or it is not known here. */
  abstract exported(label: string): Bytes | undefined;

  /** What the subject wrote. Never throws for what it holds. */
  hear(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#buffer = this.#buffer.length === 0 ? copyOf(bytes) : join(this.#buffer, bytes);
    for (;;) {
      const [type = 0, , , high = 0, low = 0] = this.#buffer;
      const end = 5 + high * 256 + low;
      if (this.#buffer.length < Math.max(5, end)) return;
      const whole = this.#buffer.subarray(0, end);
      this.#buffer = this.#buffer.subarray(end);
      if (!this.isLost) this.#record(type, whole);
    }
  }
  /** Bytes of the subject that are no whole record. */
  get unread(): number {
    return this.#buffer.length;
  }
  /** It has a session or an external PSK to offer, or to take up. */
  get mayResume(): boolean {
    return this.script.resumes || this.psks.length > 0;
  }
  protected group(id: number): SyncGroup | undefined {
    const found = this.provider.groups.find(({ name }) => groupIds[name] === id);
    return found !== undefined && "start" in found ? found : undefined;
  }

  protected abstract converse(): Generator<Flight, void, void>;
  /** It has asked for a hello, and gone on without it. */
  protected get isAhead(): boolean {
    return false;
  }
  /** A message of the subject's; it is in the transcript already. */
  protected abstract understand(heard: Bytes): void;
  /** TLS 1.2. */
  protected abstract understandChangeCipherSpec(): void;

  // ── Saying ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected handshake(make: () => Bytes, after?: () => void): Utterance {
    return { type: contentTypes.handshake, make, ...(after && { after }) };
  }
  protected *talkFlights(): Generator<Flight, void, void> {
    for (const talk of this.script.talk) {
      const says = this.#talk(talk);
      const before = this.spoken.length;
      const answers = talk.kind === "update" && talk.asks && says.length > 0;
      yield { says, answered: () => !answers || this.spoken.slice(before).some(({ by }) => by === "subject") };
    }
  }
  /** What this version and role can say. */
  #talk(talk: Talk): Utterance[] {
    const knowsUpdates = this.version === "tls1.3";
    const update = (asks: boolean): Utterance => ({
      type: contentTypes.handshake,
      make: () => message(handshakeTypes.key_update, [asks ? 1 : 0]),
      outside: true,
      after: () => {
        this.write = this.write?.next();
      },
    });
    switch (talk.kind) {
      case "data":
        return [{ type: contentTypes.data, make: () => filler(talk.length, talk.length) }];
      case "update":
        return knowsUpdates ? [update(talk.asks)] : [];
      case "flood": {
        const { of = "update", count } = talk;
        if (of === "update") return knowsUpdates ? Array.from({ length: count }, () => update(false)) : [];
        const one: Talk =
          of === "data"
            ? { kind: "data", length: 0 }
            : of === "ticket"
              ? { kind: "ticket" }
              : { kind: "warning", description: 90 };
        return Array.from({ length: count }, () => this.#talk(one)).flat();
      }
      case "ticket":
        return knowsUpdates && this.role === "server"
          ? [{ type: contentTypes.handshake, make: () => this.ticket(), outside: true }]
          : [];
      case "warning":
        return [{ type: contentTypes.alert, make: () => Uint8Array.of(1, talk.description) }];
      case "close":
        return [{ type: contentTypes.alert, make: () => Uint8Array.of(1, 0) }];
    }
  }
  /** NewSessionTicket of TLS 1.3. */
  protected abstract ticket(): Bytes;

  #emit(flight: readonly Utterance[]): Bytes {
    const records: Bytes[] = [];
    const queue = [...flight];
    for (let at = 0; at < queue.length; at++) {
      const utterance = queue[at];
      if (utterance === undefined) break;
      const index = this.#messages++;
      const faults = this.#faultsAt("message", index).concat(this.#faultsAt("extension", index));
      const swap = faults.find(({ act, layer }) => layer === "message" && act === "swap");
      const other = queue[at + 1];
      if (swap !== undefined && other !== undefined) {
        // Its name is known when it is made, which may be once only.
        this.reached.add(swap);
        const later = { ...utterance };
        this.#late.set(later, swap);
        queue.splice(at, 2, other, later);
        this.#say(
          other,
          faults.filter((fault) => fault !== swap),
          records,
        );
      } else {
        this.#say(utterance, faults, records);
      }
    }
    if (this.#held !== undefined) records.push(this.#held);
    this.#held = undefined;
    return join(...records);
  }

  #say(utterance: Utterance, faults: readonly Fault[], records: Bytes[]): void {
    const right = utterance.make();
    let bytes = right;
    let times = 1;
    this.#due = nameOf(utterance.type, right);
    const hasExtensions =
      faults.length > 0 && utterance.type === contentTypes.handshake && extensionsIn(right, this.version) !== undefined;
    const swapped = this.#late.get(utterance);
    if (swapped !== undefined) this.#reach(swapped);
    for (const fault of faults) {
      const { act, layer, where, value } = fault;
      if (layer === "extension" && !hasExtensions) continue;
      const other =
        act === "splice" ? this.#another?.[layer === "message" ? "content" : "like"](fault, utterance.type, right) : undefined;
      if (act === "splice" && other === undefined) continue;
      this.#reach(fault, other);
      if (layer === "message" && other !== undefined) bytes = other.content;
      else if (layer === "message" && act === "drop") times = 0;
      else if (layer === "message" && act === "duplicate") times = 2;
      else if (layer === "message" && act === "insert") {
        const type = [0, 1, 2, 4, 5, 8, 11, 12, 13, 14, 15, 16, 20, 22, 24, 25, 99][value % 17] ?? 99;
        this.#send(contentTypes.handshake, message(type, filler(where, where % 50)), true, records);
      } else if (layer === "message" && act === "replay") {
        const old = this.#history[value % Math.max(1, this.#history.length)];
        if (old !== undefined) this.#send(contentTypes.handshake, old, true, records);
      } else if (utterance.type === contentTypes.handshake) bytes = spoilMessage(bytes, fault, this.version, other?.content);
      else if (act === "flip" && bytes.length > 0) bytes = flip(bytes, where % bytes.length, value);
      else if (act === "truncate") bytes = bytes.subarray(0, bytes.length === 0 ? 0 : where % bytes.length);
      else if (act === "extend") bytes = join(bytes, filler(value, 1 + (where % 40)));
    }
    if (utterance.type === contentTypes.handshake) {
      if (faults.length > 0) bytes = this.mend(bytes, faults);
      if (provers.has(right[0] ?? -1) && !sameBytes(right, bytes)) this.forged.add(messageName(right[0] ?? 0));
      this.#history.push(bytes);
    }
    for (let time = 0; time < times; time++) this.#send(utterance.type, bytes, utterance.outside !== true, records);
    utterance.after?.();
  }

  #send(type: number, bytes: Bytes, counts: boolean, records: Bytes[]): void {
    if (type === contentTypes.handshake && counts) this.transcript.push(bytes);
    const most = type === contentTypes.handshake ? Math.max(1, this.script.fragment) : 2 ** 14;
    for (let at = 0; at === 0 || at < bytes.length; at += most) this.#protect(type, bytes.subarray(at, at + most), records);
  }

  #protect(given: number, bytes: Bytes, records: Bytes[]): void {
    const index = this.#records++;
    let type = given;
    let pieces: readonly Bytes[] = [bytes];
    let padding = 0;
    let { write } = this;
    for (const fault of this.#faultsAt("record", index)) {
      this.#reach(fault);
      const { act, where, value } = fault;
      switch (act) {
        case "retype":
          type = value & 255;
          break;
        case "split":
          pieces = split(bytes, 1 + (where % Math.max(1, bytes.length)));
          break;
        case "pad":
          padding = where % 300;
          break;
        case "empty":
          pieces = [repeat(0), ...pieces];
          break;
        case "insert":
          this.#seal(write, ...insertion(where, value), 0, records);
          break;
        case "flood":
          for (const flood of flooding(where)) this.#seal(write, ...flood, 0, records);
          break;
        case "clear":
          write = undefined;
          break;
        case "oversize":
          pieces = [join(bytes, repeat(2 ** 14 + 1 + (where % 300) - bytes.length, 0))];
          break;
        case "join":
          type = given;
          pieces = [join(bytes, bytes)];
          break;
        case "update":
          this.write = write?.hidesType === true ? write.next() : write;
          break;
      }
    }
    for (const piece of pieces) this.#seal(write, type, piece, padding, records);
  }

  #seal(keys: RecordKeys | undefined, type: number, piece: Bytes, padding: number, records: Bytes[]): void {
    const isClear = keys === undefined || (keys.hidesType && type === contentTypes.changeCipherSpec);
    let sealed: Bytes = isClear ? record(type, piece, this.#records === 1 ? 0x0301 : 0x0303) : keys.seal(type, piece, padding);
    const inner = !isClear && keys.hidesType ? innerPlaintext(type, piece) : { type, content: piece };
    this.spoken.push({ by: "peer", ...inner, epoch: isClear ? "clear" : keys.epoch, sealed });
    let times = 1;
    for (const fault of this.#faultsAt("wire", this.#records - 1)) {
      const { act, where, value } = fault;
      const other = act === "splice" ? this.#another?.record(fault) : undefined;
      if (act === "splice" && other === undefined) continue;
      this.#reach(fault, other);
      this.wireSpoiled = true;
      if (isClear && type === contentTypes.handshake && this.role === "server") this.#helloSpoiled = true;
      switch (act) {
        case "flip":
          sealed = flip(sealed, where % sealed.length, value);
          break;
        case "drop":
          times = 0;
          break;
        case "duplicate":
          times = 2;
          break;
        case "swap":
          this.#held = sealed;
          return;
        case "truncate":
          sealed = sealed.subarray(0, where % sealed.length);
          break;
        case "extend":
          sealed = join(sealed, filler(value, 1 + (where % 100)));
          break;
        case "length":
          sealed = join(sealed.subarray(0, 3), u16(value * 17), sealed.subarray(5));
          break;
        case "replay":
          records.push(records[where % Math.max(1, records.length)] ?? sealed);
          break;
        case "version":
          sealed = join([sealed[0] ?? 0], u16(value * 3), sealed.subarray(3));
          break;
        case "garbage":
          records.push(filler(value, where % 200));
          break;
        // In its place, or in front of it.
        case "splice":
          if (value % 4 < 2) times = 0;
          records.push(other?.sealed ?? repeat(0));
          break;
      }
    }
    for (let time = 0; time < times; time++) records.push(sealed);
    if (this.#held !== undefined) records.push(this.#held);
    this.#held = undefined;
  }
  #reach(fault: Fault, from?: Said): void {
    this.reached.add(fault);
    // Who has told why he ends it heeds nothing any more.
    if (this.alerts.length === 0) this.hits.push({ fault, in: this.#due, version: this.version, ...(from && { from }) });
  }
  /** What proves something about the bytes in front of it is made right again, or `forged`. */
  protected mend(bytes: Bytes, _faults: readonly Fault[]): Bytes {
    return bytes;
  }
  #faultsAt(layer: Fault["layer"], index: number): readonly Fault[] {
    const isHere = (fault: Fault): boolean => fault.layer === layer && fault.at === index;
    return this.script.faults.some(isHere) ? this.script.faults.filter(isHere) : noFaults;
  }

  // ── Hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #record(type: number, whole: Bytes): void {
    const opened = this.#open(type, whole);
    if (opened === undefined) return;
    const { epoch, content } = opened;
    this.spoken.push({ by: "subject", type: opened.type, content, epoch, sealed: whole });
    if (this.alerts.some((description) => description !== 0)) this.complaints.push("something was said behind a fatal alert");
    else if (this.closed) this.complaints.push("something was said behind close_notify");
    switch (opened.type) {
      case contentTypes.alert:
        return this.#alert(content);
      case contentTypes.handshake:
        return this.#handshake(content);
      case contentTypes.changeCipherSpec:
        return this.understandChangeCipherSpec();
      case contentTypes.data:
        return;
      default:
        this.complaints.push(`a record of content type ${opened.type}`);
    }
  }
  #open(type: number, whole: Bytes): { type: number; content: Bytes; epoch: Epoch } | undefined {
    const clear = { type, content: whole.subarray(5), epoch: "clear" as const };
    const [first] = this.read;
    if (first === undefined) {
      const opened =
        type === contentTypes.data ? this.spare.map((keys) => keys.open(whole)).find((each) => each !== undefined) : undefined;
      return opened === undefined ? clear : { ...opened, epoch: "early" };
    }
    if (first.hidesType) {
      if (type === contentTypes.changeCipherSpec) return clear;
      // A client that fails on ServerHello has no keys yet, or none but those of early data, which may not be read.
      if (type === contentTypes.alert && this.role === "server" && (!first.used || first.epoch === "early")) return clear;
      if (type !== contentTypes.data) {
        if (type === contentTypes.handshake && this.isAhead) this.isLost = true;
        else this.complaints.push(`content type ${type} in clear, after there were keys`);
        return undefined;
      }
    }
    for (const [at, keys] of this.read.entries()) {
      const opened = keys.open(whole);
      if (opened === undefined) continue;
      this.read.splice(0, at);
      return { ...opened, epoch: keys.epoch };
    }
    this.isLost = true;
    return undefined;
  }
  #alert(content: Bytes): void {
    const [level = 0, description = -1] = content;
    // By another hello the subject may have another suite, which is not told from this one where everything opens.
    if (content.length !== 2 && this.#helloSpoiled) this.isLost = true;
    if (this.isLost) return;
    if (content.length !== 2) this.complaints.push(`an alert of ${content.length} bytes`);
    if (description === 0) this.closed = true;
    else if (level === 2) this.alerts.push(description);
    if (level === 2 && !alertNames.has(description)) this.complaints.push(`an alert that nobody knows: ${description}`);
  }
  #handshake(content: Bytes): void {
    this.#partial = this.#partial.length === 0 ? content : join(this.#partial, content);
    for (;;) {
      const [, high = 0, middle = 0, low = 0] = this.#partial;
      const length = 4 + high * 65536 + middle * 256 + low;
      if (this.#partial.length < Math.max(4, length)) return;
      const whole = this.#partial.subarray(0, length);
      this.#partial = this.#partial.subarray(length);
      if (whole[0] === handshakeTypes.key_update) {
        const [current] = this.read;
        if (current !== undefined) this.read = [current.next()];
      } else {
        this.understand(whole);
      }
    }
  }

  // ── Keys ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected get hashImplementation(): HashImplementation {
    return this.hashFor(this.suite);
  }
  protected hashFor(suite: number | undefined): HashImplementation {
    const name = suites.get(suite ?? 0)?.hash ?? "sha256";
    const found = this.provider.hashes.find((hash) => hash.name === name);
    if (found === undefined) throw new TypeError(`the provider has no ${name}`);
    return found;
  }
  protected suiteImplementation(id: number | undefined): SuiteImplementation | undefined {
    const name = suites.get(id ?? 0)?.name;
    return this.provider.suites.find((suite) => suite.name === name);
  }
  protected keysOf(epoch: Epoch, secret: Bytes, suite: number | undefined = this.suite): KeysTls13[] {
    const implementation = this.suiteImplementation(suite);
    return implementation === undefined ? [] : [new KeysTls13(epoch, implementation, this.hashImplementation, secret)];
  }
  protected handshakeTls12(randoms: Directions): HandshakeTls12 {
    const { saltLength = 4 } = suites.get(this.suite ?? 0) ?? {};
    return { hash: this.hashImplementation, suite: this.suiteImplementation(this.suite), saltLength, randoms };
  }
  /** Behind a fault the subject may have stopped listening before all was said. */
  protected finishedIsWrong(): void {
    if (this.reached.size === 0) this.complaints.push(`the ${this.role === "client" ? "server" : "client"}'s Finished is wrong`);
  }
  protected hash(): Bytes {
    return hashOf(this.hashImplementation, ...this.transcript);
  }
  /** RFC 9846 §4.5.1: behind HelloRetryRequest the first hello is a hash. */
  protected retried(request: Bytes): void {
    const first = this.hash();
    this.transcript.splice(0, this.transcript.length, message(handshakeTypes.message_hash, first), request);
  }
  /** CertificateVerify of TLS 1.3 (§4.5.2). */
  protected toBeSigned(role: Role): Bytes {
    const context = latin1(`TLS 1.3, ${role} CertificateVerify`);
    return join(repeat(64, 0x20), context, [0], this.hash());
  }
}

const noFaults: readonly Fault[] = [];

/** What no byte of can be another. */
const provers: ReadonlySet<number> = new Set([
  handshakeTypes.certificate_verify,
  handshakeTypes.server_key_exchange,
  handshakeTypes.finished,
]);

function nameOf(type: number, bytes: Uint8Array): string {
  if (type === contentTypes.handshake) return messageName(bytes[0] ?? 0);
  return type === contentTypes.alert ? "alert" : type === contentTypes.changeCipherSpec ? "change_cipher_spec" : "data";
}
