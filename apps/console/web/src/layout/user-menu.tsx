/** Who is logged in, the theme, and the way out. */
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { admin, keepCsrfTokenOf, useSession } from '../api/index.ts';
import { Button, Icon } from '../kit/index.ts';
import { setTheme, type Theme, themes, useTheme } from '../kit/theme.ts';

const themeLabels: Readonly<Record<Theme, string>> = { system: 'As the system', light: 'Light', dark: 'Dark' };

function ThemeChoice() {
  const theme = useTheme();
  return (
    <fieldset className="themes">
      <legend className="visually-hidden">Theme</legend>
      {themes.map((option) => (
        <label key={option} title={themeLabels[option]}>
          <input
            checked={option === theme}
            className="visually-hidden"
            name="theme"
            onChange={() => setTheme(option)}
            type="radio"
          />
          <span>
            <Icon name={option} />
            <span className="visually-hidden">{themeLabels[option]}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

export function UserMenu() {
  const { user, role } = useSession();
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const logOut = async () => {
    // Whatever the answer: nothing of this user stays in the page.
    await admin.call('logout', {}).catch(() => undefined);
    keepCsrfTokenOf(null);
    await navigate({ to: '/login' });
    queryClient.clear();
  };
  return (
    <div className="user-menu">
      <div className="user-menu-who">
        <span className="user-menu-name" title={user}>
          {user}
        </span>
        <span className="quiet">{role}</span>
      </div>
      <div className="user-menu-row">
        <ThemeChoice />
        <Button kind="quiet" onClick={() => void logOut()} small>
          Log out
        </Button>
      </div>
    </div>
  );
}
