import { type Bytes, memoryClientSessions } from "@sallyport/core";
import { extension, join, message, type Octets, repeat, replaced, text, u16, v16, v8, without } from "../../support/octets.ts";
import {
  content,
  extensions,
  groups,
  ScriptedServer,
  type ScriptedServerOptions,
  type ServerHelloScript,
  types,
} from "../../support/scripted-peer.ts";
import type { Stimuli } from "../outcome.ts";

type Change = Partial<ServerHelloScript> | ((hello: ServerHelloScript) => Partial<ServerHelloScript>);

/** Servers that answered with a ServerHello of this kind. */
const hello = (changes: readonly Change[], options: ScriptedServerOptions = {}): ScriptedServer[] =>
  changes.map((change) => {
    const server = new ScriptedServer(options).to("WAIT_SH");
    return server.say(server.serverHello(change));
  });
const helloAgain = (...changes: readonly Change[]): ScriptedServer[] =>
  changes.map((change) => {
    const server = new ScriptedServer({ retryFor: groups.secp256r1 }).to("WAIT_SH_AGAIN");
    return server.say(server.serverHello(change));
  });
const retry = (...changes: readonly Change[]): ScriptedServer[] =>
  changes.map((change) => {
    const server = new ScriptedServer().to("WAIT_SH");
    return server.say(server.retryRequest(change));
  });
const encryptedExtensions = (...blocks: readonly (readonly ReturnType<typeof extension>[])[]): ScriptedServer[] =>
  blocks.map((block) => {
    const server = new ScriptedServer().to("WAIT_EE");
    return server.say(server.encryptedExtensions(...block)).skipTo("WAIT_CERT_CR");
  });
const request = (...bodies: readonly Octets[]): ScriptedServer[] =>
  bodies.map((body) => new ScriptedServer().to("WAIT_CERT_CR").say(message(types.certificateRequest, body)).skipTo("WAIT_CERT"));

const answer =
  (type: number, ...body: readonly Octets[]): Change =>
  ({ extensions: offered = [] }) => ({
    extensions: replaced(offered, extension(type, ...body)),
  });
const twice =
  (type: number, ...body: readonly Octets[]): Change =>
  ({ extensions: offered = [] }) => ({
    extensions: [...offered, extension(type, ...body), extension(type, ...body)],
  });
const leaveOut =
  (...leftOut: readonly number[]): Change =>
  ({ extensions: offered = [] }) => ({ extensions: without(offered, ...leftOut) });
const tls12 = (legacyVersion: number, random: Bytes = repeat(32, 0x5a)): Change => ({
  legacyVersion,
  random,
  extensions: undefined,
  suite: 0xc02b,
});
const sentinel = (last: number): Bytes => join(repeat(24, 1), text("DOWNGRD"), [last]);
const share = (group: number, bytes: Octets): Change => answer(extensions.keyShare, u16(group), v16(bytes));
const schemes = extension(extensions.signatureAlgorithms, v16(u16(0x0403)));
const block = (...inside: readonly ReturnType<typeof extension>[]): Bytes =>
  v16(...inside.map(({ type, body }) => join(u16(type), v16(body))));

export const serverFlights: Stimuli = {
  "CLI-SH-001": () => hello([0x0301, 0x0302, 0x0304].map((legacyVersion) => ({ legacyVersion }))),
  "CLI-SH-002": () => hello([{ sessionId: repeat(0) }, { sessionId: repeat(32) }]),
  "CLI-SH-003": () => hello([{ suite: 0x1303 }, { suite: 0x1304 }, { suite: 0x0000 }]),
  "CLI-SH-004": () => hello([{ suite: 0xc02b }]),
  "CLI-SH-005": () => hello([{ compression: 1 }]),
  "CLI-SH-006": () =>
    hello([0x0303, 0x0305, 0x0302, 0x7f1c].map((version) => answer(extensions.supportedVersions, u16(version)))),
  "CLI-SH-007": () => hello([0x0301, 0x0302, 0x0303].map((version) => tls12(version))),
  "CLI-SH-008": () => hello([tls12(0x0300), { legacyVersion: 0x0300 }]),
  "CLI-SH-010": () => hello([tls12(0x0302, sentinel(0)), tls12(0x0301, sentinel(0))]),
  "CLI-SH-012": () => hello([answer(0xfa5a), answer(extensions.earlyData), answer(extensions.cookie, v16([1]))]),
  "CLI-SH-013": () => hello([answer(extensions.alpn, v16(v8(text("h2")))), answer(extensions.serverName)]),
  "CLI-SH-014": () => hello([leaveOut(extensions.keyShare)]),
  "CLI-SH-015": () => hello([share(0x001e, repeat(56, 4)), share(0x11ed, repeat(1665, 4))]),
  "CLI-SH-016": () =>
    hello([(each) => ({ extensions: replaced(each.extensions ?? [], new ScriptedServer().keyShare(groups.secp256r1)) })]),
  "CLI-SH-017": () => hello([share(groups.secp256r1, join([4], repeat(64, 1)))], { config: { keyShares: ["secp256r1"] } }),
  "CLI-SH-018": () => hello([share(groups.x25519, repeat(31, 9)), share(groups.x25519, repeat(33, 9))]),
  "CLI-SH-019": () => hello([share(groups.x25519, repeat(32)), share(groups.x25519, join([1], repeat(31)))]),
  "CLI-SH-020": () => hello([twice(0xfa5a), twice(extensions.keyShare, u16(groups.x25519), v16(repeat(32, 9)))]),
  "CLI-SH-021": () => helloAgain({ suite: 0x1302 }),
  "CLI-SH-022": () =>
    helloAgain(answer(extensions.supportedVersions, u16(0x0303)), answer(extensions.supportedVersions, u16(0x0305))),
  "CLI-SH-023": () =>
    helloAgain((each) => ({ extensions: replaced(each.extensions ?? [], new ScriptedServer().keyShare(groups.x25519)) })),
  "CLI-SH-027": () => hello([{ sessionId: repeat(33) }]),
  // The X25519 half has its base point, which is a sound share.
  "CLI-SH-029": () => hello([1119, 1121, 1088, 32].map((length) => share(0x11ec, join(repeat(length - 32), [9], repeat(31))))),

  "CLI-HRR-001": () =>
    [new ScriptedServer({ retryFor: groups.secp256r1 }).to("WAIT_SH_AGAIN")].map((server) => server.say(server.retryRequest())),
  "CLI-HRR-002": () => retry(leaveOut(extensions.keyShare)),
  "CLI-HRR-003": () => retry(answer(extensions.keyShare, u16(0x001e)), answer(extensions.keyShare, u16(0x11ed))),
  "CLI-HRR-004": () => retry(answer(extensions.keyShare, u16(groups.x25519))),
  "CLI-HRR-005": () => retry({ suite: 0x1303 }, { suite: 0xc02b }),
  "CLI-HRR-006": () => retry(leaveOut(extensions.supportedVersions)),
  "CLI-HRR-007": () =>
    retry(answer(0xfa5a), answer(extensions.preSharedKey, u16(0)), answer(extensions.alpn, v16(v8(text("h2"))))),
  "CLI-HRR-008": () => retry({ sessionId: repeat(0) }, { sessionId: repeat(32) }),
  "CLI-HRR-009": () => retry(answer(extensions.cookie, v16())),
  "CLI-HRR-010": () =>
    retry(twice(extensions.cookie, v16([1])), twice(0xfa5a), twice(extensions.keyShare, u16(groups.secp256r1))),
  "CLI-HRR-011": () =>
    [new ScriptedServer().to("WAIT_EE")].map((server) => server.record(content.handshake, server.retryRequest())),
  "CLI-HRR-012": () => retry({ compression: 1 }),

  "CLI-EE-001": () =>
    encryptedExtensions(
      [extension(extensions.keyShare, u16(groups.x25519), v16(repeat(32, 9)))],
      [extension(extensions.supportedVersions, u16(0x0304))],
      [extension(extensions.signatureAlgorithms, v16(u16(0x0403)))],
    ),
  "CLI-EE-002": () => encryptedExtensions([extension(0xfa5a)], [extension(1, [1])]),
  "CLI-EE-003": () => encryptedExtensions([extension(extensions.alpn, v16(v8(text("spdy/3"))))]),
  "CLI-EE-004": () =>
    encryptedExtensions(
      [extension(extensions.alpn, v16())],
      [extension(extensions.alpn, v16(v8()))],
      [extension(extensions.alpn, v16(v8(text("h2")), v8(text("http/1.1"))))],
    ),
  "CLI-EE-005": () =>
    encryptedExtensions(
      [extension(extensions.serverName, [0])],
      [extension(extensions.serverName, v16([0], v16(text("localhost"))))],
    ),
  "CLI-EE-006": () => encryptedExtensions([extension(extensions.earlyData)]),
  "CLI-EE-008": () => encryptedExtensions([extension(extensions.supportedGroups, v16(u16(0x1a1a, 0x0019, groups.x25519)))]),
  "CLI-EE-010": () =>
    encryptedExtensions(
      [extension(0xfa5a), extension(0xfa5a)],
      [extension(extensions.serverName), extension(extensions.serverName)],
    ),
  "CLI-EE-011": () => encryptedExtensions([extension(extensions.earlyData, [0])]),
  "TRQ-001": () => encryptedExtensions([extension(58, [1])]),
  "TRQ-003": () => {
    const asking: ScriptedServerOptions = { config: { sessions: memoryClientSessions(), tickets: { new: 3, resumed: 1 } } };
    const server = new ScriptedServer(asking).to("WAIT_SH");
    const retried = new ScriptedServer({ ...asking, retryFor: groups.secp256r1 }).to("WAIT_SH_AGAIN");
    return [
      ...hello([answer(58, [3]), answer(58)], asking),
      server.say(server.retryRequest(answer(58, [3]))),
      retried.say(retried.serverHello(answer(58, [3]))),
    ];
  },
  "REN-013": () => [
    ...hello([answer(extensions.renegotiationInfo, v8())]),
    ...encryptedExtensions([extension(extensions.renegotiationInfo, v8())]),
  ],

  "CLI-CR-001": () => request(join(v8(), block()), join(v8(), block(extension(extensions.certificateSchemes, v16(u16(0x0403)))))),
  "CLI-CR-003": () => request(join(v8([1]), block(schemes))),
  "CLI-CR-004": () => request(join(v8(), block(schemes, extension(0xfa5a, repeat(9))))),
  "CLI-CR-005": () =>
    request(join(v8(), block(schemes, schemes)), join(v8(), block(schemes, extension(0xfa5a), extension(0xfa5a)))),
  "CLI-CR-006": () => request(join(v8(), block(extension(extensions.signatureAlgorithms, v16())))),
  "CLI-CR-007": () => [new ScriptedServer({ requests: true }).to("CONNECTED")],
  "CLI-CR-008": () =>
    [new ScriptedServer().to("CONNECTED")].map((server) => server.record(content.handshake, server.certificateRequest())),
  "CLI-CR-011": () => request(join(v8(), block(schemes, extension(extensions.authorities, v16())))),
};
