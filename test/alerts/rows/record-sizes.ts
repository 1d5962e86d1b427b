// record_size_limit (RFC 8449), in both versions.
import { extension, type Extension, repeat, u16 } from "../../support/octets.ts";
import { content, extensions, groups, ScriptedClient, type ScriptedPeer, ScriptedServer } from "../../support/scripted-peer.ts";
import { ScriptedClientTls12, ScriptedServerTls12 } from "../../support/scripted-tls12.ts";
import { all, each, showing, type Stimuli } from "../outcome.ts";

const limit = (bytes: number): Extension => extension(extensions.recordSizeLimit, u16(bytes));
const maxFragmentLength = extension(1, [1]);
const own = 100;

const greeting = (bytes: number): ScriptedClient[] =>
  [new ScriptedClient(), new ScriptedClient({ shares: [groups.secp256r1] })].map((client) => {
    client.to("START").extend(limit(bytes));
    return client.say(client.encodedHello());
  });
const greetingTls12 = (bytes: number): ScriptedClientTls12 => new ScriptedClientTls12().to("START").extend(limit(bytes)).greet();
const answering = (...answers: readonly Extension[]): ScriptedServer => {
  const server = new ScriptedServer().to("WAIT_EE");
  return server.say(server.encryptedExtensions(...answers)).skipTo("WAIT_CERT_CR");
};
const answeringTls12 = (...answers: readonly Extension[]): ScriptedServerTls12 => {
  const server = new ScriptedServerTls12().to("WAIT_SH");
  return server.say(server.serverHello({ extensions: server.answers(...answers) })).skipTo("WAIT_CERT");
};

/** Machines that said `own`, as bytes of plaintext, to peers that know what that means; under each of their keys. */
const limited = (): ScriptedPeer[] => {
  const config = { maxRecordSize: own };
  const server = (): ScriptedServer => {
    const peer = new ScriptedServer({ config }).to("WAIT_EE");
    return peer.say(peer.encryptedExtensions(limit(16385))).skipTo("WAIT_CERT_CR");
  };
  const client = (): ScriptedClient => new ScriptedClient({ config }).extend(limit(16385));
  const asked = (): ScriptedClient =>
    new ScriptedClient({ ...showing, config: { ...showing.config, ...config } }).extend(limit(16385));
  for (const peer of [server(), client(), asked()]) peer.fragment = own;
  return [
    server(),
    small(server()).to("WAIT_FINISHED"),
    small(server()).to("CONNECTED"),
    asked().to("WAIT_CERT"),
    small(asked()).to("WAIT_FINISHED"),
    client().to("WAIT_FINISHED"),
    client().to("CONNECTED"),
  ];
};
const limitedTls12 = (): ScriptedPeer[] => {
  const config = { maxRecordSize: own };
  const server = new ScriptedServerTls12({ config }).to("WAIT_SH");
  server.say(server.serverHello({ extensions: server.answers(limit(16384)) })).skipTo("WAIT_CERT");
  const client = new ScriptedClientTls12(config).extend(limit(16384));
  return [server.to("CONNECTED"), client.to("CONNECTED")];
};
/** Handshake records that the machine takes. */
function small<Peer extends ScriptedPeer>(peer: Peer): Peer {
  peer.fragment = own;
  return peer;
}

export const recordSizes: Stimuli = {
  "RSL-001": () => [0, 1, 63].flatMap((bytes) => [...greeting(bytes), answering(limit(bytes))]),
  "RSL-002": () => [
    ...all(limited(), (peer) => peer.record(content.data, repeat(own + 1, 0x61))),
    // The limit counts padding.
    ...all(limited(), (peer) => peer.record(content.data, repeat(10, 0x61), own - 9)),
    // A server that tells only now that it knows our limit has known it before.
    (() => {
      const server = new ScriptedServer({ config: { maxRecordSize: own } }).to("WAIT_EE");
      return server.record(content.handshake, server.encryptedExtensions(limit(16385)), own);
    })(),
    // However small the records are that come behind the large one.
    (() => {
      const server = new ScriptedServer({ config: { maxRecordSize: own } }).to("WAIT_EE");
      const answers = server.encryptedExtensions(limit(16385));
      return server.record(content.handshake, answers.subarray(0, 5), own).record(content.handshake, answers.subarray(5));
    })(),
  ],
  "RSL-004": () => [16386, 65535].map((bytes) => answering(limit(bytes))),
  "RSL-005": () => [answering(limit(1000), maxFragmentLength), answering(maxFragmentLength, limit(1000))],
};

export const recordSizesTls12: Stimuli = {
  "RSL-001": () => [0, 1, 63].flatMap((bytes) => [greetingTls12(bytes), answeringTls12(limit(bytes))]),
  "RSL-002": () => each([own + 1, 16384], limitedTls12, (peer, length) => peer.record(content.data, repeat(length, 0x61))),
  "RSL-004": () => [16385, 65535].map((bytes) => answeringTls12(limit(bytes))),
  "RSL-005": () => [answeringTls12(limit(1000), maxFragmentLength), answeringTls12(maxFragmentLength, limit(1000))],
};
