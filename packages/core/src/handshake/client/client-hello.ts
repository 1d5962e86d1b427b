// What a client says first, and after HelloRetryRequest again (RFC 9846 §4.2.2).
import { suiteMeanings } from "../../config/parameters.ts";
import type { HashImplementation } from "../../crypto/provider.ts";
import { expectLength } from "../../crypto/results.ts";
import { digestOf } from "../../crypto/transcript.ts";
import { saidLimit } from "../../record/size-limit.ts";
import { maxPlaintext } from "../../record/format.ts";
import type { SessionState } from "../../session/state.ts";
import { type Bytes, copy, empty, wipe } from "../../wire/bytes.ts";
import { decodeClientHello, isAddress } from "../../wire/client-hello.ts";
import { offeredTypes } from "../../wire/certificate-types.ts";
import { compressCertificate } from "../../wire/compressed-certificate.ts";
import {
  type Extension,
  extension,
  recordSizeLimit,
  writeKeyShareEntry,
  writeProtocols,
  writeServerName,
  writeTicketRequest,
} from "../../wire/extensions.ts";
import { extensionIds, groupIds, pskModes, schemeIds, suiteIds, versionIds } from "../../wire/registry.ts";
import { stapleRequest } from "../../wire/staples.ts";
import { proofSchemes } from "../judge-certificate.ts";
import type { StartedShare } from "../stages/key-exchange.ts";
import { type Context, send } from "../table.ts";
import { beginEarlyData, offersEarlyData } from "./early-data.ts";
import { mannered, padded } from "./manners.ts";
import { fittingPsks, offeredPsks, preSharedKey, sealBinders } from "./psks.ts";
import type { At, Goal, Offer } from "./states.ts";

/** ClientHello (§4.2.2). */
export function sendClientHello(
  goal: Goal,
  session: SessionState | undefined,
  shares: readonly StartedShare[],
  context: Context,
): Offer {
  const { provider, suites, versions } = goal.settings;
  const sessionTls12 = session !== undefined && suiteMeanings[session.suite].version === "tls1.2" ? session : undefined;
  const offersEarly = session !== undefined && sessionTls12 === undefined && offersEarlyData(goal, session);
  const fields = mannered(
    {
      legacyVersion: 0x0303,
      random: expectLength(provider.random(32), 32, "random"),
      // Appendix E.4: the compatibility mode, for middleboxes that must see a session resumed. RFC 5077 §3.4: beside a ticket of
      // TLS 1.2 an id that was made up shows by its echo that the ticket is taken.
      legacySessionId:
        sessionTls12?.sessionId ??
        (versions.includes("tls1.3") || sessionTls12 !== undefined ? expectLength(provider.random(32), 32, "random") : empty),
      cipherSuites: suites.map(({ name }) => suiteIds[name]),
      compressionMethods: [0],
      extensions: [...extensionsOf(goal, shares, sessionTls12?.ticket), ...(offersEarly ? [extension("early_data")] : [])],
    },
    goal.settings.manners,
    provider.random,
  );
  const { incoming } = context.link;
  if (versions.includes("tls1.3")) incoming.changeCipherSpec = "dropped";
  // RFC 6066 §3: a server of TLS 1.2 that doesn't know the name may say so by a warning, and go on.
  if (versions.includes("tls1.2")) incoming.takesWarnings = true;
  const psks = offeredPsks(goal, session);
  const said = { goal, fields, shares, psks, early: undefined, judged: undefined, sessionTls12 };
  const offer = say(said, (hash, truncated) => digestOf(hash, truncated), context);
  const [first] = psks;
  if (!offersEarly || first?.kind !== "session") return offer;
  if (owesChangeCipherSpec(offer)) context.link.outgoing.changeCipherSpec();
  return { ...offer, early: beginEarlyData(offer.hello, first.state, first.hash, goal, context) };
}

/** The second one: the same but for the share that was asked for, and the cookie (§4.2.2). */
export function sendSecondClientHello(
  { offer, request, transcript }: At<"startShareAgain">,
  shares: readonly StartedShare[],
  context: Context,
): Offer {
  const { cookie } = request;
  // §4.2.2: early_data is not said again.
  const extensions = (offer.fields.extensions ?? []).flatMap((before) => {
    if (before.type.id === extensionIds.early_data) return [];
    return before.type.id === extensionIds.key_share && shares.length > 0 ? keyShare(shares) : before;
  });
  if (cookie !== undefined) extensions.push(extension("cookie", (writer) => writer.opaque(2, cookie)));
  if (owesChangeCipherSpec(offer)) context.link.outgoing.changeCipherSpec();
  const psks = fittingPsks(offer.psks, request.hash);
  // The server speaks TLS 1.3.
  if (offer.sessionTls12 !== undefined) wipe(offer.sessionTls12.secret);
  const again = {
    goal: offer.goal,
    fields: { ...offer.fields, extensions },
    shares: shares.length > 0 ? shares : offer.shares,
    psks,
    sessionTls12: undefined,
    early: offer.early,
    judged: undefined,
  };
  return say(again, (_, truncated) => transcript.digestWith(truncated), context);
}

/** @param ticket of TLS 1.2. */
function extensionsOf(goal: Goal, shares: readonly StartedShare[], ticket: Bytes | undefined): Extension[] {
  const { settings, serverName, alpn } = goal;
  const tls12 = settings.versions.includes("tls1.2");
  const tls13 = settings.versions.includes("tls1.3");
  // TLS 1.2 proves keys by PKCS#1 too, so a hello that speaks of both offers it.
  const proofs = tls12 ? [...settings.verifications.keys()] : proofSchemes("tls1.3", settings);
  const certificates = settings.verifier.schemes;
  const extensions: Extension[] = [];
  // RFC 6066 §3: literals are not permitted.
  if (!isAddress(serverName)) extensions.push(extension("server_name", (writer) => writeServerName(writer, serverName)));
  extensions.push(
    extension("supported_groups", (writer) => writer.list(2, settings.groups, (_, { name }) => writer.u16(groupIds[name]))),
  );
  // §4.3.3: for who wants a certificate.
  if (!settings.pskOnly) {
    extensions.push(
      extension("signature_algorithms", (writer) => writer.list(2, proofs, (_, scheme) => writer.u16(schemeIds[scheme]))),
    );
  }
  if (certificates.length > 0 && certificates.join() !== proofs.join()) {
    extensions.push(
      extension("signature_algorithms_cert", (writer) =>
        writer.list(2, certificates, (_, scheme) => writer.u16(schemeIds[scheme])),
      ),
    );
  }
  extensions.push(...certificateTypesOf(settings));
  extensions.push(...(settings.verifier.asksFor ?? []).map(stapleRequest));
  if (alpn.length > 0) {
    extensions.push(extension("application_layer_protocol_negotiation", (writer) => writeProtocols(writer, alpn)));
  }
  if (settings.compressors.size > 0) extensions.push(compressCertificate([...settings.compressors.keys()]));
  // RFC 8449 §4: also without a limit of our own, so that the server can tell us its own.
  extensions.push(recordSizeLimit(saidLimit(settings.maxRecordSize, settings.versions)));
  if (tls12) {
    extensions.push(
      extension("ec_point_formats", (writer) => writer.opaque(1, Uint8Array.of(0))),
      extension("extended_master_secret"),
      extension("renegotiation_info", (writer) => writer.opaque(1, empty)),
    );
    // RFC 5077 §3.2: empty, it asks for one.
    if (settings.sessions !== undefined && settings.resumesTls12) {
      extensions.push(extension("session_ticket", (writer) => writer.bytes(ticket ?? empty)));
    }
  }
  if (tls13) {
    extensions.push(
      extension("supported_versions", (writer) =>
        writer.list(1, settings.versions, (_, version) => writer.u16(versionIds[version])),
      ),
      keyShare(shares),
    );
    // §4.3.9: who takes tickets says how it would use them; without it a server has no reason to send any.
    if (settings.sessions !== undefined || settings.psks.length > 0) {
      extensions.push(extension("psk_key_exchange_modes", (writer) => writer.opaque(1, Uint8Array.of(pskModes.psk_dhe_ke))));
    }
    const { tickets } = settings;
    if (tickets !== undefined) extensions.push(extension("ticket_request", (writer) => writeTicketRequest(writer, tickets)));
  }
  return extensions;
}

/** RFC 7250 §4.1: a list of X.509 alone is left out. */
function certificateTypesOf({ verifier, ownTypes }: Goal["settings"]): Extension[] {
  const lists = { server_certificate_type: verifier.types ?? [], client_certificate_type: ownTypes } as const;
  return (["client_certificate_type", "server_certificate_type"] as const)
    .filter((name) => lists[name].some((type) => type !== "x509"))
    .map((name) => offeredTypes(name, lists[name]));
}

function keyShare(shares: readonly StartedShare[]): Extension {
  return extension("key_share", (writer) =>
    writer.list(2, shares, (_, { group, share }) => {
      writeKeyShareEntry(writer, { group: groupIds[group], keyExchange: copy(share) });
    }),
  );
}

/** @param digest over what was said before the hello, and the hello up to its binders. */
function say(
  { goal, fields, shares, psks, early, judged, sessionTls12 }: Omit<Offer, "hello">,
  digest: (hash: HashImplementation, truncated: Uint8Array) => Bytes,
  context: Context,
): Offer {
  const { link, scribe } = context;
  const { manners } = goal.settings;
  const offered = psks.length === 0 ? [] : [preSharedKey(psks, goal.settings)];
  const raw = scribe.clientHello(padded(fields, offered, manners));
  if (psks.length > 0) sealBinders(raw, psks, digest);
  const hello = decodeClientHello(raw);
  send(raw, undefined, context);
  const { recordSize = maxPlaintext } = manners;
  link.outgoing.boundary(recordSize);
  link.outgoing.afterFirstHello();
  link.incoming.offered = hello;
  link.phase = "server-flight";
  return { goal, fields, hello, shares, psks, early, judged, sessionTls12 };
}

/** From here on silence is the server's. */
export function awaitAnswer({ hello: { raw }, goal }: Offer, { link }: Context): void {
  const { recordSize = maxPlaintext } = goal.settings.manners;
  link.hello = { bytes: raw.length, records: Math.ceil(raw.length / recordSize) };
}

/**
 * Appendix E.4: the session id asks for it; once, which was directly behind the first hello if early data was offered.
 */
export function owesChangeCipherSpec({ hello, early }: Offer): boolean {
  return hello.legacySessionId.length > 0 && early === undefined;
}
