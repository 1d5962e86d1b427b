// What a server's connection says of itself.
import type { Info } from "../../connection/types.ts";
import type { RecordSizes } from "../../record/size-limit.ts";
import type { SessionPsk } from "../../session/state.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { leafOf } from "../shown-credential.ts";
import { handshakeKind } from "../table.ts";
import type { ProvenPeer, Settled } from "./states.ts";
import { externalOf, type SelectedPsk } from "./tls13/psk.ts";

/** How the connection was made, beside what hello and config settled. */
interface Made {
  /** undefined: by a certificate. */
  readonly by: "session" | "external" | undefined;
  readonly external: SessionPsk | undefined;
  readonly peer: ProvenPeer | undefined;
  readonly extendedMasterSecret: boolean;
  readonly sessionData: Bytes | undefined;
}

export function madeTls13(peer: ProvenPeer | undefined, psk: SelectedPsk | undefined): Made {
  const sessionData = psk?.kind === "session" ? psk.state.data : undefined;
  return { by: psk?.kind, external: externalOf(psk), peer, extendedMasterSecret: true, sessionData };
}

/** @param resumed undefined: a full handshake. */
export function madeTls12(
  { peer, extendedMasterSecret }: Pick<Made, "peer" | "extendedMasterSecret">,
  resumed?: { readonly sessionData: Bytes | undefined } | undefined,
): Made {
  const by = resumed === undefined ? undefined : "session";
  return { by, external: undefined, peer, extendedMasterSecret, sessionData: resumed?.sessionData };
}

export function infoOf(
  { negotiated, suite, group, retried, authentication }: Settled,
  { by, external, peer, extendedMasterSecret, sessionData }: Made,
  maxRecordSize: RecordSizes,
): Info {
  return {
    version: negotiated.version,
    suite: suite.name,
    alpn: negotiated.alpn,
    serverName: negotiated.serverName,
    handshakeKind: handshakeKind(by, retried),
    // A resumption of TLS 1.2 exchanges no keys.
    group: by === "session" && negotiated.version === "tls1.2" ? undefined : group.name,
    peer: peer?.identity,
    peerSignatureScheme: peer === undefined || peer.keyProven === "by the session" ? undefined : peer.keyProven.scheme,
    psk: external && { identity: external.identity },
    ownSignatureScheme: by === undefined ? negotiated.scheme : undefined,
    ownCertificate: by === undefined ? leafOf(negotiated.credential) : undefined,
    asksPeer: authentication !== undefined && external === undefined,
    extendedMasterSecret,
    maxRecordSize,
    sessionData,
  };
}
