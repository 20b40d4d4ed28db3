'use client';
// The operator's menu: who, theme, sign out.
import { LogOut, Monitor, Moon, Sun } from 'lucide-react';
import { useState } from 'react';
import { Avatar } from '#components/ui/badge.tsx';
import { Menu, MenuItem, MenuLabel, MenuRadio, MenuSeparator } from '#components/ui/menu.tsx';
import { leave, useSession } from '#features/session/index.ts';
import { rememberTheme, type Theme } from './preferences.ts';

const themes = [
  { value: 'system', label: 'As the system', hint: <Monitor aria-hidden="true" /> },
  { value: 'dark', label: 'Dark', hint: <Moon aria-hidden="true" /> },
  { value: 'light', label: 'Light', hint: <Sun aria-hidden="true" /> },
] as const;

export function UserMenu({ initialTheme }: { readonly initialTheme: Theme }) {
  const { me } = useSession();
  const [theme, setTheme] = useState(initialTheme);
  const name = me?.name ?? 'you';
  return (
    <Menu
      trigger={
        <button
          type="button"
          className="rounded-full"
          aria-label={`${name}: account and theme`}
          title={me && `${me.name}, ${me.role}`}
        >
          <Avatar name={me?.name ?? ''} />
        </button>
      }
    >
      {me !== undefined && (
        <div className="px-2 py-1.5">
          <div className="font-medium text-t0">{me.name}</div>
          <div className="text-t3">
            {me.email} · {me.role}
          </div>
        </div>
      )}
      <MenuSeparator />
      <MenuLabel>Theme</MenuLabel>
      <MenuRadio
        value={theme}
        options={themes}
        onChange={(next) => {
          setTheme(next);
          rememberTheme(next);
        }}
      />
      <MenuSeparator />
      <MenuItem icon={<LogOut aria-hidden="true" />} onSelect={() => void leave()}>
        Sign out
      </MenuItem>
    </Menu>
  );
}
