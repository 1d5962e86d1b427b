// SNICallback and ALPNCallback, spelled as node:tls spells them, and asked by a client of node:tls.
import { once } from "node:events";
import { createServer as createTcp, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { ApiMisuse, type ServerConfig } from "@sallyport/core";
import { signer } from "@sallyport/crypto-node";
import { createServer, type DoorCallbacks, type TlsClientError, upgrade } from "@sallyport/node";
import { credential } from "@sallyport/x509";
import { afterEach, describe, expect, test } from "vitest";
import { collect, listen, server, tlsClient } from "../support/endpoints.ts";
import { makePki } from "../support/pki.ts";
import { thrownDuring } from "../support/thrown.ts";

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const thing of open.splice(0)) thing.close();
});

/** What a client of node:tls hears of a server with these callbacks: the page, or its error's code. */
async function ask(
  callbacks: DoorCallbacks,
  options: object = {},
): Promise<{ readonly said: string; readonly error?: TlsClientError }> {
  const ours = createServer({ accept: server({ alpn: ["default"] }), ...callbacks }, (socket) => {
    socket.end(`${socket.servername} ${socket.alpnProtocol}`);
  });
  open.push(ours);
  const failed = once(ours, "tlsClientError") as Promise<[TlsClientError, Socket]>;
  const theirs = connectTls({ ...tlsClient, port: await listen(ours), ...options });
  try {
    return { said: (await collect(theirs)).toString() };
  } catch (thrown) {
    const [error] = await failed;
    return { said: String((thrown as NodeJS.ErrnoException).code), error };
  }
}
const pki = await makePki();
async function named(name: string): Promise<{ readonly config: ServerConfig; readonly trust: object }> {
  const leaf = await pki.leaf({ dns: [name] });
  const config = server({ credentials: [credential({ chain: leaf.chainPem, signer: signer(leaf.keyPem) })] });
  return { config, trust: { ca: pki.ca.pem, servername: name } };
}

describe("SNICallback", () => {
  test.each(["at once", "later"])("gives the config of the name that the client asks for, %s", async (when) => {
    const { config, trust } = await named("tenant.example");
    const asked: string[] = [];
    const SNICallback: DoorCallbacks["SNICallback"] = (servername, callback) => {
      asked.push(servername);
      if (when === "later") setTimeout(callback, 10, null, config);
      else callback(null, config);
    };
    expect((await ask({ SNICallback }, trust)).said).toBe("tenant.example false");
    expect(asked).toEqual(["tenant.example"]);
  });

  test.each([[undefined], [null]])("without a context (%s) the config of accept is taken", async (context) => {
    expect((await ask({ SNICallback: (_, callback) => callback(null, context) })).said).toBe("localhost false");
  });

  test("that is an async function and fails is the connection's error, and not the process's", async () => {
    const failure = new Error("the database is away");
    const thrown = await thrownDuring(async () => {
      const { error } = await ask({ SNICallback: () => Promise.reject(failure) as unknown as undefined });
      expect(error).toMatchObject({ alert: "internal_error", cause: failure });
    });
    expect(thrown).toEqual([]);
  });

  test("is not asked where the client names nobody", async () => {
    const SNICallback = (): never => {
      throw new Error("asked");
    };
    expect((await ask({ SNICallback }, { servername: "", checkServerIdentity: () => undefined })).said).toBe("false false");
  });

  test("a second answer means nothing", async () => {
    const SNICallback: DoorCallbacks["SNICallback"] = (_, callback) => {
      callback(null);
      callback(new Error("too late"));
    };
    expect((await ask({ SNICallback })).said).toBe("localhost false");
  });

  test.each<[string, NonNullable<DoorCallbacks["SNICallback"]>, object]>([
    ["an error", (_, callback) => callback(new Error("no database")), { message: "no database" }],
    [
      "a throw",
      () => {
        throw new Error("no database");
      },
      { message: "no database" },
    ],
    ["what is no config", (_, callback) => callback(null, { context: {} } as never), { name: "TypeError" }],
  ])("%s is internal_error, with its cause", async (_, SNICallback, cause) => {
    const { said, error } = await ask({ SNICallback });
    expect(said).toBe("ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR");
    expect(error).toMatchObject({ alert: "internal_error", cause });
  });

  test("whoever never answers is timed out", async () => {
    const ours = createServer({ accept: server(), handshakeTimeoutMs: 200, SNICallback: () => {} });
    open.push(ours);
    connectTls({ ...tlsClient, port: await listen(ours) }).on("error", () => {});
    expect((await once(ours, "tlsClientError"))[0]).toMatchObject({ kind: "aborted", context: { by: "timeout" } });
  });
});

describe("ALPNCallback", () => {
  const offering = { ALPNProtocols: ["one", "two"] };

  test("chooses among the client's protocols, whatever the config says", async () => {
    const offers: object[] = [];
    const ALPNCallback: DoorCallbacks["ALPNCallback"] = (offer) => {
      offers.push(offer);
      return "two";
    };
    expect((await ask({ ALPNCallback }, offering)).said).toBe("localhost two");
    expect(offers).toEqual([{ servername: "localhost", protocols: ["one", "two"] }]);
  });

  test("chooses for the config that SNICallback gave", async () => {
    const { config, trust } = await named("tenant.example");
    const callbacks: DoorCallbacks = {
      SNICallback: (_, callback) => callback(null, config),
      ALPNCallback: ({ protocols }) => protocols[0],
    };
    expect((await ask(callbacks, { ...offering, ...trust })).said).toBe("tenant.example one");
  });

  test("is not asked where the client names no protocol", async () => {
    expect(
      (
        await ask({
          ALPNCallback: () => {
            throw new Error("asked");
          },
        })
      ).said,
    ).toBe("localhost false");
  });

  test("undefined is no_application_protocol", async () => {
    const { said, error } = await ask({ ALPNCallback: () => undefined }, offering);
    expect(said).toMatch(/NO_APPLICATION_PROTOCOL/);
    expect(error).toMatchObject({ alert: "no_application_protocol" });
  });

  test.each<[string, NonNullable<DoorCallbacks["ALPNCallback"]>]>([
    ["a protocol that the client has not", () => "three"],
    [
      "a throw",
      () => {
        throw new Error("no idea");
      },
    ],
    ["a promise, were it one that rejects,", () => Promise.reject(new Error("no idea")) as never],
  ])("%s is internal_error", async (_, ALPNCallback) => {
    expect((await ask({ ALPNCallback }, offering)).error).toMatchObject({ alert: "internal_error", fault: "us" });
  });
});

test("beside an accept that decides by itself, or as no function, they are the caller's mistake", async () => {
  const accept = server();
  const SNICallback: DoorCallbacks["SNICallback"] = (_, callback) => callback(null);
  for (const wrong of [
    { accept: () => accept, SNICallback },
    { accept: () => accept, ALPNCallback: () => "x" },
    { accept, SNICallback: "x" },
    { accept, ALPNCallback: 1 },
  ]) {
    expect(() => createServer(wrong as never)).toThrow(ApiMisuse);
    expect(() => upgrade(new PassThrough(), { isServer: true, ...wrong } as never)).toThrow(ApiMisuse);
  }
  const ours = createServer({ accept, SNICallback });
  expect(() => {
    ours.accept = () => accept;
  }).toThrow(ApiMisuse);
  ours.accept = server({ alpn: ["new"] });
});

test("upgrade has them too", async () => {
  const tcp = createTcp((raw) => {
    const socket = upgrade(raw, { isServer: true, accept: server(), ALPNCallback: ({ protocols }) => protocols.at(-1) });
    socket.once("secure", () => socket.end(String(socket.alpnProtocol)));
  });
  open.push(tcp);
  const theirs: TLSSocket = connectTls({ ...tlsClient, port: await listen(tcp), ALPNProtocols: ["one", "two"] });
  expect((await collect(theirs)).toString()).toBe("two");
});
