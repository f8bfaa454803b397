import type { Command } from "commander";
import { buildProgram } from "../src/main/cli.ts";

const WIDTH = 110;

/** The text of docs/reference/cli.md, from the help that the program itself prints. */
export async function cliReference(): Promise<string> {
  const program = await buildProgram();
  const { commands } = program;
  const links = commands.map((command) => `- [\`stockfeed ${command.name()}\`](#${anchor(command)})`);
  const sections = commands.map((command) => `## stockfeed ${command.name()}\n\n${helpBlock(command)}`);
  return `<!-- Generated from the commands' own help by npm run generate; edit it in src/main. -->

# Commands

Each command's \`--help\`, as it is printed. In a checkout \`npx stockfeed\` runs them.

${helpBlock(program)}

${links.join("\n")}

${sections.join("\n\n")}
`;
}

/** As headings are linked to on GitHub. */
function anchor(command: Command): string {
  return `stockfeed-${command.name()}`;
}

function helpBlock(command: Command): string {
  let text = "";
  command.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return `\`\`\`text\n${text.trim()}\n\`\`\``;
}
