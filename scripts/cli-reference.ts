import type { Command } from "commander";
import { buildProgram } from "../src/main/cli.ts";
import { PLUGIN } from "../src/main/plugin/plugin.ts";

const WIDTH = 110;

/** The text of docs/reference/cli.md, from the help that the programs themselves print. */
export async function cliReference(): Promise<string> {
  return `<!-- Generated from the commands' own help by npm run generate; edit it in src/main. -->

# Commands

Each command's \`--help\`, as it is printed. In a checkout \`npx stockfeed\` runs them.

${reference(await buildProgram())}

# kubectl stockfeed

With \`kubectl-stockfeed\` on the path, kubectl has these too. In a checkout \`npx kubectl-stockfeed\` runs them.

${reference(await buildProgram(undefined, PLUGIN))}
`;
}

/** A program's help, and that of each of its commands. */
function reference(program: Command): string {
  const { commands } = program;
  const title = (command: Command) => `${program.name()} ${command.name()}`;
  const links = commands.map((command) => `- [\`${title(command)}\`](#${title(command).replaceAll(" ", "-")})`);
  const sections = commands.map((command) => {
    const blocks = [command, ...command.commands.filter((below) => below.name() !== "help")].map(helpBlock);
    return `## ${title(command)}\n\n${blocks.join("\n\n")}`;
  });
  return `${helpBlock(program)}\n\n${links.join("\n")}\n\n${sections.join("\n\n")}`;
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
