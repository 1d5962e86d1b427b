// What a server's handshake leaves to the connection.
import type { Agreement } from "../../connection/connection.ts";
import { type Exporter, ExporterTls12, ExporterTls13 } from "../../connection/exporters.ts";
import type { Info } from "../../connection/types.ts";
import type { WriteHalf } from "../../connection/write-half.ts";
import type { RecordSizes } from "../../record/size-limit.ts";
import { infoOf, madeTls12, madeTls13 } from "./info.ts";
import type { At, Settled } from "./states.ts";

export function agreementTls13(
  { settled, exporterSecret, peer, psk, writeHalf }: At<"connected">,
  sizes: RecordSizes,
): Agreement {
  const info = infoOf(settled, madeTls13(peer, psk), sizes);
  return agreed(settled, info, new ExporterTls13(settled.hash, exporterSecret), writeHalf);
}

export function agreementTls12(state: At<"connectedTls12">, sizes: RecordSizes): Agreement {
  const { settled, extendedMasterSecret, master, randoms, resumed } = state;
  const exporter = extendedMasterSecret ? new ExporterTls12(settled.hash, master, randoms) : undefined;
  return agreed(settled, infoOf(settled, madeTls12(state, resumed), sizes), exporter, undefined);
}

/** One literal: of a spread each connection would have a hidden class of its own. */
function agreed(
  { settings, suite }: Settled,
  info: Info,
  exporter: Exporter | undefined,
  writeHalf: WriteHalf | undefined,
): Agreement {
  const { limits, truncation, mayExtract } = settings;
  return { info, suite, exporter, limits, truncation, mayExtract, writeHalf };
}
