/** Loaded before an API: jobs of different tenants can be equal jobs. */
import { changeSource } from '../change-source.ts';

changeSource('packages/jobs/src/shared-answer.ts', 'canonicalJson([tenant, task.name,', 'canonicalJson([task.name,');
