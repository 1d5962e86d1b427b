import { ClientConfig, ServerConfig } from "@sallyport/core";
import type { ClientSettings, ServerSettings } from "../../packages/core/src/config/settings.ts";

interface Inside<Config, Settings> {
  settingsOf(config: Config): Settings;
}

/** What the machine reads of a config: internal, so that the published types lack the door that is used here. */
export const serverSettings = (config: ServerConfig): ServerSettings =>
  (ServerConfig as unknown as Inside<ServerConfig, ServerSettings>).settingsOf(config);
export const clientSettings = (config: ClientConfig): ClientSettings =>
  (ClientConfig as unknown as Inside<ClientConfig, ClientSettings>).settingsOf(config);
