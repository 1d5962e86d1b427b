import type { ServerSettings } from "../config/settings.ts";
import type { ClientHello } from "../wire/client-hello.ts";
import { type CipherSuiteName, isGrease, type ProtocolVersion, suiteIds } from "../wire/registry.ts";
import { commonOf } from "./common.ts";
import type { Refuse } from "./refusal.ts";

/** All that both have for this version, in the order of whose preference counts. Never empty without a reason. */
export function commonSuites(
  version: ProtocolVersion,
  hello: ClientHello,
  { suiteNames, suiteOrder }: ServerSettings,
  refuse: Refuse,
): readonly CipherSuiteName[] {
  const ours = suiteNames[version];
  const common = commonOf(ours, suiteIds, hello.cipherSuites, suiteOrder === "client");
  if (common.length === 0) {
    const theirs = hello.cipherSuites.filter(({ id }) => !isGrease(id) && !signalling.has(id));
    refuse({ kind: "no-common-suite", theirs, ours });
  }
  if (typeof suiteOrder !== "function" || common.length === 0) return common;
  const wanted = suiteOrder({ version, common, clientHello: hello });
  if (!Array.isArray(wanted) || !wanted.every((name) => common.includes(name))) {
    throw new TypeError(`suiteOrder gave ${String(wanted)}, which is no list of what is common`);
  }
  if (wanted.length === 0) refuse({ kind: "refused-by-policy", about: "suite", common });
  return wanted;
}

/** TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 §3.3) and TLS_FALLBACK_SCSV (RFC 7507): code points that are no suites. */
const signalling: ReadonlySet<number> = new Set([0x00ff, 0x5600]);
