/** An answer that is an error, in Google's format. */
export class RestError extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }

  get body(): object {
    const { code, reason, message } = this;
    return { error: { code, message, errors: [{ message, domain: "global", reason }], status: STATUS[code] } };
  }
}

const STATUS: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ALREADY_EXISTS",
  501: "UNIMPLEMENTED",
  503: "UNAVAILABLE",
};
