// Early data (0-RTT), which may be a replay: who takes it before the handshake is complete, and who sends it.
import type { Agreed, ClientNeedsInput, EarlyData, ReplayableBytes } from "@sallyport/core";
import type { Outbox } from "./outbox.ts";
import { quiet } from "./quiet.ts";

/** What is known of the connection while its early data comes. */
export interface EarlyExchange {
  readonly agreed: Agreed;
  /**
   * Half-RTT, if the config says `halfRtt`: answers before the client has finished. Settles when more may be written; the bytes
   * are lent until then.
   */
  readonly write?: (data: Uint8Array) => Promise<void>;
}

/**
 * Takes a record of early data; the loop reads on when it settles. The bytes are yours. What it throws or rejects with is
 * internal_error.
 */
export type EarlyDataHandler = (data: ReplayableBytes, exchange: EarlyExchange, signal: AbortSignal) => void | Promise<void>;

/** What a client says first, at most `remaining` bytes; empty: nothing. Only asked where a session allows it. */
export type EarlyDataSource = (remaining: number, agreed: Agreed) => Uint8Array;

export function exchangeOf({ agreed, halfRtt }: EarlyData, outbox: Outbox): EarlyExchange {
  if (halfRtt === undefined) return { agreed };
  const { writer } = halfRtt;
  const write = async (data: Uint8Array): Promise<void> => {
    const sent = writer.send(data);
    outbox.put(sent.output);
    if (sent.kind === "failed") throw sent.error;
    await outbox.room();
  };
  return { agreed, write: (data) => quiet(write(data)) };
}

/** Sends what the source gives. @returns the stage that follows, if the connection has failed at it */
export function sendEarly(
  { early }: Pick<ClientNeedsInput, "early">,
  source: EarlyDataSource | undefined,
  outbox: Outbox,
): Extract<ReturnType<NonNullable<ClientNeedsInput["early"]>["send"]>, { readonly kind: "failed" }> | undefined {
  if (early === undefined || source === undefined) return undefined;
  const data = source(early.remaining, early.agreed);
  if (data.length === 0) return undefined;
  const sent = early.send(data);
  if (sent.kind === "failed") return sent;
  outbox.put(sent.output);
  return undefined;
}
