// The front door: one small function an edge. What decides is in `negotiate` and `judge-client-hello.ts`.
import { ServerConfig } from "../../config/server-config.ts";
import type { ServerSettings } from "../../config/settings.ts";
import { Transcript } from "../../crypto/transcript.ts";
import { fail } from "../../errors.ts";
import { negotiate } from "../../negotiate/negotiate.ts";
import { agreeOnSizes } from "../../record/size-limit.ts";
import { empty, hex } from "../../wire/bytes.ts";
import { type DecodedClientHello, decodeClientHello } from "../../wire/client-hello.ts";
import { groupIds } from "../../wire/registry.ts";
import { decodeServerHello } from "../../wire/server-hello.ts";
import type { Context, Steps } from "../table.ts";
import type { Edges } from "./edges.ts";
import {
  judgeCertificateTypes,
  judgeClientHello,
  judgeClientHelloTls12,
  judgeRecordSizeLimit,
  judgeServerName,
  judgeShare,
} from "./judge-client-hello.ts";
import type { Inputs, Settled, States } from "./states.ts";
import { lookUpOrStart } from "./tls12/resume.ts";
import { sendRetryRequest } from "./tls13/flight.ts";
import { lookUpOrExchange, provesPsk } from "./tls13/select-psk.ts";

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
      const allowed = settings.limits.clientHello;
      if (hello.raw.length > allowed) {
        fail("limit-exceeded", { limit: "clientHello", allowed, received: hello.raw.length }, "RFC 9846 §6");
      }
      const negotiated = negotiate(hello, config);
      const versionRefused = negotiated.kind === "refused" && versionRefusals.has(negotiated.reasons[0].kind);
      if (!versionRefused) {
        judgeServerName(hello);
        judgeCertificateTypes(hello);
      }
      if (negotiated.kind === "refused") {
        const { reasons, alert } = negotiated;
        fail("no-agreement", { reasons, alert, clientHello: hello }, "RFC 9846 §4.2.1");
      }
      judgeRecordSizeLimit(hello);
      link.incoming.expectBoundary("client_hello");
      if (negotiated.version === "tls1.2") {
        judgeClientHelloTls12(hello, settings);
        link.incoming.changeCipherSpec = "told";
        link.incoming.takesWarnings = true;
        link.phase = "server-flight";
        link.recordSizes = agreeOnSizes("tls1.2", settings.maxRecordSize, settings.maxRecordSize, hello.recordSizeLimit);
        return lookUpOrStart(hello, settle(settings, negotiated, hello));
      }
      judgeClientHello(hello);
      link.incoming.changeCipherSpec = "dropped";
      link.incoming.takesPlaintextAlert = true;

      const agreed = settle(settings, negotiated, hello);
      const settled = agreed.retried ? settleForRetry(agreed, config, hello) : agreed;
      const { suiteOrder } = settings;
      const order = typeof suiteOrder === "function" ? "the policy's order" : `the ${suiteOrder}'s order`;
      link.trace?.({
        kind: "decision",
        about: "suite",
        chosen: settled.suite.name,
        because: settled.psk === undefined ? order : `${order}, of those that go with a PSK of ours`,
      });
      link.trace?.({
        kind: "decision",
        about: "group",
        chosen: settled.group.name,
        because: settled.retried ? "no share was sent" : "a share was sent",
      });
      if (negotiated.needsRetry) {
        const request = sendRetryRequest(hello, settled, context);
        const transcript = Transcript.afterRetry(settled.hash, hello.raw, request);
        if (hello.offersEarlyData) link.incoming.skipEarlyData();
        return { kind: "expectSecondClientHello", first: hello, settled, transcript, cookie: decodeServerHello(request).cookie };
      }
      const share = hello.keyShares?.find(({ group }) => group === groupIds[settled.group.name])?.keyExchange;
      if (share === undefined) throw new TypeError("negotiate agreed on a group without a share");
      const peerShare = judgeShare(share, settled.group.name, settled.group.shareLength.client);
      return lookUpOrExchange(hello, settled, new Transcript(settled.hash), peerShare, context);
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

function settle(settings: ServerSettings, negotiated: Settled["negotiated"], hello: DecodedClientHello): Settled {
  const suite = settings.suites.find(({ name }) => name === negotiated.suite);
  const group = settings.groups.find(({ name }) => name === negotiated.group);
  const hash = suite && settings.hashes.get(suite.hash);
  if (suite === undefined || group === undefined || hash === undefined) {
    throw new TypeError("negotiate agreed on what the config has not");
  }
  const { clientCertificateType: type } = negotiated;
  const { clientAuthentication } = settings;
  const authentication = type && clientAuthentication && { type, ...clientAuthentication };
  const index = negotiated.psk?.index;
  const psk = index === undefined ? undefined : settings.psks.get(hex(hello.pskIdentities[index] ?? empty));
  const agreed = index === undefined || psk === undefined ? undefined : { index, psk };
  const { offersEarlyData } = hello;
  return {
    settings,
    negotiated,
    suite,
    hash,
    group,
    retried: negotiated.needsRetry,
    offersEarlyData,
    authentication,
    psk: agreed,
  };
}

/**
 * RFC 9846, Appendix F.6: a HelloRetryRequest names a suite, which is that of a PSK's hash, and so may tell that the PSK is known.
 * A server that has nothing else tells it only to who has the key; to others it says what a stranger is told.
 */
function settleForRetry(agreed: Settled, config: ServerConfig, hello: DecodedClientHello): Settled {
  const { settings, psk } = agreed;
  if (settings.credentials.length > 0) return agreed;
  if (provesPsk(hello, agreed) && psk !== undefined) return { ...agreed, psk: { ...psk, isProven: true } };
  const negotiated = negotiate({ ...hello, pskIdentities: hello.pskIdentities.map(() => empty) }, config);
  if (negotiated.kind === "refused") throw new TypeError("who is known is no part of what was refused");
  const stranger = settle(settings, negotiated, hello);
  return { ...stranger, psk: psk?.psk.hash === stranger.suite.hash ? psk : undefined };
}
