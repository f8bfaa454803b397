import { z } from "zod";
import { celMessage, celText, withCelRules } from "./cel.ts";
import { type Wording, wording } from "./wording.ts";

/** What text must look like. */
interface Format {
  /** Of ASCII alone, and read alike by JavaScript and Go: nothing that looks around, no class such as \s. */
  readonly form: RegExp;
  /** Most characters. */
  readonly most: number;
}

/** Text of one form, with the same mend whatever is wrong with it, from zod and from the API server. */
export function formattedText({ form, most }: Format, { rule, fix }: Wording): z.ZodString {
  const refused = { error: wording(rule, fix), abort: true };
  const field = z.string().max(most, refused).regex(form, refused);
  return withCelRules(field, [{ rule: `self.matches(${celText(form.source)})`, message: celMessage({ rule, fix }) }]);
}
