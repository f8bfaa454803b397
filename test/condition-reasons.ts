/**
 * The reasons that conditions and events can have, read from the controller's source: text that becomes a property or
 * variable `reason`, or the argument of a parameter of that name, of a function of the same directory. Reasons that come from
 * Kubernetes at run time are not among them.
 */
import { globSync, readFileSync } from "node:fs";
import ts from "typescript";

/** @returns reasons in order, each with the file that it was found in first */
export function conditionReasons(directory: string): ReadonlyMap<string, string> {
  const files = globSync(`${directory}/**/*.ts`)
    .filter((file) => !file.endsWith(".test.ts"))
    .toSorted();
  const sources = files.map((file) =>
    ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true),
  );
  const parameters = new Map(sources.flatMap(reasonParameters));
  const found = sources.flatMap((source) =>
    nodes(source).flatMap((node) => reasonsAt(node, parameters).map((reason) => [reason, source.fileName] as const)),
  );
  return new Map(found.toReversed().toSorted(([a], [b]) => a.localeCompare(b)));
}

/** Functions with a parameter `reason`, and its place. */
function reasonParameters(source: ts.SourceFile): [string, number][] {
  return nodes(source)
    .filter(ts.isFunctionDeclaration)
    .flatMap(({ name, parameters }) => {
      const at = parameters.findIndex((parameter) => parameter.name.getText() === "reason");
      return name === undefined || at < 0 ? [] : [[name.text, at] satisfies [string, number]];
    });
}

function reasonsAt(node: ts.Node, parameters: ReadonlyMap<string, number>): string[] {
  if (ts.isPropertyAssignment(node) && node.name.getText() === "reason") return texts(node.initializer);
  if (ts.isVariableDeclaration(node) && node.name.getText() === "reason" && node.initializer !== undefined) {
    return texts(node.initializer);
  }
  if (!ts.isCallExpression(node)) return [];
  const at = parameters.get(node.expression.getText());
  const argument = at === undefined ? undefined : node.arguments[at];
  return argument === undefined ? [] : texts(argument);
}

/** What an expression can be, as far as it is text in the source. */
function texts(expression: ts.Expression): string[] {
  if (ts.isStringLiteral(expression)) return [expression.text];
  if (ts.isConditionalExpression(expression)) return [...texts(expression.whenTrue), ...texts(expression.whenFalse)];
  if (ts.isBinaryExpression(expression)) return texts(expression.right);
  return [];
}

function nodes(root: ts.Node): ts.Node[] {
  const found: ts.Node[] = [];
  const visit = (node: ts.Node) => {
    found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return found;
}
