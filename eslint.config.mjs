import tseslint from "typescript-eslint";

/**
 * Biome formats and finds common faults; this adds what it cannot see: types. The rule that matters most here is the
 * one against casts: only zod's output and a node's answers may be given a type by assertion (DESIGN, "parsed once").
 */
export default tseslint.config(
  { ignores: ["dist/**", "node_modules/**", "test/interop/legacy/**"] },
  {
    files: ["src/**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-assertions": ["error", { assertionStyle: "never" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/dot-notation": "off",
      "@typescript-eslint/require-await": "off",
    },
  },
);
