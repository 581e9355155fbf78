/** The version of all that runs. A test compares it with the manifests. */
export const VERSION = '0.1.0';
