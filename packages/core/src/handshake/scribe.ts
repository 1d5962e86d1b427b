import { encodeClientHello } from "../wire/client-hello.ts";
import { encodeEncryptedExtensions } from "../wire/encrypted-extensions.ts";
import { encodeServerHello } from "../wire/server-hello.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { ClientHelloFields } from "../wire/client-hello.ts";
import type { Extension } from "../wire/extensions.ts";
import type { ServerHelloFields } from "../wire/server-hello.ts";

/** Puts the messages into bytes whose content is a matter of taste: extensions, their order, randoms. `replay.ts` has another one. */
export interface Scribe {
  clientHello(fields: ClientHelloFields): Bytes;
  serverHello(fields: ServerHelloFields): Bytes;
  helloRetryRequest(fields: ServerHelloFields): Bytes;
  encryptedExtensions(extensions: readonly Extension[]): Bytes;
  /** NewSessionTicket messages behind the client's Finished. */
  tickets(): readonly Bytes[];
  /** Whether a flight begins a new record where it could pause. */
  readonly pausesBeginRecords: boolean;
}

export const scribe: Scribe = {
  clientHello: encodeClientHello,
  serverHello: encodeServerHello,
  helloRetryRequest: encodeServerHello,
  encryptedExtensions: encodeEncryptedExtensions,
  tickets: () => [],
  pausesBeginRecords: true,
};
