// What is wrong with a hello of TLS 1.2.
import { type Extension, extension, join, message, type Octets, repeat, text, u16, v16, v8 } from "../../../support/octets.ts";
import { extensions, groups, type HelloScript, type ServerHelloScript, types } from "../../../support/scripted-peer.ts";
import {
  extensionsTls12,
  ScriptedClientTls12,
  ScriptedServerTls12,
  type ScriptedServerTls12Options,
} from "../../../support/scripted-tls12.ts";
import { makePki } from "../../../support/pki.ts";
import { credential } from "@sallyport/x509";
import { signer } from "@sallyport/crypto-node";
import { expectEqual, type Stimuli } from "../../outcome.ts";

type Config = ConstructorParameters<typeof ScriptedClientTls12>[0];

/** Clients that said such hellos. */
const hello = (changes: readonly Partial<HelloScript>[], config: Config = {}): ScriptedClientTls12[] =>
  changes.map((change) => new ScriptedClientTls12(config).with(change).greet());
/** Clients whose hello has this extension instead. */
const offering = (...offered: readonly Extension[]): ScriptedClientTls12[] =>
  offered.map((one) => new ScriptedClientTls12().extend(one).greet());
const leavingOut = (...types: readonly number[]): ScriptedClientTls12[] =>
  types.map((type) => new ScriptedClientTls12().leaveOut(type).greet());
const names = (...entries: readonly Octets[]): Extension => extension(extensions.serverName, v16(...entries));
const hostName = (name: Octets): Octets => join([0], v16(name));
const versions = (...offered: readonly number[]): Extension => extension(extensions.supportedVersions, v8(u16(...offered)));
const twice = (one: Extension): Partial<HelloScript> => ({
  extensions: [...(new ScriptedClientTls12().hello.extensions ?? []), one, one],
});

/** Servers that answered with such ServerHellos. */
const answer = (
  changes: readonly Partial<ServerHelloScript>[],
  options: ScriptedServerTls12Options = {},
): ScriptedServerTls12[] =>
  changes.map((change) => {
    const server = new ScriptedServerTls12(options);
    return server.say(server.serverHello(change)).skipTo("WAIT_CERT");
  });
const answering = (...answers: readonly Extension[]): ScriptedServerTls12[] =>
  answers.flatMap((one) => answer([{ extensions: new ScriptedServerTls12().answers(one) }]));
const sentinel = (last: number): Uint8Array<ArrayBuffer> => join(repeat(24, 1), text("DOWNGRD"), [last]);

const rsa = await makePki().then((pki) => pki.leaf({ key: "rsa" }));
const rsaCredential = credential({ chain: rsa.chainPem, signer: signer(rsa.keyPem) });
const grease = 0x1a1a;
const requiring = { requireExtendedMasterSecret: true };

export const hellos: Stimuli = {
  "SRV-CH-002": () => offering(versions(0x0302, 0x0301), versions(0x7f1c), versions(grease)),
  "SRV-CH-004": () => hello([{ legacyVersion: 0x0300 }]),
  "SRV-CH-006": () => hello([0x0304, 0x0305, 0x03ff].map((legacyVersion) => ({ legacyVersion }))),
  "SRV-CH-007": () => hello([{ legacyVersion: 0x0302 }, { legacyVersion: 0x0301 }]),
  "SRV-CH-009": () => hello([{ suites: [0xc013, 0x009c, 0x009e] }]),
  "SRV-CH-010": () => hello([{ suites: [0xc02b, 0xc02c] }], { credentials: [rsaCredential] }),
  "SRV-CH-011": () => offering(extension(extensions.supportedGroups, v16(u16(0x0015)))),
  "SRV-CH-012": () => leavingOut(extensions.supportedGroups),
  "SRV-CH-013": () => hello([{ suites: [] }]),
  "SRV-CH-014": () => hello([{ suites: Uint8Array.of(0xc0, 0x2b, 0xc0) }]),
  "SRV-CH-016": () => hello([{ compression: [] }]),
  "SRV-CH-017": () => hello([{ compression: [1] }, { compression: [64, 1] }]),
  "SRV-CH-018": () => hello([{ sessionId: repeat(33) }]),
  "SRV-CH-020": () =>
    [[0], [0, 1], [0, 3, 0, 10, 0], [0, 4, 0, 23, 0, 1]].map((end) => {
      const client = new ScriptedClientTls12().with({ extensions: undefined });
      return client.say(message(types.clientHello, client.encodedHello().subarray(4), end));
    }),
  "SRV-CH-021": () => hello([twice(extension(0xfa5a)), twice(extension(extensionsTls12.extendedMasterSecret))]),
  "SRV-CH-036": () => offering(extension(extensions.supportedGroups, v16())),
  "SRV-CH-038": () =>
    offering(extension(extensions.signatureAlgorithms, v16()), extension(extensions.signatureAlgorithms, v16([4, 3, 4]))),
  "SRV-CH-046": () => offering(names()),
  "SRV-CH-047": () => offering(names(hostName(text("localhost")), hostName(text("localhost")))),
  "SRV-CH-048": () => offering(names(hostName([]))),
  "SRV-CH-049": () => offering(names(hostName(text("192.0.2.1"))), names(hostName(text("2001:db8::1")))),
  "SRV-CH-050": () => offering(names(hostName(text("other.example")))),
  "SRV-CH-052": () => offering(extension(extensions.alpn, v16(v8(text("x"))))),
  "SRV-CH-053": () => offering(extension(extensions.alpn, v16())),
  "SRV-CH-054": () => offering(extension(extensions.alpn, v16(v8(text("h2")), v8()))),
  "SRV-CH-055": () =>
    hello([{ suites: [grease, 0xc02b] }]).map((client) => {
      const greased = new ScriptedClientTls12()
        .with({ suites: [grease, 0xc02b] })
        .extend(
          extension(extensions.supportedGroups, v16(u16(grease, groups.x25519, groups.secp256r1))),
          extension(extensions.signatureAlgorithms, v16(u16(grease, 0x0403))),
          extension(extensions.alpn, v16(v8(u16(grease)), v8(text("h2")))),
          versions(grease, 0x0303),
          extension(grease, [0]),
        )
        .greet();
      client.proceed();
      return greased;
    }),
  "SRV-CH-063": () => hello([{ suites: [0xc02b, 0x5600] }]),
  "SRV-CH-064": () => hello([{ suites: [0xc02b, 0x5600] }], { versions: ["tls1.2"] }),
  "SRV-CH-065": () =>
    offering(extension(extensionsTls12.pointFormats, v8([1])), extension(extensionsTls12.pointFormats, v8([2, 1]))),
  "SRV-CH-069": () => hello([0x0000, 0x0103, 0x0200].map((legacyVersion) => ({ legacyVersion }))),
  "SRV-CH-070": () => ["a\0b", "a\nb", "caf\u00e9"].flatMap((name) => offering(names(hostName(text(name))))),

  "T12-022": () => leavingOut(extensions.signatureAlgorithms),
  "T12-025": () => answering(extension(extensionsTls12.pointFormats, v8([1]))),
  "REN-005": () => answering(extension(extensions.renegotiationInfo, v8(repeat(12)))),
  "REN-006": () => offering(extension(extensions.renegotiationInfo, v8(repeat(12)))),
  "REN-007": () => answer([{ extensions: [extension(extensionsTls12.extendedMasterSecret)] }, { extensions: undefined }]),
  "REN-011": () => [
    ...offering(extension(extensions.renegotiationInfo, [1]), extension(extensions.renegotiationInfo)),
    ...answering(extension(extensions.renegotiationInfo, [2, 0]), extension(extensions.renegotiationInfo)),
  ],
  "EMS-005": () => [new ScriptedClientTls12(requiring).leaveOut(extensionsTls12.extendedMasterSecret).greet()],
  "EMS-006": () => answer([{ extensions: [extension(extensions.renegotiationInfo, v8())] }], { config: requiring }),
  "EMS-007": () => [
    ...offering(extension(extensionsTls12.extendedMasterSecret, [0])),
    ...answering(extension(extensionsTls12.extendedMasterSecret, [0])),
  ],

  "CLI-SH-003": () => [
    ...answer([{ suite: 0xc013 }, { suite: 0x0000 }]),
    ...answer([{ suite: 0xc02f }], { config: { suites: ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"], versions: ["tls1.2"] } }),
  ],
  "CLI-SH-004": () => answer([{ suite: 0x1301 }]),
  "CLI-SH-005": () => answer([{ compression: 1 }]),
  "CLI-SH-007": () => answer([{ legacyVersion: 0x0301 }, { legacyVersion: 0x0302 }]),
  "CLI-SH-008": () => answer([{ legacyVersion: 0x0300 }]),
  "CLI-SH-009": () => answer([{ random: sentinel(1) }]),
  "CLI-SH-010": () =>
    answer([
      { random: sentinel(0), legacyVersion: 0x0302 },
      { random: sentinel(0), legacyVersion: 0x0301 },
    ]),
  "CLI-SH-011": () => answer([{ random: sentinel(1) }], { config: { versions: ["tls1.2"] } }),
  "CLI-SH-012": () => answering(extension(0xfa5a), extension(extensionsTls12.sessionTicket), extension(5)),
  "CLI-SH-020": () => {
    const { extensions: usual = [] } = { extensions: new ScriptedServerTls12().answers() };
    return answer([
      { extensions: [...usual, extension(extensionsTls12.extendedMasterSecret)] },
      { extensions: [...usual, extension(0xfa5a), extension(0xfa5a)] },
    ]);
  },
  "CLI-SH-026": () => answering(extension(extensions.alpn, v16(v8(text("spdy/3"))))),
  "CLI-SH-027": () => answer([{ sessionId: repeat(33) }]),
  "CLI-SH-028": () => {
    const server = new ScriptedServerTls12();
    expectEqual(server.sessionId.length, 32, "the session id of the compatibility mode");
    return [server.say(server.serverHello({ sessionId: server.sessionId }))];
  },
};
