/** Labels that tell an install's objects, and its Pods, from those of other installs. */

/** Of what several installs may share, such as their namespace. */
export const SHARED_LABELS = {
  "app.kubernetes.io/name": "stockfeed",
  "app.kubernetes.io/component": "operator",
};

/** @param name the install's */
export const operatorLabels = (name: string): Record<string, string> => ({
  ...SHARED_LABELS,
  "app.kubernetes.io/instance": name,
});
