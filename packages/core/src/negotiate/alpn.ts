import type { ServerSettings } from "../config/settings.ts";
import type { ClientHello } from "../wire/client-hello.ts";
import { isGrease } from "../wire/registry.ts";
import type { Refuse } from "./refusal.ts";

/** Our first that the client has (RFC 7301 §3.2); undefined where either side has none to offer. */
export function chooseProtocol(hello: ClientHello, { alpn }: ServerSettings, refuse: Refuse): string | undefined {
  if (alpn.length === 0 || hello.alpn.length === 0) return undefined;
  const theirs = hello.alpn.filter((name) => !isGreaseProtocol(name));
  return alpn.find((name) => theirs.includes(name)) ?? refuse({ kind: "no-common-alpn", theirs, ours: alpn });
}

/** RFC 8701 §2: the two bytes of a GREASE value, as a name. */
function isGreaseProtocol(name: string): boolean {
  return name.length === 2 && isGrease(name.charCodeAt(0) * 256 + name.charCodeAt(1));
}
