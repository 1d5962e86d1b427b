// What a client says first, and after HelloRetryRequest again (RFC 9846 §4.2.2).
import { expectLength } from "../../crypto/results.ts";
import { copy, empty } from "../../wire/bytes.ts";
import { type ClientHelloFields, decodeClientHello, isAddress } from "../../wire/client-hello.ts";
import { type Extension, extension, writeKeyShareEntry, writeProtocols, writeServerName } from "../../wire/extensions.ts";
import { extensionIds, groupIds, type SignatureScheme, schemeIds, suiteIds, versionIds } from "../../wire/registry.ts";
import type { StartedShare } from "../stages.ts";
import { type Context, send } from "../table.ts";
import type { At, Goal, Offer } from "./states.ts";

/** ClientHello (§4.2.2). */
export function sendClientHello(goal: Goal, shares: readonly StartedShare[], context: Context): Offer {
  const { provider, suites, versions } = goal.settings;
  const fields: ClientHelloFields = {
    legacyVersion: 0x0303,
    random: expectLength(provider.random(32), 32, "random"),
    // Appendix E.4: the compatibility mode, for middleboxes that must see a session resumed.
    legacySessionId: versions.includes("tls1.3") ? expectLength(provider.random(32), 32, "random") : empty,
    cipherSuites: suites.map(({ name }) => suiteIds[name]),
    compressionMethods: [0],
    extensions: extensionsOf(goal, shares),
  };
  const { incoming } = context.link;
  if (versions.includes("tls1.3")) incoming.changeCipherSpec = "dropped";
  // RFC 6066 §3: a server of TLS 1.2 that doesn't know the name may say so by a warning, and go on.
  if (versions.includes("tls1.2")) incoming.takesWarnings = true;
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
  link.phase = "server-flight";
  return { goal, fields, hello, shares };
}

/** Appendix E.4: only in the compatibility mode, which the session id asks for. */
export function sendChangeCipherSpec({ hello }: Offer, { link }: Context): void {
  if (hello.legacySessionId.length > 0) link.outgoing.changeCipherSpec();
}
