// What a provider gives is looked at where it comes in: nobody would notice the weak secret that is made of a result too short.

/** @param of what it is of, if that is to be told. @throws TypeError, which is a fault of ours. */
export function expectLength<Given extends Uint8Array>(given: Given, length: number, what: string, of?: string): Given {
  if (!(given instanceof Uint8Array) || given.length !== length) {
    throw new TypeError(`the provider's ${of === undefined ? what : `${of} ${what}`} is not ${length} bytes`);
  }
  return given;
}

/** A shared secret has the length that its group gives it. @throws TypeError */
export function expectSecret<Given extends Uint8Array>(given: Given, what: string): Given {
  if (!(given instanceof Uint8Array) || given.length === 0) throw new TypeError(`the provider's ${what} is no secret`);
  return given;
}
