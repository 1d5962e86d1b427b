// One small function an edge. What decides is in `judge-server-hello.ts`, what is sent in `flight.ts`.
import { finishedVerifyDataTls12 } from "../../../crypto/prf.ts";
import { fail } from "../../../errors.ts";
import { ReadKeysTls12 } from "../../../record/keys-tls12.ts";
import { wipe } from "../../../wire/bytes.ts";
import { decodeFinished } from "../../../wire/post-handshake.ts";
import {
  decodeCertificateRequestTls12, decodeCertificateTls12, decodeEmpty, signedParams,
} from "../../../wire/tls12-messages.ts";
import { judgeChain } from "../judge-certificate.ts";
import { FinishedVerified, KeyProven } from "../../proofs.ts";
import type { Steps } from "../../table.ts";
import type { EdgesTls12 } from "./edges.ts";
import { sendFlightTls12 } from "./flight.ts";
import { goesWith, judgeServerKeyExchange } from "./judge-server-hello.ts";
import type { InputsTls12, StatesTls12 } from "./states.ts";

export const stepsTls12: Steps<EdgesTls12, StatesTls12, InputsTls12> = {
  expectCertificateTls12: {
    certificate: ({ kind: _, ...underway }, message, { scribe }) => {
      const { offer: { goal }, suite } = underway.settled;
      // RFC 8422 §2: the suite says of which kind the key is.
      const offered = [...goal.settings.verifications.keys()].filter((scheme) => goesWith(suite.name, scheme));
      const { chain, publicKey, schemes } = judgeChain(decodeCertificateTls12(message.raw), offered, goal, scribe.publicKey);
      underway.transcript.add(message.raw);
      const presented = {
        role: "server", type: "x509", chain, serverName: goal.serverName, ocspResponse: undefined, signedCertificateTimestamps: [],
        nowMs: goal.settings.now(),
      } as const;
      return { kind: "expectServerKeyExchange", ...underway, presented, publicKey, schemes };
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
      return { kind: "judgeTls12", ...exchanged, keyProven: KeyProven.by(check.scheme, valid) };
    },
  },

  judgeTls12: {
    verdict: ({ kind: _, presented: __, ...exchanged }, identity) => ({ kind: "expectServerHelloDone", ...exchanged, identity }),
  },

  expectServerHelloDone: {
    certificate_request: ({ kind: _, ...proven }, message) => {
      decodeCertificateRequestTls12(message.raw);
      proven.transcript.add(message.raw);
      return { kind: "expectServerHelloDoneOnly", ...proven };
    },
    server_hello_done: ({ kind: _, ...proven }, message, { link }) => {
      decodeEmpty(message.raw, "server_hello_done");
      link.incoming.expectBoundary("server_hello_done");
      proven.transcript.add(message.raw);
      return { kind: "respond", ...proven, answersRequest: false };
    },
  },

  expectServerHelloDoneOnly: {
    server_hello_done: (state, message, context) => {
      const next = stepsTls12.expectServerHelloDone.server_hello_done({ ...state, kind: "expectServerHelloDone" }, message, context);
      return { ...next, answersRequest: true };
    },
  },

  respond: {
    secret: (state, answer, context) => {
      if (answer === undefined) {
        const { name } = state.group;
        const detail = { message: "server_key_exchange", field: "public", expected: `a valid ${name} share`, received: "an invalid one" };
        fail("illegal-parameter", detail, "RFC 8422 §5.11");
      }
      return sendFlightTls12(state, answer.secret, answer.share, context);
    },
  },

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
      const finished = FinishedVerified.by("server", expected, decodeFinished(message.raw));
      link.incoming.expectBoundary("finished");
      if (!settled.extendedMasterSecret) wipe(master);
      return { kind: "connectedTls12", ...proven, finished };
    },
  },
};
