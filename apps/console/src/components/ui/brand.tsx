// The mark: two threads of a mesh.
export function Brand({ size = 20 }: { readonly size?: number }) {
  return (
    <svg
      viewBox="0 0 20 20"
      width={size}
      height={size}
      fill="none"
      strokeWidth="2"
      strokeLinecap="round"
      aria-hidden="true"
      className="shrink-0"
    >
      <path d="M2.5 6.5h4.2c3.3 0 3.3 7 6.6 7h4.2" stroke="var(--accent)" />
      <path d="M2.5 13.5h4.2c1.2 0 1.9-.9 2.5-2m1.6-3c.6-1.1 1.3-2 2.5-2h4.2" stroke="currentColor" />
    </svg>
  );
}
