// Whether a server takes early data (RFC 9846 §4.3.10, §8), and with which keys.
import { ExporterTls13, type Exporter } from "../../../connection/exporters.ts";
import { attempt } from "../../../connection/guard.ts";
import { digestOf, type Transcript } from "../../../crypto/transcript.ts";
import { ReadKeys } from "../../../record/keys.ts";
import { ageToleranceMs } from "../../../session/single-use.ts";
import { type Bytes, copy } from "../../../wire/bytes.ts";
import type { DecodedClientHello } from "../../../wire/client-hello.ts";
import type { Paused } from "../../driver.ts";
import { type EarlyDataOutcome, type EarlyDataRejection, isFreshness, NeedsSingleUse } from "../../stages/early-data.ts";
import type { ServerStage } from "../../stages/stage.ts";
import { logSecret } from "../../key-log.ts";
import type { Context } from "../../table.ts";
import type { At, Settled } from "../states.ts";
import type { SelectedPsk } from "./psk.ts";

type Resumption = Extract<SelectedPsk, { readonly kind: "session" }>;

/** What speaks against it before single use is asked; undefined: nothing. @param misfit of the first identity's session. */
export function whyNoEarlyData(
  hello: DecodedClientHello,
  { settings, negotiated, suite, retried }: Settled,
  psk: SelectedPsk | undefined,
  misfit?: EarlyDataRejection,
): EarlyDataRejection | undefined {
  if (retried) return "retried";
  if (settings.earlyData === undefined) return "disabled";
  if (psk?.kind !== "session") return misfit ?? "not-resumed";
  if (psk.index !== 0) return "not-first-identity";
  const { alpn, suite: suiteName, maxEarlyData } = psk.state;
  if (maxEarlyData === 0) return "unsupported-for-session";
  // The client may send all that its ticket allowed.
  if (maxEarlyData > settings.earlyData.maxBytes) return "config-differs";
  if (alpn !== negotiated.alpn) return "alpn-differs";
  if (suiteName !== suite.name) return "suite-differs";
  const offMs = Math.abs(settings.now() - expectedMs(hello, psk));
  return offMs <= ageToleranceMs ? undefined : "age-skew";
}

/** What a store of single use is asked, of a hello that nothing else speaks against. */
export function useOf(
  hello: DecodedClientHello,
  { hash }: Settled,
  session: Resumption,
): { readonly key: Bytes; readonly forgetAfterMs: number } {
  const binder = hello.psks?.binders[session.index] ?? new Uint8Array(0);
  // From then on it is too old, whoever sends it.
  return { key: digestOf(hash, binder), forgetAfterMs: expectedMs(hello, session) + ageToleranceMs };
}

export function askSingleUse({ settled, use: { key, forgetAfterMs } }: At<"askSingleUse">): Paused<ServerStage> {
  const singleUse = settled.settings.earlyData?.singleUse;
  if (singleUse === undefined) throw new TypeError("nobody to ask for single use");
  if (!("use" in singleUse)) return { stage: (turn) => new NeedsSingleUse(turn, key, forgetAfterMs, singleUse) };
  // A store that fails, or says what nobody understands, costs the early data, and not the connection.
  const asked = attempt<unknown>(() => singleUse.use(copy(key), forgetAfterMs));
  const isAnswer = asked.kind !== "thrown" && isFreshness(asked.result);
  return { input: "freshness", value: isAnswer ? asked.result : "unavailable" };
}

/** Early data that is accepted. */
interface EarlyReading {
  readonly keys: ReadKeys;
  readonly exporter: Exporter;
}
/** @param transcript of the hello alone. */
export function earlyReading(
  hello: DecodedClientHello,
  { settings, suite, hash }: Settled,
  psk: SelectedPsk | undefined,
  transcript: Transcript,
): EarlyReading {
  if (psk?.kind !== "session") throw new TypeError("early data without a session");
  const { schedule } = psk;
  const digest = transcript.digest();
  const traffic = schedule.traffic(digest);
  const exporterSecret = schedule.exporter(digest);
  logSecret(settings, "CLIENT_EARLY_TRAFFIC_SECRET", hello.random, traffic);
  logSecret(settings, "EARLY_EXPORTER_SECRET", hello.random, exporterSecret);
  return { keys: new ReadKeys(suite, hash, traffic), exporter: new ExporterTls13(hash, exporterSecret) };
}

/** What is told when our flight is complete. */
export function behindFlight<Next extends At<"expectFinished"> | At<"expectCertificate">>(
  next: Next,
  outcome: EarlyDataOutcome | undefined,
): Next | At<"tellEarlyData"> {
  return outcome === undefined ? next : { kind: "tellEarlyData", outcome, next };
}

export function traceEarlyData(outcome: EarlyDataOutcome | undefined, { link }: Context): void {
  if (outcome === undefined) return;
  const because = outcome === "accepted" ? "the session allows it, and it is fresh" : outcome.rejected;
  link.trace?.({ kind: "decision", about: "early data", chosen: outcome === "accepted" ? outcome : undefined, because });
}

/** When the hello was sent, by the age that it says its ticket has (§4.3.11.1). */
function expectedMs({ psks }: DecodedClientHello, { index, state }: Resumption): number {
  const { obfuscatedTicketAge } = psks?.identities[index] ?? { obfuscatedTicketAge: 0 };
  return state.issuedMs + ((obfuscatedTicketAge - state.ageAdd) >>> 0);
}
