// Keying material for others (RFC 9846 §7.5, RFC 5705).
import { exportKeyingMaterial, isExporterLabel } from "../crypto/key-schedule.ts";
import { exportKeyingMaterialTls12, type Randoms } from "../crypto/prf.ts";
import type { HashImplementation } from "../crypto/provider.ts";
import { ApiMisuse } from "../errors.ts";
import { type Bytes, concat, empty, wipe } from "../wire/bytes.ts";
import type { ProtocolVersion } from "../wire/registry.ts";

export interface Exporter {
  /** The most that it gives at once. */
  readonly maxLength: number;
  /** @param context undefined: none, which differs from an empty one in TLS 1.2 alone. */
  export(label: string, context: Uint8Array | undefined, length: number): Bytes;
  /** A copy of what it is made of: TLS 1.3's secret; TLS 1.2's master secret, client random, server random. */
  secret(): Bytes;
  wipe(): void;
}

/** @param secret is kept until `wipe`. */
export function exporterTls13(hash: HashImplementation, secret: Bytes): Exporter {
  return {
    maxLength: 255 * hash.length,
    export: (label, context, length) => exportKeyingMaterial(hash, secret, label, context ?? empty, length),
    secret: () => secret.slice(),
    wipe: () => wipe(secret),
  };
}

/** @param master is kept until `wipe`. */
export function exporterTls12(hash: HashImplementation, master: Bytes, randoms: Randoms): Exporter {
  return {
    maxLength: 255 * hash.length,
    export: (label, context, length) => exportKeyingMaterialTls12(hash, master, randoms, label, context, length),
    secret: () => concat([master, randoms.client, randoms.server]),
    wipe: () => wipe(master),
  };
}

/** @param most bytes that the exporter gives at once. @throws ApiMisuse */
export function checkExport(label: string, context: Uint8Array | undefined, length: number, most: number): void {
  if (typeof label !== "string" || !isExporterLabel(label)) {
    throw new ApiMisuse("bad-argument", "an exporter's label has 1 to 249 ASCII characters");
  }
  if (context !== undefined && !(context instanceof Uint8Array)) {
    throw new ApiMisuse("bad-argument", "context must be a Uint8Array");
  }
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
  if (version === "tls1.3") return exporterTls13(hash, Uint8Array.from(secret));
  const [master, client, server] = [Uint8Array.from(secret.subarray(0, 48)), secret.slice(48, 80), secret.slice(80, 112)];
  return exporterTls12(hash, master, { client, server });
}
