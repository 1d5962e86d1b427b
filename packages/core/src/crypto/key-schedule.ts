// The key schedule of TLS 1.3 (RFC 9846 §7.1): each class is one row of its figure, and only makes what that row may.
import { type Bytes, empty, wipe } from "../wire/bytes.ts";
import { expandLabel, extract, hmac, label } from "./hkdf.ts";
import type { HashImplementation } from "./provider.ts";
import { digestOf } from "./transcript.ts";

export interface TrafficSecrets {
  readonly client: Bytes;
  readonly server: Bytes;
}

/** The row of a PSK: its binder, early data's keys, and what the handshake's row is made of. */
export class EarlySchedule {
  readonly #hash: HashImplementation;
  readonly #secret: Bytes;

  /** @param psk is copied. */
  constructor(hash: HashImplementation, psk: Uint8Array) {
    this.#hash = hash;
    this.#secret = earlySecret(hash, psk);
  }

  /** §4.3.11.2. @param transcriptHash … ClientHello up to its binders. */
  binder(label: BinderLabel, transcriptHash: Uint8Array): Bytes {
    const key = expandLabel(
      this.#hash,
      this.#secret,
      binderLabels[label],
      constants(this.#hash).hashOfNothing,
      this.#hash.length,
    );
    const binder = finishedVerifyData(this.#hash, key, transcriptHash);
    wipe(key);
    return binder;
  }
  /** @param transcriptHash of ClientHello alone. */
  traffic(transcriptHash: Uint8Array): Bytes {
    return expandLabel(this.#hash, this.#secret, labels.clientEarly, transcriptHash, this.#hash.length);
  }
  /** @param transcriptHash of ClientHello alone. */
  exporter(transcriptHash: Uint8Array): Bytes {
    return expandLabel(this.#hash, this.#secret, labels.earlyExporter, transcriptHash, this.#hash.length);
  }
  /** Ends this row. @param sharedSecret (EC)DHE's, which is wiped. */
  handshake(sharedSecret: Uint8Array): HandshakeSchedule {
    const derived = expandLabel(this.#hash, this.#secret, labels.derived, constants(this.#hash).hashOfNothing, this.#hash.length);
    this.end();
    const schedule = new HandshakeSchedule(this.#hash, derived, sharedSecret);
    wipe(derived);
    return schedule;
  }
  end(): void {
    wipe(this.#secret);
  }
}

export class HandshakeSchedule {
  readonly #hash: HashImplementation;
  readonly #secret: Bytes;

  /** @param derived of the early secret. @param sharedSecret is wiped. */
  constructor(hash: HashImplementation, derived: Uint8Array, sharedSecret: Uint8Array) {
    this.#hash = hash;
    this.#secret = extract(hash, derived, sharedSecret);
    wipe(sharedSecret);
  }

  /** Of a full handshake. @param sharedSecret (EC)DHE's, which is wiped. */
  static withoutPsk(hash: HashImplementation, sharedSecret: Uint8Array): HandshakeSchedule {
    return new HandshakeSchedule(hash, constants(hash).derivedOfNoPsk, sharedSecret);
  }

  /** @param transcriptHash ClientHello … ServerHello. */
  traffic(transcriptHash: Uint8Array): TrafficSecrets {
    return traffic(this.#hash, this.#secret, labels.clientHandshake, labels.serverHandshake, transcriptHash);
  }

  /** Ends this row. */
  main(): MainSchedule {
    const derived = expandLabel(this.#hash, this.#secret, labels.derived, constants(this.#hash).hashOfNothing, this.#hash.length);
    const main = extract(this.#hash, derived, new Uint8Array(this.#hash.length));
    wipe(derived);
    wipe(this.#secret);
    return new MainSchedule(this.#hash, main);
  }
}

export class MainSchedule {
  readonly #hash: HashImplementation;
  readonly #secret: Bytes;

  constructor(hash: HashImplementation, secret: Bytes) {
    this.#hash = hash;
    this.#secret = secret;
  }

  /** @param transcriptHash ClientHello … server Finished. */
  traffic(transcriptHash: Uint8Array): TrafficSecrets {
    return traffic(this.#hash, this.#secret, labels.clientTraffic, labels.serverTraffic, transcriptHash);
  }
  /** @param transcriptHash ClientHello … server Finished. */
  exporter(transcriptHash: Uint8Array): Bytes {
    return expandLabel(this.#hash, this.#secret, labels.exporterMaster, transcriptHash, this.#hash.length);
  }
  /**
   * @param transcriptHash ClientHello … client Finished.
   * @param use gets the secret, which is wiped behind it.
   */
  resumption<Result>(transcriptHash: Uint8Array, use: (resumptionSecret: Bytes) => Result): Result {
    const secret = expandLabel(this.#hash, this.#secret, labels.resumptionMaster, transcriptHash, this.#hash.length);
    const result = use(secret);
    wipe(secret);
    return result;
  }
  end(): void {
    wipe(this.#secret);
  }
}

function traffic(
  hash: HashImplementation,
  secret: Uint8Array,
  client: Uint8Array,
  server: Uint8Array,
  transcriptHash: Uint8Array,
): TrafficSecrets {
  return {
    client: expandLabel(hash, secret, client, transcriptHash, hash.length),
    server: expandLabel(hash, secret, server, transcriptHash, hash.length),
  };
}

function earlySecret(hash: HashImplementation, psk: Uint8Array): Bytes {
  return extract(hash, new Uint8Array(hash.length), psk);
}

/** Whose PSK it is: a ticket's, one that was agreed on elsewhere, or one imported from there (RFC 9258 §5.2). */
export type BinderLabel = "res binder" | "ext binder" | "imp binder";

/** Of one who needs nothing else of the PSK yet. @param transcriptHash … ClientHello up to its binders. */
export function pskBinder(hash: HashImplementation, label: BinderLabel, psk: Uint8Array, transcriptHash: Uint8Array): Bytes {
  const schedule = new EarlySchedule(hash, psk);
  const binder = schedule.binder(label, transcriptHash);
  schedule.end();
  return binder;
}

/** §4.5.3. */
export function finishedVerifyData(hash: HashImplementation, trafficSecret: Uint8Array, transcriptHash: Uint8Array): Bytes {
  const key = expandLabel(hash, trafficSecret, labels.finished, empty, hash.length);
  const verifyData = hmac(hash, key, transcriptHash);
  wipe(key);
  return verifyData;
}

/** §7.2. */
export function nextTrafficSecret(hash: HashImplementation, secret: Uint8Array): Bytes {
  return expandLabel(hash, secret, labels.trafficUpdate, empty, hash.length);
}

/** §7.3. */
export function trafficKey(
  hash: HashImplementation,
  secret: Uint8Array,
  keyLength: number,
): { readonly key: Bytes; readonly iv: Bytes } {
  return { key: expandLabel(hash, secret, labels.key, empty, keyLength), iv: expandLabel(hash, secret, labels.iv, empty, 12) };
}

/**
 * RFC 9258 §5.1: the PSK that an external one becomes for one identity.
 *
 * @param hash goes with the external key, not with the suite. @param identity ImportedIdentity. @param length of the suite's hash.
 */
export function importPsk(hash: HashImplementation, external: Uint8Array, identity: Uint8Array, length: number): Bytes {
  const extracted = extract(hash, new Uint8Array(hash.length), external);
  const imported = expandLabel(hash, extracted, labels.derivedPsk, digestOf(hash, identity), length);
  wipe(extracted);
  return imported;
}

/** Tells two keys of one identity apart, and tells nothing of them: by it a session knows the PSK that it was made by. */
export function pskFingerprint(hash: HashImplementation, psk: Uint8Array, identity: Uint8Array): Bytes {
  const early = earlySecret(hash, psk);
  const fingerprint = expandLabel(hash, early, labels.fingerprint, digestOf(hash, identity), hash.length);
  wipe(early);
  return fingerprint;
}

/** §4.7.1: the PSK of a ticket. */
export function resumptionPsk(hash: HashImplementation, resumptionSecret: Uint8Array, ticketNonce: Uint8Array): Bytes {
  return expandLabel(hash, resumptionSecret, labels.resumption, ticketNonce, hash.length);
}

/** §7.5: an absent context is an empty one. */
export function exportKeyingMaterial(
  hash: HashImplementation,
  exporterSecret: Uint8Array,
  name: string,
  context: Uint8Array,
  length: number,
): Bytes {
  const derived = expandLabel(hash, exporterSecret, label(name), constants(hash).hashOfNothing, hash.length);
  const material = expandLabel(hash, derived, labels.exporter, digestOf(hash, context), length);
  wipe(derived);
  return material;
}

/** Labels are ASCII of at most 249 bytes: "tls13 " and they fill a vector of one length byte. */
export function isExporterLabel(label: string): boolean {
  return /^[\x20-\x7e]{1,249}$/.test(label);
}

/** RFC 9846 §7.1 to §7.5, §4.5.3, §4.7.1; RFC 9258 §5.1. The fingerprint's is ours. */
const labels = {
  derived: label("derived"),
  clientEarly: label("c e traffic"),
  earlyExporter: label("e exp master"),
  clientHandshake: label("c hs traffic"),
  serverHandshake: label("s hs traffic"),
  clientTraffic: label("c ap traffic"),
  serverTraffic: label("s ap traffic"),
  exporterMaster: label("exp master"),
  resumptionMaster: label("res master"),
  finished: label("finished"),
  trafficUpdate: label("traffic upd"),
  key: label("key"),
  iv: label("iv"),
  resumption: label("resumption"),
  exporter: label("exporter"),
  derivedPsk: label("derived psk"),
  fingerprint: label("sallyport psk"),
} as const;

const binderLabels: Readonly<Record<BinderLabel, Uint8Array>> = {
  "res binder": label("res binder"),
  "ext binder": label("ext binder"),
  "imp binder": label("imp binder"),
};

/** Public values that depend on the hash alone. */
interface Constants {
  readonly hashOfNothing: Bytes;
  /** What a full handshake has in place of the early secret's "derived": RFC 9846 §7.1, "if no PSK is in use". */
  readonly derivedOfNoPsk: Bytes;
}
const known = new WeakMap<HashImplementation, Constants>();

function constants(hash: HashImplementation): Constants {
  const before = known.get(hash);
  if (before !== undefined) return before;
  const hashOfNothing = digestOf(hash, empty);
  const early = earlySecret(hash, new Uint8Array(hash.length));
  const made = { hashOfNothing, derivedOfNoPsk: expandLabel(hash, early, labels.derived, hashOfNothing, hash.length) };
  known.set(hash, made);
  return made;
}
