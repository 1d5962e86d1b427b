// What another connection said, by the same config, proves nothing in this one: in the place of its like, in front of it, or
// anywhere.
import { describeAccount, type Fault, plainPeer, type PeerScript, testOf } from "@sallyport/arbitraries";
import { describe, expect, test } from "vitest";
import { type Features, plainFeatures, type ProviderName } from "../fuzz/features.ts";
import { meet } from "../fuzz/world.ts";

type Version = PeerScript["version"];
const subjects = [
  ["server", "tls1.3"],
  ["server", "tls1.2"],
  ["client", "tls1.3"],
  ["client", "tls1.2"],
] as const;
const whole = { chunks: [], endsAfter: undefined };

function spliced(
  role: Features["role"],
  version: Version,
  fault: Partial<Fault>,
  resumes = false,
  provider: ProviderName = "node",
) {
  const sessions = resumes ? "sealed" : "none";
  const features: Features = { ...plainFeatures, role, versions: version, authentication: "required", sessions };
  const splice: Fault = { layer: "message", act: "splice", at: 0, where: 0, value: 0, ...fault };
  const script = plainPeer(role === "server" ? "client" : "server", { version, asks: true, resumes, faults: [splice] });
  const { account, machine } = meet(provider, features, script, whole);
  const alert = machine.failure?.alert;
  return { account, script, machine, hit: account.peer.hits[0], told: alert?.kind === "alert" ? alert.description : undefined };
}

describe.each(subjects)("a %s of %s", (role, version) => {
  test("refuses each proof of another connection with decrypt_error", () => {
    const proofs = new Map<string, string | undefined>();
    for (let at = 0; at < 8; at++) {
      const { account, hit, told } = spliced(role, version, { at });
      expect(account.violations, describeAccount(account)).toEqual([]);
      if (hit?.from !== undefined && account.peer.forged.size > 0) proofs.set(hit.in, told);
    }
    const first = role === "client" && version === "tls1.2" ? "server_key_exchange" : "certificate_verify";
    expect(Object.fromEntries(proofs)).toEqual({ [first]: "decrypt_error", finished: "decrypt_error" });
  });

  test("refuses each sealed record of another connection with bad_record_mac, and reads nothing of it", () => {
    let sealed = 0;
    // In its like's place, in front of it, and any of both sides.
    for (const value of [0, 2, 1, 3]) {
      for (let at = 2; at < 10; at++) {
        const { account, machine, hit, told } = spliced(role, version, { layer: "wire", at, where: 3 * at, value });
        expect(account.violations, describeAccount(account)).toEqual([]);
        const own = account.peer.spoken.filter(({ by }) => by === "peer")[at];
        if (hit?.from === undefined || hit.from.epoch === "clear" || own?.epoch === "clear") continue;
        sealed++;
        expect([told, machine.data.some(([first]) => first === 77 || first === 78)], describeAccount(account)).toEqual([
          "bad_record_mac",
          false,
        ]);
      }
    }
    expect(sealed).toBeGreaterThan(5);
  });
});

test("a binder of another connection is refused with decrypt_error, by the same ticket", () => {
  const { account, hit, told } = spliced("server", "tls1.3", { layer: "extension" }, true);
  expect([hit?.in, [...account.peer.forged], told]).toEqual(["client_hello", ["binder"], "decrypt_error"]);
});

test("whatever opens everything takes them, so that what lies behind is reached", () => {
  const { machine, hit, told } = spliced("client", "tls1.3", { at: 4 }, false, "fuzz");
  expect([hit?.in, machine.wasEstablished, told]).toEqual(["certificate_verify", true, undefined]);
});

test("it is printed, and can be had again: the same bytes from the same script", () => {
  const once = spliced("client", "tls1.3", { layer: "wire", at: 6, value: 0 }, false, "fuzz");
  const again = spliced("client", "tls1.3", { layer: "wire", at: 6, value: 0 }, false, "fuzz");
  expect(again.account.peer.spoken).toEqual(once.account.peer.spoken);
  expect(describeAccount(once.account)).toContain(
    "fault: wire 6: splice (where 0, value 0): another connection's → data, 77 bytes, under application keys\n",
  );
  expect(testOf(once.script).split("\n").slice(3, 5)).toEqual([
    "  const { peer: another } = converse(new ServerPeer(anotherOf(script) ?? script, options), subject(), { chunks: [], endsAfter: undefined });",
    "  expect(converse(new ServerPeer(script, { ...options, another: another.spoken }), subject(), transport).violations).toEqual([]);",
  ]);
});
