// Peers that follow a script.
export { ClientPeer } from "./client.ts";
export { ServerPeer } from "./server.ts";
export { type Flight, type Hit, Peer, type PeerOptions, type Utterance } from "./peer.ts";
export type { PeerScript, PeerSession, Role, Talk } from "./script.ts";
export { describeSpoken, type Said, type Spoken } from "./spoken.ts";
export { type HelloScript, plainHello } from "./hello.ts";
export { externalPsk, type ExternalPskOptions } from "./external-psk.ts";
export { anotherOf } from "./another.ts";
export { type Act, acts, describeFault, type Fault, type Layer } from "./faults.ts";

// Generators.
export { anyHellos, faults, peerScripts, plainPeer, transports, validHellos } from "./arbitraries.ts";
export {
  type ChainDefect,
  chainDefects,
  chainKeys,
  chainNowMs,
  chains,
  type ChainScript,
  type DrawnChain,
  encodeChain,
} from "./chains.ts";
export { storedCompression } from "./certificate-message.ts";
export { mayTrust } from "./chain-model.ts";
export { type CertificateScript, encodeCertificate } from "./certificate.ts";

// Conversations with a TLS under test, and what no TLS may do.
export {
  type Account,
  converse,
  expectComplete,
  judgePeer,
  type Reach,
  type Subject,
  type TransportScript,
} from "./conversation.ts";
export { converseOver, type Over } from "./over.ts";
export { Machine, type MachineOptions } from "./machine.ts";
export { describeAccount, differences, testOf } from "./report.ts";
export { type ModelFacts, mustNotComplete, mustNotGoOn } from "./model.ts";

// For fuzzing alone. What accepts everything says so by its name.
export { dangerousFuzzCredential, dangerousFuzzProvider, type FuzzProvider } from "./fuzz-provider.ts";
