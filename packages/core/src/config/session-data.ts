import { type Bytes, copy } from "../wire/bytes.ts";
import type { ProtocolVersion } from "../wire/registry.ts";
import type { VerifiedIdentity } from "./identity.ts";

/** The connection whose sessions are made: a part of its `info`. */
export interface SessionMaker {
  readonly version: ProtocolVersion;
  readonly alpn: string | undefined;
  readonly serverName: string | undefined;
  readonly peer: VerifiedIdentity | undefined;
  readonly psk: { readonly identity: Bytes } | undefined;
  /** What the session brought that this connection resumed. */
  readonly sessionData: Bytes | undefined;
}

/** What an application attaches to a server's sessions. */
export type SessionData = (maker: SessionMaker) => Uint8Array | undefined;

/** Bytes. It goes along in every ticket, and a ticket in a ClientHello. */
const mostSessionData = 4096;

/** Asks the application, once a handshake. @throws TypeError if it gives something else: a local fault. */
export function askSessionData(ask: SessionData | undefined, maker: SessionMaker): Bytes | undefined {
  const data: unknown = ask?.(maker);
  if (data === undefined) return undefined;
  if (data instanceof Uint8Array && data.length <= mostSessionData) return data.length === 0 ? undefined : copy(data);
  throw new TypeError(`sessionData gives a Uint8Array of at most ${mostSessionData} bytes, or undefined`);
}
