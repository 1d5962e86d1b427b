// Takes the machine from its first stage to `established`, answering what it asks from the objects that the stage carries.
import type {
  ClientEstablished,
  ClientHello,
  ClientStage,
  ErrorAndAlert,
  Established,
  ServerConfig,
  ServerStage,
} from "@sallyport/core";
import type { EarlyTalk } from "./early.ts";
import type { Flags } from "./flags.ts";
import type { Line } from "./line.ts";

type Stage = ServerStage | ClientStage;

export async function shakeHands(
  first: Stage,
  line: Line,
  flags: Flags,
  early: EarlyTalk,
  config: (hello: ClientHello) => ServerConfig,
): Promise<Established | ClientEstablished | ErrorAndAlert> {
  let stage = first;
  for (;;) {
    line.write(stage.output);
    if (stage.kind === "established" || stage.kind === "failed") return stage;
    stage = await answer(stage, line, flags, early, config);
  }
}

const { signal } = new AbortController();

async function answer(
  stage: Exclude<Stage, Established | ClientEstablished | ErrorAndAlert>,
  line: Line,
  flags: Flags,
  early: EarlyTalk,
  config: (hello: ClientHello) => ServerConfig,
): Promise<Stage> {
  switch (stage.kind) {
    case "needs-input": {
      if ("early" in stage) early.offer(stage, line, flags);
      const chunk = await line.read();
      line.release();
      if (chunk === "reset") return stage.abort("reset");
      return chunk === "end" ? stage.receiveEnd() : stage.receive(chunk);
    }
    case "accepted": {
      const refusal = refused(flags);
      return refusal === undefined ? stage.choose(config(stage.clientHello)) : stage.reject(refusal.alert, refusal.reason);
    }
    case "needs-session":
      if (!("candidates" in stage)) return stage.resume(await stage.store.takeAsync(stage.key, signal));
      return answerLook(stage);
    case "needs-single-use":
      return stage.answer(await stage.singleUse.useAsync(stage.key, stage.forgetAfterMs, signal));
    case "needs-credential": {
      const credential = await stage.picker.pickAsync(stage.request, signal);
      return credential === undefined && hasCredentials(flags) ? stage.abort(nothingFits) : stage.present(credential);
    }
    case "needs-signature":
      return stage.provide(await stage.key.signAsync(stage.scheme, stage.message, signal));
    case "needs-signature-check": {
      const { publicKey, message, signature } = stage.check;
      return stage.answer(await stage.verification.verifyAsync(publicKey, message, signature, signal));
    }
    case "needs-verdict": {
      const verdict = await stage.verifier.verifyAsync(stage.presented, signal);
      return "reason" in verdict ? stage.distrust(verdict) : stage.trust(verdict);
    }
    case "needs-key-shares": {
      const started = stage.groups.map(async (group) => ({ group: group.name, ...(await group.startAsync(signal)) }));
      return stage.provide(await Promise.all(started));
    }
    case "needs-secret": {
      const { group, started, peerShare } = stage;
      if (started === undefined) return stage.provide(await group.respondAsync(peerShare, signal));
      const secret = await group.completeAsync(started.key, peerShare, signal);
      return stage.provide(secret && { secret });
    }
    case "early-data":
      return early.echo(stage, line);
    case "early-data-end":
      early.outcome = stage.outcome;
      return stage.next();
  }
}

async function answerLook(stage: Extract<Stage, { readonly candidates: unknown }>): Promise<ServerStage> {
  const states = await stage.store.findAsync(
    stage.candidates.map(({ id }) => id),
    signal,
  );
  return stage.resume(
    stage.candidates.flatMap(({ index }, at) => {
      const state = states[at];
      return state === undefined ? [] : [{ index, state }];
    }),
  );
}

/**
 * BoringSSL's client that has something to show, and nothing that fits, leaves; RFC 9846 §4.5.1.2 has it show nothing, which is
 * what core does unless its driver leaves.
 */
const nothingFits = {
  alert: "handshake_failure",
  reason: ":NO_COMMON_SIGNATURE_ALGORITHMS: :UNKNOWN_CERTIFICATE_TYPE: :NO_MATCHING_ISSUER: :WRONG_SIGNATURE_TYPE:",
} as const;

function hasCredentials(flags: Flags): boolean {
  return flags.has("key-file") || flags.credentials.some(({ kind }) => kind !== "psk");
}

/** What BoringSSL's callbacks refuse, at the front door. */
function refused(flags: Flags): { readonly alert: "handshake_failure" | "internal_error"; readonly reason: string } | undefined {
  if (flags.has("fail-early-callback")) return { alert: "handshake_failure", reason: ":CONNECTION_REJECTED:" };
  if (flags.has("fail-ddos-callback")) return { alert: "internal_error", reason: ":CONNECTION_REJECTED:" };
  if (flags.has("fail-cert-callback")) return { alert: "internal_error", reason: ":CERT_CB_ERROR:" };
  if (flags.has("fail-ocsp-callback")) return { alert: "internal_error", reason: ":OCSP_CB_ERROR:" };
  if (flags.has("select-empty-alpn")) return { alert: "internal_error", reason: ":INVALID_ALPN_PROTOCOL:" };
  return undefined;
}
