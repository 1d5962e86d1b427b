// A ClientHello alone: who of the servers that are known by profile would refuse it, and why.
import type { ClientHello, Refusal } from "@sallyport/core";
import { judge } from "../profiles/judge.ts";
import { type ServerProfile, serverProfiles } from "../profiles/servers.ts";
import type { Cause, Certainty } from "../report.ts";
import { causeOfRefusal } from "./of-refusal.ts";

/** One a reason, those that most servers have first. `likely`: more than half of the profiles; `possible`: fewer. */
export function obstaclesOf(hello: ClientHello): readonly Cause[] {
  const refusers = new Map<Refusal["kind"], { readonly refusal: Refusal; readonly by: ServerProfile[] }>();
  for (const profile of serverProfiles) {
    const judgement = judge(hello, profile);
    if (judgement.kind === "taken") continue;
    for (const refusal of judgement.reasons) {
      const known = refusers.get(refusal.kind);
      if (known === undefined) refusers.set(refusal.kind, { refusal, by: [profile] });
      else known.by.push(profile);
    }
  }
  return [...refusers.values()]
    .sort((one, other) => other.by.length - one.by.length)
    .map(({ refusal, by }) => {
      const all = by.length === serverProfiles.length;
      const certainty: Certainty = by.length * 2 > serverProfiles.length ? "likely" : "possible";
      const server = all ? "a usual server" : (by[0]?.title ?? "a server");
      const who = all ? `all ${by.length} kinds of servers that are known here` : by.map(({ title }) => title).join("; ");
      return causeOfRefusal(refusal, certainty, server, [`who would refuse for it: ${who}`]);
    });
}

/** Which of the profiles would take it, and with what. */
export function takersOf(hello: ClientHello): readonly { readonly profile: ServerProfile; readonly by: string }[] {
  return serverProfiles.flatMap((profile) => {
    const judgement = judge(hello, profile);
    return judgement.kind === "taken" ? [{ profile, by: judgement.by }] : [];
  });
}
