// Established needs these by type: values that only the checks here make.
import { fail } from "../errors.ts";
import { type Bytes, equalSecrets } from "../wire/bytes.ts";
import type { SignatureScheme } from "../wire/registry.ts";

/**
 * The peer holds the private key of its certificate: its signature was right, in CertificateVerify (RFC 9846 §4.5.2; RFC 5246
 * §7.4.8) or, of a server of TLS 1.2, in ServerKeyExchange (RFC 8422 §5.4).
 */
export class KeyProven {
  readonly scheme: SignatureScheme;
  private constructor(scheme: SignatureScheme) {
    this.scheme = scheme;
  }
  static by(scheme: SignatureScheme, valid: boolean, section: string): KeyProven {
    // A provider in JavaScript may return anything; only `true` is a yes.
    if (valid !== true) fail("bad-signature", { scheme }, section);
    return new KeyProven(scheme);
  }
}

/** The peer's Finished matches the handshake that we saw (RFC 9846 §4.5.3; RFC 5246 §7.4.9). */
export class FinishedVerified {
  readonly #from: "client" | "server";
  private constructor(from: "client" | "server") {
    this.#from = from;
  }
  get from(): "client" | "server" {
    return this.#from;
  }
  static by(from: "client" | "server", expected: Bytes, received: Bytes, section: string): FinishedVerified {
    if (!equalSecrets(expected, received)) fail("bad-finished", { from }, section);
    return new FinishedVerified(from);
  }
}
