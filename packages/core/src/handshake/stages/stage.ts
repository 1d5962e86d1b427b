// What all stages are. The rule: write `output`, then look at `kind`. Exported as types, but for `Accepted`; only the machine makes
// stages. A pause shows only because an object of the config is asynchronous: the stage carries that object, and whether you call it
// or answer otherwise is yours. Each is a small class over one turn of its machine.
import type { DistrustReason } from "../../config/identity.ts";
import type { ErrorAndAlert } from "../../connection/failure.ts";
import type { AbortCause } from "../../errors.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { Accepted } from "./accepted.ts";
import type { EarlyData, EarlyDataEnd, NeedsSingleUse } from "./early-data.ts";
import type { ClientEstablished, Established } from "./established.ts";
import type { ClientNeedsInput, NeedsInput } from "./input.ts";
import type { NeedsKeyShares, NeedsSecret } from "./key-exchange.ts";
import type { NeedsSignatureCheck, NeedsVerdict } from "./peer-identity.ts";
import type { NeedsCredential, NeedsSignature } from "./own-identity.ts";
import type { ClientNeedsSession, NeedsSession } from "./sessions.ts";

/** What a server's step returns. */
export type ServerStage =
  | NeedsInput
  | Accepted
  | NeedsSession
  | NeedsSingleUse
  | NeedsKeyShares<ServerStage>
  | NeedsSecret<ServerStage>
  | NeedsSignature<ServerStage>
  | NeedsSignatureCheck<ServerStage>
  | NeedsVerdict<ServerStage>
  | EarlyData
  | EarlyDataEnd
  | Established
  | ErrorAndAlert;

/** What a client's step returns. */
export type ClientStage =
  | ClientNeedsInput
  | ClientNeedsSession
  | NeedsKeyShares<ClientStage>
  | NeedsSecret<ClientStage>
  | NeedsCredential
  | NeedsSignature<ClientStage>
  | NeedsSignatureCheck<ClientStage>
  | NeedsVerdict<ClientStage>
  | ClientEstablished
  | ErrorAndAlert;

/** What every arm has. A stage is used once; a spent one throws ApiMisuse, and on a failed connection it gives the failure. */
export interface AnyStage {
  /** To the peer now, before anything else. Often empty. Kept. */
  readonly output: Bytes;
  /** Ends the connection. Works on spent stages too; on a failed connection it gives that failure, with empty output. */
  abort(cause: AbortCause): ErrorAndAlert;
}

/** A stage's hold on its machine: good for one step. The driver makes it. */
export interface Turn<Next> {
  readonly output: Bytes;
  /** Runs the machine on an answer. `check` throws ApiMisuse, which spends nothing. */
  answer(name: string, check: () => unknown): Next;
  receive(chunk: Uint8Array): Next;
  receiveEnd(): ErrorAndAlert;
  abort(cause: AbortCause): ErrorAndAlert;
  /** Ends the connection by what `cause` gives, if the stage is not spent. */
  refuse(cause: () => AbortCause): ErrorAndAlert;
  /** Ends it by the verifier's own word. */
  distrust(check: () => DistrustReason): ErrorAndAlert;
  /** Spends nothing. `check` throws ApiMisuse. */
  look<Result>(check: () => void, run: () => Result): Result | ErrorAndAlert;
}
