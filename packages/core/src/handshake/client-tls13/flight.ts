// What a client of TLS 1.3 sends (RFC 9846, figure 1).
import { finishedVerifyData } from "../../crypto/key-schedule.ts";
import { ReadKeys, WriteKeys } from "../../record/keys.ts";
import { type Bytes, copy, empty, wipe } from "../../wire/bytes.ts";
import { encodeCertificate } from "../../wire/certificate-message.ts";
import { type ClientHelloFields, decodeClientHello, isAddress } from "../../wire/client-hello.ts";
import { type Extension, extension, writeKeyShareEntry, writeProtocols, writeServerName } from "../../wire/extensions.ts";
import { encodeFinished } from "../../wire/post-handshake.ts";
import { extensionIds, groupIds, type SignatureScheme, schemeIds, suiteIds, versionIds } from "../../wire/registry.ts";
import { logSecret } from "../key-log.ts";
import type { StartedShare } from "../stages.ts";
import { type Context, send } from "../table.ts";
import type { At, Goal, Offer, Underway } from "./states.ts";

/** ClientHello (§4.2.2). */
export function sendClientHello(goal: Goal, shares: readonly StartedShare[], context: Context): Offer {
  const { provider, suites, versions } = goal.settings;
  const fields: ClientHelloFields = {
    legacyVersion: 0x0303,
    random: provider.random(32),
    // Appendix E.4: the compatibility mode, for middleboxes that must see a session resumed.
    legacySessionId: versions.includes("tls1.3") ? provider.random(32) : empty,
    cipherSuites: suites.map(({ name }) => suiteIds[name]),
    compressionMethods: [0],
    extensions: extensionsOf(goal, shares),
  };
  return say(goal, fields, shares, context);
}

/** The second one: the same but for the share that was asked for, and the cookie (§4.2.2). */
export function sendSecondClientHello({ offer, request }: At<"startShareAgain">, shares: readonly StartedShare[], context: Context): Offer {
  const { cookie } = request;
  const extensions = (offer.fields.extensions ?? []).map((before) =>
    before.type.id === extensionIds.key_share && shares.length > 0 ? keyShare(shares) : before,
  );
  if (cookie !== undefined) extensions.push(extension("cookie", (writer) => writer.opaque(2, cookie)));
  sendChangeCipherSpec(offer, context);
  return say(offer.goal, { ...offer.fields, extensions }, shares.length > 0 ? shares : offer.shares, context);
}

/** [Certificate,] Finished: the client's own flight, and with it the end of the handshake. */
export function sendFinished(
  state: Underway & { readonly finishedHash: Bytes }, answersRequest: boolean, context: Context,
): { readonly exporterSecret: Bytes } {
  const { settled, transcript, schedule, handshakeTraffic, finishedHash } = state;
  const { offer, suite, hash, retried } = settled;
  const { settings } = offer.goal;
  const { link } = context;
  // Appendix E.4: before the second flight, which after a retry was the second ClientHello.
  if (!retried) sendChangeCipherSpec(offer, context);
  if (answersRequest) send(encodeCertificate(empty, []), transcript, context);
  send(encodeFinished(finishedVerifyData(hash, handshakeTraffic.client, transcript.digest())), transcript, context);

  const traffic = schedule.traffic(finishedHash);
  const exporterSecret = schedule.exporter(finishedHash);
  const random = offer.hello.random;
  logSecret(settings, "CLIENT_TRAFFIC_SECRET_0", random, traffic.client);
  logSecret(settings, "SERVER_TRAFFIC_SECRET_0", random, traffic.server);
  logSecret(settings, "EXPORTER_SECRET", random, exporterSecret);
  link.outgoing.protect(new WriteKeys(suite, hash, traffic.client));
  link.incoming.protect(new ReadKeys(suite, hash, traffic.server), "finished");
  link.trace?.({ kind: "keys", direction: "write", epoch: "traffic" });
  link.trace?.({ kind: "keys", direction: "read", epoch: "traffic" });
  wipe(handshakeTraffic.client);
  wipe(handshakeTraffic.server);
  if (context.scribe.tickets) schedule.resumption(transcript.digest(), context.scribe.tickets);
  schedule.end();
  return { exporterSecret };
}

/** Schemes that may sign a CertificateVerify of TLS 1.3 (§4.3.3): PKCS#1 is for certificates. */
export function proofSchemes({ settings }: Goal): SignatureScheme[] {
  return [...settings.verifications.keys()].filter((scheme) => !scheme.startsWith("rsa_pkcs1_"));
}

function extensionsOf(goal: Goal, shares: readonly StartedShare[]): Extension[] {
  const { settings, serverName, alpn } = goal;
  const tls12 = settings.versions.includes("tls1.2");
  const tls13 = settings.versions.includes("tls1.3");
  // TLS 1.2 proves keys by PKCS#1 too, so a hello that speaks of both offers it.
  const proofs = tls12 ? [...settings.verifications.keys()] : proofSchemes(goal);
  const certificates = settings.verifier.schemes;
  const extensions: Extension[] = [];
  // RFC 6066 §3: literals are not permitted.
  if (!isAddress(serverName)) extensions.push(extension("server_name", (writer) => writeServerName(writer, serverName)));
  extensions.push(
    extension("supported_groups", (writer) => writer.list(2, settings.groups, (_, { name }) => writer.u16(groupIds[name]))),
    extension("signature_algorithms", (writer) => writer.list(2, proofs, (_, scheme) => writer.u16(schemeIds[scheme]))),
  );
  if (certificates.length > 0 && certificates.join() !== proofs.join()) {
    extensions.push(
      extension("signature_algorithms_cert", (writer) => writer.list(2, certificates, (_, scheme) => writer.u16(schemeIds[scheme]))),
    );
  }
  if (alpn.length > 0) {
    extensions.push(extension("application_layer_protocol_negotiation", (writer) => writeProtocols(writer, alpn)));
  }
  if (tls12) {
    extensions.push(
      extension("ec_point_formats", (writer) => writer.opaque(1, Uint8Array.of(0))),
      extension("extended_master_secret"),
      extension("renegotiation_info", (writer) => writer.opaque(1, empty)),
    );
  }
  if (tls13) {
    extensions.push(
      extension("supported_versions", (writer) => writer.list(1, settings.versions, (_, version) => writer.u16(versionIds[version]))),
      keyShare(shares),
    );
  }
  return extensions;
}

function keyShare(shares: readonly StartedShare[]): Extension {
  return extension("key_share", (writer) =>
    writer.list(2, shares, (_, { group, share }) => writeKeyShareEntry(writer, { group: groupIds[group], keyExchange: copy(share) })),
  );
}

function say(goal: Goal, fields: ClientHelloFields, shares: readonly StartedShare[], context: Context): Offer {
  const { link, scribe } = context;
  const raw = scribe.clientHello(fields);
  const hello = decodeClientHello(raw);
  send(raw, undefined, context);
  link.outgoing.afterFirstHello();
  link.incoming.offered = hello;
  link.incoming.changeCipherSpec = "dropped";
  link.phase = "server-flight";
  return { goal, fields, hello, shares };
}

function sendChangeCipherSpec({ hello }: Offer, { link }: Context): void {
  if (hello.legacySessionId.length > 0) link.outgoing.changeCipherSpec();
}
