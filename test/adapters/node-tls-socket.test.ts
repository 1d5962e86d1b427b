// TlsSocket beside node:tls' own TLSSocket, property by property, on both ends of live connections.
import { once } from "node:events";
import { Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls, createServer as createTls, TLSSocket } from "node:tls";
import { memoryClientSessions, type NamedGroup, type ProtocolVersion, ticketKeys } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { connect, createServer, type TlsSocket } from "@sallyport/node";
import { clientVerifier, credential } from "@sallyport/x509";
import { afterEach, describe, expect, test } from "vitest";
import { client, credentials, listen, server, tlsServer } from "../support/endpoints.ts";
import { makePki } from "../support/pki.ts";

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const thing of open.splice(0)) thing.close();
});

const pki = await makePki();
const [leaf, shown] = await Promise.all([pki.leaf(), pki.leaf({ usage: "client" })]);
const ourLeaf = credential({ chain: leaf.chainPem, signer: signer(leaf.keyPem) });
const ourShown = credential({ chain: shown.chainPem, signer: signer(shown.keyPem) });
const trust = clientVerifier({ provider: node, roots: pki.ca.pem });

/** What node:tls has and TlsSocket has not, or has in another way, and why. */
const lacks: Readonly<Record<string, string>> = {
  ssl: "OpenSSL's object: there is none",
  enableTrace: "`trace` of the config tells more, and to a function",
  getSharedSigalgs:
    "`info.ownSignatureScheme` and `peerSignatureScheme` say which were used; `clientHello.signatureSchemes` what was offered",
  setServername: "the server name is given to `connect`, before there is a socket",
  setSession: "sessions are in the store of the config, which is asked by itself",
  setKeyCert: "`accept` and SNICallback choose a config before anything is sent",
  setTypeOfService: "of the transport, in newer versions of Node.js",
  getTypeOfService: "of the transport, in newer versions of Node.js",
  server: "node:net's own link to its server",
};
/** Answered, but never with what node:tls would say. */
const differs: Readonly<Record<string, string>> = {
  getFinished: "not kept: `channelBinding()` binds, in TLS 1.3 too",
  getPeerFinished: "not kept: `channelBinding()` binds, in TLS 1.3 too",
  getSession: "sessions are in the store of the config",
  getTLSTicket: "sessions are in the store of the config",
  bytesRead: "a count of bytes on the wire, and these are two wires",
  bytesWritten: "a count of bytes on the wire, and these are two wires",
  remotePort: "these are two connections",
  localPort: "these are two connections",
  address: "these are two connections",
  connect: "it is connected by the function that makes it, and throws",
  setMaxSendFragment: "false: `maxRecordSize` of the config says it",
  timeout: "0 where none was set; there it is undefined until one was",
  allowHalfOpen: "false by default, as the `allowHalfOpen` of node:tls is meant; there the property is true",
};

const theirs = new TLSSocket(new Duplex({ read() {}, write() {} }));
const names = [
  ...new Set([
    ...Object.getOwnPropertyNames(TLSSocket.prototype),
    ...Object.getOwnPropertyNames(Socket.prototype),
    ...Object.getOwnPropertyNames(theirs),
  ]),
].filter((name) => !name.startsWith("_") && name !== "constructor");
/** Asked without an argument. */
const getters = [
  "getProtocol",
  "getCipher",
  "getPeerCertificate",
  "getCertificate",
  "getEphemeralKeyInfo",
  "isSessionReused",
  "getPeerX509Certificate",
  "getX509Certificate",
] as const;
/** Plain values. */
const values = [
  "encrypted",
  "authorized",
  "authorizationError",
  "alpnProtocol",
  "servername",
  "secureConnecting",
  "connecting",
  "pending",
  "readyState",
  "remoteAddress",
  "remoteFamily",
  "localAddress",
  "localFamily",
  "bufferSize",
  "readable",
  "writable",
  "destroyed",
] as const;
/** They do something: there or not is all that can be compared here. */
const actions = [
  "disableRenegotiation",
  "renegotiate",
  "exportKeyingMaterial",
  "setTimeout",
  "setNoDelay",
  "setKeepAlive",
  "end",
  "resetAndDestroy",
  "pause",
  "resume",
  "read",
  "destroySoon",
  "ref",
  "unref",
] as const;

test("every member of TLSSocket is compared below, or is listed with the reason why not", () => {
  const known = new Set<string>([...getters, ...values, ...actions, ...Object.keys(lacks), ...Object.keys(differs)]);
  expect(names.filter((name) => !known.has(name))).toEqual([]);
});

describe("every member that is not listed as lacking", () => {
  test.each(names.filter((name) => !Object.hasOwn(lacks, name)))("is there: %s", (name) => {
    const socket = connect({
      config: client(),
      socket: new Duplex({
        read() {},
        write(_chunk, _encoding, done) {
          done();
        },
      }),
      servername: "localhost",
    });
    socket.on("error", () => {});
    expect(name in socket).toBe(true);
    if (typeof Reflect.get(theirs, name) === "function") expect(Reflect.get(socket, name)).toBeTypeOf("function");
    socket.destroy();
  });
  test("and what is listed as lacking is not there", () => {
    expect(Object.keys(lacks).filter((name) => name in Object.getPrototypeOf(connectedNowhere()))).toEqual([]);
  });
  function connectedNowhere(): TlsSocket {
    const socket = connect({ config: client(), socket: new Duplex({ read() {} }), servername: "localhost" });
    socket.on("error", () => {}).destroy();
    return socket;
  }
});

type Ends = readonly [server: object, client: object];
interface Situation {
  readonly version: ProtocolVersion;
  /** The server asks for a certificate without insisting. */
  readonly asks: boolean;
  readonly shows: boolean;
  readonly alpn: boolean;
}
const nodeVersion = { "tls1.3": "TLSv1.3", "tls1.2": "TLSv1.2" } as const;

/** Our server, met by our client. */
async function ours({ version, asks, shows, alpn }: Situation): Promise<Ends> {
  const protocols = alpn ? { alpn: ["one"] } : {};
  const common = { versions: [version], groups: ["secp256r1"], ...protocols } as const;
  const accept = server({
    ...common,
    credentials: [ourLeaf],
    ...(asks ? { clientAuthentication: { mode: "optional", verifier: trust } } : {}),
  });
  const listening = createServer({ accept });
  open.push(listening);
  const accepted = once(listening, "secureConnection") as Promise<[TlsSocket]>;
  const config = client({ ...common, ...(shows ? { credentials: [ourShown] } : {}) });
  const socket = connect({ config, host: "127.0.0.1", servername: "localhost", port: await listen(listening) });
  await once(socket, "secureConnect");
  return [(await accepted)[0], socket];
}
async function nodes({ version, asks, shows, alpn }: Situation): Promise<Ends> {
  const protocols = alpn ? { ALPNProtocols: ["one"] } : {};
  const versions = { minVersion: nodeVersion[version], maxVersion: nodeVersion[version], ecdhCurve: "P-256" };
  const ciphers = "TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256";
  const listening = createTls({
    ...tlsServer,
    ...versions,
    ...protocols,
    ciphers,
    cert: leaf.chainPem,
    key: leaf.keyPem,
    ca: pki.ca.pem,
    requestCert: asks,
    rejectUnauthorized: false,
    noDelay: true,
  });
  open.push(listening);
  const accepted = once(listening, "secureConnection") as Promise<[TLSSocket]>;
  const socket = connectTls({
    ...versions,
    ...protocols,
    ciphers,
    port: await listen(listening),
    host: "127.0.0.1",
    servername: "localhost",
    ca: pki.ca.pem,
    ...(shows ? { cert: shown.chainPem, key: shown.keyPem } : {}),
  });
  await once(socket, "secureConnect");
  return [(await accepted)[0], socket];
}

const situations: readonly Situation[] = (["tls1.3", "tls1.2"] as const).flatMap((version) => [
  { version, asks: false, shows: false, alpn: false },
  { version, asks: true, shows: false, alpn: true },
  { version, asks: true, shows: true, alpn: true },
]);

describe.each(situations)("in $version, where the server asks: $asks, the client shows: $shows, ALPN: $alpn", (situation) => {
  test.each([
    ["the server", 0],
    ["the client", 1],
  ] as const)("%s says the same as node:tls", async (_, at) => {
    const [mine, other] = await Promise.all([ours(situation), nodes(situation)]);
    const tell = (socket: object): Record<string, unknown> =>
      Object.fromEntries([
        ...values.map((name) => [name, Reflect.get(socket, name)]),
        ...getters.map((name) => [name, printable(Reflect.apply(Reflect.get(socket, name), socket, []))]),
      ]);
    const [one, two] = [tell(mine[at]), tell(other[at])];
    for (const socket of [...mine, ...other] as Duplex[]) socket.destroy();
    expect(one).toEqual(two);
  });
});

test("a session that was resumed says so, and what it shows is nothing", async () => {
  const listening = createServer(
    { accept: server({ credentials, sessions: ticketKeys({ random: node.random, now: Date.now }) }) },
    (socket) => socket.end("x"),
  );
  open.push(listening);
  const port = await listen(listening);
  const config = client({ sessions: memoryClientSessions() });
  for (const isReused of [false, true]) {
    const accepted = once(listening, "secureConnection") as Promise<[TlsSocket]>;
    const socket = connect({ config, host: "127.0.0.1", servername: "localhost", port });
    const [far] = await accepted;
    expect([far.isSessionReused(), far.getCertificate() !== null && "subject" in (far.getCertificate() ?? {})]).toEqual([
      isReused,
      !isReused,
    ]);
    await once(socket.resume(), "end");
    expect([socket.isSessionReused(), socket.getPeerCertificate().subject === undefined]).toEqual([isReused, false]);
    socket.destroy();
  }
});

test.each([
  ["tls1.3", "X25519MLKEM768"],
  ["tls1.3", "x25519"],
  ["tls1.3", "secp384r1"],
  ["tls1.2", "secp521r1"],
] as const)("in %s the key exchange is told by node:tls' name of %s", async (version, group) => {
  // In TLS 1.2 the curve of the certificate must be among the client's groups.
  const groups: readonly NamedGroup[] = version === "tls1.2" ? [group, "secp256r1"] : [group];
  const common = { versions: [version], groups };
  const listening = createServer({ accept: server({ ...common, groups: [group] }) });
  open.push(listening);
  const socket = connect({ config: client(common), host: "127.0.0.1", servername: "localhost", port: await listen(listening) });
  await once(socket, "secureConnect");
  const known: Readonly<Record<string, object>> = {
    X25519MLKEM768: { type: "TLSGroup", name: "X25519MLKEM768", size: undefined },
    x25519: { type: "ECDH", name: "X25519", size: 253 },
    secp384r1: { type: "ECDH", name: "secp384r1", size: 384 },
    secp521r1: { type: "ECDH", name: "secp521r1", size: 521 },
  };
  expect(socket.getEphemeralKeyInfo()).toEqual(known[group]);
  socket.destroy();
});

test("both ends have one channel binding, which is tls-exporter", async () => {
  const [far, near] = (await ours({ version: "tls1.3", asks: false, shows: false, alpn: false })) as readonly [
    TlsSocket,
    TlsSocket,
  ];
  expect(near.channelBinding()).toEqual(far.channelBinding());
  expect(near.channelBinding()).toEqual(near.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0)));
  near.destroy();
  far.destroy();
});

/** Certificates are compared by what they are. */
function printable(value: unknown): unknown {
  return value !== null && typeof value === "object" && "fingerprint256" in value && "toLegacyObject" in value
    ? value.fingerprint256
    : value;
}
