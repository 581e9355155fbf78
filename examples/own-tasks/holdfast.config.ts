/** Settings of Holdfast: where the tasks are. Tests beside them are left out. */
export default {
  task_files: ['tasks/*.ts'],
};
