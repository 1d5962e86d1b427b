// One small function an edge. What decides is in the files `judge-….ts`, what is sent in `flight.ts`.
import type { Link } from "../../../connection/link.ts";
import { EarlySchedule, finishedVerifyData, HandshakeSchedule, type TrafficSecrets } from "../../../crypto/key-schedule.ts";
import { fail } from "../../../errors.ts";
import { ReadKeys, WriteKeys } from "../../../record/keys.ts";
import { type Bytes, copy } from "../../../wire/bytes.ts";
import {
  decodeCertificate,
  decodeCertificateRequest,
  decodeCertificateVerify,
  signedContent,
} from "../../../wire/certificate-message.ts";
import { decodeEncryptedExtensions } from "../../../wire/encrypted-extensions.ts";
import type { HandshakeMessage } from "../../../wire/handshake.ts";
import { decodeFinished } from "../../../wire/post-handshake.ts";
import { decodeServerHello } from "../../../wire/server-hello.ts";
import { decompressCertificate } from "../../decompress-certificate.ts";
import { presentedAgain, presentedIdentity, rememberedIdentity } from "../../identity.ts";
import {
  judgeCertificateMessage,
  judgeCertificateRequest,
  judgeCertificateVerify,
  judgeChain,
  proofSchemes,
} from "../../judge-certificate.ts";
import { logSecret } from "../../key-log.ts";
import { FinishedVerified, KeyProven } from "../../proofs.ts";
import type { ShownCredential } from "../../shown-credential.ts";
import type { Context, StateOf, Steps } from "../../table.ts";
import { schemeFor } from "../choose-credential.ts";
import { owesChangeCipherSpec, sendSecondClientHello } from "../client-hello.ts";
import { judgeEarlyAnswer } from "../early-data.ts";
import { judgeCertificateTypes, judgeEncryptedExtensions, judgeServerCertificateType, recordSizes } from "../judge-extensions.ts";
import { externalOf, forgetOffered, secretOf } from "../psks.ts";
import { rememberGroup } from "../remembered-group.ts";
import { ticketTaker } from "../session.ts";
import type { States } from "../states.ts";
import type { EdgesTls13 } from "./edges.ts";
import { sendCertificate, sendCertificateVerify, sendFinished } from "./flight.ts";
import { judgeServerHello } from "./judge-server-hello.ts";
import type { InputsTls13, Proven, Settled } from "./states.ts";

export const stepsTls13: Steps<EdgesTls13, States, InputsTls13> = {
  startShareAgain: {
    key_shares: (state, shares, context) => {
      const { request, transcript } = state;
      const offer = sendSecondClientHello(state, shares, context);
      transcript.add(offer.hello.raw);
      return { kind: "expectSecondServerHello", offer, request, transcript };
    },
  },

  expectSecondServerHello: {
    server_hello: ({ offer, request, transcript }, message) => {
      const hello = decodeServerHello(message.raw);
      if (hello.isRetryRequest) {
        fail("unexpected-message", { expected: ["server_hello"], received: "a second hello_retry_request" }, "RFC 9846 §4.2.4");
      }
      const { settled, started, peerShare } = judgeServerHello(hello, offer, request);
      transcript.add(message.raw);
      return { kind: "completeKeys", settled, transcript, started, peerShare };
    },
  },

  completeKeys: {
    secret: ({ settled, transcript }, answer, { link }) => {
      const { suite, hash, group, offer } = settled;
      if (answer === undefined) {
        const context = {
          message: "server_hello",
          field: "key_share",
          expected: `a valid ${group.name} share`,
          received: "an invalid one",
        };
        fail("illegal-parameter", context, "RFC 9846 §7.4.2");
      }
      const psk = secretOf(settled.psk);
      const schedule =
        psk === undefined
          ? HandshakeSchedule.withoutPsk(hash, answer.secret)
          : new EarlySchedule(hash, psk).handshake(answer.secret);
      forgetOffered(offer);
      const handshakeTraffic = schedule.traffic(transcript.digest());
      const { settings } = offer.goal;
      logSecret(settings, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", offer.hello.random, handshakeTraffic.client);
      logSecret(settings, "SERVER_HANDSHAKE_TRAFFIC_SECRET", offer.hello.random, handshakeTraffic.server);
      link.incoming.protect(new ReadKeys(suite, hash, copy(handshakeTraffic.server)), "server_hello");
      link.trace?.({ kind: "keys", direction: "read", epoch: "handshake" });
      // From here on alerts are protected too (Appendix A.1).
      if (offer.early?.isOpen !== true) protectFlight(settled, handshakeTraffic, link);
      // Appendix E.4: before the second flight, of which an alert may be all. Behind HelloRetryRequest it was sent already.
      if (!settled.retried && owesChangeCipherSpec(offer)) link.outgoing.changeCipherSpecFirst();
      return { kind: "expectEncryptedExtensions", settled, transcript, schedule: schedule.main(), handshakeTraffic };
    },
  },

  expectEncryptedExtensions: {
    encrypted_extensions: ({ kind: _, ...underway }, message, { link }) => {
      const { hello, goal, early } = underway.settled.offer;
      const answers = decodeEncryptedExtensions(message.raw);
      const alpn = judgeEncryptedExtensions(answers, hello, goal);
      const types = judgeCertificateTypes("encrypted_extensions", answers, hello);
      link.recordSizes = recordSizes("tls1.3", answers.recordSizeLimit, goal);
      if (answers.acceptsEarlyData || early?.isOpen === true) {
        const outcome = judgeEarlyAnswer(answers.acceptsEarlyData, alpn, underway.settled);
        if (outcome !== "accepted") {
          early?.end(outcome);
          protectFlight(underway.settled, underway.handshakeTraffic, link);
        }
      }
      underway.transcript.add(message.raw);
      const { psk } = underway.settled;
      if (psk === undefined) return { kind: "expectCertificateOrRequest", ...underway, alpn, types };
      const identity = psk.kind === "session" ? rememberedIdentity(psk.state) : undefined;
      const answered = { alpn, types, request: undefined, ...underway };
      if (identity !== undefined) return { kind: "expectFinished", ...answered, identity, keyProven: "by the session" };
      if (externalOf(psk) === undefined) throw new TypeError("a session without a server was offered");
      return { kind: "expectFinished", ...answered, identity, keyProven: "by the psk" };
    },
  },

  expectCertificateOrRequest: {
    certificate_request: ({ kind: _, ...underway }, message) => {
      const request = judgeCertificateRequest(decodeCertificateRequest(message.raw), underway.types.client);
      underway.transcript.add(message.raw);
      return { kind: "expectCertificate", ...underway, request };
    },
    certificate: (state, message, context) => takeCertificate(withoutRequest(state), message, message.raw, context),
    compressed_certificate: (state, message, context) => {
      const { settings } = state.settled.offer.goal;
      const certificate = decompressCertificate(message.raw, ["certificate", "certificate_request"], settings);
      return takeCertificate(withoutRequest(state), message, certificate, context);
    },
  },

  expectCertificate: {
    certificate: (state, message, context) => takeCertificate(state, message, message.raw, context),
    compressed_certificate: (state, message, context) => {
      const certificate = decompressCertificate(message.raw, ["certificate"], state.settled.offer.goal.settings);
      return takeCertificate(state, message, certificate, context);
    },
  },

  expectCertificateVerify: {
    certificate_verify: ({ kind: _, publicKey, schemes, ...answered }, message) => {
      const { transcript, settled } = answered;
      const { settings } = settled.offer.goal;
      const { scheme, signature, verification } = judgeCertificateVerify(
        decodeCertificateVerify(message.raw),
        schemes,
        "tls1.3",
        settings,
      );
      const check = { scheme, publicKey, message: signedContent("server", transcript.digest()), signature };
      transcript.add(message.raw);
      return { kind: "checkSignature", ...answered, check, verification };
    },
  },

  checkSignature: {
    validity: ({ kind: _, check, verification: __, ...answered }, valid) => {
      return { kind: "judge", ...answered, keyProven: KeyProven.by(check.scheme, valid, "RFC 9846 §4.5.2") };
    },
  },

  judge: {
    verdict: ({ kind: _, presented: __, ...answered }, identity) => ({ kind: "expectFinished", ...answered, identity }),
  },

  expectFinished: {
    finished: ({ kind: _, request, ...answered }, message, context) => {
      const { settled, transcript, handshakeTraffic } = answered;
      const expected = finishedVerifyData(settled.hash, handshakeTraffic.server, transcript.digest());
      const finished = FinishedVerified.by("server", expected, decodeFinished(message.raw), "RFC 9846 §4.5.3");
      // Before a byte of our own flight: what follows must be under the next keys.
      context.link.incoming.expectBoundary("finished");
      context.link.incoming.changeCipherSpec = "unexpected";
      context.link.phase = "client-flight";
      transcript.add(message.raw);
      const proven = { finished, finishedHash: transcript.digest(), ...answered };
      if (request !== undefined) return { kind: "pickCredential", ...proven, request };
      const {
        goal: { settings },
        early,
        judged,
      } = settled.offer;
      // The server takes early data, which were sent on that verdict.
      if (judged !== undefined && early?.isOpen === true) {
        const again = { ...proven, identity: judged, keyProven: "by the session" } as const;
        return connected(again, undefined, sendFinished(again, context));
      }
      if (settings.reverifyOnResume && proven.keyProven === "by the session" && proven.identity !== undefined) {
        return { kind: "judgeResumed", ...proven, presented: presentedAgain(proven.identity, settings) };
      }
      return connected(proven, undefined, sendFinished(proven, context));
    },
  },

  judgeResumed: {
    verdict: ({ kind: _, presented: __, ...underway }, identity, context) => {
      const proven = { ...underway, identity, keyProven: "by the session" } as const;
      return connected(proven, undefined, sendFinished(proven, context));
    },
  },

  pickCredential: {
    credential: ({ kind: _, request, ...proven }, credential, context) => {
      const { transcript, settled } = proven;
      sendCertificate(proven, credential, request, context);
      if (credential === undefined) return connected(proven, undefined, sendFinished(proven, context));
      const scheme = schemeFor(credential, request, "tls1.3", settled.offer.goal.settings);
      if (scheme === undefined) throw new TypeError("a credential that can't sign was picked");
      return { kind: "sign", ...proven, credential, scheme, message: signedContent("client", transcript.digest()) };
    },
  },

  sign: {
    signature: ({ kind: _, credential, scheme, message: __, ...proven }, signature, context) => {
      sendCertificateVerify(proven, scheme, signature, context);
      return connected(proven, { credential, scheme }, sendFinished(proven, context));
    },
  },
};

/** All of our second flight, and from the key exchange on the alerts too, where no early data is under way. */
function protectFlight({ suite, hash }: Settled, { client }: TrafficSecrets, link: Link): void {
  link.outgoing.protect(new WriteKeys(suite, hash, copy(client)));
  link.trace?.({ kind: "keys", direction: "write", epoch: "handshake" });
}

type At<Kind extends keyof States> = StateOf<States, Kind>;

function withoutRequest({ kind: _, ...state }: At<"expectCertificateOrRequest">): At<"expectCertificate"> {
  return { kind: "expectCertificate", request: undefined, ...state };
}

/** @param message what was said. @param raw the Certificate: this, or what was compressed in it. */
function takeCertificate(
  { kind: _, ...answered }: At<"expectCertificate">,
  message: HandshakeMessage,
  raw: Bytes,
  { scribe }: Context,
): At<"expectCertificateVerify"> {
  const { types, settled } = answered;
  const { settings, serverName } = settled.offer.goal;
  judgeServerCertificateType(types.server, settled.offer.goal);
  const { certificates, staples } = judgeCertificateMessage(decodeCertificate(raw), settings.verifier);
  const { chain, publicKey, schemes } = judgeChain(
    certificates,
    types.server,
    "tls1.3",
    proofSchemes("tls1.3", settings),
    settings,
    scribe.publicKey,
  );
  answered.transcript.add(message.raw);
  const presented = presentedIdentity("server", types.server, chain, serverName, staples, settings);
  return { kind: "expectCertificateVerify", ...answered, presented, publicKey, schemes };
}

function connected(
  { settled, alpn, finished, ...proven }: Proven,
  shown: ShownCredential | undefined,
  sent: ReturnType<typeof sendFinished>,
): At<"connected"> {
  const { exporterSecret, resumptionSecret } = sent;
  rememberGroup(settled);
  settled.offer.early?.forget();
  const tickets = resumptionSecret && ticketTaker(settled, alpn, proven.identity, resumptionSecret);
  const server =
    proven.identity === undefined
      ? { identity: undefined, keyProven: proven.keyProven }
      : { identity: proven.identity, keyProven: proven.keyProven };
  return { kind: "connected", settled, alpn, finished, ...server, shown, exporterSecret, tickets };
}
