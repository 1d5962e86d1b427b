// For tests alone, and not exported by the package: the machines with messages from a recorded handshake as templates, so that all
// they compute (transcript, secrets, Finished, protection) can be compared with the recording, byte for byte.
import { ClientConfig } from "../config/client-config.ts";
import type { Bytes } from "../wire/bytes.ts";
import { acceptWith, connectWith } from "./doors.ts";
import { type Scribe, scribe } from "./scribe.ts";
import type { ClientStage, NeedsInput } from "./stages.ts";

export interface ServerTemplate {
  readonly helloRetryRequest?: Bytes;
  readonly serverHello: Bytes;
  readonly encryptedExtensions: Bytes;
  readonly tickets?: readonly Bytes[];
}
export interface ClientTemplate {
  /** The first, and the one behind HelloRetryRequest. */
  readonly clientHellos: readonly Bytes[];
}

export function replayServer(template: ServerTemplate): NeedsInput {
  return acceptWith({}, {
    ...scribe,
    helloRetryRequest: (fields) => template.helloRetryRequest ?? scribe.helloRetryRequest(fields),
    serverHello: () => template.serverHello,
    encryptedExtensions: () => template.encryptedExtensions,
    tickets: () => template.tickets ?? [],
    pausesBeginRecords: false,
  });
}

export function replayClient(config: ClientConfig, serverName: string, template: ClientTemplate): ClientStage {
  const hellos = [...template.clientHellos];
  const recorded: Scribe = { ...scribe, clientHello: (fields) => hellos.shift() ?? scribe.clientHello(fields), pausesBeginRecords: false };
  return connectWith({ settings: ClientConfig.settingsOf(config), serverName, alpn: [] }, recorded);
}
