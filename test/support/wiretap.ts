// Records as an outsider sees them, with the secrets of a key log: a parser and a key schedule that share nothing with core's.
import { createCipheriv, createDecipheriv, createHash, createHmac } from "node:crypto";

export interface WireRecord {
  readonly type: number;
  readonly version: number;
  readonly fragment: Uint8Array;
  /** Header included. */
  readonly bytes: Uint8Array;
  /** Where it begins in what was parsed. */
  readonly offset: number;
}

/** Whole records, and what is left. */
export function parseRecords(bytes: Uint8Array): { readonly records: readonly WireRecord[]; readonly rest: Uint8Array } {
  const records: WireRecord[] = [];
  let offset = 0;
  while (bytes.length - offset >= 5) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
    const end = offset + 5 + view.getUint16(3);
    if (end > bytes.length) break;
    const record = bytes.subarray(offset, end);
    records.push({ type: view.getUint8(0), version: view.getUint16(1), fragment: record.subarray(5), bytes: record, offset });
    offset = end;
  }
  return { records, rest: bytes.subarray(offset) };
}

export const contentType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

export function record(type: number, fragment: Uint8Array, version = 0x0303): Uint8Array {
  const header = Uint8Array.of(type, version >> 8, version & 255, fragment.length >> 8, fragment.length & 255);
  return new Uint8Array(Buffer.concat([header, fragment]));
}

export type Suite = "TLS_AES_128_GCM_SHA256" | "TLS_AES_256_GCM_SHA384" | "TLS_CHACHA20_POLY1305_SHA256";
const suites = {
  TLS_AES_128_GCM_SHA256: { cipher: "aes-128-gcm", hash: "sha256", keyLength: 16 },
  TLS_AES_256_GCM_SHA384: { cipher: "aes-256-gcm", hash: "sha384", keyLength: 32 },
  TLS_CHACHA20_POLY1305_SHA256: { cipher: "chacha20-poly1305", hash: "sha256", keyLength: 32 },
} as const;

/** HKDF-Expand-Label (RFC 9846 §7.1), for results no longer than the hash. */
export function expandLabel(suite: Suite, secret: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([
    Uint8Array.of(0, length, name.length),
    name,
    Uint8Array.of(context.length),
    context,
    Uint8Array.of(1),
  ]);
  return new Uint8Array(createHmac(suites[suite].hash, secret).update(info).digest().subarray(0, length));
}

/** verify_data over these messages (§4.5.3). */
export function finishedOf(suite: Suite, trafficSecret: Uint8Array, messages: readonly Uint8Array[]): Uint8Array {
  const { hash } = suites[suite];
  const transcript = createHash(hash).update(Buffer.concat(messages)).digest();
  const length = transcript.length;
  const key = expandLabel(suite, trafficSecret, "finished", new Uint8Array(0), length);
  return new Uint8Array(createHmac(hash, key).update(transcript).digest());
}

export interface Inner {
  readonly type: number;
  readonly content: Uint8Array;
}

/** One direction's protection under one secret. */
export class Protection {
  readonly suite: Suite;
  readonly secret: Uint8Array;
  sequence = 0;
  readonly #key: Uint8Array;
  readonly #iv: Uint8Array;

  constructor(suite: Suite, secret: Uint8Array) {
    this.suite = suite;
    this.secret = secret;
    this.#key = expandLabel(suite, secret, "key", new Uint8Array(0), suites[suite].keyLength);
    this.#iv = expandLabel(suite, secret, "iv", new Uint8Array(0), 12);
  }

  /** Whatever type and length: what a peer may do that keeps no rule. `zeros` pads. */
  seal(type: number, content: Uint8Array, zeros = 0): Uint8Array {
    return this.sealInner(new Uint8Array(Buffer.concat([content, Uint8Array.of(type), new Uint8Array(zeros)])));
  }
  sealInner(inner: Uint8Array): Uint8Array {
    const length = inner.length + 16;
    const header = Uint8Array.of(contentType.applicationData, 3, 3, length >> 8, length & 255);
    // chacha20-poly1305 has GCM's methods, and types of its own.
    const cipher = createCipheriv(suites[this.suite].cipher as "aes-128-gcm", this.#key, this.#nonce(), { authTagLength: 16 });
    cipher.setAAD(header, { plaintextLength: inner.length });
    const ciphertext = cipher.update(inner);
    cipher.final();
    this.sequence++;
    return new Uint8Array(Buffer.concat([header, ciphertext, cipher.getAuthTag()]));
  }
  /** undefined: it was not sealed by this key, or not as its next record. */
  open(sealed: Uint8Array): Inner | undefined {
    const end = sealed.length - 16;
    if (end < 5) return undefined;
    const decipher = createDecipheriv(suites[this.suite].cipher as "aes-128-gcm", this.#key, this.#nonce(), {
      authTagLength: 16,
    });
    decipher.setAAD(sealed.subarray(0, 5), { plaintextLength: end - 5 });
    decipher.setAuthTag(sealed.subarray(end));
    const plain = decipher.update(sealed.subarray(5, end));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    this.sequence++;
    let at = plain.length - 1;
    while (at >= 0 && plain[at] === 0) at--;
    return { type: plain[at] ?? 0, content: new Uint8Array(plain.subarray(0, Math.max(at, 0))) };
  }
  next(): Protection {
    return new Protection(this.suite, expandLabel(this.suite, this.secret, "traffic upd", new Uint8Array(0), this.secret.length));
  }

  #nonce(): Uint8Array {
    const nonce = Uint8Array.from(this.#iv);
    for (let at = 11, rest = this.sequence; rest > 0; at--, rest = Math.floor(rest / 256))
      nonce[at] = (nonce[at] ?? 0) ^ (rest & 255);
    return nonce;
  }
}

// ── TLS 1.2 (RFC 5246 §5, §6.3; RFC 5288; RFC 7905) ──────────────────────────────────────────────────────────────────

export interface SuiteTls12 {
  readonly cipher: "aes-128-gcm" | "aes-256-gcm" | "chacha20-poly1305";
  readonly hash: "sha256" | "sha384";
  readonly keyLength: 16 | 32;
  /** Of the IV in the key block: with 4 the rest of a nonce stands in the record. */
  readonly saltLength: 4 | 12;
}
/** Of the suites that end in AES_128_GCM_SHA256. */
export const aes128: SuiteTls12 = { cipher: "aes-128-gcm", hash: "sha256", keyLength: 16, saltLength: 4 };
const aes256: SuiteTls12 = { cipher: "aes-256-gcm", hash: "sha384", keyLength: 32, saltLength: 4 };
const chacha20: SuiteTls12 = { cipher: "chacha20-poly1305", hash: "sha256", keyLength: 32, saltLength: 12 };
/** By number: ECDHE with ECDSA and with RSA. */
export const suitesTls12: ReadonlyMap<number, SuiteTls12> = new Map([
  [0xc02b, aes128],
  [0xc02f, aes128],
  [0xc02c, aes256],
  [0xc030, aes256],
  [0xcca9, chacha20],
  [0xcca8, chacha20],
]);

/** P_hash with the label in front of the seed. */
export function prf(hash: string, secret: Uint8Array, label: string, seed: Uint8Array, length: number): Uint8Array {
  const hmac = (...data: readonly Uint8Array[]): Buffer => createHmac(hash, secret).update(Buffer.concat(data)).digest();
  const start = Buffer.concat([Buffer.from(label, "latin1"), seed]);
  const out: Buffer[] = [];
  for (let link = hmac(start), made = 0; made < length; link = hmac(link)) {
    const block = hmac(link, start);
    out.push(block);
    made += block.length;
  }
  return new Uint8Array(Buffer.concat(out).subarray(0, length));
}

/** Both directions, from the master secret. */
export function protectionsTls12(
  suite: SuiteTls12,
  master: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
): { readonly client: ProtectionTls12; readonly server: ProtectionTls12 } {
  const { keyLength, saltLength } = suite;
  const block = prf(
    suite.hash,
    master,
    "key expansion",
    Buffer.concat([serverRandom, clientRandom]),
    2 * (keyLength + saltLength),
  );
  const ivs = block.subarray(2 * keyLength);
  return {
    client: new ProtectionTls12(suite, block.subarray(0, keyLength), ivs.subarray(0, saltLength)),
    server: new ProtectionTls12(suite, block.subarray(keyLength, 2 * keyLength), ivs.subarray(saltLength)),
  };
}

/** One direction. */
export class ProtectionTls12 {
  sequence = 0;
  readonly #suite: SuiteTls12;
  readonly #key: Uint8Array;
  readonly #iv: Uint8Array;

  constructor(suite: SuiteTls12, key: Uint8Array, iv: Uint8Array) {
    this.#suite = suite;
    this.#key = key;
    this.#iv = iv;
  }

  /** @param explicit of AES-GCM: any eight bytes that are no other record's; by default the sequence number. */
  seal(type: number, content: Uint8Array, explicit: Uint8Array = this.#counter(), version = 0x0303): Uint8Array {
    const nonce = this.#nonce(explicit);
    const cipher = createCipheriv(this.#suite.cipher as "aes-128-gcm", this.#key, nonce, { authTagLength: 16 });
    cipher.setAAD(this.#describe(type, content.length), { plaintextLength: content.length });
    const ciphertext = Buffer.concat([cipher.update(content), cipher.final()]);
    this.sequence++;
    const front = this.#suite.saltLength === 4 ? explicit : new Uint8Array(0);
    return record(type, Buffer.concat([front, ciphertext, cipher.getAuthTag()]), version);
  }
  /** undefined: it was not sealed by this key, or not as its next record. */
  open(sealed: Uint8Array): Inner | undefined {
    const start = this.#suite.saltLength === 4 ? 13 : 5;
    const end = sealed.length - 16;
    if (end < start) return undefined;
    const nonce = this.#nonce(sealed.subarray(5, start));
    const decipher = createDecipheriv(this.#suite.cipher as "aes-128-gcm", this.#key, nonce, { authTagLength: 16 });
    decipher.setAAD(this.#describe(sealed[0] ?? 0, end - start), { plaintextLength: end - start });
    decipher.setAuthTag(sealed.subarray(end));
    const content = decipher.update(sealed.subarray(start, end));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    this.sequence++;
    return { type: sealed[0] ?? 0, content: new Uint8Array(content) };
  }

  #counter(): Uint8Array {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(this.sequence));
    return new Uint8Array(counter);
  }
  #nonce(explicit: Uint8Array): Uint8Array {
    if (this.#suite.saltLength === 4) return new Uint8Array(Buffer.concat([this.#iv, explicit]));
    const counter = this.#counter();
    return this.#iv.map((byte, at) => byte ^ (at < 4 ? 0 : (counter[at - 4] ?? 0)));
  }
  #describe(type: number, length: number): Buffer {
    return Buffer.concat([this.#counter(), Uint8Array.of(type, 3, 3, length >> 8, length & 255)]);
  }
}

/** What a server of TLS 1.2 says of the keys, in clear at the head of its output; undefined: it has not said it. */
export function serverHelloIn(
  output: Uint8Array,
): { readonly random: Uint8Array; readonly suite: SuiteTls12 | undefined } | undefined {
  const fragments: Uint8Array[] = [];
  for (const { type, fragment } of parseRecords(output).records) {
    if (type === contentType.changeCipherSpec) break;
    if (type === contentType.handshake) fragments.push(fragment);
  }
  const [hello] = Buffer.concat(fragments)[0] === 2 ? [Buffer.concat(fragments)] : [];
  if (hello === undefined || hello.length < 41) return undefined;
  const suite = hello.readUInt16BE(39 + (hello[38] ?? 0));
  return { random: new Uint8Array(hello.subarray(6, 38)), suite: suitesTls12.get(suite) };
}

/** The secret of that label, from a key log's last connection. */
export function secretOf(keyLog: readonly string[], label: string): Uint8Array | undefined {
  const line = keyLog.findLast((candidate) => candidate.startsWith(`${label} `));
  const hex = line?.split(" ")[2];
  return hex === undefined ? undefined : new Uint8Array(Buffer.from(hex, "hex"));
}

export interface OpenedRecord extends Inner {
  readonly isProtected: boolean;
}

/**
 * All records of one direction, opened by the key log of who sent them: in clear, under the early, the handshake and the
 * traffic secret, and under those that KeyUpdates lead to. The suite is the one that fits. In TLS 1.2 in clear, and behind
 * change_cipher_spec under the one key.
 *
 * @param heard what the sender heard: a client of TLS 1.2 has the server's random from there
 * @throws if one can't be opened
 */
export function openAll(
  sender: "client" | "server",
  output: Uint8Array,
  keyLog: readonly string[],
  heard: Uint8Array = new Uint8Array(0),
): OpenedRecord[] {
  const master = secretOf(keyLog, "CLIENT_RANDOM");
  if (master !== undefined) return openTls12(sender, output, keyLog, master, heard);
  for (const suite of suiteNames) {
    // Early data are of the session's suite; a server that doesn't take it up may choose another.
    for (const early of suiteNames) {
      const opened = openWith(suite, early, sender, output, keyLog);
      if (opened !== undefined) return opened;
    }
  }
  throw new Error("a record that none of the sender's keys opens");
}

const suiteNames: readonly Suite[] = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];

function openTls12(
  sender: "client" | "server",
  output: Uint8Array,
  keyLog: readonly string[],
  master: Uint8Array,
  heard: Uint8Array,
): OpenedRecord[] {
  const { records, rest } = parseRecords(output);
  if (rest.length > 0) throw new Error(`${rest.length} bytes behind the last whole record`);
  const hello = serverHelloIn(sender === "server" ? output : heard);
  const clientRandom = Buffer.from(keyLog.findLast((line) => line.startsWith("CLIENT_RANDOM "))?.split(" ")[1] ?? "", "hex");
  // A resumption that fails while its keys are made: the session's secret is logged, and no ServerHello was said.
  if (hello?.suite === undefined) return records.map(({ type, fragment }) => ({ type, content: fragment, isProtected: false }));
  const keys = protectionsTls12(hello.suite, master, clientRandom, hello.random)[sender];
  const changed = records.findIndex(({ type }) => type === contentType.changeCipherSpec);
  return records.map(({ type, fragment, bytes }, at) => {
    if (changed === -1 || at <= changed) return { type, content: fragment, isProtected: false };
    const inner = keys.open(bytes);
    if (inner === undefined) throw new Error("a record that the sender's key does not open");
    return { ...inner, isProtected: true };
  });
}

function openWith(
  suite: Suite,
  early: Suite,
  sender: "client" | "server",
  output: Uint8Array,
  keyLog: readonly string[],
): OpenedRecord[] | undefined {
  const prefix = sender.toUpperCase();
  const { records, rest } = parseRecords(output);
  if (rest.length > 0) throw new Error(`${rest.length} bytes behind the last whole record`);
  // Each follows the one before it, which is over then.
  let keys = ["EARLY_TRAFFIC_SECRET", "HANDSHAKE_TRAFFIC_SECRET", "TRAFFIC_SECRET_0"].flatMap((label) => {
    const secret = secretOf(keyLog, `${prefix}_${label}`);
    return secret === undefined ? [] : [new Protection(label === "EARLY_TRAFFIC_SECRET" ? early : suite, secret)];
  });
  const opened: OpenedRecord[] = [];
  for (const { type, fragment, bytes } of records) {
    if (type !== contentType.applicationData) {
      opened.push({ type, content: fragment, isProtected: false });
      continue;
    }
    let inner: Inner | undefined;
    for (const [at, key] of keys.entries()) {
      inner = key.open(bytes);
      if (inner === undefined) continue;
      keys = keys.slice(at);
      if (keys.length === 1) keys.push(key.next());
      break;
    }
    if (inner === undefined) return undefined;
    opened.push({ ...inner, isProtected: true });
  }
  return opened;
}
/** What seeded pairs agree on. */
export const pairSuite: Suite = "TLS_AES_128_GCM_SHA256";

export interface WireAlert {
  readonly level: number;
  readonly description: number;
}
export function alertsIn(opened: readonly OpenedRecord[]): WireAlert[] {
  return opened
    .filter(({ type }) => type === contentType.alert)
    .map(({ content }) => {
      const [level = -1, description = -1] = content;
      if (content.length !== 2) throw new Error(`an alert of ${content.length} bytes`);
      return { level, description };
    });
}

/** Handshake messages, whole. */
export function messagesIn(opened: readonly OpenedRecord[]): Uint8Array[] {
  const stream = Buffer.concat(opened.filter(({ type }) => type === contentType.handshake).map(({ content }) => content));
  const messages: Uint8Array[] = [];
  for (let at = 0; at < stream.length; ) {
    const end = at + 4 + stream.readUIntBE(at + 1, 3);
    messages.push(new Uint8Array(stream.subarray(at, end)));
    at = end;
  }
  return messages;
}
