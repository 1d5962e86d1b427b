import type { CommonSettings } from "../config/settings.ts";
import { hex } from "../wire/bytes.ts";

/** The NSS key log format: label, client random, secret. */
type KeyLogLabel =
  | "CLIENT_EARLY_TRAFFIC_SECRET"
  | "EARLY_EXPORTER_SECRET"
  | "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
  | "SERVER_HANDSHAKE_TRAFFIC_SECRET"
  | "CLIENT_TRAFFIC_SECRET_0"
  | "SERVER_TRAFFIC_SECRET_0"
  | "EXPORTER_SECRET";

export function logSecret(settings: CommonSettings, label: KeyLogLabel, clientRandom: Uint8Array, secret: Uint8Array): void {
  settings.keyLog?.(`${label} ${hex(clientRandom)} ${hex(secret)}`);
}

/** TLS 1.2's line. */
export function logMasterSecret(settings: CommonSettings, clientRandom: Uint8Array, secret: Uint8Array): void {
  settings.keyLog?.(`CLIENT_RANDOM ${hex(clientRandom)} ${hex(secret)}`);
}
