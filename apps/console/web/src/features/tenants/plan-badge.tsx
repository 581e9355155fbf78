/** The plan of a tenant, and whether the config file still has it. */
import type { Tenant } from '@holdfast/admin';
import { Badge } from '../../kit/index.ts';

export function PlanBadge({ plan, limits, plan_status }: Pick<Tenant, 'plan' | 'limits' | 'plan_status'>) {
  if (plan === null) return <span className="quiet">{limits === null ? 'no limits' : 'own limits'}</span>;
  return (
    <span className="plan">
      {plan}
      {plan_status === 'missing' && (
        <Badge title="The config file lacks this plan. Its last known limits apply." tone="warn">
          not in the config
        </Badge>
      )}
      {plan_status === 'unknown' && (
        <Badge title="The limits of this plan are not known." tone="bad">
          no job is admitted
        </Badge>
      )}
    </span>
  );
}
