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
  const info = Buffer.concat([Uint8Array.of(0, length, name.length), name, Uint8Array.of(context.length), context, Uint8Array.of(1)]);
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
    const decipher = createDecipheriv(suites[this.suite].cipher as "aes-128-gcm", this.#key, this.#nonce(), { authTagLength: 16 });
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
    for (let at = 11, rest = this.sequence; rest > 0; at--, rest = Math.floor(rest / 256)) nonce[at] = (nonce[at] ?? 0) ^ (rest & 255);
    return nonce;
  }
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
 * All records of one direction, opened by the key log of who sent them: in clear, under the handshake secret, under the traffic
 * secret, and under those that KeyUpdates lead to. The suite is the one that fits.
 *
 * @throws if one can't be opened
 */
export function openAll(sender: "client" | "server", output: Uint8Array, keyLog: readonly string[]): OpenedRecord[] {
  for (const suite of ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] as const) {
    const opened = openWith(suite, sender, output, keyLog);
    if (opened !== undefined) return opened;
  }
  throw new Error("a record that none of the sender's keys opens");
}

function openWith(
  suite: Suite, sender: "client" | "server", output: Uint8Array, keyLog: readonly string[],
): OpenedRecord[] | undefined {
  const prefix = sender.toUpperCase();
  const { records, rest } = parseRecords(output);
  if (rest.length > 0) throw new Error(`${rest.length} bytes behind the last whole record`);
  const handshake = secretOf(keyLog, `${prefix}_HANDSHAKE_TRAFFIC_SECRET`);
  const traffic = secretOf(keyLog, `${prefix}_TRAFFIC_SECRET_0`);
  let current = handshake && new Protection(suite, handshake);
  let later = traffic && new Protection(suite, traffic);
  const opened: OpenedRecord[] = [];
  for (const { type, fragment, bytes } of records) {
    if (type !== contentType.applicationData) {
      opened.push({ type, content: fragment, isProtected: false });
      continue;
    }
    let inner = current?.open(bytes);
    if (inner === undefined) {
      inner = later?.open(bytes);
      current = later;
      later = current?.next();
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
