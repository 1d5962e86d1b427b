// What became of a handshake that passed by, as far as its clear parts tell.
import { codePoint, explain, type Input, readAnswer, type Report, type ServerHello } from "@sallyport/explain";
import { Direction, type SeenRecord } from "./direction.ts";

export interface Watched {
  /** `works`: both have begun to send under their keys. `nothing`: the client said no word. */
  readonly result: "works" | "fails" | "nothing";
  /** Such as `TLS 1.3, TLS_AES_128_GCM_SHA256, x25519`; undefined: the server chose nothing. */
  readonly agreed: string | undefined;
  readonly serverName: string | undefined;
  readonly ja4: string | undefined;
  /** What only the lengths of protected records tell. */
  readonly hint: string | undefined;
  readonly report: Report | undefined;
}

export class Watch {
  readonly #client = new Direction();
  readonly #server = new Direction();
  #answer: ServerHello | undefined;
  /** Records of the server that the answer was looked for in. */
  #looked = 0;
  /** Of the client, when the answer came: what was protected before is early data. */
  #early = 0;

  hear(from: "client" | "server", chunk: Uint8Array): void {
    (from === "client" ? this.#client : this.#server).hear(chunk);
    // Once a record, of which so many count: who sends byte by byte pays for it.
    const { length } = this.#server.records;
    if (this.#answer !== undefined || length === this.#looked) return;
    this.#looked = length;
    this.#answer = readAnswer(this.#server.clear()).serverHello;
    this.#early = this.#client.records.length;
  }

  /** Nothing more needs to be heard. */
  get isSettled(): boolean {
    return this.#works() || this.#client.isForeign || (this.#server.isForeign && this.#server.bytes > 256);
  }

  /** @param ending how it ended; undefined: it goes on */
  outcome(ending: "closed" | "reset" | "nobody-listens" | undefined): Watched {
    if (this.#client.bytes === 0)
      return { result: "nothing", agreed: undefined, serverName: undefined, ja4: undefined, hint: undefined, report: undefined };
    const answer = this.#answer;
    const works = this.#works();
    const report = explain(this.#inputs(works ? undefined : ending));
    const [offer] = report.offers;
    const parts =
      answer === undefined ? [] : [codePoint(answer.version), codePoint(answer.suite), answer.group && codePoint(answer.group)];
    return {
      result: works ? "works" : "fails",
      agreed: answer === undefined ? undefined : parts.filter((part) => part !== undefined).join(", "),
      serverName: offer?.serverName,
      ja4: offer?.ja4,
      hint: works ? undefined : this.#hint(),
      report,
    };
  }

  #inputs(ending: "closed" | "reset" | "nobody-listens" | undefined): readonly Input[] {
    const sides = (["client", "server"] as const).flatMap((from): readonly Input[] => {
      const input = (from === "client" ? this.#client : this.#server).clear();
      return input.length === 0 ? [] : [{ from, input }];
    });
    const hasAlert = [this.#client, this.#server].some(({ records }) => records.some(({ type }) => type === 21));
    if (ending === undefined || hasAlert || this.#client.isForeign || this.#server.isForeign || this.#hint() !== undefined)
      return sides;
    return [...sides, ending === "reset" ? "ECONNRESET" : ending === "nobody-listens" ? "ECONNREFUSED" : "socket hang up"];
  }

  /** TLS 1.3 hides the alert, and not how long it is: 2 bytes, the type, the tag (RFC 9846 §5.2). */
  #hint(): string | undefined {
    const { length } = this.#firstProtected() ?? { length: 0 };
    if (!this.#is13() || length !== alertRecord) return undefined;
    return (
      "The client's first protected record is as long as an alert: it refuses what the server sent behind its ServerHello, " +
      "most often the certificate. Which alert it is can't be seen from here: sallyport connect and sallyport lint tell what is wrong with it."
    );
  }

  #works(): boolean {
    if (this.#is13()) {
      const first = this.#firstProtected();
      return first !== undefined && first.length !== alertRecord;
    }
    // Finished behind both, which would not come had either refused.
    return [this.#client, this.#server].every(
      ({ changedCipher, records }) => changedCipher && records.at(-1)?.type !== 20 && records.at(-1)?.type !== 21,
    );
  }

  #is13(): boolean {
    return this.#answer?.version.id === 0x0304;
  }
  #firstProtected(): SeenRecord | undefined {
    return this.#client.records.slice(this.#early).find(({ type }) => type === 23);
  }
}

const alertRecord = 2 + 1 + 16;
