import { Connector, clientConfig, type ErrorAndAlert } from "@sallyport/core";
import { fakeProvider } from "../support/fake-provider.ts";

/** A client whose provider fails while it makes its key share. */
export function faultyRandom(): ErrorAndAlert {
  const provider = fakeProvider();
  const [group] = provider.groups;
  if (group === undefined || !("start" in group)) throw new TypeError("the fake provider has a synchronous group");
  const broken = {
    ...group,
    start: (): never => {
      throw new Error("psa_generate_key: -137");
    },
  };
  const config = clientConfig({
    provider: { ...provider, groups: [broken] },
    now: () => 1,
    verifier: { schemes: ["ecdsa_secp256r1_sha256"], label: "none", verify: () => ({ reason: "never asked" }) },
  });
  const stage = new Connector(config, "example.com").start();
  if (stage.kind !== "failed") throw new TypeError(`it leads to ${stage.kind}`);
  return stage;
}
