// TLS on node:net: servers, clients and upgrades as Duplex streams in the shapes that Node's users know.
export type {
  Budget,
  BudgetOptions,
  Counts,
  Decision,
  Delivery,
  DynamicRecordSizeOptions,
  DynamicRecordSizes,
  EarlyDataHandler,
  EarlyDataSource,
  EarlyExchange,
  Passthrough,
  PeerEnd,
  Refusal,
} from "@sallyport/drive";
export { budget, dynamicRecordSizes, passthrough, refuse } from "@sallyport/drive";
export type { DoorCallbacks } from "./callbacks.ts";
export { connect, undiciConnector } from "./client.ts";
export type { Cause, ClosedMessage, EstablishedMessage, FailedMessage, PassthroughMessage } from "./diagnostics.ts";
export type { EarlyRequests, EarlyRequestTreatment } from "./early-requests.ts";
export type { CodedTlsError, TlsClientError } from "./errors.ts";
export type { Accept, AdapterOptions, ConnectOptions, PlainHttpOptions, ServerOptions, UpgradeOptions } from "./options.ts";
export type { PlainHttpAnswer } from "./plain-http.ts";
export { type PlatformRootsSource, platformRoots } from "./platform-roots.ts";
export type { TlsServer } from "./server.ts";
export { createServer } from "./server.ts";
export type { TlsSocket } from "./tls-socket.ts";
export { upgrade } from "./upgrade.ts";
