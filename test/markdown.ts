/** The parts of Markdown files that tests look at: links, headings and fenced blocks. */

/** A fenced block. */
export interface Fence {
  /** First word after the fence, such as `sh`. */
  readonly language: string;
  /** The words after it, which readers don't see. */
  readonly marks: readonly string[];
  readonly text: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
}

/** The fenced blocks of a text, in order. */
export function fences(text: string): Fence[] {
  return [...text.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map((match) => {
    const [language = "", ...marks] = (match[1] ?? "").trim().split(/\s+/);
    const line = text.slice(0, match.index).split("\n").length;
    return { language, marks, text: match[2] ?? "", line };
  });
}

/** What a text links to: pages, headings and images, in Markdown or HTML. */
export function links(text: string): string[] {
  const prose = withoutCode(text);
  const markdown = [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)];
  const html = [...prose.matchAll(/\s(?:src|srcset|href)="([^"]+)"/g)];
  return [...markdown, ...html].map((match) => match[1] ?? "");
}

/** The anchors of a text's headings, as GitHub makes them. */
export function anchors(text: string): string[] {
  const headings = [...text.replaceAll(/^```[^]*?^```$/gm, "").matchAll(/^#+ (.+)$/gm)];
  return headings.map(([, heading = ""]) => {
    const words = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "");
    return words.trim().replaceAll(/\s/g, "-");
  });
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[^]*?^```$/gm, "").replaceAll(/`[^`\n]*`/g, "");
}
