// Would a server of that kind take this hello? Core's own `negotiate` says so, over a config that stands for the server.
import {
  type CipherSuiteName,
  type ClientHello,
  negotiate,
  type Refusal,
  type Registered,
  registered,
  type ServerConfig,
  serverConfig,
  type SignatureScheme,
} from "@sallyport/core";
import { paperCredential, paperProvider } from "./paper.ts";
import type { ServerProfile } from "./servers.ts";

export type Judgement =
  | { readonly kind: "taken"; readonly by: string }
  | { readonly kind: "refused"; readonly reasons: readonly [Refusal, ...Refusal[]] };

export function judge(hello: ClientHello, profile: ServerProfile): Judgement {
  const negotiation = negotiate(withStandIns(hello, profile), configOf(profile));
  if (negotiation.kind === "agreed") return { kind: "taken", by: `${negotiation.suite}, ${negotiation.group}` };
  const [first, ...others] = negotiation.reasons.map((reason) => withoutStandIns(reason, hello));
  const old = keyTransport(hello, profile);
  // Key transport by RSA asks neither for a group nor for a signature: of an older server a client may have it yet.
  if (old !== undefined && negotiation.reasons.every(({ kind }) => notForKeyTransport.has(kind)))
    return { kind: "taken", by: old };
  return { kind: "refused", reasons: [first ?? negotiation.reasons[0], ...others] };
}

/** Made once each: a config says the same every time. */
const configs: WeakMap<ServerProfile, ServerConfig> = new WeakMap();
function configOf(profile: ServerProfile): ServerConfig {
  const known = configs.get(profile);
  if (known !== undefined) return known;
  const { suites, groups, keys, versions, assumesGroups } = profile;
  const [key, ...more] = keys;
  const config = serverConfig({
    provider: paperProvider(suites, groups, schemes),
    now: () => 0,
    versions,
    credentials: [paperCredential(key), ...more.map(paperCredential)],
    servesAnyName: true,
    ...(assumesGroups && { assumeGroups: groups.filter((group) => group === "secp256r1") }),
  });
  configs.set(profile, config);
  return config;
}

const schemes: readonly SignatureScheme[] = [
  "ecdsa_secp256r1_sha256",
  "ecdsa_secp384r1_sha384",
  "ecdsa_secp521r1_sha512",
  "ed25519",
  "rsa_pss_rsae_sha256",
  "rsa_pss_rsae_sha384",
  "rsa_pss_rsae_sha512",
  "rsa_pkcs1_sha256",
  "rsa_pkcs1_sha384",
  "rsa_pkcs1_sha512",
];

/**
 * `negotiate` speaks no CBC and no x448, and many a server does. A suite that such a server speaks is put down as the AEAD suite
 * with the same key exchange and the same kind of key, which makes the same decision.
 */
function withStandIns(hello: ClientHello, { olderSuites, olderGroups }: ServerProfile): ClientHello {
  const spoken = new Set(olderSuites);
  const groups = hello.groups?.map((group) => (olderGroups.includes(group.id) ? registered("group", secp521r1) : group));
  return {
    ...hello,
    cipherSuites: hello.cipherSuites.map((suite) => (spoken.has(suite.id) ? (standIn(suite) ?? suite) : suite)),
    groups,
  };
}

const secp521r1 = 0x0019;

function standIn({ name = "" }: Registered): Registered | undefined {
  if (name.startsWith("TLS_ECDHE_ECDSA_")) return named("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 0xc02b);
  if (name.startsWith("TLS_ECDHE_RSA_")) return named("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0xc02f);
  return undefined;
}
const named = (name: CipherSuiteName, id: number): Registered => ({ id, name });

/** What is told of the client is what the client said. */
function withoutStandIns(refusal: Refusal, hello: ClientHello): Refusal {
  if (refusal.kind === "no-common-group") return { ...refusal, theirs: hello.groups ?? [] };
  return refusal;
}

function keyTransport(hello: ClientHello, { olderSuites, keys }: ServerProfile): string | undefined {
  if (!keys.includes("RSA")) return undefined;
  const suite = hello.cipherSuites.find(({ id, name }) => olderSuites.includes(id) && name?.startsWith("TLS_RSA_WITH_"));
  return suite?.name;
}
const notForKeyTransport: ReadonlySet<Refusal["kind"]> = new Set<Refusal["kind"]>([
  "no-common-suite",
  "suite-needs-other-key",
  "no-supported-groups",
  "no-common-group",
  "no-common-scheme",
]);
