import {
  type CipherSuiteName,
  type ClientConfig,
  type ClientOptions,
  clientConfig,
  type CryptoProvider,
  dangerousAssertVerified,
  memoryClientSessions,
  type ProtocolVersion,
  type ServerConfig,
  type ServerOptions,
  serverConfig,
  ticketKeys,
  type Verifier,
} from "@sallyport/core";
import { noble, signer as nobleSigner } from "@sallyport/crypto-noble";
import { node, signer as nodeSigner } from "@sallyport/crypto-node";
import { wasmCrypto } from "@sallyport/crypto-wasm";
import { credential, serverVerifier } from "@sallyport/x509";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import type { Handshake } from "./work.ts";

/** What both processes know of a certificate; the rest of an Authority stays where it is. */
export type Trusted = Pick<Authority, "pem">;

export type ProviderName = "crypto-node" | "crypto-noble" | "crypto-wasm";

interface BenchSide {
  readonly provider: CryptoProvider;
  /** That it prefers. */
  readonly suites: Readonly<Record<ProtocolVersion, CipherSuiteName>>;
}
const javascript = noble({ random: (length) => crypto.getRandomValues(new Uint8Array(length)) });
const chacha20 = {
  "tls1.3": "TLS_CHACHA20_POLY1305_SHA256",
  "tls1.2": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
} as const;

export const sides: Readonly<Record<ProviderName, BenchSide>> = {
  "crypto-node": {
    provider: node,
    suites: { "tls1.3": "TLS_AES_128_GCM_SHA256", "tls1.2": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
  },
  "crypto-noble": { provider: javascript, suites: chacha20 },
  "crypto-wasm": { provider: await wasmCrypto(javascript), suites: chacha20 },
};
/** X25519 is what all agree on; the other one is the certificate's curve, which TLS 1.2 wants to be named. */
const groups = ["x25519", "secp256r1"] as const;
export const providerNames: readonly ProviderName[] = ["crypto-node", "crypto-noble", "crypto-wasm"];

/** @param suite by default the one that the provider prefers */
export function server(
  name: ProviderName,
  authority: Authority,
  version: ProtocolVersion = "tls1.3",
  suite?: CipherSuiteName,
): ServerConfig {
  return serverConfig(serverOptions(name, authority, version, suite));
}
/** Two tickets after a full handshake, one after a resumed one. */
export function serverWithTickets(name: ProviderName, authority: Authority): ServerConfig {
  const { random } = sides[name].provider;
  return serverConfig({ ...serverOptions(name, authority, "tls1.3"), sessions: ticketKeys({ random, now: Date.now }) });
}

function serverOptions(
  name: ProviderName,
  { leaf }: Authority,
  version: ProtocolVersion,
  suite?: CipherSuiteName,
): ServerOptions {
  const { provider, suites } = sides[name];
  const signer = name === "crypto-node" ? nodeSigner(leaf.keyPem) : nobleSigner(leaf.keyPem);
  const credentials = [credential({ chain: leaf.chainPem, signer })] as const;
  return { provider, now: Date.now, credentials, versions: [version], suites: [suite ?? suites[version]], groups };
}

export function client(
  name: ProviderName,
  trusted: Trusted,
  version: ProtocolVersion = "tls1.3",
  suite?: CipherSuiteName,
): ClientConfig {
  return clientConfig(clientOptions(name, trusted, version, suite));
}
/** A store of its own. */
export function resumingClient(name: ProviderName, trusted: Trusted): ClientConfig {
  return clientConfig({ ...clientOptions(name, trusted, "tls1.3"), sessions: memoryClientSessions() });
}
/** Takes any certificate for any name. */
export function unverifyingClient(name: ProviderName, trusted: Trusted): ClientConfig {
  return clientConfig({ ...clientOptions(name, trusted, "tls1.3"), verifier: everybody });
}

function clientOptions(name: ProviderName, { pem }: Trusted, version: ProtocolVersion, suite?: CipherSuiteName): ClientOptions {
  const { provider, suites } = sides[name];
  const verifier = serverVerifier({ provider, roots: pem });
  return { provider, now: Date.now, verifier, versions: [version], suites: [suite ?? suites[version]], groups, keyShares: 1 };
}

const everybody: Verifier = {
  label: "everybody",
  schemes: ["ecdsa_secp256r1_sha256"],
  verify: (presented) => dangerousAssertVerified(presented),
};

/** Does `method` of `target`, and whatever else it likes. */
export type Ask = (target: object, method: string, args: readonly unknown[]) => unknown;

/** Both ends, on a provider and a signer whose every call is done by `ask`. */
export function watched(
  name: ProviderName,
  authority: Authority,
  handshake: Handshake,
  ask: Ask,
): { readonly server: ServerConfig; readonly client: ClientConfig } {
  const { provider } = sides[name];
  /** The same object; what its methods give is watched too. */
  const through = <Given>(given: Given): Given => {
    if (typeof given !== "object" || given === null || given instanceof Uint8Array || Array.isArray(given)) return given;
    return new Proxy(given, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function" || typeof key === "symbol") return value;
        return (...args: readonly unknown[]): unknown => wrapped(ask(target, key, args), target);
      },
    });
  };
  /** Keys of a group stay as they are: node:crypto knows its own by their class. */
  const wrapped = (result: unknown, target: object): unknown => {
    if (result === target) return through(target);
    return typeof result === "object" && result !== null && ["seal", "open", "update"].some((method) => method in result)
      ? through(result)
      : result;
  };
  const watchedProvider: CryptoProvider = {
    ...provider,
    suites: provider.suites.map(through),
    groups: provider.groups.map(through),
    verifications: provider.verifications.map(through),
    hashes: provider.hashes.map(through),
    random: (length) => ask(provider, "random", [length]) as ReturnType<CryptoProvider["random"]>, // its own method
  };
  const options = serverOptions(name, authority, "tls1.3");
  const signer = name === "crypto-node" ? nodeSigner(authority.leaf.keyPem) : nobleSigner(authority.leaf.keyPem);
  const credentials = [credential({ chain: authority.leaf.chainPem, signer: through(signer) })] as const;
  const tickets = handshake === "ticketed" || handshake === "resumed";
  const verifier = handshake === "unverified" ? everybody : serverVerifier({ provider: watchedProvider, roots: authority.pem });
  return {
    server: serverConfig({
      ...options,
      provider: watchedProvider,
      credentials,
      ...(tickets && { sessions: ticketKeys({ random: watchedProvider.random, now: Date.now }) }),
    }),
    client: clientConfig({
      ...clientOptions(name, authority, "tls1.3"),
      provider: watchedProvider,
      verifier,
      ...(handshake === "resumed" && { sessions: memoryClientSessions() }),
    }),
  };
}
