// 0-RTT: a client's first word before the server has answered, a server's echo before the client has finished.
import type { ClientStage, EarlyDataOutcome, ServerStage } from "@sallyport/core";
import { unexpected } from "./expectations.ts";
import type { Flags } from "./flags.ts";
import type { Line } from "./line.ts";

export class EarlyTalk {
  offered = false;
  /** What was left of the client's first words when no more went out as early data; undefined: none was. */
  unsaid: readonly Uint8Array[] | undefined;
  outcome: EarlyDataOutcome | "none" = "none";

  /** Once, on the stage that carries the writer. */
  offer({ early }: Extract<ClientStage, { kind: "needs-input" }>, line: Line, flags: Flags): void {
    if (early === undefined || this.offered) return;
    this.offered = true;
    const unfinished = flags.has("read-with-unfinished-write");
    if (!flags.has("shim-writes-first") && !unfinished) return;
    const unsaid: Uint8Array[] = [];
    for (const word of firstWords(flags)) {
      const now = word.subarray(0, early.remaining);
      if (now.length < word.length) unsaid.push(word.subarray(now.length));
      const sent = early.send(now);
      if (sent.kind === "failed") throw sent.error;
      if (unfinished) line.hold(sent.output);
      else line.write(sent.output);
    }
    this.unsaid = unsaid;
  }

  /** Turns every bit, as for other data, and goes on. */
  echo(stage: Extract<ServerStage, { kind: "early-data" }>, line: Line): ServerStage {
    const writer = stage.halfRtt?.writer ?? unexpected("early data, and no writer to answer with");
    const sent = writer.send(stage.data.replayable.map((byte) => byte ^ 0xff));
    if (sent.kind === "failed") return sent;
    line.write(sent.output);
    return stage.next();
  }

  check(flags: Flags): void {
    const accepted = this.outcome === "accepted";
    if (flags.has("expect-accept-early-data") && !accepted) unexpected(`early data: ${JSON.stringify(this.outcome)}`);
    if (flags.has("expect-reject-early-data") && accepted) unexpected("early data were accepted");
    if (flags.has("expect-no-offer-early-data") && this.offered) unexpected("early data were offered");
    const reason = flags.text("expect-early-data-reason");
    if (reason !== undefined && !reasons(this.outcome).includes(reason)) {
      unexpected(`early data: expected ${reason}, got ${JSON.stringify(this.outcome)}`);
    }
  }
}

/** -shim-initial-write, so often as it is to be said. */
export function firstWords(flags: Flags): readonly Uint8Array[] {
  const word = Buffer.from(flags.text("shim-initial-write") ?? "hello", "latin1");
  return Array.from({ length: flags.number("repeat-shim-initial-write") ?? 1 }, () => word);
}

/** BoringSSL's words. Where nothing was offered we don't say why. */
function reasons(outcome: EarlyDataOutcome | "none"): readonly string[] {
  if (outcome === "accepted") return ["accept"];
  if (outcome === "none")
    return ["disabled", "no_session_offered", "unsupported_for_session", "protocol_version", "alpn_mismatch"];
  switch (outcome.rejected) {
    case "declined":
      return ["peer_declined"];
    case "not-resumed":
      return ["session_not_resumed"];
    case "retried":
      return ["hello_retry_request", "session_not_resumed", "disabled"];
    // A config with another protocol is another config; and a client that sees it says more than that it was declined.
    case "alpn-differs":
    case "config-differs":
      return ["alpn_mismatch", "peer_declined"];
    case "version-differs":
      return ["protocol_version"];
    case "age-skew":
      return ["ticket_age_skew"];
    default:
      return [outcome.rejected.replaceAll("-", "_")];
  }
}
