// The decision a connection as node:tls spells it, on top of `accept`.
import { ApiMisuse, type ClientHello, ServerConfig } from "@sallyport/core";
import { type Decision, refuse } from "@sallyport/drive";
import type { Accept } from "./options.ts";

/**
 * Beside an `accept` that is one config; `accept` as a function decides all by itself, and is handed the whole ClientHello.
 */
export interface DoorCallbacks {
  /**
   * Asked where the client names a server, for the config of that name: node:tls' context is a config here. It may answer later; without
   * one (undefined, null) the config of `accept` is taken. An error, or a context that is no config, is internal_error; a second
   * answer means nothing; an async function may answer by the callback and fail by its rejection.
   */
  readonly SNICallback?: (servername: string, callback: (error: Error | null, context?: ServerConfig | null) => void) => void;
  /**
   * Asked where the client names protocols, for one of them; its answer stands for `alpn` of the config, whichever that is.
   * undefined is no_application_protocol; a throw, or a protocol that the client has not, internal_error. `servername` is empty
   * where the client named none.
   */
  readonly ALPNCallback?: (offer: { readonly servername: string; readonly protocols: string[] }) => string | undefined;
}

/**
 * @param accept with callbacks: who is taken where they leave it open
 * @throws ApiMisuse for callbacks that could never be asked
 */
export function withCallbacks(accept: Accept, { SNICallback, ALPNCallback }: DoorCallbacks): Accept {
  expectFunction("SNICallback", SNICallback);
  expectFunction("ALPNCallback", ALPNCallback);
  if (SNICallback === undefined && ALPNCallback === undefined) return accept;
  if (!(accept instanceof ServerConfig)) {
    throw misuse(
      "SNICallback and ALPNCallback go with an accept that is one config: an accept that is a function decides for all",
    );
  }
  return async (hello) => {
    const config = (SNICallback && hello.serverName !== undefined && (await contextOf(hello.serverName, SNICallback))) || accept;
    return ALPNCallback === undefined || hello.alpn.length === 0 ? config : withProtocol(config, hello, ALPNCallback);
  };
}

function contextOf(name: string, ask: NonNullable<DoorCallbacks["SNICallback"]>): Promise<ServerConfig | undefined> {
  return new Promise((resolve, reject) => {
    const asked: unknown = ask(name, (error, context) => {
      if (error) reject(error);
      else if (!context) resolve(undefined);
      else if (context instanceof ServerConfig) resolve(context);
      else reject(new TypeError("SNICallback gave no config that serverConfig made: a tls.SecureContext means nothing here"));
    });
    // One that is an async function: a look-up that fails is this connection's error, and not the process's.
    Promise.resolve(asked).catch(reject);
  });
}

function withProtocol(
  config: ServerConfig,
  { serverName, alpn }: ClientHello,
  ask: NonNullable<DoorCallbacks["ALPNCallback"]>,
): Decision {
  const chosen: unknown = ask({ servername: serverName ?? "", protocols: [...alpn] });
  if (chosen === undefined) return refuse("no_application_protocol", "ALPNCallback took none of the client's protocols");
  if (typeof chosen === "string" && alpn.includes(chosen)) return config.withAlpn([chosen]);
  // One that is an async function: what it rejects with is nobody's, and must not become the process's.
  Promise.resolve(chosen).catch(() => {});
  throw new TypeError(`ALPNCallback chose ${String(chosen)}, which the client has not offered`);
}

function expectFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function") throw misuse(`${name} is no function`);
}

function misuse(message: string): ApiMisuse {
  return new ApiMisuse("bad-argument", message);
}
