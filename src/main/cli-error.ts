import { EXIT, type ExitCode } from "./exit-codes.ts";

/**
 * A failure that was to be expected, with what the person can do about it in the message. The program prints the
 * message alone, without a stack, and ends with `exitCode`; every other error is a defect and keeps its stack.
 * @example throw new CliError("Port 8080 is taken. Choose another with --port.")
 */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: ExitCode;

  constructor(message: string, options: ErrorOptions & { exitCode?: ExitCode } = {}) {
    super(message, options);
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}

/** A CliError for a wrong command line or input. */
export function usageError(message: string, options?: ErrorOptions): CliError {
  return new CliError(message, { ...options, exitCode: EXIT.usage });
}
