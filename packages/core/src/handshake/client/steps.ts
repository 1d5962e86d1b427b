// From the first byte to the version: one small function an edge.
import { Transcript } from "../../crypto/transcript.ts";
import { decodeServerHello } from "../../wire/server-hello.ts";
import type { Steps } from "../table.ts";
import { sendClientHello } from "./client-hello.ts";
import type { Edges } from "./edges.ts";
import { forgetPsks } from "./psks.ts";
import { groupsToShare } from "./remembered-group.ts";
import { readSession } from "./session.ts";
import type { Inputs, States } from "./states.ts";
import { judgeServerHelloTls12 } from "./tls12/judge-server-hello.ts";
import { recordSizes } from "./judge-extensions.ts";
import { isTls12, judgeRetryRequest, judgeServerHello } from "./tls13/judge-server-hello.ts";

export const steps: Steps<Edges, States, Inputs> = {
  takeSession: {
    session: ({ goal }, stored) => {
      return { kind: "startShares", goal, session: readSession(stored, goal), groups: groupsToShare(goal) };
    },
  },

  startShares: {
    key_shares: ({ goal, session }, shares, context) => {
      return { kind: "expectServerHello", offer: sendClientHello(goal, session, shares, context) };
    },
  },

  expectServerHello: {
    server_hello: ({ offer }, message, { link }) => {
      const hello = decodeServerHello(message.raw);
      if (isTls12(hello, offer)) {
        const settled = judgeServerHelloTls12(hello, offer);
        forgetPsks(offer);
        link.incoming.changeCipherSpec = "told";
        link.recordSizes = recordSizes("tls1.2", hello.recordSizeLimit, offer.goal);
        return {
          kind: "expectCertificateTls12", settled, transcript: Transcript.keeping(settled.hash, offer.hello.raw, message.raw),
        };
      }
      link.incoming.takesWarnings = false;
      if (!hello.isRetryRequest) {
        const { settled, started, peerShare } = judgeServerHello(hello, offer, undefined);
        const transcript = new Transcript(settled.hash, offer.hello.raw, message.raw);
        return { kind: "completeKeys", settled, transcript, started, peerShare };
      }
      const request = judgeRetryRequest(hello, offer);
      link.incoming.expectBoundary("server_hello");
      return {
        kind: "startShareAgain", offer, request, transcript: Transcript.afterRetry(request.hash, offer.hello.raw, message.raw),
      };
    },
  },
};
