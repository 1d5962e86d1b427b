// Certificate types and raw public keys (RFC 7250), in both versions.
import { rawPublicKey, rawPublicKeys } from "@sallyport/core";
import { signer } from "@sallyport/crypto-node";
import { type Extension, extension, join, message, type Octets, u16, v16, v24, v8 } from "../../support/octets.ts";
import {
  identity,
  ownCredential,
  ScriptedClient,
  type ScriptedPeer,
  ScriptedServer,
  type Shown,
  types,
} from "../../support/scripted-peer.ts";
import { ScriptedClientTls12, ScriptedServerTls12 } from "../../support/scripted-tls12.ts";
import { publicKeyOf } from "../identities.ts";
import type { Stimuli } from "../outcome.ts";

const key = publicKeyOf(identity);
const shown: Shown = { chain: [key], keyPem: identity.keyPem };
const verifier = rawPublicKeys({ allowed: [key] });
const ours = rawPublicKey(signer(identity.keyPem), ["localhost"]);
const [x509, raw] = [0, 2];
const clientTypes = (...ids: readonly number[]): Extension => extension(19, v8(ids));
const serverTypes = (...ids: readonly number[]): Extension => extension(20, v8(ids));
const chosenByServer = (id: number): Extension => extension(20, [id]);
const asking = (mode: "required" | "optional") => ({ clientAuthentication: { mode, verifier } });
const askingForX509 = {
  clientAuthentication: { mode: "required", verifier: { ...verifier, types: ["x509"], schemes: ["ed25519"], label: "x509" } },
} as const;

type Config = NonNullable<ConstructorParameters<typeof ScriptedClient>[0]>["config"] & object;
const said = (config: Config, ...list: readonly Extension[]): ScriptedClient => {
  const client = new ScriptedClient({ config }).to("START").extend(...list);
  return client.say(client.encodedHello());
};
const saidTls12 = (config: Config, ...list: readonly Extension[]): ScriptedClientTls12 =>
  new ScriptedClientTls12(config)
    .to("START")
    .extend(...list)
    .greet();

type Say = (config: Config, ...list: readonly Extension[]) => ScriptedPeer;
const withoutCommonType = (say: Say): ScriptedPeer[] => [
  say({ credentials: [ours] }),
  say({ credentials: [ours] }, serverTypes(1, x509)),
  say({ credentials: [ours] }, serverTypes(1, 224)),
  say({ credentials: [ownCredential] }, serverTypes(raw)),
  say(asking("required")),
  say(asking("required"), clientTypes(1, x509)),
  say(asking("optional"), clientTypes(1, x509)),
  say(askingForX509, clientTypes(raw)),
];
const withEmptyList = (say: Say): ScriptedPeer[] =>
  [{}, { credentials: [ours] as const }, asking("required")].flatMap((config) => [
    say(config, clientTypes()),
    say(config, serverTypes()),
  ]);
const withDefaultAlone = (say: Say): ScriptedPeer[] =>
  [{}, asking("required")].flatMap((config) =>
    [clientTypes, serverTypes].flatMap((types) => [say(config, types(x509)), say(config, types(x509, x509))]),
  );

const config = { verifier };
const answered = (...answers: readonly Extension[]): ScriptedServer => {
  const server = new ScriptedServer({ ...shown, config: { ...config, credentials: [ours] } }).to("WAIT_EE");
  return server.say(server.encryptedExtensions(...answers)).skipTo("WAIT_CERT_CR");
};
const answeredTls12 = (...answers: readonly Extension[]): ScriptedServerTls12 => {
  const server = new ScriptedServerTls12({ ...shown, config: { ...config, credentials: [ours] } }).to("WAIT_SH");
  return server.say(server.serverHello({ extensions: server.answers(...answers) })).skipTo("WAIT_CERT");
};
const wrongChoices = (answer: (...answers: readonly Extension[]) => ScriptedPeer): ScriptedPeer[] => [
  ...[x509, 1, 3, 224].map((id) => answer(chosenByServer(id))),
  ...[x509, 1, 255].map((id) => answer(chosenByServer(raw), extension(19, [id]))),
];

/** A client of TLS 1.3 that has shown these entries to a server which asked for a raw key. */
const shownToServer = (...entries: readonly Octets[]): ScriptedClient => {
  const client = new ScriptedClient({ config: asking("required"), shows: shown }).extend(clientTypes(raw)).to("WAIT_CERT");
  return client.say(message(types.certificate, v8(), v24(...entries.map((entry) => join(v24(entry), v16())))));
};
const shownToClient = (...entries: readonly Octets[]): ScriptedServer =>
  answered(chosenByServer(raw))
    .say(message(types.certificate, v8(), v24(...entries.map((entry) => join(v24(entry), u16(0))))))
    .skipTo("WAIT_CV");
const shownToServerTls12 = (body: Octets): ScriptedClientTls12 =>
  new ScriptedClientTls12(asking("required"), shown)
    .extend(clientTypes(raw))
    .to("WAIT_CERT")
    .say(message(types.certificate, body));
const shownToClientTls12 = (body: Octets): ScriptedServerTls12 =>
  answeredTls12(chosenByServer(raw)).say(message(types.certificate, body)).skipTo("WAIT_SKE");

export const rawPublicKeyRows: Stimuli = {
  "CRT-026": () => withoutCommonType(said),
  "CRT-027": () => wrongChoices(answered),
  "CRT-028": () => [shownToServer(key, key), shownToClient(key, key), shownToClient(key, identity.chain[0] ?? [])],
  "CRT-043": () => withEmptyList(said),
  "CRT-044": () => withDefaultAlone(said),
};
export const rawPublicKeyRowsTls12: Stimuli = {
  "CRT-026": () => withoutCommonType(saidTls12),
  "CRT-027": () => wrongChoices(answeredTls12),
  "CRT-043": () => withEmptyList(saidTls12),
  "CRT-044": () => withDefaultAlone(saidTls12),
};

/** Certificates where raw keys were agreed (CRT-045). */
export const certificateForKey = (): ScriptedPeer[] =>
  identity.chain.slice(0, 1).flatMap((der) => [shownToServer(der), shownToClient(der)]);
export const certificateForKeyTls12 = (): ScriptedPeer[] =>
  identity.chain
    .slice(0, 1)
    .flatMap((der) => [v24(v24(der)), v24(der)].flatMap((body) => [shownToServerTls12(body), shownToClientTls12(body)]));
