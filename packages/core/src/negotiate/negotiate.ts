// From a ClientHello and a config to what both will use, or to every reason why not (RFC 9846 §4.2.1; RFC 5246 §7.4.1.3).
import type { AlertDescription } from "../alerts.ts";
import type { Credential } from "../config/credential.ts";
import { ServerConfig } from "../config/server-config.ts";
import type { ServerSettings } from "../config/settings.ts";
import { fail } from "../errors.ts";
import type { ClientHello } from "../wire/client-hello.ts";
import type { CertificateType, CipherSuiteName, NamedGroup, ProtocolVersion, SignatureScheme } from "../wire/registry.ts";
import { chooseProtocol } from "./alpn.ts";
import { chooseClientCertificateType, credentialsForType } from "./certificate-type.ts";
import { chooseCredential, chooseSuiteAndCredential } from "./credential.ts";
import { checkGroups, chooseGroup, chooseShare } from "./group.ts";
import { credentialsForName } from "./name.ts";
import { type ChosenPsk, choosePsk, offersPsks } from "./psk.ts";
import { type Refusal, type Refuse, refusalAlerts } from "./refusal.ts";
import { commonSuites } from "./suite.ts";
import { chooseVersion } from "./version.ts";

export type { Refusal } from "./refusal.ts";

export type Negotiation = Negotiated | Refused;

export type Negotiated = Parameters & Authentication;

interface Parameters {
  readonly kind: "agreed";
  readonly version: ProtocolVersion;
  readonly suite: CipherSuiteName;
  readonly group: NamedGroup;
  /** TLS 1.3: the client has sent no share for `group`, and gets a HelloRetryRequest. */
  readonly needsRetry: boolean;
  /** Of what type the client's certificate is to be; undefined: it is not asked for one. */
  readonly clientCertificateType: CertificateType | undefined;
  readonly alpn: string | undefined;
  readonly serverName: string | undefined;
}

/** How the server proves itself. */
export type Authentication =
  | { readonly credential: Credential; readonly scheme: SignatureScheme; readonly psk: undefined }
  /**
   * By an external PSK (TLS 1.3), if the client's binder shows that it knows the key. `psk` undefined: a config without
   * certificates, and a hello whose PSKs are sessions or nobody's: which of both, is told to no stranger.
   */
  | { readonly credential: undefined; readonly scheme: undefined; readonly psk: ChosenPsk | undefined };

export interface Refused {
  readonly kind: "refused";
  readonly reasons: readonly [Refusal, ...Refusal[]];
  /** The first reason's. */
  readonly alert: AlertDescription;
}

/**
 * What `choose` would do with this hello as a full handshake (no session is looked up). Pure: the handshake and its diagnosis
 * use the same one.
 *
 * Refused, it gives every reason in protocol order: version, server name, ALPN, suite, group, certificate types, signature. Each
 * is judged as if those before it were none: where no credential covers the name, all are asked for a signature; where no suite
 * is common, any kind of key will do. With no common version there are no rules for suites and signatures, and only what means the
 * same in all versions is looked at: name, ALPN, and groups where the hello names some.
 *
 * @throws TypeError, or what a `suiteOrder` or `groupOrder` of yours throws; in a handshake that is internal_error
 */
export function negotiate(hello: ClientHello, config: ServerConfig): Negotiation {
  const settings = ServerConfig.settingsOf(config);
  const reasons: Refusal[] = [];
  const refuse = (refusal: Refusal): undefined => {
    reasons.push(refusal);
  };

  const version = chooseVersion(hello, settings, refuse);
  const candidates = credentialsForName(hello, settings, refuse);
  const alpn = chooseProtocol(hello, settings, refuse);
  const parameters =
    version === undefined ? checkGroups(hello, settings, refuse) : agree[version](hello, settings, candidates, refuse);

  const [first, ...others] = reasons;
  if (first !== undefined) return { kind: "refused", reasons: [first, ...others], alert: refusalAlerts[first.kind] };
  // What could not be chosen has its reason.
  if (version === undefined || parameters === undefined) fail("local-fault", { step: "negotiation" });
  return { kind: "agreed", version, ...parameters, alpn, serverName: hello.serverName };
}

type Agreement = Pick<Parameters, "suite" | "group" | "needsRetry" | "clientCertificateType"> & Authentication;
type Agree = (
  hello: ClientHello,
  settings: ServerSettings,
  candidates: readonly Credential[],
  refuse: Refuse,
) => Agreement | undefined;

const agree: { readonly [V in ProtocolVersion]: Agree } = {
  "tls1.3": (hello, settings, candidates, refuse) => {
    const suites = commonSuites("tls1.3", hello, settings, refuse);
    const share = chooseShare(hello, settings, refuse);
    const chosen = choosePsk(hello, settings, suites);
    const suite = chosen?.suite ?? suites[0];
    // RFC 9846 §4.4.2: who proves itself by a PSK asks for no certificate.
    const proof =
      chosen === undefined
        ? chooseProof(hello, settings, candidates, refuse)
        : { clientCertificateType: undefined, ...byPsk(chosen.psk) };
    return suite && share && proof && { suite, ...share, ...proof };
  },
  "tls1.2": (hello, settings, candidates, refuse) => {
    const suites = commonSuites("tls1.2", hello, settings, refuse);
    const group = chooseGroup(hello, settings, refuse);
    const typed = credentialsForType(hello, candidates, refuse);
    const clientCertificateType = chooseClientCertificateType(hello, settings, refuse);
    const signed = chooseSuiteAndCredential(suites, group, hello, settings, typed, refuse);
    return group && signed && { psk: undefined, group, clientCertificateType, needsRetry: false, ...signed };
  },
};

/** A server without certificates takes PSKs alone; whose they are is found out with their binders. */
function chooseProof(
  hello: ClientHello,
  settings: ServerSettings,
  candidates: readonly Credential[],
  refuse: Refuse,
): (Authentication & Pick<Parameters, "clientCertificateType">) | undefined {
  if (settings.credentials.length > 0) {
    const typed = credentialsForType(hello, candidates, refuse);
    const clientCertificateType = chooseClientCertificateType(hello, settings, refuse);
    const signature = chooseCredential(hello, settings, typed, refuse);
    return signature && { psk: undefined, clientCertificateType, ...signature };
  }
  if (offersPsks(hello)) return { clientCertificateType: undefined, ...byPsk(undefined) };
  const { pskIdentities, pskModes } = hello;
  // RFC 9846 §4.3.9: who offers PSKs says how they may be used.
  if (pskIdentities.length > 0 && pskModes === undefined) {
    return refuse({ kind: "missing-extension", extension: "psk_key_exchange_modes" });
  }
  return refuse({ kind: "no-psk", offered: pskIdentities.length });
}

function byPsk(psk: ChosenPsk | undefined): Authentication {
  return { credential: undefined, scheme: undefined, psk };
}

/** Of a handshake that is made by a certificate. */
export function expectSignature(agreed: Authentication): Extract<Authentication, { readonly credential: Credential }> {
  if (agreed.credential === undefined) throw new TypeError("a handshake by PSK has no certificate");
  return agreed;
}
