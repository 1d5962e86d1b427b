// Not the global one: tests that put a clock of their own in its place would wait for ever.
import { setImmediate } from "node:timers";
import type { Clock } from "@sallyport/drive";

/** Real time. Its timers keep no process alive: the sockets that they watch do. */
export const clock: Clock = {
  after(ms, call) {
    const timer = setTimeout(call, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  soon(call) {
    setImmediate(call);
  },
  now: () => performance.now(),
};
