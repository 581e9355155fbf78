/** The contract of the admin API, /admin/v1: roles, shapes, all operations in one table, and a client made from it. */
export * from './client.ts';
export * from './job-error-help.ts';
export * from './operations.ts';
export * from './resources/audit.ts';
export * from './resources/history.ts';
export * from './resources/jobs.ts';
export * from './resources/lanes.ts';
export * from './resources/session.ts';
export * from './resources/settings.ts';
export * from './resources/tenants.ts';
export * from './resources/workers.ts';
export * from './roles.ts';
