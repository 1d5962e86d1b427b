// What is on and off in a machine that is fuzzed. Plain data: it prints, shrinks, and is kept.
import type { PeerScript, Role } from "@sallyport/arbitraries";
import type { ProtocolVersion } from "@sallyport/core";

export type ProviderName = "fuzz" | "node" | "noble";

/** What a machine's config has. */
export interface Features {
  /** Whose machine it is. */
  readonly role: Role;
  readonly versions: "both" | ProtocolVersion;
  /** A server asks for a certificate; a client has one. */
  readonly authentication: "none" | "optional" | "required";
  readonly sessions: "none" | "sealed" | "stored";
  readonly early: boolean;
  /** Groups for which a peer has no share in its first hello. */
  readonly retry: boolean;
  /** GREASE, padding, cookies, small records, another order. */
  readonly manners: boolean;
  readonly smallRecords: boolean;
  /** One suite of each version, one group and one protocol. */
  readonly narrow: boolean;
  /** Status is asked for and stapled, certificates are compressed. */
  readonly extras: boolean;
  /** Its user closes behind the first data. Default false. */
  readonly closes?: boolean;
  /** What can be asked asynchronously is. Default false. */
  readonly waits?: boolean;
  /** What is another than when the session was made. Default nothing. */
  readonly changed?: Changed;
  /** TLS 1.3: it has external PSKs beside certificates, or nothing else. Default none. */
  readonly psks?: "none" | "beside" | "alone";
  /** Raw public keys of its own, and trust in its peer's, beside certificates or instead of them. Default none. */
  readonly rawKeys?: "none" | "beside" | "alone";
}
/** Of whom nothing is asked. */
export const plainFeatures: Features = {
  role: "server",
  versions: "both",
  authentication: "none",
  sessions: "none",
  early: false,
  retry: false,
  manners: false,
  smallRecords: false,
  narrow: false,
  extras: false,
};

/**
 * The server's name; the config; the time, by more than any session lives, or by more than early data may be late; `seen`: early
 * data that was taken before.
 */
export type Changed = "nothing" | "name" | "config" | "time" | "age" | "seen";
/** In milliseconds. */
export const laterBy: Readonly<Record<Changed, number>> = {
  nothing: 0,
  name: 0,
  config: 0,
  time: 7 * 3_600_000,
  age: 11_000,
  seen: 0,
};

/** Another number for other features. */
export function numberOf(features: Features): number {
  const { role, versions, authentication, sessions, early, retry, manners, smallRecords, narrow, extras } = features;
  let number = role === "server" ? 1 : 0;
  number = 3 * number + (versions === "both" ? 0 : versions === "tls1.3" ? 1 : 2);
  number = 3 * number + (authentication === "none" ? 0 : authentication === "optional" ? 1 : 2);
  number = 3 * number + (sessions === "none" ? 0 : sessions === "sealed" ? 1 : 2);
  for (const way of [features.psks, features.rawKeys]) number = 3 * number + (way === "beside" ? 1 : way === "alone" ? 2 : 0);
  for (const flag of [early, retry, manners, smallRecords, narrow, extras, features.waits === true])
    number = 2 * number + (flag ? 1 : 0);
  return number;
}

/** Of the conversation; a client that has both takes what its hello offers first. */
export function versionOf({ versions }: Features, { version }: PeerScript): ProtocolVersion {
  return versions === "both" ? version : versions;
}

/** Another config whose sessions are no less valuable. */
export function otherwise(features: Features): Features {
  const plain = { ...features, waits: false, closes: false, changed: "nothing" } as const;
  if (features.role === "client") return { ...plain, narrow: !features.narrow };
  return { ...plain, authentication: features.authentication === "none" ? "required" : "none" };
}

/** Bytes that tickets allow. */
export const mostEarlyData = 2000;
