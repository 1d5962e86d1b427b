// What was agreed in one handshake, and why that and nothing else.
import type { ClientHello, Info, Registered } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { codePoint, count, isGrease, list, printable, version } from "@sallyport/explain";
import { suitesOf } from "./offer.ts";
import type { Visit } from "./visit.ts";

export interface Agreement {
  readonly what: string;
  readonly value: string;
  readonly because: string;
}

/** In the order in which a server decides. */
export function agreementsOf(visit: Visit): readonly Agreement[] {
  const inOrder = [agreedVersion, agreedName, agreedProtocol, agreedSuite, agreedGroup, agreedSignature, kindOfHandshake];
  return inOrder.map((agreed) => agreed(visit));
}

function agreedVersion({ clientHello, info }: Visit): Agreement {
  const older = meant(clientHello.versions)
    .map(codePoint)
    .filter((name) => name !== version(info.version));
  const others = `Your browser would also take ${list(older)}, and it would notice if somebody on the way had talked both sides down`;
  const also = older.length === 0 ? "" : ` ${others} to that.`;
  return { what: "Version", value: version(info.version), because: `The newest that both sides have.${also}` };
}

function agreedName({ clientHello: { serverName }, info }: Visit): Agreement {
  return {
    what: "Certificate",
    value: info.serverName === undefined ? "for localhost, unasked" : `for ${printable(info.serverName)}`,
    because:
      serverName === undefined
        ? "Your browser named no host: the address you typed is a number, and server_name has no room for numbers. So the first " +
          "certificate that fits was shown."
        : serverName === certified
          ? "Your browser named this host (server_name, in clear), and the certificate covers it."
          : `Your browser named this host (server_name, in clear), and the certificate is for ${certified}: this demo shows it to ` +
            "everybody, where another server would say unrecognized_name. That the names differ is for your browser to notice.",
  };
}

/** Whom the demo's certificate is for. */
const certified = "localhost";

function agreedProtocol({ clientHello, info }: Visit): Agreement {
  const codeOf = (name: string): number => name.charCodeAt(0) * 256 + name.charCodeAt(1);
  const offered = clientHello.alpn.filter((name) => name.length !== 2 || !isGrease({ id: codeOf(name), name: undefined }));
  const because =
    offered.length === 0
      ? "Your browser offered none, so none was agreed."
      : `The first that this demo speaks among your browser's ${list(offered)}.`;
  return { what: "Protocol", value: info.alpn === undefined ? "none" : printable(info.alpn), because };
}

function agreedSuite({ clientHello, info }: Visit): Agreement {
  const offered = suitesOf(clientHello);
  const place = offered.findIndex(({ name }) => name === info.suite) + 1;
  return {
    what: "Cipher suite",
    value: info.suite,
    because:
      `The first of this server's that your browser has: number ${place} of the ${count(offered.length, "suite")} that it offered. ` +
      "It seals every record once there are keys.",
  };
}

function agreedGroup({ clientHello, info }: Visit): Agreement {
  const [favourite] = meant(clientHello.groups ?? []);
  const rather =
    favourite === undefined || favourite.name === info.group
      ? ""
      : ` Your browser's own first is ${codePoint(favourite)}${whyNot(favourite, clientHello, info)}.`;
  const because =
    info.version === "tls1.2"
      ? "The first of this server's that your browser has. In TLS 1.2 the shares follow the hellos, which takes a round trip more."
      : info.handshakeKind.endsWith("after-retry")
        ? "Both have it, but your browser had sent no key share for it, so it was asked again (HelloRetryRequest): one round trip more."
        : "Your browser had already sent a key share for it, so one round trip was enough.";
  return { what: "Key exchange", value: info.group ?? "none", because: because + rather };
}

/** Another group was taken than the browser's first. */
function whyNot(favourite: Registered, { keyShareGroups }: ClientHello, { version: agreed }: Info): string {
  const ours = node.groups.find(({ name }) => name === favourite.name);
  if (ours === undefined) return ", which this server doesn't speak";
  if (ours.shareLength.client !== ours.shareLength.server && agreed === "tls1.2") return ", for which TLS 1.2 has no room";
  const shown = keyShareGroups.some(({ id }) => id === favourite.id);
  if (agreed === "tls1.2" || shown) return "; it is this server's order that counts";
  return ", for which it had sent no share: to ask for one would have cost a round trip more";
}

function agreedSignature({ clientHello, info }: Visit): Agreement {
  const takes = meant(clientHello.signatureSchemes ?? []);
  return {
    what: "Signature",
    value: info.ownSignatureScheme ?? "none",
    because:
      `What the certificate's key signs with, and one of the ${count(takes.length, "scheme")} that your browser takes. ` +
      "It proves that this server holds the key.",
  };
}

function kindOfHandshake({ clientHello, info }: Visit): Agreement {
  const because = wantsSession(clientHello)
    ? "Your browser wanted to go on with an earlier session; this demo keeps none."
    : "Your browser brought no earlier session to go on with.";
  return { what: "Handshake", value: info.handshakeKind.startsWith("full") ? "full" : "resumed", because };
}

/** By its ticket or, with nothing newer than TLS 1.2, its session id. */
function wantsSession({ offersPsk, extensions, versions, legacySessionId }: ClientHello): boolean {
  const ticket = extensions.find(({ type }) => type.name === "session_ticket");
  const byId = legacySessionId.length > 0 && versions.every(({ name }) => name !== "TLSv1.3");
  return offersPsk || byId || (ticket?.data.length ?? 0) > 0;
}

/** Without the values that mean nothing. */
function meant(values: readonly Registered[]): readonly Registered[] {
  return values.filter((value) => !isGrease(value));
}
