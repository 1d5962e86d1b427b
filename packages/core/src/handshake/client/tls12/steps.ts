// One small function an edge. What decides is in `judge-server-hello.ts`, what is sent in `flight.ts`.
import { goesWith } from "../../../config/parameters.ts";
import type { VerifiedIdentity } from "../../../config/identity.ts";
import { finishedVerifyDataTls12, type KeyBlock } from "../../../crypto/prf.ts";
import type { Transcript } from "../../../crypto/transcript.ts";
import { fail } from "../../../errors.ts";
import { ReadKeysTls12 } from "../../../record/keys-tls12.ts";
import { type Bytes, wipe } from "../../../wire/bytes.ts";
import type { HandshakeMessage } from "../../../wire/handshake.ts";
import { decodeFinished } from "../../../wire/post-handshake.ts";
import { decodeCertificateStatus } from "../../../wire/staples.ts";
import {
  decodeCertificateRequestTls12,
  decodeCertificateTls12,
  decodeEmpty,
  decodeTicketTls12,
  signedParams,
} from "../../../wire/tls12-messages.ts";
import { presentedAgain, presentedIdentity } from "../../identity.ts";
import { judgeCertificateRequestTls12, judgeChain, proofSchemes } from "../../judge-certificate.ts";
import { FinishedVerified, KeyProven } from "../../proofs.ts";
import type { Context, StateOf, Steps } from "../../table.ts";
import { schemeFor } from "../choose-credential.ts";
import type { EdgesTls12 } from "./edges.ts";
import { judgeServerCertificateType } from "../judge-extensions.ts";
import { sendCertificateVerifyTls12, sendClientKeyExchange, sendFinishedTls12 } from "./flight.ts";
import { judgeCurve, judgeServerKeyExchange } from "./judge-server-hello.ts";
import { rememberSession } from "./resume.ts";
import type { InputsTls12, SettledTls12, StatesTls12 } from "./states.ts";

type At<Kind extends keyof StatesTls12> = StateOf<StatesTls12, Kind>;

export const stepsTls12: Steps<EdgesTls12, StatesTls12, InputsTls12> = {
  expectCertificateTls12: {
    certificate: ({ kind: _, ...underway }, message, { scribe }) => {
      const { offer, suite, types } = underway.settled;
      const { settings, serverName } = offer.goal;
      judgeServerCertificateType(types.server, offer.goal);
      // RFC 8422 §2: the suite says of which kind the key is.
      const offered = proofSchemes("tls1.2", settings).filter((scheme) => goesWith(suite.name, scheme));
      const certificates = decodeCertificateTls12(message.raw, types.server);
      const { chain, publicKey, schemes } = judgeChain(certificates, types.server, "tls1.2", offered, settings, scribe.publicKey);
      judgeCurve(scribe.publicKey(publicKey), underway.settled.offer);
      underway.transcript.add(message.raw);
      const { announcesStatus, timestamps } = underway.settled;
      const staples = { ocspResponse: undefined, signedCertificateTimestamps: timestamps };
      const presented = presentedIdentity("server", types.server, chain, serverName, staples, settings);
      const shown = { ...underway, presented, publicKey, schemes };
      return announcesStatus ? { kind: "expectCertificateStatus", ...shown } : { kind: "expectServerKeyExchange", ...shown };
    },
  },

  expectCertificateStatus: {
    certificate_status: ({ kind: _, presented, ...shown }, message) => {
      const ocspResponse = decodeCertificateStatus(message.raw);
      shown.transcript.add(message.raw);
      return { kind: "expectServerKeyExchange", ...shown, presented: { ...presented, ocspResponse } };
    },
    // RFC 6066 §8: who announced it need not send it.
    server_key_exchange: (state, message, context) => {
      return stepsTls12.expectServerKeyExchange.server_key_exchange(
        { ...state, kind: "expectServerKeyExchange" },
        message,
        context,
      );
    },
  },

  expectServerKeyExchange: {
    server_key_exchange: ({ kind: _, publicKey, schemes, ...underway }, message) => {
      const { settled, transcript } = underway;
      const { exchange, group, scheme, verification } = judgeServerKeyExchange(message.raw, schemes, settled);
      const { client, server } = settled.randoms;
      const check = { scheme, publicKey, message: signedParams(client, server, exchange.params), signature: exchange.signature };
      transcript.add(message.raw);
      return { kind: "checkShareSignature", ...underway, group, peerShare: exchange.share, check, verification };
    },
  },

  checkShareSignature: {
    validity: ({ kind: _, check, verification: __, ...exchanged }, valid) => {
      return { kind: "judgeTls12", ...exchanged, keyProven: KeyProven.by(check.scheme, valid, "RFC 8422 §5.4") };
    },
  },

  judgeTls12: {
    verdict: ({ kind: _, presented: __, ...exchanged }, identity) => ({ kind: "expectServerHelloDone", ...exchanged, identity }),
  },

  expectServerHelloDone: {
    certificate_request: ({ kind: _, ...proven }, message) => {
      const asked = decodeCertificateRequestTls12(message.raw);
      proven.transcript.add(message.raw);
      const request = judgeCertificateRequestTls12(asked, proven.settled.types.client);
      return { kind: "expectServerHelloDoneOnly", ...proven, request };
    },
    server_hello_done: ({ kind: _, ...proven }, message, context) => {
      takeServerHelloDone(proven.transcript, message, context);
      return { kind: "respond", ...proven, own: undefined };
    },
  },

  expectServerHelloDoneOnly: {
    server_hello_done: ({ kind: _, ...proven }, message, context) => {
      takeServerHelloDone(proven.transcript, message, context);
      return { kind: "pickCredentialTls12", ...proven };
    },
  },

  pickCredentialTls12: {
    credential: ({ kind: _, request, ...proven }, credential) => {
      if (credential === undefined) return { kind: "respond", ...proven, own: "none" };
      const scheme = schemeFor(credential, request, "tls1.2", proven.settled.offer.goal.settings);
      if (scheme === undefined) throw new TypeError("a credential that can't sign was picked");
      return { kind: "respond", ...proven, own: { credential, scheme } };
    },
  },

  respond: {
    secret: (state, answer, context) => {
      if (answer === undefined) {
        const { name } = state.group;
        const detail = {
          message: "server_key_exchange",
          field: "public",
          expected: `a valid ${name} share`,
          received: "an invalid one",
        };
        fail("illegal-parameter", detail, "RFC 8422 §5.11");
      }
      return sendClientKeyExchange(state, answer.secret, answer.share, context);
    },
  },

  signTls12: { signature: sendCertificateVerifyTls12 },

  expectSessionTicket: {
    new_session_ticket: ({ kind: _, ...answered }, message) => {
      const ticket = decodeTicketTls12(message.raw);
      answered.transcript.add(message.raw);
      return { kind: "expectChangeCipherSpec", ...answered, ticket };
    },
  },

  expectChangeCipherSpec: {
    change_cipher_spec: ({ kind: _, ...keyed }, __, context) => {
      protectReading(keyed.settled, keyed.keys, "server_hello_done", context);
      return { kind: "expectFinishedTls12", ...keyed };
    },
  },

  expectFinishedTls12: {
    finished: (state, message, context) => {
      const { settled, master, identity, keyProven, group, shown } = state;
      const finished = verifyFinished(state, message, context);
      rememberSession(state, context);
      if (!settled.extendedMasterSecret) wipe(master);
      return { kind: "connectedTls12", settled, identity, keyProven, finished, master, group, shown };
    },
  },

  expectSessionTicketResumed: {
    new_session_ticket: ({ kind: _, ...resuming }, message) => {
      const ticket = decodeTicketTls12(message.raw);
      resuming.transcript.add(message.raw);
      return { kind: "expectChangeCipherSpecResumed", ...resuming, ticket };
    },
  },

  expectChangeCipherSpecResumed: {
    change_cipher_spec: ({ kind: _, ...resuming }, __, context) => {
      protectReading(resuming.settled, resuming.keys, "server_hello", context);
      return { kind: "expectFinishedResumed", ...resuming };
    },
  },

  expectFinishedResumed: {
    finished: ({ kind: _, identity, ...resuming }, message, context) => {
      const finished = verifyFinished(resuming, message, context);
      context.link.phase = "client-flight";
      resuming.transcript.add(message.raw);
      const { settings } = resuming.settled.offer.goal;
      const resumed = { ...resuming, finished };
      if (!settings.reverifyOnResume) return finishResumption(resumed, identity, context);
      return { kind: "judgeResumedTls12", ...resumed, presented: presentedAgain(identity, settings) };
    },
  },

  judgeResumedTls12: { verdict: finishResumption },
};

/** Who the server is, is known: our own flight, and the end. */
function finishResumption(
  state: Omit<At<"judgeResumedTls12">, "kind" | "presented">,
  identity: VerifiedIdentity,
  context: Context,
): At<"connectedTls12"> {
  const { settled, master, keys, finished } = state;
  sendFinishedTls12(state, keys.clientKey, keys.clientIv, context);
  rememberSession({ ...state, identity }, context);
  const agreed = { settled, identity, finished, master };
  return { kind: "connectedTls12", ...agreed, keyProven: "by the session", group: undefined, shown: undefined };
}

function protectReading(
  { suite }: SettledTls12,
  { serverKey, serverIv }: Pick<KeyBlock, "serverKey" | "serverIv">,
  behind: string,
  { link }: Context,
): void {
  link.incoming.protect(new ReadKeysTls12(suite, serverKey, serverIv), behind);
  link.incoming.changeCipherSpec = "unexpected";
  link.trace?.({ kind: "keys", direction: "read", epoch: "traffic" });
}

function verifyFinished(
  { settled, transcript, master }: { readonly settled: SettledTls12; readonly transcript: Transcript; readonly master: Bytes },
  message: HandshakeMessage,
  { link }: Context,
): FinishedVerified {
  const expected = finishedVerifyDataTls12(settled.hash, master, "server", transcript.digest());
  const finished = FinishedVerified.by("server", expected, decodeFinished(message.raw), "RFC 5246 §7.4.9");
  link.incoming.expectBoundary("finished");
  return finished;
}

function takeServerHelloDone(transcript: Transcript, message: HandshakeMessage, { link }: Context): void {
  decodeEmpty(message.raw, "server_hello_done");
  link.incoming.expectBoundary("server_hello_done");
  transcript.add(message.raw);
}
