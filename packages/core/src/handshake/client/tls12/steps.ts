// One small function an edge. What decides is in `judge-server-hello.ts`, what is sent in `flight.ts`.
import { goesWith } from "../../../config/parameters.ts";
import { finishedVerifyDataTls12 } from "../../../crypto/prf.ts";
import type { Transcript } from "../../../crypto/transcript.ts";
import { fail } from "../../../errors.ts";
import { ReadKeysTls12 } from "../../../record/keys-tls12.ts";
import { wipe } from "../../../wire/bytes.ts";
import type { HandshakeMessage } from "../../../wire/handshake.ts";
import { decodeFinished } from "../../../wire/post-handshake.ts";
import { decodeCertificateStatus } from "../../../wire/staples.ts";
import {
  decodeCertificateRequestTls12, decodeCertificateTls12, decodeEmpty, signedParams,
} from "../../../wire/tls12-messages.ts";
import { presentedIdentity } from "../../identity.ts";
import { judgeCertificateRequestTls12, judgeChain, proofSchemes } from "../../judge-certificate.ts";
import { FinishedVerified, KeyProven } from "../../proofs.ts";
import type { Context, Steps } from "../../table.ts";
import { schemeFor } from "../choose-credential.ts";
import type { EdgesTls12 } from "./edges.ts";
import { judgeServerCertificateType } from "../judge-extensions.ts";
import { sendCertificateVerifyTls12, sendClientKeyExchange } from "./flight.ts";
import { judgeCurve, judgeServerKeyExchange } from "./judge-server-hello.ts";
import type { InputsTls12, StatesTls12 } from "./states.ts";

export const stepsTls12: Steps<EdgesTls12, StatesTls12, InputsTls12> = {
  expectCertificateTls12: {
    certificate: ({ kind: _, ...underway }, message, { scribe }) => {
      const { offer, suite, types } = underway.settled;
      const { settings, serverName } = offer.goal;
      judgeServerCertificateType(types.server, offer.goal);
      // RFC 8422 §2: the suite says of which kind the key is.
      const offered = proofSchemes("tls1.2", settings).filter((scheme) => goesWith(suite.name, scheme));
      const certificates = decodeCertificateTls12(message.raw, types.server);
      const { chain, publicKey, schemes } =
        judgeChain(certificates, types.server, "tls1.2", offered, settings, scribe.publicKey);
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
        { ...state, kind: "expectServerKeyExchange" }, message, context,
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
          message: "server_key_exchange", field: "public", expected: `a valid ${name} share`, received: "an invalid one",
        };
        fail("illegal-parameter", detail, "RFC 8422 §5.11");
      }
      return sendClientKeyExchange(state, answer.secret, answer.share, context);
    },
  },

  signTls12: { signature: sendCertificateVerifyTls12 },

  expectChangeCipherSpec: {
    change_cipher_spec: ({ kind: _, ...keyed }, __, { link }) => {
      const { keys, settled } = keyed;
      link.incoming.protect(new ReadKeysTls12(settled.suite, keys.serverKey, keys.serverIv), "server_hello_done");
      link.incoming.changeCipherSpec = "unexpected";
      link.trace?.({ kind: "keys", direction: "read", epoch: "traffic" });
      return { kind: "expectFinishedTls12", ...keyed };
    },
  },

  expectFinishedTls12: {
    finished: ({ kind: _, keys: __, transcript, peerShare: ___, ...proven }, message, { link }) => {
      const { settled, master } = proven;
      const expected = finishedVerifyDataTls12(settled.hash, master, "server", transcript.digest());
      const finished = FinishedVerified.by("server", expected, decodeFinished(message.raw), "RFC 5246 §7.4.9");
      link.incoming.expectBoundary("finished");
      if (!settled.extendedMasterSecret) wipe(master);
      return { kind: "connectedTls12", ...proven, finished };
    },
  },
};

function takeServerHelloDone(transcript: Transcript, message: HandshakeMessage, { link }: Context): void {
  decodeEmpty(message.raw, "server_hello_done");
  link.incoming.expectBoundary("server_hello_done");
  transcript.add(message.raw);
}
