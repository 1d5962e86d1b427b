import { isTicketKey, sealerOf } from "../session/tickets.ts";
import type { ClientSessionStore, ServerSessions } from "../session/types.ts";
import { isRecord, type Problems } from "./problems.ts";
import type { CommonSettings } from "./settings.ts";

const path = "sessions";

type Common = Pick<CommonSettings, "provider" | "versions" | "resumesTls12">;

export function checkServerSessions(given: ServerSessions | undefined, common: Common, problems: Problems): void {
  if (given === undefined) return;
  checkUse(common, problems);
  const { provider } = common;
  if (!isRecord(given)) return problems.add("wrong-type", path, "is no object", "give TicketKeys, or a session store");
  if (!("current" in given)) return checkMethods(given, ["find", "put"], problems);
  for (const name of ["current", "previous"] as const) {
    const key: unknown = given[name];
    if (name === "previous" && key === undefined) continue;
    if (isTicketKey(key)) continue;
    problems.add(
      "wrong-type",
      `${path}.${name}`,
      "is no TicketKey",
      "give a name of 16 bytes, a random secret of 32, and createdMs",
    );
  }
  if (provider !== undefined && sealerOf(provider) === undefined) {
    problems.add(
      "not-in-provider",
      path,
      "the provider has no AEAD with keys of 32 bytes to seal tickets with",
      "take a session store",
    );
  }
}

export function checkClientSessions(given: ClientSessionStore | undefined, common: Common, problems: Problems): void {
  if (given === undefined) return;
  checkUse(common, problems);
  if (!isRecord(given)) {
    return problems.add("wrong-type", path, "is no object", "give a session store, such as memoryClientSessions()");
  }
  checkMethods(given, ["take", "put"], problems);
  const { groups } = given;
  if (
    groups === undefined ||
    (isRecord(groups) && [groups["recall"], groups["remember"]].every((each) => typeof each === "function"))
  ) {
    return;
  }
  problems.add("wrong-type", `${path}.groups`, "lacks recall or remember", "give both, or leave it out");
}

function checkUse({ versions, resumesTls12 }: Common, problems: Problems): void {
  if (resumesTls12 || versions.length === 0 || versions.includes("tls1.3")) return;
  const remedy = "leave them out, leave resumesTls12 out, or add tls1.3 to versions";
  problems.add("other-version", path, "are for no version: resumesTls12 is false, and tls1.3 is not spoken", remedy);
}

/** All of them, or all of their asynchronous twins. */
function checkMethods(given: Readonly<Record<string, unknown>>, methods: readonly string[], problems: Problems): void {
  const has = (name: string): boolean => typeof given[name] === "function";
  if (methods.every(has) || methods.every((method) => has(`${method}Async`))) return;
  const asynchronous = methods.map((method) => `${method}Async`);
  const remedy = `give ${methods.join(" and ")}, or ${asynchronous.join(" and ")}`;
  problems.add("wrong-type", path, `lacks ${methods.join(" or ")}`, remedy);
}
