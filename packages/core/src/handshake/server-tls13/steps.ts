// One small function an edge. What decides is in `judge-client-hello.ts` and `negotiate`, what is sent in `flight.ts`.
import { ServerConfig } from "../../config/server-config.ts";
import type { ServerSettings } from "../../config/settings.ts";
import { Transcript } from "../../crypto/transcript.ts";
import { fail } from "../../errors.ts";
import { negotiate } from "../../negotiate/negotiate.ts";
import { ReadKeys } from "../../record/keys.ts";
import { decodeClientHello } from "../../wire/client-hello.ts";
import { decodeFinished } from "../../wire/post-handshake.ts";
import { groupIds } from "../../wire/registry.ts";
import { decodeServerHello } from "../../wire/server-hello.ts";
import { FinishedVerified } from "../proofs.ts";
import { type Context, type Steps, send } from "../table.ts";
import type { Edges } from "./edges.ts";
import { sendFinished, sendRetryRequest, sendServerHello } from "./flight.ts";
import { judgeClientHello, judgeClientHelloTls12, judgeSecondClientHello, judgeServerName, judgeShare } from "./judge-client-hello.ts";
import type { Inputs, Settled, States } from "./states.ts";

export const steps: Steps<Edges, States, Inputs> = {
  expectClientHello: {
    client_hello: (_, message, { link }) => {
      const hello = decodeClientHello(message.raw);
      link.serverName = hello.serverName;
      link.incoming.offered = hello;
      link.incoming.maxReceived = undefined;
      return { kind: "chooseConfig", hello };
    },
  },

  chooseConfig: {
    config: ({ hello }, config, context) => {
      const { link } = context;
      const settings = ServerConfig.settingsOf(config);
      adopt(settings, context);
      const negotiated = negotiate(hello, config);
      const versionRefused = negotiated.kind === "refused" && versionRefusals.has(negotiated.reasons[0].kind);
      if (!versionRefused) judgeServerName(hello);
      if (negotiated.kind === "refused") {
        const { reasons, alert } = negotiated;
        fail("no-agreement", { reasons, alert, clientHello: hello }, "RFC 9846 §4.2.1");
      }
      link.incoming.expectBoundary("client_hello");
      if (negotiated.version === "tls1.2") {
        judgeClientHelloTls12(hello, settings);
        link.incoming.changeCipherSpec = "told";
        link.incoming.takesWarnings = true;
        return { kind: "startShare", hello, settled: settle(settings, negotiated) };
      }
      judgeClientHello(hello);
      link.incoming.changeCipherSpec = "dropped";
      link.incoming.takesPlaintextAlert = true;

      const settled = settle(settings, negotiated);
      link.trace?.({ kind: "decision", about: "suite", chosen: settled.suite.name, because: "the first of ours that the client has" });
      link.trace?.({ kind: "decision", about: "group", chosen: settled.group.name, because: settled.retried ? "no share was sent" : "a share was sent" });
      if (negotiated.needsRetry) {
        const request = sendRetryRequest(hello, settled, context);
        const transcript = Transcript.afterRetry(settled.hash, hello.raw, request);
        if (hello.offersEarlyData) link.incoming.skipEarlyData();
        return { kind: "expectSecondClientHello", first: hello, settled, transcript, cookie: decodeServerHello(request).cookie };
      }
      const share = hello.keyShares?.find(({ group }) => group === groupIds[settled.group.name])?.keyExchange;
      if (share === undefined) throw new TypeError("negotiate agreed on a group without a share");
      const peerShare = judgeShare(share, settled.group.name, settled.group.shareLength.client);
      return { kind: "exchangeKeys", hello, settled, transcript: new Transcript(settled.hash, hello.raw), peerShare };
    },
  },

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

const versionRefusals: ReadonlySet<string> = new Set(["no-common-version", "fallback-scsv"]);

/** From here on the config's limits hold; what the Acceptor refused stays refused. */
function adopt(settings: ServerSettings, { link }: Context): void {
  link.log = undefined;
  link.incoming.adoptLimits(settings.limits);
  link.trace = settings.trace ?? link.trace;
  link.phase = "negotiation";
}

function settle(settings: ServerSettings, negotiated: Settled["negotiated"]): Settled {
  const suite = settings.suites.find(({ name }) => name === negotiated.suite);
  const group = settings.groups.find(({ name }) => name === negotiated.group);
  const hash = suite && settings.hashes.get(suite.hash);
  if (suite === undefined || group === undefined || hash === undefined) throw new TypeError("negotiate agreed on what the config has not");
  return { settings, negotiated, suite, hash, group, retried: negotiated.needsRetry };
}
