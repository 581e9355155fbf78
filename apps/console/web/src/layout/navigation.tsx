/** The links to the pages that the user's role may see. */
import { mayActAs } from '@holdfast/admin';
import { Link } from '@tanstack/react-router';
import { useSession } from '../api/index.ts';
import { Icon } from '../kit/index.ts';
import { navigation } from './pages.ts';

export function Navigation() {
  const { role } = useSession();
  return (
    <nav aria-label="Pages" className="navigation">
      <ul>
        {navigation
          .filter(({ needs }) => mayActAs(role, needs))
          .map(({ to, label, icon }) => (
            <li key={to}>
              <Link activeOptions={{ exact: to === '/', includeSearch: false }} className="navigation-link" to={to}>
                <Icon name={icon} />
                {label}
              </Link>
            </li>
          ))}
        <li>
          <a className="navigation-link" href="/queues">
            <Icon name="queues" />
            Queues
            <span className="navigation-mark">
              <Icon name="external" size={13} />
              <span className="visually-hidden">(Bull Board)</span>
            </span>
          </a>
        </li>
      </ul>
    </nav>
  );
}
