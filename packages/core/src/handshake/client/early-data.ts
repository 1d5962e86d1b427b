// A client's early data (RFC 9846 §4.3.10): offered with a session, written until the server has answered.
import { checkExport, type Exporter, ExporterTls13 } from "../../connection/exporters.ts";
import { guard } from "../../connection/guard.ts";
import type { Link } from "../../connection/link.ts";
import type { Agreed, Ended, Exported, Sent } from "../../connection/types.ts";
import { expectBytes } from "../../connection/expect-bytes.ts";
import type { ErrorAndAlert } from "../../connection/failure.ts";
import { EarlySchedule } from "../../crypto/key-schedule.ts";
import type { HashImplementation } from "../../crypto/provider.ts";
import { digestOf } from "../../crypto/transcript.ts";
import { ApiMisuse, fail } from "../../errors.ts";
import { WriteKeys } from "../../record/keys.ts";
import type { SessionState } from "../../session/state.ts";
import { empty } from "../../wire/bytes.ts";
import type { DecodedClientHello } from "../../wire/client-hello.ts";
import { type EarlyDataOutcome, type EarlyWriter, exported } from "../stages/early-data.ts";
import { logSecret } from "../key-log.ts";
import type { Context } from "../table.ts";
import type { Goal } from "./states.ts";
import type { Settled } from "./tls13/states.ts";

/** Whether the hello that shows this session offers early data too: in a protocol that is offered again. */
export function offersEarlyData({ settings, alpn }: Goal, session: SessionState): boolean {
  if (!settings.earlyData || session.maxEarlyData === 0) return false;
  return session.alpn === undefined || alpn.includes(session.alpn);
}

/** What was offered, as long as the handshake lasts. From here on our records are under the early keys. */
export function beginEarlyData(
  hello: DecodedClientHello,
  session: SessionState,
  hash: HashImplementation,
  { settings }: Goal,
  { link }: Context,
): EarlyOffer {
  const suite = settings.suites.find(({ name }) => name === session.suite);
  if (suite === undefined) throw new TypeError("a session whose suite is not offered was shown");
  const schedule = new EarlySchedule(hash, session.secret);
  const digest = digestOf(hash, hello.raw);
  const traffic = schedule.traffic(digest);
  const exporterSecret = schedule.exporter(digest);
  schedule.end();
  logSecret(settings, "CLIENT_EARLY_TRAFFIC_SECRET", hello.random, traffic);
  logSecret(settings, "EARLY_EXPORTER_SECRET", hello.random, exporterSecret);
  link.outgoing.protect(new WriteKeys(suite, hash, traffic));
  // RFC 8449 §4: what the server bears is not known yet.
  link.outgoing.maxProtected = settings.maxRecordSize;
  link.trace?.({ kind: "keys", direction: "write", epoch: "early" });
  const { alpn, maxEarlyData } = session;
  const agreed: Agreed = { version: "tls1.3", suite: suite.name, alpn, serverName: hello.serverName };
  const wearsOut = suite.name.includes("_GCM_");
  const mostRecords = wearsOut ? settings.limits.recordsPerKey : Number.MAX_SAFE_INTEGER;
  return new EarlyOffer(link, agreed, maxEarlyData, mostRecords, new ExporterTls13(hash, exporterSecret));
}

export class EarlyOffer {
  readonly #link: Link;
  readonly #agreed: Agreed;
  readonly #exporter: Exporter;
  readonly #mostRecords: number;
  #remaining: number;
  #outcome: EarlyDataOutcome | undefined;
  #isForgotten = false;

  constructor(link: Link, agreed: Agreed, remaining: number, mostRecords: number, exporter: Exporter) {
    this.#link = link;
    this.#agreed = agreed;
    this.#remaining = remaining;
    this.#mostRecords = mostRecords;
    this.#exporter = exporter;
  }

  /** The early keys are in force, and the server has not answered. */
  get isOpen(): boolean {
    return this.#outcome === undefined;
  }
  get outcome(): EarlyDataOutcome | undefined {
    return this.#outcome;
  }
  get writer(): EarlyWriter {
    const remaining = (): number => this.#remaining;
    return {
      agreed: this.#agreed,
      get remaining() {
        return remaining();
      },
      send: (data) => this.#send(data),
      exportEarlyKeyingMaterial: (label, context, length) => this.#export(label, context, length),
    };
  }

  /** Nothing more is sent; other keys come into force. */
  end(outcome: EarlyDataOutcome): void {
    this.#outcome ??= outcome;
    this.#remaining = 0;
  }
  forget(): void {
    this.#isForgotten = true;
    this.#exporter.wipe();
  }

  #send(data: Uint8Array): Sent | Ended | ErrorAndAlert {
    expectBytes(data, "data");
    const link = this.#link;
    if (link.failure === undefined) {
      // EndOfEarlyData, or an alert, is the key's last record.
      const fits = link.outgoing.sealed + Math.ceil(data.length / link.outgoing.maxProtected) < this.#mostRecords;
      if (!this.isOpen || !fits) return { kind: "ended", output: empty };
      if (data.length > this.#remaining) {
        throw new ApiMisuse("bad-argument", `${data.length} bytes of early data; ${this.#remaining} remain`);
      }
    }
    const failed = guard(link, "early data", () => {
      this.#remaining -= data.length;
      link.outgoing.data(data);
    });
    return failed ?? { kind: "sent", output: link.outgoing.take() };
  }

  #export(label: string, context: Uint8Array | undefined, length: number): Exported {
    checkExport(label, context, length, this.#exporter.maxLength);
    if (this.#link.failure === undefined && this.#isForgotten) {
      throw new ApiMisuse("closed", "the handshake is complete: export from the connection");
    }
    return guard(this.#link, "early exporter", () => exported(this.#exporter.export(label, context, length)));
  }
}

/**
 * The server's answer, in EncryptedExtensions (§4.3.10): what the session does not have it must not accept.
 * @throws illegal-parameter
 */
export function judgeEarlyAnswer(accepts: boolean, alpn: string | undefined, { psk, suite }: Settled): EarlyDataOutcome {
  const session = psk?.kind === "session" ? psk.state : undefined;
  if (!accepts) {
    if (session === undefined) return { rejected: "not-resumed" };
    if (session.alpn !== alpn) return { rejected: "alpn-differs" };
    return { rejected: session.suite === suite.name ? "declined" : "suite-differs" };
  }
  if (session === undefined) wrong("the first identity selected", "none");
  if (session.alpn !== alpn) wrong(`the session's protocol, ${session.alpn ?? "none"}`, alpn ?? "none");
  if (session.suite !== suite.name) wrong(`the session's suite, ${session.suite}`, suite.name);
  return "accepted";
}

function wrong(expected: string, received: string): never {
  const context = { message: "encrypted_extensions", field: "early_data", expected, received };
  fail("illegal-parameter", context, "RFC 9846 §4.3.10");
}
