// The one loop that all adapters share: a transport and a clock go in, a byte stream comes out.
export { type Budget, type BudgetOptions, budget, type Counts } from "./budget.ts";
export type { ClientAnswerers, Decision, DoorAnswerers, Passthrough, Refusal, ServerAnswerers } from "./door.ts";
export { passthrough, refuse } from "./door.ts";
export type { EarlyDataHandler, EarlyDataSource, EarlyExchange } from "./early-data.ts";
export type { ClientDriven, Driven, DriveOptions, PassedThrough, ServerDriven, Undone } from "./drive.ts";
export { drive } from "./drive.ts";
export { Gathered } from "./gathered.ts";
export type { Delivery, DrainOptions, PeerEnd } from "./farewell.ts";
export type { Waiter } from "./inbox.ts";
export type { DynamicRecordSizeOptions, DynamicRecordSizes } from "./record-sizes.ts";
export { dynamicRecordSizes, expectRecordSizes } from "./record-sizes.ts";
export { WriteSideClosed } from "./plaintext.ts";
export type { Closing, Extraction, TlsStream, Written } from "./tls-stream.ts";
export type { ChunkReader, ChunkWriter, Clock, Transport } from "./transport.ts";
