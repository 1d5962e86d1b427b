// One small function an edge. What is sent is in `flight.ts`.
import type { VerifiedIdentity } from "../../../config/identity.ts";
import { finishedVerifyDataTls12, keyBlock, masterSecret } from "../../../crypto/prf.ts";
import { fail } from "../../../errors.ts";
import { ivLengthOf, ReadKeysTls12 } from "../../../record/keys-tls12.ts";
import { wipe } from "../../../wire/bytes.ts";
import { decodeCertificateVerify } from "../../../wire/certificate-message.ts";
import { decodeFinished } from "../../../wire/post-handshake.ts";
import { decodeCertificateTls12, decodeClientKeyExchange } from "../../../wire/tls12-messages.ts";
import { noStaples, presentedIdentity } from "../../identity.ts";
import { judgeCertificateVerify, judgeChain, proofSchemes } from "../../judge-certificate.ts";
import { logMasterSecret } from "../../key-log.ts";
import { FinishedVerified, KeyProven } from "../../proofs.ts";
import type { Steps } from "../../table.ts";
import type { EdgesTls12 } from "./edges.ts";
import { judgedAgain } from "../sessions.ts";
import type { At } from "../states.ts";
import { sendLastFlight, sendResumption, sendServerHelloTls12, sendServerKeyExchange } from "./flight.ts";
import { takeTls12 } from "./resume.ts";
import type { InputsTls12, StatesTls12 } from "./states.ts";

export const stepsTls12: Steps<EdgesTls12, StatesTls12, InputsTls12> = {
  lookUpSessionTls12: {
    sessions: (state, found, context) => {
      const taken = takeTls12(state, found);
      const because = taken === undefined ? "none fits" : "it fits";
      context.link.trace?.({ kind: "decision", about: "session", chosen: taken && "the client's", because });
      const { hello, settled } = state;
      if (taken === undefined) return { kind: "startShare", hello, settled };
      return sendResumption(hello, taken.settled, taken.session, context);
    },
  },

  expectChangeCipherSpecResumed: {
    change_cipher_spec: ({ kind: _, ...resuming }, __, { link }) => {
      const { keys, settled } = resuming;
      link.incoming.protect(new ReadKeysTls12(settled.suite, keys.clientKey, keys.clientIv), "client_hello");
      link.incoming.changeCipherSpec = "unexpected";
      link.trace?.({ kind: "keys", direction: "read", epoch: "traffic" });
      return { kind: "expectFinishedResumed", ...resuming };
    },
  },

  expectFinishedResumed: {
    finished: ({ settled, transcript, randoms, master, identity, sessionData }, message, { link }) => {
      const expected = finishedVerifyDataTls12(settled.hash, master, "client", transcript.digest());
      const finished = FinishedVerified.by("client", expected, decodeFinished(message.raw), "RFC 5246 §7.4.9");
      link.incoming.expectBoundary("finished");
      const resumed = { settled, randoms, master, sessionData, finished };
      const again = judgedAgain(identity, settled.settings);
      return again === undefined ? connectedAgain(resumed, identity) : { kind: "judgeResumedTls12", ...resumed, ...again };
    },
  },

  judgeResumedTls12: { verdict: connectedAgain },

  startShare: {
    key_shares: (state, [started], context) => {
      if (started === undefined) throw new TypeError("a server of TLS 1.2 starts one share");
      return sendServerHelloTls12(state, started, context);
    },
  },

  signShare: { signature: sendServerKeyExchange },

  expectClientCertificate: {
    certificate: ({ kind: _, authentication, ...underway }, message, { scribe }) => {
      const { settings } = underway.settled;
      const certificates = decodeCertificateTls12(message.raw, authentication.type);
      underway.transcript.add(message.raw);
      if (certificates.length === 0) {
        if (authentication.mode === "required") fail("certificate-required", { version: "tls1.2" }, "RFC 5246 §7.4.6");
        return { kind: "expectClientKeyExchange", ...underway, shown: undefined };
      }
      const { chain, publicKey, schemes } = judgeChain(
        certificates,
        authentication.type,
        "tls1.2",
        proofSchemes("tls1.2", settings),
        settings,
        scribe.publicKey,
      );
      const presented = presentedIdentity("client", authentication.type, chain, undefined, noStaples, settings);
      return {
        kind: "expectClientKeyExchange",
        ...underway,
        shown: { verifier: authentication.verifier, presented, publicKey, schemes },
      };
    },
  },

  expectClientKeyExchange: {
    client_key_exchange: ({ kind: _, ...state }, message) => {
      const peerShare = decodeClientKeyExchange(message.raw);
      const { name, shareLength } = state.settled.group;
      if (peerShare.length !== shareLength.client) {
        wrong("ecdh_Yc", `${shareLength.client} bytes for ${name}`, `${peerShare.length}`, "RFC 8422 §5.7");
      }
      state.transcript.add(message.raw);
      return { kind: "completeShare", ...state, peerShare };
    },
  },

  completeShare: {
    secret: ({ kind: _, started: __, peerShare: ___, shown, ...underway }, answer) => {
      const { settled, transcript, randoms, extendedMasterSecret } = underway;
      const { suite, hash, group, settings } = settled;
      if (answer === undefined) wrong("ecdh_Yc", `a valid ${group.name} share`, "an invalid one", "RFC 8422 §5.11");
      const master = masterSecret(hash, answer.secret, extendedMasterSecret ? transcript.digest() : undefined, randoms);
      logMasterSecret(settings, randoms.client, master);
      const keyed = { master, keys: keyBlock(hash, master, randoms, suite, ivLengthOf(suite)), ...underway };
      if (shown !== undefined) return { kind: "expectClientCertificateVerify", ...keyed, shown };
      return { kind: "expectChangeCipherSpec", ...keyed, peer: undefined };
    },
  },

  expectClientCertificateVerify: {
    certificate_verify: ({ kind: _, ...keyed }, message) => {
      const { shown, transcript, settled } = keyed;
      const { scheme, signature, verification } = judgeCertificateVerify(
        decodeCertificateVerify(message.raw),
        shown.schemes,
        "tls1.2",
        settled.settings,
      );
      const check = { scheme, publicKey: shown.publicKey, message: transcript.said(), signature };
      transcript.add(message.raw);
      return { kind: "checkClientSignature", ...keyed, check, verification };
    },
  },

  checkClientSignature: {
    validity: ({ kind: _, check, verification: __, ...keyed }, valid) => {
      return { kind: "judgeClient", ...keyed, keyProven: KeyProven.by(check.scheme, valid, "RFC 5246 §7.4.8") };
    },
  },

  judgeClient: {
    verdict: ({ kind: _, shown: __, keyProven, ...keyed }, identity) => {
      return { kind: "expectChangeCipherSpec", ...keyed, peer: { identity, keyProven } };
    },
  },

  expectChangeCipherSpec: {
    change_cipher_spec: ({ kind: _, ...keyed }, __, { link }) => {
      const { keys, settled } = keyed;
      link.incoming.protect(new ReadKeysTls12(settled.suite, keys.clientKey, keys.clientIv), "client_key_exchange");
      link.incoming.changeCipherSpec = "unexpected";
      link.trace?.({ kind: "keys", direction: "read", epoch: "traffic" });
      return { kind: "expectFinishedTls12", ...keyed };
    },
  },

  expectFinishedTls12: {
    finished: (state, message, context) => {
      const { settled, transcript, randoms, extendedMasterSecret, master, peer } = state;
      const expected = finishedVerifyDataTls12(settled.hash, master, "client", transcript.digest());
      const finished = FinishedVerified.by("client", expected, decodeFinished(message.raw), "RFC 5246 §7.4.9");
      context.link.incoming.expectBoundary("finished");
      transcript.add(message.raw);
      sendLastFlight(state, context);
      if (!extendedMasterSecret) wipe(master);
      return { kind: "connectedTls12", settled, randoms, extendedMasterSecret, master, finished, peer, resumed: undefined };
    },
  },
};

function connectedAgain(
  { settled, randoms, master, sessionData, finished }: Omit<At<"judgeResumedTls12">, "kind" | "verifier" | "presented">,
  identity: VerifiedIdentity | undefined,
): At<"connectedTls12"> {
  const peer = identity && ({ identity, keyProven: "by the session" } as const);
  const agreed = { settled, randoms, extendedMasterSecret: true, master, finished, peer };
  return { kind: "connectedTls12", ...agreed, resumed: { sessionData } };
}

function wrong(field: string, expected: string, received: string, section: string): never {
  fail("illegal-parameter", { message: "client_key_exchange", field, expected, received }, section);
}
