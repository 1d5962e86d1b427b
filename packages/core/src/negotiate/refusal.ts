import type { AlertDescription } from "../alerts.ts";
import type { Bytes } from "../wire/bytes.ts";
import type {
  CertificateType,
  CipherSuiteName,
  NamedGroup,
  ProtocolVersion,
  Registered,
  SignatureScheme,
} from "../wire/registry.ts";

/** One reason why there is no agreement. `theirs` is what the hello offers, without GREASE and signalling values. */
export type Refusal =
  | { readonly kind: "no-common-version"; readonly theirs: readonly Registered[]; readonly ours: readonly ProtocolVersion[] }
  | { readonly kind: "fallback-scsv"; readonly ours: ProtocolVersion }
  | { readonly kind: "server-name-missing" }
  | { readonly kind: "server-name-unknown"; readonly theirs: string; readonly ours: readonly string[] }
  | { readonly kind: "no-common-alpn"; readonly theirs: readonly string[]; readonly ours: readonly string[] }
  | { readonly kind: "no-common-suite"; readonly theirs: readonly Registered[]; readonly ours: readonly CipherSuiteName[] }
  /** TLS 1.2: the suite is common, but it calls for a kind of key that we lack; so does every other common one. */
  | { readonly kind: "suite-needs-other-key"; readonly suite: CipherSuiteName; readonly ours: readonly SignatureScheme[] }
  /** `suiteOrder` or `groupOrder` leaves nothing of what is common. */
  | { readonly kind: "refused-by-policy"; readonly about: "suite" | "group"; readonly common: readonly string[] }
  | { readonly kind: "no-supported-groups" }
  /** In TLS 1.2 `ours` may be the curves of our certificates, which the client must take as well (RFC 8422 §5.1). */
  | { readonly kind: "no-common-group"; readonly theirs: readonly Registered[]; readonly ours: readonly NamedGroup[] }
  | { readonly kind: "no-common-scheme"; readonly theirs: readonly Registered[]; readonly ours: readonly SignatureScheme[] }
  /** RFC 7250: `whose` certificate, ours or the client's, can be of no type that both know. */
  | {
      readonly kind: "no-common-certificate-type";
      readonly whose: "server" | "client";
      readonly theirs: readonly Registered[];
      readonly ours: readonly CertificateType[];
    }
  | { readonly kind: "no-credential-for-authorities"; readonly theirs: readonly Bytes[] }
  /** The config has no certificates, and the hello no PSK with a key exchange beside it (psk_dhe_ke); `offered` without one. */
  | { readonly kind: "no-psk"; readonly offered: number }
  | { readonly kind: "missing-extension"; readonly extension: string };

/** Takes a reason down. Its result stands for what could not be chosen. */
export type Refuse = (refusal: Refusal) => undefined;

/** Total by type, like the map of errors: a reason without its alert does not compile. */
export const refusalAlerts: { readonly [K in Refusal["kind"]]: AlertDescription } = {
  "no-common-version": "protocol_version",
  "fallback-scsv": "inappropriate_fallback",
  // RFC 9846 §9.2: a server may require server_name, and answers a hello without it with missing_extension.
  "server-name-missing": "missing_extension",
  "server-name-unknown": "unrecognized_name",
  "no-common-alpn": "no_application_protocol",
  "no-common-suite": "handshake_failure",
  "suite-needs-other-key": "handshake_failure",
  "refused-by-policy": "handshake_failure",
  "no-supported-groups": "handshake_failure",
  "no-common-group": "handshake_failure",
  "no-common-scheme": "handshake_failure",
  "no-common-certificate-type": "unsupported_certificate",
  "no-credential-for-authorities": "handshake_failure",
  "no-psk": "handshake_failure",
  "missing-extension": "missing_extension",
};
