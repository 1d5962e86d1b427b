// Keying material for others (RFC 9846 §7.5, RFC 5705).
import { exportKeyingMaterial, isExporterLabel } from "../crypto/key-schedule.ts";
import { exportKeyingMaterialTls12, type Randoms } from "../crypto/prf.ts";
import type { HashImplementation } from "../crypto/provider.ts";
import { ApiMisuse } from "../errors.ts";
import { type Bytes, concat, empty, stow, wipe } from "../wire/bytes.ts";
import type { ProtocolVersion } from "../wire/registry.ts";
import { expectBytes } from "./expect-bytes.ts";

export interface Exporter {
  /** The most that it gives at once. */
  readonly maxLength: number;
  /** @param context undefined: none, which differs from an empty one in TLS 1.2 alone. */
  export(label: string, context: Uint8Array | undefined, length: number): Bytes;
  /** A copy of what it is made of: TLS 1.3's secret; TLS 1.2's master secret, client random, server random. */
  secret(): Bytes;
  wipe(): void;
}

export class ExporterTls13 implements Exporter {
  readonly #hash: HashImplementation;
  readonly #secret: Bytes;

  /** @param secret is wiped. */
  constructor(hash: HashImplementation, secret: Bytes) {
    this.#hash = hash;
    this.#secret = stow(secret);
  }
  get maxLength(): number {
    return 255 * this.#hash.length;
  }
  export(label: string, context: Uint8Array | undefined, length: number): Bytes {
    return exportKeyingMaterial(this.#hash, this.#secret, label, context ?? empty, length);
  }
  secret(): Bytes {
    return this.#secret.slice();
  }
  wipe(): void {
    wipe(this.#secret);
  }
}

export class ExporterTls12 implements Exporter {
  readonly #hash: HashImplementation;
  /** Master secret, client random, server random. */
  readonly #secret: Bytes;

  /** @param master is wiped. */
  constructor(hash: HashImplementation, master: Bytes, { client, server }: Randoms) {
    this.#hash = hash;
    this.#secret = concat([master, client, server]);
    wipe(master);
  }
  get maxLength(): number {
    return 255 * this.#hash.length;
  }
  export(label: string, context: Uint8Array | undefined, length: number): Bytes {
    const [master, client, server] = parts(this.#secret);
    return exportKeyingMaterialTls12(this.#hash, master, { client, server }, label, context, length);
  }
  secret(): Bytes {
    return this.#secret.slice();
  }
  wipe(): void {
    wipe(this.#secret);
  }
}

function parts(secret: Bytes): [master: Bytes, client: Bytes, server: Bytes] {
  return [secret.subarray(0, 48), secret.subarray(48, 80), secret.subarray(80, 112)];
}

/** @param most bytes that the exporter gives at once. @throws ApiMisuse */
export function checkExport(label: string, context: Uint8Array | undefined, length: number, most: number): void {
  if (typeof label !== "string" || !isExporterLabel(label)) {
    throw new ApiMisuse("bad-argument", "an exporter's label has 1 to 249 ASCII characters");
  }
  if (context !== undefined) expectBytes(context, "context");
  if (!Number.isInteger(length) || length < 1 || length > most) {
    throw new ApiMisuse("bad-argument", `an exporter gives 1 to ${most} bytes`);
  }
}

/** How many bytes `secret` gives. */
export function exporterLength(version: ProtocolVersion, { length }: HashImplementation): number {
  return version === "tls1.3" ? length : 48 + 32 + 32;
}

/** From what `secret` gave. @param secret is copied. */
export function exporterOf(version: ProtocolVersion, hash: HashImplementation, secret: Uint8Array): Exporter {
  const own = Uint8Array.from(secret);
  if (version === "tls1.3") return new ExporterTls13(hash, own);
  const [master, client, server] = parts(own);
  return new ExporterTls12(hash, master, { client, server });
}
