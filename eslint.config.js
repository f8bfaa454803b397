import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const NO_CLOCK = "The pure core has no clock: take the time as an argument.";
const NO_RANDOMNESS = "The pure core has no randomness: take it as an argument.";

export default defineConfig(
  globalIgnores(["dist/", "coverage/"]),
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["*.js", "*.mjs", "*.cjs"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
      "no-console": "error",
    },
  },
  {
    // Entrypoints print to people; benchmarks and scripts too.
    files: ["src/main/**", "bench/**", "scripts/**", "test/**"],
    rules: { "no-console": "off" },
  },
  {
    // The pure core gives the same for the same: time and randomness are arguments.
    files: ["src/{api,quotes,windows,views,plan}/**", "cdk8s/**"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: NO_CLOCK },
        { object: "performance", property: "now", message: NO_CLOCK },
        { object: "Temporal", property: "Now", message: NO_CLOCK },
        { object: "Math", property: "random", message: NO_RANDOMNESS },
        { object: "crypto", message: NO_RANDOMNESS },
      ],
      "no-restricted-syntax": [
        "error",
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: NO_CLOCK },
        { selector: "CallExpression[callee.name='Date']", message: NO_CLOCK },
      ],
    },
  },
  {
    // Kernels index typed arrays in bounds by construction; a check on every element would cost the speed they exist for.
    files: [
      "src/windows/**",
      "src/quotes/{symbol-table,tick-history,tick-line,tick-playback,time-order}.ts",
      "src/adapters/row-files/row-encoder.ts",
      "bench/**",
    ],
    rules: { "@typescript-eslint/no-non-null-assertion": "off" },
  },
  {
    files: ["**/*.test.ts"],
    rules: {
      "max-lines": "off",
      "max-lines-per-function": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  { files: ["**/*.js", "**/*.mjs", "**/*.cjs"], extends: [tseslint.configs.disableTypeChecked] },
  {
    // CommonJS only where a peer of a benchmark needs it; Node resolves its globals.
    files: ["**/*.cjs"],
    languageOptions: { sourceType: "commonjs" },
    rules: { "@typescript-eslint/no-require-imports": "off", "no-undef": "off" },
  },
);
