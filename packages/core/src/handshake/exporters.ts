import type { Exporter } from "../connection/connection.ts";
import { exportKeyingMaterial } from "../crypto/key-schedule.ts";
import { exportKeyingMaterialTls12, type Randoms } from "../crypto/prf.ts";
import type { HashImplementation } from "../crypto/provider.ts";
import { type Bytes, empty, wipe } from "../wire/bytes.ts";

/** RFC 9846 §7.5: an absent context is an empty one. @param secret is kept until `wipe`. */
export function exporterTls13(hash: HashImplementation, secret: Bytes): Exporter {
  return {
    maxLength: 255 * hash.length,
    export: (label, context, length) => exportKeyingMaterial(hash, secret, label, context ?? empty, length),
    wipe: () => wipe(secret),
  };
}

/** RFC 5705 §4. @param master is kept until `wipe`. */
export function exporterTls12(hash: HashImplementation, master: Bytes, randoms: Randoms): Exporter {
  return {
    maxLength: 255 * hash.length,
    export: (label, context, length) => exportKeyingMaterialTls12(hash, master, randoms, label, context, length),
    wipe: () => wipe(master),
  };
}
