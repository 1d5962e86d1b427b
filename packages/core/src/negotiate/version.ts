import type { ServerSettings } from "../config/settings.ts";
import type { ClientHello } from "../wire/client-hello.ts";
import { isGrease, type ProtocolVersion, registered, versionIds } from "../wire/registry.ts";
import { has } from "./common.ts";
import type { Refuse } from "./refusal.ts";

/** Our newest that the client has (RFC 9846 §4.3.1). */
export function chooseVersion(hello: ClientHello, { versions }: ServerSettings, refuse: Refuse): ProtocolVersion | undefined {
  // RFC 9846, Appendix E.5: SSL 3.0 is refused, whatever else is offered.
  if (hello.legacyVersion <= 0x0300) {
    return refuse({ kind: "no-common-version", theirs: [registered("version", hello.legacyVersion)], ours: versions });
  }
  const version = versions.find((ours) => has(hello.versions, versionIds[ours]));
  if (version === undefined) {
    return refuse({ kind: "no-common-version", theirs: hello.versions.filter(({ id }) => !isGrease(id)), ours: versions });
  }
  // RFC 7507 §3: a client that says "this is my second try, with less" and could have had more was led there by somebody.
  const [newest] = versions;
  if (newest !== undefined && newest !== version && has(hello.cipherSuites, TLS_FALLBACK_SCSV)) {
    refuse({ kind: "fallback-scsv", ours: newest });
  }
  return version;
}

const TLS_FALLBACK_SCSV = 0x5600;
