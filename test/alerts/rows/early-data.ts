// Early data (RFC 9846 §4.3.10, §4.6, §8).
import { content, extensions, type ScriptedClient, types } from "../../support/scripted-peer.ts";
import { extension, join, message, repeat, text, v16, v8 } from "../../support/octets.ts";
import { all, each, expectEqual, type Stimuli } from "../outcome.ts";
import { earlyClient, earlyServer, h2, otherSuiteServer, takesEarly, ticketsOf } from "../sessions.ts";
import { messages } from "./framing.ts";

/** Its early data is being read: nothing came yet, or some has. */
const reading = (): ScriptedClient[] => [
  earlyClient().to("WAIT_EOED"),
  earlyClient().to("WAIT_EOED").record(content.data, text("some")),
];

export const earlyData: Stimuli = {
  "FRM-013": () =>
    ["finished", "key_update", "end_of_early_data"].flatMap((name) =>
      all(reading(), (peer) => peer.record(content.handshake, join(peer.next(), messages[name]?.() ?? []))),
    ),
  "STM-010": () =>
    Object.entries(messages).flatMap(([name, make]) =>
      all(name === "end_of_early_data" ? [] : reading(), (peer) => peer.record(content.handshake, make())),
    ),
  "SRV-CH-067": () => {
    const seen = new Set<string>();
    const config = {
      ...takesEarly,
      earlyData: {
        maxBytes: 1000,
        singleUse: {
          use: (key: Uint8Array) =>
            (seen.size === seen.add(Buffer.from(key).toString("hex")).size ? "seen" : "fresh") as "seen" | "fresh",
        },
      },
    };
    const session = ticketsOf(config).slice(0, 1);
    const pairs = new Map();
    const [first, again] = [1, 2].map(() => earlyClient({ sessions: session, pairs, config }).to("WAIT_FINISHED"));
    if (first === undefined || again === undefined) throw new Error("two clients");
    expectEqual(first.machine.outcome, "accepted", "the outcome of the first");
    expectEqual(JSON.stringify(again.machine.outcome), '{"rejected":"seen"}', "the outcome of the replay");
    return [again];
  },
  // The client offers one session, so that only the answer can be wrong: none of its sessions was selected.
  "PSK-011": () => {
    const server = earlyServer();
    const hello = server.serverHello(({ extensions: answers = [] }) => ({
      extensions: answers.filter(({ type }) => type !== extensions.preSharedKey),
    }));
    server.selected = undefined;
    return [server.hello(hello).acceptEarlyData(h2)];
  },
  "CLI-SH-025": () =>
    [["tls1.3", "tls1.2"] as const, ["tls1.3"] as const].map((versions) => {
      const suites = ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"] as const;
      const server = earlyServer({ config: { versions, suites: versions.length === 2 ? suites : suites.slice(0, 1) } });
      return server.say(server.serverHello({ suite: 0xc02b, extensions: [], random: repeat(32, 1) }));
    }),
  "CLI-EE-007": () => [
    ...[[], [extension(extensions.alpn, v16(v8(text("http/1.1"))))]].map((answers) =>
      earlyServer()
        .to("WAIT_EE")
        .acceptEarlyData(...answers),
    ),
    // The session's connection spoke another suite of the same hash.
    otherSuiteServer().to("WAIT_EE").acceptEarlyData(h2),
  ],
  "ED-001": () => [
    ...all(reading(), (peer) => peer.record(content.data, repeat(1001))),
    ...all(reading(), (peer) => {
      for (let sent = 0; sent <= 1000; sent += 100) peer.record(content.data, repeat(100));
    }),
  ],
  "ED-002": () =>
    all(reading(), (peer) => {
      const sealed = peer.sealed(content.data, text("changed on the way"));
      peer.bytes(sealed.map((byte, at) => (at === 7 ? byte ^ 1 : byte)));
    }),
  "ED-006": () =>
    all(reading(), (peer) => {
      const finished = peer.finished();
      peer.useHandshakeKeys();
      peer.say(finished);
    }),
  "ED-007": () =>
    each(["client_hello", "finished", "certificate", "certificate_verify", "key_update"], reading, (peer, name) =>
      peer.record(content.handshake, messages[name]?.() ?? []),
    ),
  "ED-010": () =>
    each([[0], repeat(4)], reading, (peer, body) => peer.record(content.handshake, message(types.endOfEarlyData, body))),
};
