// What a session remembers, as opaque versioned bytes. They hold a secret: whoever keeps them keeps a key.
import { fail } from "../errors.ts";
import { type Bytes, empty, equal } from "../wire/bytes.ts";
import { type Prefix, Reader } from "../wire/reader.ts";
import { type CertificateType, type CipherSuiteName, certificateTypeIds, suiteIds } from "../wire/registry.ts";
import { type Writer, write } from "../wire/writer.ts";

export interface SessionState {
  /** It says the version too: a session is taken up in its own alone. */
  readonly suite: CipherSuiteName;
  /** The PSK (RFC 9846 §4.7.1); of TLS 1.2 the master secret, which extended_master_secret made. */
  readonly secret: Bytes;
  readonly alpn: string | undefined;
  readonly serverName: string | undefined;
  /** Of the config that made it: another one's is not taken. */
  readonly configId: Bytes;
  /** Of the full handshake at the beginning, which no resumption renews. */
  readonly fullHandshakeMs: number;
  /** When the ticket was made, or came. */
  readonly issuedMs: number;
  readonly lifetimeSeconds: number;
  readonly ageAdd: number;
  /** Who the peer was found to be. */
  readonly peer: SessionPeer | undefined;
  /** Bytes of early data that its ticket allows; 0: none. */
  readonly maxEarlyData: number;
  /** The external PSK that the full handshake was made by. */
  readonly psk: SessionPsk | undefined;
  /** The application's, at a server. */
  readonly data: Bytes | undefined;
  /** At a client: what it shows to the server. */
  readonly ticket: Bytes | undefined;
  /** The same, where a server of TLS 1.2 keeps its sessions and gave no ticket. */
  readonly sessionId: Bytes | undefined;
}
export interface SessionPsk {
  /** The caller's name for it. */
  readonly identity: Bytes;
  /** Which key of that name. */
  readonly fingerprint: Bytes;
}
export interface SessionPeer {
  readonly presented: {
    readonly role: "client" | "server";
    readonly type: CertificateType;
    /** DER, leaf first. */
    readonly chain: readonly [Bytes, ...Bytes[]];
    readonly serverName: string | undefined;
    readonly ocspResponse: Bytes | undefined;
    readonly signedCertificateTimestamps: readonly Bytes[];
    readonly nowMs: number;
  };
  readonly path: readonly Uint8Array[];
  readonly names: readonly string[];
  readonly validUntilMs: number | undefined;
  readonly basis: string | undefined;
}

const format = 3;
const suiteNames: ReadonlyMap<number, CipherSuiteName> = new Map(
  (Object.keys(suiteIds) as CipherSuiteName[]).map((name) => [suiteIds[name], name]), // a literal's own keys
);
/** Seconds. RFC 9846 §4.7.1: "Clients MUST NOT cache tickets for longer than 7 days"; here counted from the full handshake. */
export const longestLifetime = 604_800;

/** Whether it may still be taken up (RFC 9846 §4.7.1). */
export function isFresh({ fullHandshakeMs, issuedMs, lifetimeSeconds }: SessionState, nowMs: number): boolean {
  if (nowMs < issuedMs || nowMs < fullHandshakeMs) return false;
  return nowMs - issuedMs < lifetimeSeconds * 1000 && nowMs - fullHandshakeMs < longestLifetime * 1000;
}

export function encodeSession(state: SessionState): Bytes {
  return write((writer) => {
    const text = (value: string | undefined): void => {
      writer.u8(value === undefined ? 0 : 1);
      units(writer, 2, value ?? "");
    };
    writer.u8(format).u16(suiteIds[state.suite]).opaque(1, state.secret).opaque(1, state.configId);
    text(state.alpn);
    text(state.serverName);
    milliseconds(writer, state.fullHandshakeMs);
    milliseconds(writer, state.issuedMs);
    writer
      .u32(state.lifetimeSeconds)
      .u32(state.ageAdd)
      .u32(state.maxEarlyData)
      .opaque(2, state.ticket ?? empty);
    writer.opaque(2, state.psk?.identity ?? empty).opaque(1, state.psk?.fingerprint ?? empty);
    writer.opaque(1, state.sessionId ?? empty).opaque(2, state.data ?? empty);
    const { peer } = state;
    writer.u8(peer === undefined ? 0 : 1);
    if (peer === undefined) return;
    writer.u8(peer.presented.role === "client" ? 0 : 1).u8(certificateTypeIds[peer.presented.type]);
    text(peer.presented.serverName);
    milliseconds(writer, peer.presented.nowMs);
    writer.u8(peer.validUntilMs === undefined ? 0 : 1);
    milliseconds(writer, peer.validUntilMs ?? 0);
    text(peer.basis);
    const { chain, ocspResponse, signedCertificateTimestamps } = peer.presented;
    writer.opaque(3, ocspResponse ?? empty);
    writer.list(3, signedCertificateTimestamps, (_, timestamp) => writer.opaque(2, timestamp));
    writer.list(3, chain, (_, certificate) => writer.opaque(3, certificate));
    // Most of a path was shown: its place in the chain is enough, from 1 on.
    writer.list(3, peer.path, (_, certificate) => {
      const shown = chain.findIndex((other) => equal(other, certificate));
      writer.u16(shown + 1);
      if (shown < 0) writer.opaque(3, certificate);
    });
    // A certificate may hold a name of any length.
    writer.list(3, peer.names, (_, name) => units(writer, 3, name));
  });
}

/** @throws malformed-message: bytes of another format, or of nobody's. */
export function decodeSession(bytes: Uint8Array): SessionState {
  const reader = new Reader(bytes, "session state");
  const found = reader.u8("format");
  if (found !== format) reader.malformed("format", 0);
  const text = (field: string): string | undefined => {
    const there = reader.u8(field) === 1;
    const value = textOf(reader.opaque(2, field));
    return there ? value : undefined;
  };
  const suiteId = reader.u16("suite");
  const secret = reader.opaque(1, "secret", 1);
  const configId = reader.opaque(1, "config id");
  const suite = suiteNames.get(suiteId) ?? reader.malformed("suite", 1);
  const alpn = text("alpn");
  const serverName = text("server name");
  const fullHandshakeMs = readMilliseconds(reader);
  const issuedMs = readMilliseconds(reader);
  const lifetimeSeconds = reader.u32("lifetime");
  const ageAdd = reader.u32("age_add");
  const maxEarlyData = reader.u32("early data");
  const ticket = reader.opaque(2, "ticket");
  const pskIdentity = reader.opaque(2, "psk identity");
  const fingerprint = reader.opaque(1, "psk fingerprint");
  const sessionId = reader.opaque(1, "session id", 0, 32);
  const data = reader.opaque(2, "data");
  const peer = reader.u8("peer") === 1 ? readPeer(reader, text) : undefined;
  reader.end();
  return {
    suite,
    secret,
    configId,
    alpn,
    serverName,
    fullHandshakeMs,
    issuedMs,
    lifetimeSeconds,
    ageAdd,
    maxEarlyData,
    peer,
    ticket: ticket.length === 0 ? undefined : ticket,
    psk: fingerprint.length === 0 ? undefined : { identity: pskIdentity, fingerprint },
    sessionId: sessionId.length === 0 ? undefined : sessionId,
    data: data.length === 0 ? undefined : data,
  };
}

function readPeer(reader: Reader, text: (field: string) => string | undefined): SessionPeer {
  const role = reader.u8("role") === 0 ? "client" : "server";
  const type = reader.u8("type") === certificateTypeIds.x509 ? "x509" : "raw-public-key";
  const serverName = text("peer's name");
  const nowMs = readMilliseconds(reader);
  const isLimited = reader.u8("limited") === 1;
  const limit = readMilliseconds(reader);
  const basis = text("basis");
  const ocspResponse = reader.opaque(3, "ocsp response");
  const signedCertificateTimestamps = reader.list(3, "timestamps", 0, (list) => list.opaque(2, "timestamp"));
  const chain = reader.list(3, "chain", 1, (list) => list.opaque(3, "certificate", 1));
  const path = reader.list(3, "path", 0, (list) => {
    const shown = list.u16("place in the chain");
    return shown === 0 ? list.opaque(3, "certificate") : (chain[shown - 1] ?? list.malformed("place in the chain"));
  });
  const names = reader.list(3, "names", 0, (list) => textOf(list.opaque(3, "name")));
  const [leaf, ...rest] = chain;
  if (leaf === undefined) return fail("malformed-message", { message: "session state", field: "chain", offset: reader.offset });
  return {
    presented: {
      role,
      type,
      serverName,
      nowMs,
      chain: [leaf, ...rest],
      ocspResponse: ocspResponse.length === 0 ? undefined : ocspResponse,
      signedCertificateTimestamps,
    },
    path,
    names,
    validUntilMs: isLimited ? limit : undefined,
    basis,
  };
}

/** Below 2^53, as two halves. */
function milliseconds(writer: Writer, value: number): void {
  writer.u32(Math.floor(value / 2 ** 32));
  writer.u32(value % 2 ** 32);
}
function readMilliseconds(reader: Reader): number {
  return reader.u32("time") * 2 ** 32 + reader.u32("time");
}

/** UTF-16 code units, so that any string comes back. */
function units(writer: Writer, prefix: Prefix, text: string): void {
  writer.vector(prefix, () => {
    for (let at = 0; at < text.length; at++) writer.u16(text.charCodeAt(at));
  });
}
function textOf(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at + 1 < bytes.length; at += 2) text += String.fromCharCode(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
  return text;
}
