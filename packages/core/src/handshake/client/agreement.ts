// What a client's handshake leaves to the connection.
import type { Agreement } from "../../connection/connection.ts";
import { ExporterTls12, ExporterTls13 } from "../../connection/exporters.ts";
import type { Info } from "../../connection/types.ts";
import type { RecordSizes } from "../../record/size-limit.ts";
import { leafOf } from "../shown-credential.ts";
import { handshakeKind } from "../table.ts";
import { externalOf } from "./psks.ts";
import type { At } from "./states.ts";

export function agreementTls13(
  { settled, alpn, identity, keyProven, exporterSecret, shown, tickets }: At<"connected">,
  maxRecordSize: RecordSizes,
): Agreement {
  const { offer, suite, hash, group, retried, psk } = settled;
  const external = externalOf(psk);
  const { limits, truncation, mayExtract } = offer.goal.settings;
  const info: Info = {
    version: "tls1.3",
    suite: suite.name,
    alpn,
    serverName: offer.hello.serverName,
    handshakeKind: handshakeKind(psk?.kind, retried),
    group: group.name,
    peer: identity,
    psk: external && { identity: external.identity },
    peerSignatureScheme: typeof keyProven === "string" ? undefined : keyProven.scheme,
    ownSignatureScheme: shown?.scheme,
    ownCertificate: leafOf(shown?.credential),
    asksPeer: identity !== undefined,
    extendedMasterSecret: true,
    maxRecordSize,
    sessionData: undefined,
  };
  return { info, suite, exporter: new ExporterTls13(hash, exporterSecret), tickets, limits, truncation, mayExtract };
}

export function agreementTls12(
  { settled, group, identity, keyProven, master, shown }: At<"connectedTls12">,
  maxRecordSize: RecordSizes,
): Agreement {
  const { offer, suite, hash, randoms, alpn, extendedMasterSecret, session } = settled;
  const { limits, truncation, mayExtract } = offer.goal.settings;
  const info: Info = {
    version: "tls1.2",
    suite: suite.name,
    alpn,
    serverName: offer.hello.serverName,
    handshakeKind: handshakeKind(session && "session", false),
    group: group?.name,
    peer: identity,
    psk: undefined,
    peerSignatureScheme: keyProven === "by the session" ? undefined : keyProven.scheme,
    ownSignatureScheme: shown?.scheme,
    ownCertificate: leafOf(shown?.credential),
    asksPeer: identity !== undefined,
    extendedMasterSecret,
    maxRecordSize,
    sessionData: undefined,
  };
  return {
    info,
    suite,
    exporter: extendedMasterSecret ? new ExporterTls12(hash, master, randoms) : undefined,
    limits,
    truncation,
    mayExtract,
  };
}
