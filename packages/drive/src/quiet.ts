/** What fails here is told elsewhere too: nobody has to look at each write for the process to live. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
