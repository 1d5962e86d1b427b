// The PSK that a server's handshake is made by.
import type { VerifiedIdentity } from "../../../config/identity.ts";
import type { SessionPsk, SessionState } from "../../../session/state.ts";
import { wipe } from "../../../wire/bytes.ts";
import type { AgreedPsk } from "../states.ts";

/** The one that is used, its binder verified. */
export type SelectedPsk =
  | {
      readonly kind: "session";
      /** The client's, in its hello. */
      readonly index: number;
      /** Its secret is wiped once the key schedule has it. */
      readonly state: SessionState;
      readonly identity: VerifiedIdentity | undefined;
    }
  /** Its key is the config's, and not to be wiped. */
  | ({ readonly kind: "external" } & AgreedPsk);

/** What goes into the key schedule. */
export function secretOf(selected: SelectedPsk | undefined): Uint8Array | undefined {
  return selected?.kind === "session" ? selected.state.secret : selected?.psk.key;
}

/** Wipes what is this handshake's own. */
export function forgetPsk(selected: SelectedPsk | undefined): void {
  if (selected?.kind === "session") wipe(selected.state.secret);
}

/** The external PSK that stands behind it, now or in the session's full handshake. */
export function externalOf(selected: SelectedPsk | undefined): SessionPsk | undefined {
  if (selected?.kind !== "external") return selected?.state.psk;
  return { identity: selected.psk.name, fingerprint: selected.psk.fingerprint };
}
