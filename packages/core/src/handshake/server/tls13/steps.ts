// One small function an edge. What is sent is in `flight.ts`.
import { fail } from "../../../errors.ts";
import { ReadKeys } from "../../../record/keys.ts";
import { decodeClientHello } from "../../../wire/client-hello.ts";
import { decodeFinished } from "../../../wire/post-handshake.ts";
import { FinishedVerified } from "../../proofs.ts";
import { type Steps, send } from "../../table.ts";
import { judgeSecondClientHello, judgeShare } from "../judge-client-hello.ts";
import type { States } from "../states.ts";
import type { EdgesTls13 } from "./edges.ts";
import { sendFinished, sendServerHello } from "./flight.ts";
import type { InputsTls13 } from "./states.ts";

export const stepsTls13: Steps<EdgesTls13, States, InputsTls13> = {
  expectSecondClientHello: {
    client_hello: ({ first, settled, transcript, cookie }, message, { link }) => {
      const hello = decodeClientHello(message.raw);
      const { name, shareLength } = settled.group;
      const share = judgeSecondClientHello(first, hello, name, cookie);
      link.incoming.expectBoundary("client_hello");
      transcript.add(message.raw);
      return { kind: "exchangeKeys", hello, settled, transcript, peerShare: judgeShare(share, name, shareLength.client) };
    },
  },

  exchangeKeys: {
    secret: (state, answer, context) => {
      if (answer === undefined) {
        const { name } = state.settled.group;
        const field = "key_share";
        fail("illegal-parameter", { message: "client_hello", field, expected: `a valid ${name} share`, received: "an invalid one" }, "RFC 9846 §7.4.2");
      }
      return sendServerHello(state, answer.secret, answer.share, context);
    },
  },

  sign: { signature: sendFinished },

  expectFinished: {
    finished: ({ settled, transcript, schedule, verifyData, clientTraffic, exporterSecret }, message, context) => {
      const { link, scribe } = context;
      const { suite, hash } = settled;
      const finished = FinishedVerified.by("client", verifyData, decodeFinished(message.raw));
      transcript.add(message.raw);
      link.incoming.protect(new ReadKeys(suite, hash, clientTraffic), "finished");
      link.incoming.changeCipherSpec = "unexpected";
      link.trace?.({ kind: "keys", direction: "read", epoch: "traffic" });
      const tickets = scribe.tickets && schedule.resumption(transcript.digest(), scribe.tickets);
      schedule.end();
      for (const ticket of tickets ?? []) send(ticket, undefined, context);
      return { kind: "connected", settled, exporterSecret, finished };
    },
  },
};
