// Lists that all connections share are told in refusals and errors: whoever reads one there can't change what the next one meets.
import { Acceptor, type CipherSuiteName, type ClientHello, negotiate, serverConfig } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { expect, test } from "vitest";
import { record } from "../support/octets.ts";
import { makePair } from "../support/pair.ts";
import { ownCredential } from "../support/scripted-peer.ts";

function helloOf(suites: readonly CipherSuiteName[]): ClientHello {
  const stage = new Acceptor().start().receive(makePair({ client: { suites } }).client.take());
  if (stage.kind !== "accepted") throw new Error(stage.kind, { cause: stage });
  return stage.clientHello;
}
function empty(list: unknown): void {
  (list as unknown[]).length = 0;
}

test("a refusal's list of what the config has is no hold on the config", () => {
  const config = serverConfig({
    provider: node,
    now: () => 0,
    credentials: [ownCredential],
    suites: ["TLS_AES_256_GCM_SHA384"],
    versions: ["tls1.3"],
  });
  const refused = negotiate(helloOf(["TLS_AES_128_GCM_SHA256"]), config);
  if (refused.kind !== "refused" || refused.reasons[0].kind !== "no-common-suite")
    throw new Error(refused.kind, { cause: refused });
  const { ours } = refused.reasons[0];
  expect(() => empty(ours)).toThrow(TypeError);
  expect(negotiate(helloOf(["TLS_AES_256_GCM_SHA384"]), config)).toMatchObject({
    kind: "agreed",
    suite: "TLS_AES_256_GCM_SHA384",
  });
});

test("an error's list of what was expected is no hold on the machine", () => {
  const finished = record(22, Uint8Array.of(20, 0, 0, 0));
  const failed = new Acceptor().start().receive(finished);
  if (failed.kind !== "failed" || failed.error.kind !== "unexpected-message") throw new Error(failed.kind, { cause: failed });
  const { expected } = failed.error.context;
  expect(expected).toEqual(["client_hello"]);
  expect(() => empty(expected)).toThrow(TypeError);
  expect(helloOf(["TLS_AES_128_GCM_SHA256"]).cipherSuites).toHaveLength(1);
});
