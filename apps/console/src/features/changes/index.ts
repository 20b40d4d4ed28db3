export { RecentChanges } from './recent-changes.tsx';
export { useChangeMarks, useRecentChanges } from './use-changes.ts';
