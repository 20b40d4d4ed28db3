// The editor while its route is read, in its final layout.
import { Skeleton } from '#components/ui/states.tsx';

export function EditorLoading() {
  return (
    <div className="h-full" role="status" aria-busy="true" aria-label="Reading the route">
      <div className="flex h-13 items-center gap-3 border-line border-b px-4">
        <Skeleton className="h-4 w-40" />
      </div>
      <div className="grid h-[calc(100%-52px)] grid-cols-[300px_minmax(0,1fr)_480px]">
        {[3, 4, 9].map((rows) => (
          <div key={rows} className="grid content-start gap-3 border-line border-r p-4">
            {Array.from({ length: rows }, (_, row) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
              <Skeleton key={row} className="h-4" style={{ width: `${60 + ((row * 37) % 40)}%` }} />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
