// Who the client is: asked for, shown, proven, judged, and refused inside the handshake.
import { describe, expect, test } from "vitest";
import {
  Acceptor,
  type AsyncCredentialPicker,
  type ClientOptions,
  Connector,
  type Credential,
  type CredentialRequest,
  dangerousAssertVerified,
  type ServerOptions,
  type SyncVerifier,
} from "@sallyport/core";
import { extension, u16, v16 } from "../support/octets.ts";
import { converse, makeConfigs, makePair } from "../support/pair.ts";
import { extensions, ownCredential, ScriptedServer, types } from "../support/scripted-peer.ts";
import { ScriptedServerTls12 } from "../support/scripted-tls12.ts";
import { seededCredential } from "../support/seeded.ts";

const judge: SyncVerifier = {
  label: "clients",
  schemes: ["ed25519"],
  verify: (presented) => dangerousAssertVerified(presented, { names: [presented.role] }),
};
const refusing: SyncVerifier = { ...judge, verify: () => ({ alert: "access_denied", reason: "not on the list" }) };
const own = seededCredential("a client", ["client"]);
const issuer = Uint8Array.of(0x30, 0x00);
const named: Credential = { ...seededCredential("another client", ["client"]), issuers: [issuer] };

type Version = "tls1.2" | "tls1.3";

function meet(server: Partial<ServerOptions>, client: Partial<ClientOptions>, asynchronous = false, version: Version = "tls1.3") {
  const versions = [version];
  const pair = makePair({ server: { ...server, versions }, client: { ...client, versions }, asynchronous });
  converse(pair);
  return { client: pair.client.stage, server: pair.server.stage };
}
const asks = (mode: "optional" | "required", verifier: SyncVerifier = judge): Partial<ServerOptions> => ({
  clientAuthentication: { mode, verifier },
});

const ways = (["tls1.3", "tls1.2"] as const).flatMap((version) => [
  { version, asynchronous: false },
  { version, asynchronous: true },
]);

describe.each(ways)("$version, asynchronous: $asynchronous", ({ version, asynchronous }) => {
  test.each(["optional", "required"] as const)(
    "%s: a certificate that is shown, proven and trusted is the connection's peer",
    (mode) => {
      const { client, server } = meet(asks(mode), { credentials: [own] }, asynchronous, version);
      if (client.kind !== "established" || server.kind !== "established") throw new Error(`${client.kind}, ${server.kind}`);
      expect(server.connection.info.peer?.names).toEqual(["client"]);
      expect(server.connection.info.peer?.presented.chain[0]).toEqual(own.chain[0]);
      expect(server.connection.info.peerSignatureScheme).toBe("ed25519");
      expect(client.connection.info.ownSignatureScheme).toBe("ed25519");
      expect([server.connection.info.asksPeer, client.connection.info.asksPeer]).toEqual([true, true]);
      expect(client.connection.info.ownCertificate).toEqual(own.chain[0]);
      expect(server.connection.info.ownCertificate).toEqual(client.connection.info.peer?.presented.chain[0]);
    },
  );

  test("optional: a client that shows none is nobody, and welcome", () => {
    const { client, server } = meet(asks("optional"), {}, asynchronous, version);
    expect([client.kind, server.kind]).toEqual(["established", "established"]);
    if (client.kind !== "established" || server.kind !== "established") return;
    expect(server.connection.info).toMatchObject({ peer: undefined, asksPeer: true });
    expect(client.connection.info.ownCertificate).toBe(undefined);
  });

  test("required: a client that shows none is refused with the version's alert", () => {
    const { client, server } = meet(asks("required"), {}, asynchronous, version);
    expect(server).toMatchObject({
      kind: "failed",
      error: { kind: "certificate-required" },
      alert: { description: version === "tls1.3" ? "certificate_required" : "handshake_failure" },
    });
    // In TLS 1.3 the client is established before the server can judge it: the refusal comes on the data path.
    expect(client.kind).toBe(version === "tls1.3" ? "established" : "failed");
  });

  test("a client that is not trusted gets the verifier's alert inside the handshake", () => {
    const { server } = meet(asks("required", refusing), { credentials: [own] }, asynchronous, version);
    expect(server).toMatchObject({
      kind: "failed",
      error: { kind: "identity-distrusted", context: { presented: { role: "client", serverName: undefined } } },
      alert: { description: "access_denied" },
    });
  });
});

test("among several credentials the authorities decide, and are a hint: if none fits them, the first is shown", () => {
  const withAuthorities = (authorities: readonly Uint8Array[]): Partial<ServerOptions> => ({
    clientAuthentication: { mode: "required", verifier: judge, authorities },
  });
  const shown = (authorities: readonly Uint8Array[]): Uint8Array | undefined => {
    const { server } = meet(withAuthorities(authorities), {
      credentials: [{ ...own, issuers: [Uint8Array.of(0x31, 0x00)] }, named],
    });
    return server.kind === "established" ? server.connection.info.peer?.presented.chain[0] : undefined;
  };
  expect(shown([issuer])).toEqual(named.chain[0]);
  expect(shown([Uint8Array.of(0x30, 0x01, 0x05)])).toEqual(own.chain[0]);
  expect(shown([])).toEqual(own.chain[0]);
});

test("a picker sees what the server asks for, and may answer none", () => {
  const requests: unknown[] = [];
  const picker = { pick: (request: unknown) => void requests.push(request) };
  const { server } = meet(
    { clientAuthentication: { mode: "optional", verifier: judge, authorities: [issuer] } },
    { credentials: picker as never },
  );
  expect(requests).toMatchObject([{ authorities: [issuer], certificateTypes: ["x509"] }]);
  expect(server.kind === "established" && server.connection.info.peer).toBe(undefined);
});

test("a picker is told of schemes that prove a key in the version that is spoken, in the server's order: in TLS 1.3 none of PKCS #1", () => {
  const requests: CredentialRequest[] = [];
  const picker = { pick: (request: CredentialRequest) => void requests.push(request) };
  const tls13 = new ScriptedServer({ config: { credentials: picker } }).to("WAIT_CERT_CR");
  tls13
    .say(tls13.certificateRequest(extension(extensions.signatureAlgorithms, v16(u16(0x0401, 0x0805, 0x0804, 0x0601)))))
    .skipTo("WAIT_CERT")
    .proceed();
  expect(requests.map(({ schemes }) => schemes)).toEqual([["rsa_pss_rsae_sha384", "rsa_pss_rsae_sha256"]]);
});

test.each([
  ["ecdsa_sign", [64], ["ecdsa_secp256r1_sha256"]],
  ["rsa_sign", [1], ["rsa_pss_rsae_sha256"]],
  ["both", [1, 64], ["ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256"]],
  ["neither", [2], []],
])("tls1.2: a picker is told of schemes whose keys are of a type that is asked for: %s (RFC 5246 §7.4.6)", (_, keys, schemes) => {
  const requests: CredentialRequest[] = [];
  const picker = { pick: (request: CredentialRequest) => void requests.push(request) };
  const server = new ScriptedServerTls12({ config: { credentials: picker } }).to("WAIT_SHD");
  server.say(server.certificateRequest(keys)).skipTo("WAIT_SHD_ONLY").say(server.serverHelloDone());
  expect(requests.flatMap((request) => request.schemes)).toEqual(schemes);
});

test("an asynchronous picker shows as a stage that carries the request and the picker", () => {
  const picker: AsyncCredentialPicker = { pickAsync: () => Promise.resolve(own) };
  const configs = makeConfigs({ server: asks("required"), client: { credentials: picker } });
  const first = new Connector(configs.client.config, "localhost").start();
  const accepted = new Acceptor().start().receive(first.output);
  if (first.kind !== "needs-input" || accepted.kind !== "accepted") throw new Error(`${first.kind}, ${accepted.kind}`);
  const stage = first.receive(accepted.choose(configs.server.config).output);
  if (stage.kind !== "needs-credential") throw new Error(stage.kind);
  expect(stage.picker).toBe(picker);
  expect(stage.request.schemes).toContain("ed25519");
  expect(() => stage.present({ ...own, signer: { ...own.signer, schemes: [] } })).toThrow(
    expect.objectContaining({ code: "bad-argument" }),
  );
  expect(stage.present(own).kind).toBe("established");
  expect(() => stage.present(own)).toThrow(expect.objectContaining({ code: "spent-stage" }));
});

test.each([
  ["ecdsa_sign", [64], true],
  ["both", [1, 64], true],
  ["rsa_sign", [1], false],
  ["a type that nobody knows", [2], false],
])(
  "tls1.2: asked for a key of type %s, an ECDSA certificate is shown only where it fits (RFC 5246 §7.4.6)",
  (_, keys, isShown) => {
    const server = new ScriptedServerTls12({ config: { credentials: [ownCredential] } }).to("WAIT_SHD");
    server.say(server.certificateRequest(keys)).skipTo("WAIT_SHD_ONLY").say(server.serverHelloDone());
    const certificate = server.heard.find(({ bytes }) => bytes[0] === types.certificate);
    expect(certificate?.bytes.length).toBe(isShown ? 4 + 3 + 3 + ownCredential.chain[0].length : 4 + 3);
  },
);
