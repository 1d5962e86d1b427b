// An alert, with what was offered when it came if that is known: what it can mean, by likelihood.
import { type ClientHello, registered } from "@sallyport/core";
import type { AlertSeen } from "../evidence.ts";
import type { Cause } from "../report.ts";
import { causeOf } from "./cause.ts";
import type { CauseId } from "./ids.ts";
import { obstaclesOf } from "./of-hello.ts";

/** The likeliest first, and never empty. */
export function causesOfAlert(alert: AlertSeen, hello: ClientHello | undefined): readonly Cause[] {
  const { number } = alert;
  const name = registered("alert", number).name ?? `alert ${number}`;
  const { first, others } = meanings.get(number) ?? { first: "peer-policy" as const, others: [] };
  const said = `the alert is ${name} (${number})`;
  const order = [first, ...others];
  if (hello === undefined) return order.map((id, at) => causeOf(id, at === 0 ? "likely" : "possible", { because: [said] }));
  // An offer tells more than the alert, if the alert is one that such an obstacle earns.
  const obstacles = obstaclesOf(hello)
    .filter(({ id, certainty }) => certainty === "likely" && order.includes(id))
    .map((cause): Cause => ({ ...cause, because: [said, ...cause.because] }));
  if (obstacles.length > 0) return obstacles;
  // What the hello rules out is no suspect: it offers what every server takes. An alert that means one thing alone is believed.
  const rest = order.filter(
    (id) => (!judgedByHello.has(id) || order.length === 1) && (id !== "server-name-missing" || hello.serverName === undefined),
  );
  return (rest.length > 0 ? rest : [lastResort]).map((id, at) =>
    causeOf(id, at === 0 && order[0] === id ? "likely" : "possible", { because: [said] }),
  );
}
const lastResort: CauseId = "handshake-refused";

/** Whether these are the cause can be seen in a ClientHello. */
const judgedByHello: ReadonlySet<CauseId> = new Set<CauseId>([
  "no-common-version",
  "no-common-suite",
  "no-common-group",
  "no-supported-groups",
  "no-common-scheme",
  "suite-needs-other-key",
]);

interface Meaning {
  readonly first: CauseId;
  readonly others: readonly CauseId[];
}
const means = (first: CauseId, ...others: readonly CauseId[]): Meaning => ({ first, others });

/** By number (RFC 9846 §6.2, and the RFCs of extensions); what stacks give it for beyond that stands behind. */
const meanings: ReadonlyMap<number, Meaning> = new Map([
  [0, means("closed-early")],
  [10, means("unexpected-message", "not-a-tls-server", "plain-http")],
  [20, means("bad-record-mac")],
  [21, means("bad-record-mac")],
  [22, means("record-overflow", "not-a-tls-server")],
  [30, means("malformed-message")],
  [
    40,
    means(
      "no-common-suite",
      "no-common-group",
      "no-supported-groups",
      "suite-needs-other-key",
      "no-common-scheme",
      "no-certificate-configured",
      "certificate-required",
      "server-name-missing",
      "handshake-refused",
    ),
  ],
  [41, means("certificate-required")],
  [42, means("certificate-refused", "self-signed", "wrong-name", "client-certificate-refused", "bad-certificate")],
  [43, means("unsupported-certificate", "wrong-purpose", "no-common-certificate-type")],
  [44, means("revoked")],
  [45, means("expired", "not-yet-valid")],
  [46, means("certificate-refused", "self-signed", "unknown-issuer", "wrong-name")],
  [47, means("illegal-parameter", "no-common-group")],
  [48, means("unknown-issuer", "self-signed")],
  [49, means("client-certificate-refused", "peer-policy")],
  [50, means("malformed-message")],
  [51, means("bad-signature", "bad-finished", "bad-binder", "key-does-not-match")],
  [60, means("weak-parameters")],
  [70, means("no-common-version")],
  [71, means("no-common-suite", "weak-parameters")],
  [80, means("peer-internal-error", "no-certificate-configured")],
  [86, means("fallback-scsv")],
  [90, means("cancelled")],
  [100, means("renegotiation")],
  [109, means("missing-extension", "server-name-missing")],
  [110, means("unsolicited-extension")],
  [111, means("peer-policy")],
  [112, means("server-name-unknown")],
  [113, means("revocation-unknown")],
  [114, means("bad-certificate")],
  [115, means("unknown-psk")],
  [116, means("certificate-required")],
  [117, means("peer-policy")],
  [120, means("no-common-alpn")],
  [121, means("peer-policy")],
]);
