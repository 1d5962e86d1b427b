// A man in the middle who has the keys: opens what one side says, changes it, and seals it again, so that the hearer's checks of
// meaning are reached behind its checks of protection.
import type { Side } from "./pair.ts";
import {
  contentType,
  type Inner,
  pairSuite,
  parseRecords,
  Protection,
  type ProtectionTls12,
  protectionsTls12,
  secretOf,
  serverHelloIn,
} from "./wiretap.ts";

export interface Sealer {
  seal(type: number, content: Uint8Array): Uint8Array;
}

/** Gives what is sent instead of the speaker's protected record number `index` (from 0, over all keys). */
export type Edit<Keys = Sealer> = (inner: Inner, index: number, keys: Keys) => readonly Uint8Array[];

/** Whatever is not protected passes as it is. */
export class Resealer {
  readonly #speaker: Side;
  readonly #edit: Edit<Protection>;
  #opening: Protection | undefined;
  #sealing: Protection | undefined;
  #index = 0;

  constructor(speaker: Side, edit: Edit<Protection>) {
    this.#speaker = speaker;
    this.#edit = edit;
  }

  pass(bytes: Uint8Array): Uint8Array {
    const { records, rest } = parseRecords(bytes);
    const passed = records.flatMap((record) =>
      record.type === contentType.applicationData ? this.#protected(record.bytes) : [record.bytes],
    );
    return new Uint8Array(Buffer.concat([...passed, rest]));
  }

  #protected(sealed: Uint8Array): readonly Uint8Array[] {
    const prefix = this.#speaker.role.toUpperCase();
    this.#opening ??= this.#keys(`${prefix}_HANDSHAKE_TRAFFIC_SECRET`);
    let inner = this.#opening?.open(sealed);
    if (inner === undefined) {
      const traffic = secretOf(this.#speaker.keyLog, `${prefix}_TRAFFIC_SECRET_0`);
      const isFirst = traffic === undefined || String(this.#sealing?.secret) === String(this.#handshakeSecret(prefix));
      this.#opening = isFirst ? this.#keys(`${prefix}_TRAFFIC_SECRET_0`) : this.#opening?.next();
      inner = this.#opening?.open(sealed);
    }
    if (inner === undefined || this.#opening === undefined) throw new Error("the speaker's own keys open what it says");
    if (String(this.#sealing?.secret) !== String(this.#opening.secret))
      this.#sealing = new Protection(pairSuite, this.#opening.secret);
    // Just set if it was not.
    return this.#edit(inner, this.#index++, this.#sealing ?? this.#opening);
  }
  #handshakeSecret(prefix: string): Uint8Array | undefined {
    return secretOf(this.#speaker.keyLog, `${prefix}_HANDSHAKE_TRAFFIC_SECRET`);
  }
  #keys(label: string): Protection | undefined {
    const secret = secretOf(this.#speaker.keyLog, label);
    return secret && new Protection(pairSuite, secret);
  }
}

/** The same in TLS 1.2: whatever lies behind change_cipher_spec is protected. */
export class ResealerTls12 {
  readonly #speaker: Side;
  readonly #edit: Edit<ProtectionTls12>;
  #keys: { readonly opening: ProtectionTls12; readonly sealing: ProtectionTls12 } | undefined;
  #index = 0;

  constructor(speaker: Side, edit: Edit<ProtectionTls12>) {
    this.#speaker = speaker;
    this.#edit = edit;
  }

  pass(bytes: Uint8Array): Uint8Array {
    const { records, rest } = parseRecords(bytes);
    const passed = records.flatMap((record) => {
      if (this.#keys !== undefined) return this.#protected(record.bytes, this.#keys);
      if (record.type === contentType.changeCipherSpec) this.#keys = { opening: this.#newKeys(), sealing: this.#newKeys() };
      return [record.bytes];
    });
    return new Uint8Array(Buffer.concat([...passed, rest]));
  }

  #protected(sealed: Uint8Array, keys: { opening: ProtectionTls12; sealing: ProtectionTls12 }): readonly Uint8Array[] {
    const inner = keys.opening.open(sealed);
    if (inner === undefined) throw new Error("the speaker's own keys open what it says");
    return this.#edit(inner, this.#index++, keys.sealing);
  }
  #newKeys(): ProtectionTls12 {
    const { role, output, heard, keyLog } = this.#speaker;
    const [, clientRandom = "", master = ""] = keyLog.find((line) => line.startsWith("CLIENT_RANDOM "))?.split(" ") ?? [];
    const hello = serverHelloIn(role === "server" ? output : heard);
    if (hello?.suite === undefined) throw new Error("change_cipher_spec without a ServerHello");
    return protectionsTls12(hello.suite, Buffer.from(master, "hex"), Buffer.from(clientRandom, "hex"), hello.random)[role];
  }
}
