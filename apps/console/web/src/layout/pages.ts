/** The pages of the navigation, in its order. `needs`: roles that may not see a page don't find it here. */
import type { Role } from '@holdfast/admin';
import type { IconName } from '../kit/index.ts';

export const navigation = [
  { to: '/', label: 'Overview', icon: 'overview', needs: 'viewer' },
  { to: '/jobs', label: 'Jobs', icon: 'jobs', needs: 'viewer' },
  { to: '/failures', label: 'Failures', icon: 'failures', needs: 'viewer' },
  { to: '/lanes', label: 'Lanes', icon: 'lanes', needs: 'viewer' },
  { to: '/workers', label: 'Workers', icon: 'workers', needs: 'viewer' },
  { to: '/tenants', label: 'Tenants', icon: 'tenants', needs: 'viewer' },
  { to: '/audit', label: 'Audit log', icon: 'audit', needs: 'admin' },
  { to: '/users', label: 'Users', icon: 'users', needs: 'admin' },
  { to: '/settings', label: 'Settings', icon: 'settings', needs: 'viewer' },
] as const satisfies readonly { to: string; label: string; icon: IconName; needs: Role }[];
