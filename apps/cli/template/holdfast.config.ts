/** Settings of Holdfast. Without a provider's key (OPENAI_API_KEY) a simulator answers. */
export default {
  // Every module here that exports tasks; tests are left out.
  task_files: ['tasks/*.ts'],
};
