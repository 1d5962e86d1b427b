// A user's program: both sides of a handshake in memory, on the packages as they are installed.
import { Acceptor, Connector, clientConfig, serverConfig } from "@sallyport/core";
import { noble, signer } from "@sallyport/crypto-noble";
import { credential, serverVerifier } from "@sallyport/x509";

export function handshake({ roots, chain, key }, random, now) {
  const provider = noble({ random });
  const choice = { provider, now, suites: ["TLS_CHACHA20_POLY1305_SHA256"], groups: ["x25519"] };
  const server = serverConfig({ ...choice, credentials: [credential({ chain, signer: signer(key) })] });
  const client = clientConfig({ ...choice, verifier: serverVerifier({ provider, roots }) });

  const stages = { client: new Connector(client, "localhost").start(), server: new Acceptor().start() };
  const toServer = [stages.client.output];
  const toClient = [];
  while (stages.client.kind !== "established" || stages.server.kind !== "established") {
    if (toServer.length === 0 && toClient.length === 0)
      throw new Error(`stuck at ${stages.client.kind} and ${stages.server.kind}`);
    deliver("server", toServer, toClient);
    deliver("client", toClient, toServer);
  }

  const said = `server says hello to ${stages.server.connection.info.suite} ${stages.server.connection.info.group}`;
  const { output } = stages.server.connection.send(Uint8Array.from(said, (letter) => letter.charCodeAt(0)));
  const { data } = stages.client.connection.receive(output);
  return data.map((bytes) => String.fromCharCode(...bytes)).join("");

  function deliver(role, incoming, outgoing) {
    for (let chunk = incoming.shift(); chunk !== undefined; chunk = incoming.shift()) {
      if (chunk.length > 0) step(role, stages[role].receive(chunk), outgoing);
    }
  }

  function step(role, stage, outgoing) {
    outgoing.push(stage.output);
    stages[role] = stage;
    if (stage.kind === "failed") throw stage.error;
    if (stage.kind === "accepted") step(role, stage.choose(server), outgoing);
  }
}
