import { isRecord, type Problems, rejectUnknownKeys } from "./problems.ts";
import type { ClientOptions, Limits, ServerOptions } from "./options.ts";
import type { CommonSettings, EarlyDataSettings } from "./settings.ts";

/** RFC 9846 §4.7.1: max_early_data_size has 32 bits; all of them set is QUIC's (RFC 9001 §4.6.1). */
const mostBytes: number = 2 ** 32 - 2;

export function readServerEarlyData(
  options: Pick<ServerOptions, "earlyData" | "sessions" | "limits">,
  common: Omit<CommonSettings, "id">,
  problems: Problems,
): EarlyDataSettings | undefined {
  const { earlyData: given } = options;
  if (given === undefined) return undefined;
  const path = "earlyData";
  if (!isRecord(given)) {
    problems.add("wrong-type", path, "is no object", "give { maxBytes, singleUse }, or leave it out");
    return undefined;
  }
  rejectUnknownKeys(given, ["maxBytes", "singleUse"], path, problems);
  checkCircumstances(options.sessions, common, "give sessions, such as ticketKeys()", problems);
  const { maxBytes, singleUse } = given;
  if (!Number.isSafeInteger(maxBytes) || maxBytes <= 0) {
    problems.add("not-a-positive-integer", `${path}.maxBytes`, `is ${String(maxBytes)}`, "give a whole number above zero");
  } else if (maxBytes > mostBytes) {
    problems.add("limit-too-large", `${path}.maxBytes`, `is ${maxBytes}, which no ticket can say`, `give at most ${mostBytes}`);
  }
  const skipped = options.limits?.skippedEarlyData;
  if (skipped !== undefined && skipped < maxBytes) {
    const problem = `is ${skipped}: a client that uses its ${maxBytes} bytes would be cut off when they are rejected`;
    problems.add("limit-too-small", "limits.skippedEarlyData", problem, "raise it, or leave it out");
  }
  if (!isRecord(singleUse) || (typeof singleUse["use"] !== "function" && typeof singleUse["useAsync"] !== "function")) {
    const remedy = "give one, such as memorySingleUse(); several processes with the same tickets need a common one";
    problems.add("wrong-type", `${path}.singleUse`, "has neither use nor useAsync", remedy);
    return undefined;
  }
  return Object.freeze({ maxBytes, singleUse });
}

/** How much of rejected early data is skipped: what may be sent, and what its records add, if that is more than the default. */
export function withEarlyData(limits: Limits, { earlyData, limits: given }: Pick<ServerOptions, "earlyData" | "limits">): Limits {
  if (earlyData === undefined || given?.skippedEarlyData !== undefined) return limits;
  // A record adds 22 bytes: an eighth bears records of 176 bytes, and a KiB some short ones more.
  const skippedEarlyData = Math.max(limits.skippedEarlyData, Math.ceil(earlyData.maxBytes * 1.125) + 1024);
  return Object.freeze({ ...limits, skippedEarlyData });
}

export function checkHalfRtt(
  { halfRtt, clientAuthentication }: Pick<ServerOptions, "halfRtt" | "clientAuthentication">,
  { versions }: Omit<CommonSettings, "id">,
  problems: Problems,
): void {
  if (halfRtt !== true) return;
  if (clientAuthentication !== undefined) {
    const remedy = "leave one of them out";
    problems.add("not-supported-here", "halfRtt", "writes to clients whose certificate clientAuthentication waits for", remedy);
  }
  if (versions.length > 0 && !versions.includes("tls1.3")) {
    problems.add("other-version", "halfRtt", "is TLS 1.3's", "leave it out, or add tls1.3 to versions");
  }
}

export function checkClientEarlyData(
  { earlyData, sessions }: Pick<ClientOptions, "earlyData" | "sessions">,
  common: Omit<CommonSettings, "id">,
  problems: Problems,
): void {
  if (earlyData === true) checkCircumstances(sessions, common, "give sessions, such as memoryClientSessions()", problems);
}

function checkCircumstances(
  sessions: unknown,
  { versions }: Omit<CommonSettings, "id">,
  remedy: string,
  problems: Problems,
): void {
  const path = "earlyData";
  if (sessions === undefined)
    problems.add("missing-option", path, "is sent in resumptions alone, and there are no sessions", remedy);
  if (versions.length > 0 && !versions.includes("tls1.3")) {
    problems.add("other-version", path, "is TLS 1.3's", "leave it out, or add tls1.3 to versions");
  }
}
