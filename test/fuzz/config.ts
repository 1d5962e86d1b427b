// A machine's config by its features, with answerers that see what the conversation is about.
import { storedCompression } from "@sallyport/arbitraries";
import {
  type ClientConfig,
  clientConfig,
  type ClientSessionKey,
  type Credential,
  rawPublicKeys,
  type ServerConfig,
  serverConfig,
  type StoredSession,
  type SyncClientSessionStore,
  type SyncServerSessionStore,
  type SyncVerifier,
  ticketKeys,
} from "@sallyport/core";
import {
  asyncClientSessions,
  asyncProvider,
  asyncServerSessions,
  asyncSigner,
  asyncSingleUse,
  asyncVerifier,
  now,
  seededRandom,
} from "../support/seeded.ts";
import { casts, ownPsks } from "./casts.ts";
import { type Changed, type Features, mostEarlyData, type ProviderName } from "./features.ts";

export interface Surroundings {
  /** Milliseconds: how late it is. */
  laterMs: number;
  changed: Changed;
  /** How often early data was asked about. */
  readonly watched: { singleUses: number };
  /** A first meeting: its sessions are kept. */
  isFirst: boolean;
  readonly kept: SyncServerSessionStore;
  /** Whose sessions are found: another config's, if that is what changed. */
  found: SyncServerSessionStore;
  /** A client's: what it takes, once, and by which key; where that lay, and where a new one goes. */
  toTake: StoredSession | undefined;
  takenBy: ClientSessionKey | undefined;
  store: SyncClientSessionStore;
  put: (session: StoredSession) => void;
}

/** @param world what its answerers see and leave, when they are asked */
export function makeConfig(provider: ProviderName, features: Features, world: Surroundings): ServerConfig | ClientConfig {
  const { machine } = casts[provider];
  const { role, versions, authentication, sessions, early, retry, manners, smallRecords, narrow, extras } = features;
  const { waits = false, psks = "none" } = features;
  const credentials = credentialsOf(provider, features);
  const judge = verifierOf(provider, features);
  const verifier = waits ? asyncVerifier(judge) : judge;
  const stored = firstSessions(world);
  const singleUse = {
    use: () => {
      world.watched.singleUses++;
      return world.changed === "seen" ? ("seen" as const) : ("fresh" as const);
    },
  };
  const common = {
    provider: waits ? asyncProvider(machine) : machine,
    now: () => now() + world.laterMs,
    alpn: narrow ? ["h2"] : ["h2", "http/1.1"],
    ...(narrow && {
      suites: (
        [
          ["tls1.3", "TLS_AES_128_GCM_SHA256"],
          ["tls1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
        ] as const
      )
        .filter(([version]) => versions === "both" || version === versions)
        .map(([, suite]) => suite),
    }),
    ...(versions !== "both" && { versions: [versions] }),
    ...(smallRecords && { maxRecordSize: 300 }),
    ...(extras && versions !== "tls1.2" && { certificateCompression: [storedCompression] }),
  };
  if (role === "server") {
    const settings = {
      ...common,
      ...(sessions !== "none" && {
        sessions:
          sessions === "sealed"
            ? ticketKeys({ random: seededRandom("fuzz"), now })
            : waits
              ? asyncServerSessions(stored)
              : stored,
      }),
      ...(sessions !== "none" &&
        early &&
        versions !== "tls1.2" && {
          earlyData: { maxBytes: mostEarlyData, singleUse: waits ? asyncSingleUse(singleUse) : singleUse },
        }),
      groups: retry ? (["secp256r1"] as const) : (["x25519", "secp256r1"] as const),
      ...(manners && versions !== "tls1.2" && { retryCookie: true }),
    };
    if (psks === "alone") return serverConfig({ ...settings, psks: ownPsks });
    return serverConfig({
      ...settings,
      credentials,
      ...(psks === "beside" && { psks: ownPsks }),
      ...(authentication !== "none" && { clientAuthentication: { mode: authentication, verifier } }),
    });
  }
  const store = {
    take: (key: ClientSessionKey) => {
      const { toTake, store } = world;
      if (toTake !== undefined && world.takenBy === undefined) store.put(key, toTake);
      world.takenBy = key;
      return store.take(key);
    },
    put: (_: unknown, session: StoredSession) => world.put(session),
  };
  const settings = {
    ...common,
    groups: narrow && !retry ? (["secp256r1"] as const) : (["x25519", "secp256r1", "secp384r1"] as const),
    ...(versions !== "tls1.2" && { keyShares: retry ? 0 : 1 }),
    ...(sessions !== "none" && {
      sessions: waits ? asyncClientSessions(store) : store,
      earlyData: early && versions !== "tls1.2",
    }),
    ...(manners && { grease: true, padding: true, clientHelloRecordSize: 100 }),
  };
  if (psks === "alone") return clientConfig({ ...settings, psks: ownPsks });
  return clientConfig({
    ...settings,
    verifier,
    ...(psks === "beside" && { psks: ownPsks }),
    ...(authentication !== "none" && { credentials }),
  });
}

function credentialsOf(
  provider: ProviderName,
  { rawKeys = "none", extras, waits }: Features,
): readonly [Credential, ...Credential[]] {
  const {
    own: plain,
    rawKeys: [rawKey],
  } = casts[provider];
  const own = extras ? { ...plain, ocspResponse: new Uint8Array(70).fill(0x0c) } : plain;
  const shown = ({ signer, ...said }: typeof plain): Credential => ({
    ...said,
    signer: waits === true ? asyncSigner(signer) : signer,
  });
  if (rawKeys === "none") return [shown(own)];
  return rawKeys === "alone" ? [shown(rawKey)] : [shown(rawKey), shown(own)];
}
function verifierOf(provider: ProviderName, { rawKeys = "none", extras }: Features): SyncVerifier {
  const {
    verifier,
    rawKeys: [known],
  } = casts[provider];
  const trusts: SyncVerifier = extras ? { ...verifier, asksFor: ["ocsp"] } : verifier;
  if (rawKeys === "none") return trusts;
  const keys = rawPublicKeys({ allowed: [known.publicKey] });
  if (rawKeys === "alone") return keys;
  return {
    ...trusts,
    types: ["raw-public-key", "x509"],
    label: "both",
    verify: (presented) => (presented.type === "raw-public-key" ? keys : trusts).verify(presented),
  };
}

/** Keeps those of first meetings alone, so that a conversation finds what any other found. */
function firstSessions(world: Surroundings): SyncServerSessionStore {
  return {
    find: (id) => world.found.find(id),
    put: (id, session) => {
      if (world.isFirst) world.kept.put(id, session);
    },
  };
}
