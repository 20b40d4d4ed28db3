export { ChangesPage } from './changes-page.tsx';
export { RecentChanges } from './recent-changes.tsx';
export { useChangeMarks, useRecentChanges } from './use-changes.ts';
