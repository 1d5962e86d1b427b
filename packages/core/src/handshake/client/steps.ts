// From the first byte to the version: one small function an edge.
import type { Link } from "../../connection/link.ts";
import { Transcript } from "../../crypto/transcript.ts";
import { fail } from "../../errors.ts";
import { registered } from "../../wire/registry.ts";
import { decodeServerHello, type ServerHello } from "../../wire/server-hello.ts";
import { presentedAgain, rememberedIdentity } from "../identity.ts";
import type { Steps } from "../table.ts";
import { awaitAnswer, sendClientHello } from "./client-hello.ts";
import type { Edges } from "./edges.ts";
import { forgetOffered } from "./psks.ts";
import { groupsToShare } from "./remembered-group.ts";
import { readSession } from "./session.ts";
import type { Inputs, Offer, States } from "./states.ts";
import { judgeServerHelloTls12 } from "./tls12/judge-server-hello.ts";
import { takeUp } from "./tls12/resume.ts";
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
      const offer = sendClientHello(goal, session, shares, context);
      const { settings } = goal;
      const isJudged = settings.reverifyOnResume && offer.early !== undefined;
      const identity = isJudged && session !== undefined ? rememberedIdentity(session) : undefined;
      if (identity !== undefined) return { kind: "judgeEarly", offer, presented: presentedAgain(identity, settings) };
      awaitAnswer(offer, context);
      return { kind: "expectServerHello", offer };
    },
  },

  judgeEarly: {
    verdict: ({ offer }, judged, context) => {
      awaitAnswer(offer, context);
      return { kind: "expectServerHello", offer: { ...offer, judged } };
    },
  },

  expectServerHello: {
    server_hello: ({ offer }, message, { link }) => {
      const hello = decodeServerHello(message.raw);
      endEarlyData(hello, offer, link);
      if (isTls12(hello, offer)) {
        if (offer.early !== undefined) {
          // Appendix E.3: a client that offered early data "MUST fail a connection" with TLS 1.2.
          const theirs = registered("version", hello.legacyVersion);
          fail("unsupported-version", { theirs, ours: ["tls1.3"] }, "RFC 9846, Appendix E.3");
        }
        const settled = judgeServerHelloTls12(hello, offer);
        link.incoming.changeCipherSpec = "told";
        link.recordSizes = recordSizes("tls1.2", hello.recordSizeLimit, offer.goal);
        if (settled.session !== undefined) return takeUp(settled.session, settled, message.raw);
        forgetOffered(offer);
        return {
          kind: "expectCertificateTls12",
          settled,
          transcript: Transcript.keeping(settled.hash, offer.hello.raw, message.raw),
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
        kind: "startShareAgain",
        offer,
        request,
        transcript: Transcript.afterRetry(request.hash, offer.hello.raw, message.raw),
      };
    },
  },
};

/**
 * A server that does not take up the first PSK does not read the early keys: what we say next, an alert or a second hello, goes
 * in clear again. With the PSK EncryptedExtensions will tell.
 */
function endEarlyData(hello: ServerHello, offer: Offer, link: Link): void {
  if (offer.early === undefined || hello.selectedIdentity === 0) return;
  const rejected = isTls12(hello, offer) ? "version-differs" : hello.isRetryRequest ? "retried" : "not-resumed";
  offer.early.end({ rejected });
  link.outgoing.unprotect();
}
