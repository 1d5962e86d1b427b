// What was agreed in one handshake, and why that and nothing else.
import type { Registered } from "@sallyport/core";
import { codePoint, count, isGrease, list, printable, version } from "../words.ts";
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
  const older = meant(clientHello.versions).map(codePoint).filter((name) => name !== version(info.version));
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
        : "Your browser named this host (server_name, in clear), and the certificate covers it. For any other name it would have " +
          "got unrecognized_name.",
  };
}

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
  const offered = meant(clientHello.cipherSuites);
  const place = offered.findIndex(({ name }) => name === info.suite) + 1;
  return {
    what: "Cipher suite",
    value: info.suite,
    because:
      `The first of this server's that your browser has: number ${place} of the ${count(offered.length, "suite")} that it offered. ` +
      "It seals every record.",
  };
}

function agreedGroup({ clientHello, info }: Visit): Agreement {
  const [favourite] = meant(clientHello.groups ?? []);
  const rather =
    favourite === undefined || favourite.name === info.group
      ? ""
      : ` Your browser's own first is ${codePoint(favourite)}; it is this server's order that counts.`;
  const because =
    info.version === "tls1.2"
      ? "The first of this server's that your browser has. In TLS 1.2 the shares follow the hellos, which takes a round trip more."
      : info.handshakeKind.endsWith("after-retry")
        ? "Both have it, but your browser had sent no key share for it, so it was asked again (HelloRetryRequest): one round trip more."
        : "Your browser had already sent a key share for it, so one round trip was enough.";
  return { what: "Key exchange", value: info.group ?? "none", because: because + rather };
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
  const because = clientHello.offersPsk
    ? "Your browser wanted to go on with an earlier session; this demo keeps none."
    : "Your browser brought no earlier session to go on with.";
  return { what: "Handshake", value: info.handshakeKind.startsWith("full") ? "full" : "resumed", because };
}

/** Without the values that mean nothing. */
function meant(values: readonly Registered[]): readonly Registered[] {
  return values.filter((value) => !isGrease(value));
}
