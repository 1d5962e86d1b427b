// Which of the client's PSKs is used (RFC 9846 §4.3.11): the first in its order that is a session which fits, or the external one
// that was agreed on. What does not open or fit is left aside; a binder that does not verify is an alert.
import type { VerifiedIdentity } from "../../../config/identity.ts";
import type { Link } from "../../../connection/link.ts";
import { type BinderLabel, EarlySchedule } from "../../../crypto/key-schedule.ts";
import { Transcript } from "../../../crypto/transcript.ts";
import { fail } from "../../../errors.ts";
import { offersPsks } from "../../../negotiate/psk.ts";
import { type Bytes, empty, equalSecrets, wipe } from "../../../wire/bytes.ts";
import { bindersLength, type DecodedClientHello } from "../../../wire/client-hello.ts";
import type { EarlyDataRejection } from "../../stages/early-data.ts";
import { rememberedIdentity } from "../../identity.ts";
import type { Context } from "../../table.ts";
import { type Found, judgedAgain } from "../sessions.ts";
import type { At, Settled } from "../states.ts";
import { useOf, whyNoEarlyData } from "./early-data.ts";
import type { SelectedPsk } from "./psk.ts";
import { candidatesOf, type Fitting, sessionThatFits } from "./resume.ts";

/** Whether a session is looked for, and then the key exchange. @param transcript before this hello. */
export function lookUpOrExchange(
  hello: DecodedClientHello,
  settled: Settled,
  transcript: Transcript,
  peerShare: Bytes,
  { link }: Context,
): At<"lookUpSession"> | At<"exchangeKeys"> {
  const state: At<"lookUpSession"> = { kind: "lookUpSession", hello, settled, transcript, peerShare };
  const mayBeKnown = settled.settings.sessions !== undefined && candidatesOf(state).length > 0;
  if (offersPsks(hello) && mayBeKnown) return state;
  const { psk, reason = "not-resumed" } = select(state, [], link);
  const earlyData = settled.offersEarlyData ? { rejected: reason } : undefined;
  return { kind: "exchangeKeys", hello, settled, transcript, peerShare, psk, earlyData };
}

/** @param found sessions that are known. */
export function resumeOrExchange(
  state: At<"lookUpSession">,
  found: readonly Found[],
  link: Link,
): At<"judgeResumed"> | At<"askSingleUse"> | At<"exchangeKeys"> {
  const { psk, reason } = select(state, found, link);
  if (psk?.kind !== "session") return askOrExchange(state, psk, reason);
  // The binder has shown that the client knows the session's secret.
  const again = judgedAgain(psk.identity, state.settled.settings);
  if (again === undefined) return askOrExchange(state, psk, reason);
  const { hello, settled, transcript, peerShare } = state;
  return { kind: "judgeResumed", hello, settled, transcript, peerShare, psk, againstEarlyData: reason, ...again };
}

/** The verifier has said yes. */
export function exchangeJudged(
  { psk, againstEarlyData, ...state }: At<"judgeResumed">,
  identity: VerifiedIdentity,
): At<"askSingleUse"> | At<"exchangeKeys"> {
  return askOrExchange(state, { ...psk, identity }, againstEarlyData);
}

/** Whether early data can be taken is asked, if nothing speaks against it. */
function askOrExchange(
  { hello, settled, transcript, peerShare }: Omit<At<"lookUpSession">, "kind">,
  psk: SelectedPsk | undefined,
  reason: EarlyDataRejection | undefined,
): At<"askSingleUse"> | At<"exchangeKeys"> {
  const state = { hello, settled, transcript, peerShare };
  if (!settled.offersEarlyData) return { kind: "exchangeKeys", ...state, psk, earlyData: undefined };
  if (reason !== undefined || psk?.kind !== "session") {
    return { kind: "exchangeKeys", ...state, psk, earlyData: { rejected: reason ?? "not-resumed" } };
  }
  return { kind: "askSingleUse", ...state, psk, use: useOf(hello, settled, psk) };
}

/** The PSK that is used, and what speaks against early data; the hello is part of the transcript then. */
function select(
  state: At<"lookUpSession">,
  found: readonly Found[],
  link: Link,
): { readonly psk: SelectedPsk | undefined; readonly reason: EarlyDataRejection | undefined } {
  const { hello, settled, transcript } = state;
  const { session, misfit } = sessionThatFits(state, found);
  const psk = offersPsks(hello) ? selectPsk(state, session) : undefined;
  if (psk === undefined && settled.negotiated.credential === undefined) {
    // A second hello that takes back what the first one offered.
    fail("missing-extension", { message: "client_hello", extension: "pre_shared_key" }, "RFC 9846 §4.2.2");
  }
  const chosen = psk && `${psk.kind} ${psk.index}`;
  link.trace?.({ kind: "decision", about: "psk", chosen, because: psk === undefined ? "none fits" : "the first that fits" });
  transcript.add(hello.raw);
  return { psk, reason: whyNoEarlyData(hello, settled, psk, misfit) };
}

/** @param session that a store or ticket keys know. undefined: the server proves itself by a certificate. */
function selectPsk(state: At<"lookUpSession">, session: Fitting["session"]): SelectedPsk | undefined {
  const { psk: external, negotiated } = state.settled;
  if (session !== undefined && (external === undefined || session.index < external.index)) {
    const { secret } = session.state;
    const schedule = new EarlySchedule(state.settled.hash, secret);
    wipe(secret);
    expectBound(state, session.index, "res binder", schedule);
    return { kind: "session", ...session, identity: rememberedIdentity(session.state), schedule };
  }
  if (session !== undefined) wipe(session.state.secret);
  if (external !== undefined) {
    const { index, psk } = external;
    const schedule = new EarlySchedule(state.settled.hash, psk.key);
    expectBound(state, index, psk.binder, schedule);
    return { kind: "external", index, psk, schedule };
  }
  if (negotiated.credential !== undefined) return undefined;
  // RFC 9846, Appendix F.6: who is known must not be told apart from who is not, neither by the alert nor by the work.
  const schedule = new EarlySchedule(state.settled.hash, nobodys.key);
  isBound(state, 0, nobodys.binder, schedule);
  schedule.end();
  return fail("unknown-psk", { offered: state.hello.pskIdentities.length }, "RFC 9846 §6.2");
}

/** Whether the client has the external PSK that was agreed on; where none is, the work is the same. In a first hello. */
export function provesPsk(hello: DecodedClientHello, settled: Settled): boolean {
  const state = { hello, settled, transcript: new Transcript(settled.hash) };
  const { index, psk } = settled.psk ?? { index: 0, psk: nobodys };
  const schedule = new EarlySchedule(settled.hash, psk.key);
  const bound = isBound(state, index, psk.binder, schedule);
  schedule.end();
  return bound && settled.psk !== undefined;
}

const nobodys = { binder: "ext binder", key: empty } as const;

type Hearing = Pick<At<"lookUpSession">, "hello" | "settled" | "transcript">;

/** §4.3.11: "If this value is not present or does not validate, the server MUST abort the handshake." */
function expectBound(state: Hearing, index: number, label: BinderLabel, schedule: EarlySchedule): void {
  if (isBound(state, index, label, schedule)) return;
  schedule.end();
  fail("bad-binder", { index }, "RFC 9846 §4.3.11");
}

function isBound({ hello, transcript }: Hearing, index: number, label: BinderLabel, schedule: EarlySchedule): boolean {
  const truncated = hello.raw.subarray(0, hello.raw.length - bindersLength(hello));
  const expected = schedule.binder(label, transcript.digestWith(truncated));
  return equalSecrets(expected, hello.psks?.binders[index] ?? empty);
}
