import type { HelloSeen } from "./evidence.ts";
import type { Offer } from "./report.ts";
import type { StackId } from "./stacks/stack.ts";
import { ja4 } from "./ja4.ts";
import { codePoint } from "./words.ts";

/** A hello as lists of names. */
export function offerOf({ clientHello: hello, wireBytes }: HelloSeen, looksLike: StackId | undefined): Offer {
  return {
    from: "client",
    message: "client_hello",
    bytes: wireBytes,
    serverName: hello.serverName,
    versions: hello.versions.map(codePoint),
    cipherSuites: hello.cipherSuites.map(codePoint),
    groups: hello.groups?.map(codePoint),
    keyShares: hello.keyShareGroups.map(codePoint),
    signatureSchemes: hello.signatureSchemes?.map(codePoint),
    alpn: hello.alpn,
    extensions: hello.extensions.map(({ type }) => codePoint(type)),
    ja4: ja4(hello),
    looksLike,
  };
}
