// The machines with messages from a recorded handshake as templates, so that all they compute (transcript, secrets, Finished,
// protection) can be compared with the recording, byte for byte.
import type { Bytes, ClientConfig, ClientStage, NeedsInput } from "@sallyport/core";
import { acceptWith, connectWith } from "../../packages/core/src/handshake/doors.ts";
import { type Scribe, scribe } from "../../packages/core/src/handshake/scribe.ts";
import { clientSettings } from "./settings.ts";

export interface ServerTemplate {
  readonly helloRetryRequest?: Bytes;
  readonly serverHello: Bytes;
  readonly encryptedExtensions: Bytes;
  readonly certificateRequest?: Bytes;
  readonly certificate: Bytes;
  readonly tickets: Scribe["tickets"];
  readonly publicKey: Scribe["publicKey"];
}
export interface ClientTemplate {
  /** The first, and the one behind HelloRetryRequest. */
  readonly clientHellos: readonly Bytes[];
  readonly certificate?: Bytes;
  /** What it gives is not sent. */
  readonly tickets: Scribe["tickets"];
  /** A recorded key may be one that is too weak today. */
  readonly publicKey: Scribe["publicKey"];
}

export function replayServer(template: ServerTemplate): NeedsInput {
  return acceptWith(
    {},
    {
      ...scribe,
      helloRetryRequest: (fields) => template.helloRetryRequest ?? scribe.helloRetryRequest(fields),
      serverHello: () => template.serverHello,
      encryptedExtensions: () => template.encryptedExtensions,
      certificateRequest: (extensions) => template.certificateRequest ?? scribe.certificateRequest(extensions),
      certificate: () => template.certificate,
      tickets: template.tickets,
      publicKey: template.publicKey,
      pausesBeginRecords: false,
    },
  );
}

export function replayClient(config: ClientConfig, serverName: string, template: ClientTemplate): ClientStage {
  const hellos = [...template.clientHellos];
  const recorded: Scribe = {
    ...scribe,
    clientHello: (fields) => hellos.shift() ?? scribe.clientHello(fields),
    certificate: (own) => template.certificate ?? scribe.certificate(own),
    tickets: template.tickets,
    publicKey: template.publicKey,
    pausesBeginRecords: false,
  };
  return connectWith({ settings: clientSettings(config), serverName, alpn: [], partition: "" }, recorded);
}
