// What is wrong with the peer's certificate, and with what proves its key.
import { createPublicKey } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { node } from "@sallyport/crypto-node";
import { serverVerifier } from "@sallyport/x509";
import { changed, join, message, repeat, text, u16, v16, v24, v8 } from "../../support/octets.ts";
import { authority, keyPair, noon, type Party, server as serverCertificate } from "../../support/chains.ts";
import { type Identity, type LeafOptions, makePki } from "../../support/pki.ts";
import { content, ScriptedClient, ScriptedServer, type ScriptedServerOptions, types } from "../../support/scripted-peer.ts";
import type { Stimuli } from "../outcome.ts";

const pki = await makePki();
const verifier = serverVerifier({ provider: node, roots: [pki.ca.der] });

/** A server with that certificate, to a client that judges it by x509; up to CertificateVerify, behind which the verdict comes. */
function judged({ chain, keyPem }: Pick<Identity, "chain" | "keyPem">): ScriptedServer {
  return new ScriptedServer({ chain, keyPem, config: { verifier } }).to("WAIT_FINISHED");
}
const leaf = async (options: LeafOptions): Promise<Identity> => pki.leaf(options);
const leaves = {
  good: await leaf({}),
  expired: await leaf({ validity: "expired" }),
  notYet: await leaf({ validity: "not-yet" }),
  stranger: await leaf({ issuer: "stranger" }),
  selfSigned: await leaf({ issuer: "self" }),
  otherName: await leaf({ dns: ["other.example"], ips: [] }),
  codeSigning: await leaf({ usage: "code-signing" }),
  p384: await leaf({ key: "ecdsa-p384" }),
  rsa: await leaf({ key: "rsa" }),
};

/** Chains with something special, at noon of a certain day. */
const root = await authority("CN=root");
const rsaRoot = await authority("CN=RSA root", { keys: await keyPair("RSA") });
const special = serverVerifier({ provider: node, roots: [root.der, rsaRoot.der] });
async function keyPem({ keys }: Party): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return `-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`;
}
async function specially(party: Party, ...above: readonly Party[]): Promise<ScriptedServerOptions> {
  return {
    chain: [party.der, ...above.map(({ der }) => der)],
    keyPem: await keyPem(party),
    config: { verifier: special, now: () => noon },
  };
}
const names: x509.JsonGeneralNames = [{ type: "dns", value: "localhost" }];
const basics = (): x509.Extension[] => [
  new x509.BasicConstraintsExtension(false, undefined, true),
  new x509.SubjectAlternativeNameExtension(names),
  new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1"]),
];
const md5 = await serverCertificate(rsaRoot, { names });
const noAuthority = await serverCertificate(root, { names });
const nothingBelow = await authority("CN=nothing below", { by: root, pathLength: 0 });
const below = await authority("CN=below", { by: nothingBelow });
// NameConstraints (RFC 5280 §4.2.1.10): permitted is dNSName example.com alone.
const permitted = text("example.com");
const constraints = join(
  [0x30, permitted.length + 6, 0xa0, permitted.length + 4, 0x30, permitted.length + 2, 0x82, permitted.length],
  permitted,
);
const constrained = await authority("CN=constrained", { by: root, more: [new x509.Extension("2.5.29.30", true, constraints)] });
const specials = {
  noDigitalSignature: await specially(
    await serverCertificate(root, {
      extensions: [...basics(), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyAgreement, true)],
    }),
  ),
  md5: {
    ...(await specially(md5)),
    // md5WithRSAEncryption in both places: 1.2.840.113549.1.1.4 for …11.
    chain: [Buffer.from(Buffer.from(md5.der).toString("hex").replaceAll("2a864886f70d01010b", "2a864886f70d010104"), "hex")],
  },
  sha1: await specially(await serverCertificate(root, { names, hash: "SHA-1" })),
  unknownCritical: await specially(
    await serverCertificate(root, { names, more: [new x509.Extension("1.2.3.4.5", true, Uint8Array.of(5, 0))] }),
  ),
  issuerIsNoAuthority: await specially(await serverCertificate({ ...noAuthority, name: "CN=server" }, { names }), noAuthority),
  pathTooLong: await specially(await serverCertificate(below, { names }), below, nothingBelow),
  nameNotPermitted: await specially(await serverCertificate(constrained, { names }), constrained),
  rsa1024: await specially(await serverCertificate(root, { names, keys: await keyPair("RSA-1024") })),
};

const certificate = (...entries: readonly Uint8Array[]): Uint8Array => message(types.certificate, v8(), v24(...entries));
const entry = (der: Uint8Array, extensions: Uint8Array = u16(0)): Uint8Array => join(v24(der), extensions);
const good = leaves.good.certificate.der;
/** Servers that sent these Certificates. */
const sent = (...messages: readonly Uint8Array[]): ScriptedServer[] =>
  messages.map((each) => new ScriptedServer().to("WAIT_CERT_CR").say(Uint8Array.from(each)).skipTo("WAIT_CV"));
/** Servers that sent these CertificateVerify messages. */
const verified = (
  make: (server: ScriptedServer) => readonly Uint8Array[],
  options: ScriptedServerOptions = {},
): ScriptedServer[] => {
  const count = make(new ScriptedServer(options).to("WAIT_CV")).length;
  return Array.from({ length: count }, (_, at) => {
    const server = new ScriptedServer(options).to("WAIT_CV");
    return server.say(Uint8Array.from(make(server)[at] ?? [])).skipTo("WAIT_FINISHED");
  });
};
const waitingServer = (): ScriptedClient => new ScriptedClient().to("WAIT_FINISHED");

export const certificates: Stimuli = {
  "CRT-001": () => sent(certificate()),
  "CRT-003": () => sent(message(types.certificate, v8([1]), v24(entry(good)))),
  "CRT-004": () =>
    sent(
      certificate(entry(good, v16(u16(5), v16([1], v24([0]))))),
      certificate(entry(good), entry(good, v16(u16(0xfa5a), v16()))),
    ),
  "CRT-005": () => sent(certificate(entry(repeat(0))), certificate(entry(good), entry(repeat(0)))),
  "CRT-006": () =>
    sent(
      ...[text("garbage"), join([0x30, 0x80], good.subarray(4)), good.subarray(0, -1), join(good, [0])].map((der) =>
        certificate(entry(der)),
      ),
    ),
  "CRT-007": () => [judged(leaves.expired)],
  "CRT-008": () => [judged(leaves.notYet)],
  "CRT-009": () => [judged(leaves.stranger), judged(leaves.selfSigned)],
  "CRT-010": () => [judged({ ...leaves.good, chain: [changed(good, -1)] })],
  "CRT-012": () => [judged(leaves.otherName)],
  "CRT-013": () => [judged(leaves.codeSigning)],
  "CRT-014": () => [new ScriptedServer(specials.noDigitalSignature).to("WAIT_FINISHED")],
  "CRT-015": () =>
    [leaves.p384, leaves.rsa].map(({ chain }) =>
      new ScriptedServer({ chain, config: { schemes: ["ecdsa_secp256r1_sha256"] } }).to("WAIT_CV"),
    ),
  "CRT-016": () => [new ScriptedServer(specials.md5).to("WAIT_FINISHED")],
  "CRT-017": () => [new ScriptedServer(specials.sha1).to("WAIT_FINISHED")],
  "CRT-018": () => [new ScriptedServer(specials.unknownCritical).to("WAIT_FINISHED")],
  "CRT-019": () =>
    [specials.issuerIsNoAuthority, specials.pathTooLong].map((options) => new ScriptedServer(options).to("WAIT_FINISHED")),
  "CRT-020": () => [new ScriptedServer(specials.nameNotPermitted).to("WAIT_FINISHED")],
  "CRT-025": () => [
    new ScriptedServer({
      config: { verifier: { schemes: ["ecdsa_secp256r1_sha256"], label: "no", verify: () => ({ reason: "I don't like it" }) } },
    }).to("WAIT_FINISHED"),
  ],
  "CRT-029": () =>
    [new ScriptedServer({ config: { limits: { certificateMessage: 1024 } } }).to("WAIT_CERT_CR")].map((server) =>
      server.say(server.certificate([good, good, good])),
    ),
  "CRT-036": () => [waitingServer()].map((client) => client.record(content.handshake, certificate(entry(good)))),
  "CRT-040": () => [new ScriptedServer(specials.rsa1024).to("WAIT_CV")],
  "CRT-041": () =>
    sent(
      certificate(entry(good, v16(u16(0xfa5a), v16(), u16(0xfa5a), v16()))),
      certificate(entry(good, v16(u16(5), v16(), u16(5), v16()))),
    ),
  "CRT-045": () => {
    const key = createPublicKey(leaves.good.keyPem).export({ type: "spki", format: "der" });
    return sent(certificate(entry(key)));
  },

  "CV-001": () =>
    verified((server) => {
      const right = server.certificateVerify();
      return [changed(right, -1), changed(right, 20), message(types.certificateVerify, u16(0x0403), v16(repeat(70)))];
    }),
  "CV-003": () => [
    ...verified((server) => [
      server.certificateVerify(0x0708),
      server.certificateVerify(0xfa5a),
      server.certificateVerify(0x0904),
    ]),
    ...verified((server) => [server.certificateVerify(0x0503)], { config: { schemes: ["ecdsa_secp256r1_sha256"] } }),
  ],
  "CV-004": () => verified((server) => [0x0401, 0x0501, 0x0601].map((scheme) => server.certificateVerify(scheme)), leaves.rsa),
  "CV-005": () => verified((server) => [0x0201, 0x0203].map((scheme) => server.certificateVerify(scheme))),
  "CV-006": () => [
    ...verified((server) => [0x0503, 0x0804, 0x0807, 0x0809].map((scheme) => server.certificateVerify(scheme))),
    ...verified((server) => [0x0403, 0x0809].map((scheme) => server.certificateVerify(scheme)), leaves.rsa),
  ],
  "CV-007": () => verified(() => [message(types.certificateVerify, u16(0x0403), v16())]),
  "CV-008": () => verified((server) => [server.certificateVerify(0x0403, "TLS 1.3, client CertificateVerify")]),
  "CV-011": () => [new ScriptedServer().to("WAIT_CV")].map((server) => server.say(server.finished())),

  "FIN-001": () =>
    [0, -1].map((at) => {
      const server = new ScriptedServer().to("WAIT_FINISHED");
      return server.say(changed(server.finished(), at === 0 ? 4 : at));
    }),
  "FIN-002": () =>
    [4, -1].map((at) => {
      const client = waitingServer();
      return client.say(changed(client.finished(), at));
    }),
  "FIN-003": () =>
    [new ScriptedServer().to("WAIT_FINISHED"), waitingServer()].flatMap((first) =>
      [0, 31, 33].map((length) => {
        const peer = first instanceof ScriptedServer ? new ScriptedServer().to("WAIT_FINISHED") : waitingServer();
        const right = join(peer.finished().subarray(4), [0]);
        return peer.say(message(types.finished, right.subarray(0, length)));
      }),
    ),
  "FIN-006": () => {
    const client = waitingServer();
    const finished = client.finished();
    client.useApplicationKeys();
    const server = new ScriptedServer().to("WAIT_FINISHED");
    server.write = server.write?.next();
    return [client.say(finished), server.say(server.finished())];
  },
  "FIN-007": () => {
    const server = new ScriptedServer().to("WAIT_FINISHED");
    const machine = server.machine;
    server.finish();
    return [server.record(content.data, text("early")).skipTo("CONNECTED")].filter(() => machine.data.length === 1);
  },
  "FIN-008": () => {
    const client = waitingServer();
    client.useApplicationKeys();
    return [client.record(content.data, text("too soon"))];
  },
};
