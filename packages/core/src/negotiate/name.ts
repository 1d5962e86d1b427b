import type { Credential } from "../config/credential.ts";
import type { ServerSettings } from "../config/settings.ts";
import type { ClientHello } from "../wire/client-hello.ts";
import type { Refuse } from "./refusal.ts";

/** Those that cover the name, in order; all of them, if the hello asks for no name, or for one that none covers. */
export function credentialsForName(
  { serverName }: ClientHello,
  { credentials, requiresServerName, servesAnyName }: ServerSettings,
  refuse: Refuse,
): readonly Credential[] {
  if (serverName === undefined) {
    if (requiresServerName) refuse({ kind: "server-name-missing" });
    return credentials;
  }
  // No certificate speaks of names: whoever knows the PSK is meant.
  if (credentials.length === 0) return credentials;
  const wanted = normal(serverName);
  const covering = credentials.filter(({ names }) => names.some((name) => matches(normal(name), wanted)));
  if (covering.length > 0) return covering;
  if (!servesAnyName) {
    const ours = [...new Set(credentials.flatMap(({ names }) => names))];
    refuse({ kind: "server-name-unknown", theirs: serverName, ours });
  }
  return credentials;
}

/** A `*` is the whole leftmost label, and stands for exactly one. */
function matches(pattern: string, wanted: string): boolean {
  if (!pattern.startsWith("*.")) return pattern === wanted;
  const dot = wanted.indexOf(".");
  return dot > 0 && wanted.slice(dot) === pattern.slice(1);
}

/** Upper and lower case are one (RFC 9525 §6.3), and a trailing dot says nothing. */
function normal(name: string): string {
  return (name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase();
}
