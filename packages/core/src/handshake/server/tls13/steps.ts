// One small function an edge. What is sent is in `flight.ts`.
import { finishedVerifyData } from "../../../crypto/key-schedule.ts";
import { fail } from "../../../errors.ts";
import { ReadKeys } from "../../../record/keys.ts";
import { type Bytes, copy, wipe } from "../../../wire/bytes.ts";
import { decodeCertificate, decodeCertificateVerify, signedContent } from "../../../wire/certificate-message.ts";
import { decodeClientHello } from "../../../wire/client-hello.ts";
import type { HandshakeMessage } from "../../../wire/handshake.ts";
import { decodeEndOfEarlyData, decodeFinished } from "../../../wire/post-handshake.ts";
import { decompressCertificate } from "../../decompress-certificate.ts";
import { presentedIdentity } from "../../identity.ts";
import { judgeCertificateMessage, judgeCertificateVerify, judgeChain, proofSchemes } from "../../judge-certificate.ts";
import { FinishedVerified, KeyProven } from "../../proofs.ts";
import { type Context, type Steps, send } from "../../table.ts";
import { judgeSecondClientHello, judgeSecondOffer, judgeShare } from "../judge-client-hello.ts";
import type { At, States } from "../states.ts";
import type { EdgesTls13 } from "./edges.ts";
import { sendFinished, sendServerHello } from "./flight.ts";
import { makeTickets } from "./resume.ts";
import { exchangeJudged, lookUpOrExchange, resumeOrExchange } from "./select-psk.ts";
import type { InputsTls13 } from "./states.ts";

export const stepsTls13: Steps<EdgesTls13, States, InputsTls13> = {
  expectSecondClientHello: {
    client_hello: ({ first, settled, transcript, cookie }, message, context) => {
      const hello = decodeClientHello(message.raw);
      const { name, shareLength } = settled.group;
      const share = judgeShare(judgeSecondClientHello(first, hello, name, cookie), name, shareLength.client);
      const psk = settled.psk && judgeSecondOffer(hello, settled.psk, settled.settings);
      context.link.incoming.expectBoundary("client_hello");
      return lookUpOrExchange(hello, { ...settled, psk }, transcript, share, context);
    },
  },

  lookUpSession: {
    sessions: (state, found, { link }) => resumeOrExchange(state, found, link),
  },

  askSingleUse: {
    freshness: ({ kind: _, use: __, ...state }, freshness) => {
      const rejected = freshness === "seen" ? "seen" : "single-use-unavailable";
      return { kind: "exchangeKeys", ...state, earlyData: freshness === "fresh" ? "accepted" : { rejected } };
    },
  },

  judgeResumed: { verdict: exchangeJudged },

  exchangeKeys: {
    secret: (state, answer, context) => {
      if (answer === undefined) {
        const expected = `a valid ${state.settled.group.name} share`;
        const detail = { message: "client_hello", field: "key_share", expected, received: "an invalid one" };
        fail("illegal-parameter", detail, "RFC 9846 §7.4.2");
      }
      return sendServerHello(state, answer.secret, answer.share, context);
    },
  },

  sign: { signature: sendFinished },

  expectEndOfEarlyData: {
    application_data: ({ kind: _, ...state }, data) => {
      const received = state.received + data.length;
      const allowed = state.psk?.kind === "session" ? state.psk.state.maxEarlyData : 0;
      if (received > allowed) fail("limit-exceeded", { limit: "earlyData", allowed, received }, "RFC 9846 §4.7.1");
      // The chunk that it lies in is the caller's again before it is looked at.
      return { kind: "showEarlyData", ...state, received, data: copy(data) };
    },
    end_of_early_data: ({ kind: _, exporter, received: __, recordSizes, ...answered }, message, { link }) => {
      const {
        settled: { suite, hash },
        transcript,
        clientHandshakeTraffic,
      } = answered;
      decodeEndOfEarlyData(message.raw);
      transcript.add(message.raw);
      link.incoming.protect(new ReadKeys(suite, hash, copy(clientHandshakeTraffic)), "end_of_early_data");
      link.incoming.maxProtected = recordSizes.receive;
      link.trace?.({ kind: "keys", direction: "read", epoch: "handshake" });
      exporter.wipe();
      return { kind: "tellEarlyData", outcome: "accepted", next: { kind: "expectFinished", ...answered } };
    },
  },

  showEarlyData: {
    next: ({ kind: _, data: __, ...state }) => ({ kind: "expectEndOfEarlyData", ...state }),
  },

  tellEarlyData: { next: ({ next }) => next },

  expectCertificate: {
    certificate: (state, message, context) => takeCertificate(state, message, message.raw, context),
    compressed_certificate: (state, message, context) => {
      const certificate = decompressCertificate(message.raw, ["certificate"], state.settled.settings);
      return takeCertificate(state, message, certificate, context);
    },
  },

  expectCertificateVerify: {
    certificate_verify: ({ kind: _, authentication, publicKey, schemes, ...answered }, message) => {
      const { transcript, settled } = answered;
      const { scheme, signature, verification } = judgeCertificateVerify(
        decodeCertificateVerify(message.raw),
        schemes,
        "tls1.3",
        settled.settings,
      );
      const check = { scheme, publicKey, message: signedContent("client", transcript.digest()), signature };
      transcript.add(message.raw);
      return { kind: "checkSignature", ...answered, verifier: authentication.verifier, check, verification };
    },
  },

  checkSignature: {
    validity: ({ kind: _, check, verification: __, ...judged }, valid) => {
      return { kind: "judge", ...judged, keyProven: KeyProven.by(check.scheme, valid, "RFC 9846 §4.5.2") };
    },
  },

  judge: {
    verdict: ({ kind: _, presented: __, verifier: ___, keyProven, ...answered }, identity) => {
      return { kind: "expectFinished", ...answered, peer: { identity, keyProven } };
    },
  },

  expectFinished: {
    finished: (state, message, context) => {
      const { settled, transcript, schedule, psk, ticketCount, peer, writeHalf } = state;
      const { clientHandshakeTraffic, clientTraffic, exporterSecret } = state;
      const { link, scribe } = context;
      const { suite, hash } = settled;
      const expected = finishedVerifyData(hash, clientHandshakeTraffic, transcript.digest());
      const finished = FinishedVerified.by("client", expected, decodeFinished(message.raw), "RFC 9846 §4.5.3");
      wipe(clientHandshakeTraffic);
      transcript.add(message.raw);
      link.incoming.protect(new ReadKeys(suite, hash, clientTraffic), "finished");
      link.incoming.changeCipherSpec = "unexpected";
      link.trace?.({ kind: "keys", direction: "read", epoch: "traffic" });
      // Half-RTT may have said close_notify already.
      const gives = ticketCount > 0 && !link.writeClosed;
      const use = scribe.tickets ?? (gives ? (secret: Bytes) => makeTickets(state, secret, context) : undefined);
      const tickets = use && schedule.resumption(transcript.digest(), use);
      schedule.end();
      for (const ticket of tickets ?? []) send(ticket, undefined, context);
      return { kind: "connected", settled, exporterSecret, finished, peer, psk, writeHalf };
    },
  },
};

/** @param message what was said. @param raw the Certificate: this, or what was compressed in it. */
function takeCertificate(
  { kind: _, authentication, ...answered }: At<"expectCertificate">,
  message: HandshakeMessage,
  raw: Bytes,
  { scribe }: Context,
): At<"expectCertificateVerify"> | At<"expectFinished"> {
  const { settings } = answered.settled;
  const { certificates, staples } = judgeCertificateMessage(decodeCertificate(raw), authentication.verifier);
  answered.transcript.add(message.raw);
  if (certificates.length === 0) {
    // RFC 9846 §4.5.1.3: going on without is the server's choice.
    if (authentication.mode === "required") fail("certificate-required", { version: "tls1.3" }, "RFC 9846 §4.5.1.3");
    return { kind: "expectFinished", ...answered, peer: undefined };
  }
  const { chain, publicKey, schemes } = judgeChain(
    certificates,
    authentication.type,
    "tls1.3",
    proofSchemes("tls1.3", settings),
    settings,
    scribe.publicKey,
  );
  const presented = presentedIdentity("client", authentication.type, chain, undefined, staples, settings);
  return { kind: "expectCertificateVerify", ...answered, authentication, presented, publicKey, schemes };
}
