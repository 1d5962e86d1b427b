// The PSK that a server's handshake is made by.
import type { VerifiedIdentity } from "../../../config/identity.ts";
import type { EarlySchedule } from "../../../crypto/key-schedule.ts";
import type { SessionPsk, SessionState } from "../../../session/state.ts";
import type { AgreedPsk } from "../states.ts";

/** The one that is used, its binder verified. */
export type SelectedPsk = {
  /** That verified the binder; it ends with the handshake's row. */
  readonly schedule: EarlySchedule;
} & (
  | {
      readonly kind: "session";
      /** The client's, in its hello. */
      readonly index: number;
      /** Its secret is wiped: the key schedule has it. */
      readonly state: SessionState;
      readonly identity: VerifiedIdentity | undefined;
    }
  | ({ readonly kind: "external" } & AgreedPsk)
);

/** The external PSK that stands behind it, now or in the session's full handshake. */
export function externalOf(selected: SelectedPsk | undefined): SessionPsk | undefined {
  if (selected?.kind !== "external") return selected?.state.psk;
  return { identity: selected.psk.name, fingerprint: selected.psk.fingerprint };
}
